"""The Dataset page's audit: duplicates, shared names, letters changed, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from namerec.figures.base import theme
from namerec.figures.corpus import shared_names
from namerec.text import count, counted, percent, plain, plural
from namerec.ui.shared import corpus_facts
from namerec.ui.shared.charts import chart
from namerec.ui.shared.tables import share_column

if TYPE_CHECKING:
    from namerec.core.corpus.dataset import Dataset

#: Rows of a table that are seen without scrolling.
_SEEN_ROWS = 12
#: Most rows of a table brought to the browser; the most frequent come first.
_MOST_ROWS = 5_000
#: Categories with most repeats that are named in a sentence.
_NAMED = 3


def audit(dataset: Dataset, noun: str) -> None:
    """Draws the audit of a corpus."""
    _summary(dataset, noun)
    with st.container(border=True):
        _duplicates(dataset, noun)
    with st.container(border=True):
        _shared(dataset, noun)
    with st.container(border=True):
        _changes(dataset, noun)


def _summary(dataset: Dataset, noun: str) -> None:
    counts, shared = corpus_facts.counts(dataset), corpus_facts.shared(dataset)
    best = corpus_facts.ceilings(dataset)
    lines = int(counts.lines.sum())
    with st.grid(4, min_column_width=200):
        st.metric(
            "Repeated lines",
            percent(int(counts.repeats.sum()) / max(lines, 1)),
            border=True,
            help="Share of all lines that repeat another line of the same category.",
        )
        st.metric(
            f"Names in several {plural(noun)}",
            count(len(shared.names)),
            border=True,
            help="Distinct names that are in more than one list, ignoring upper and lower case.",
        )
        st.metric(
            "Lines with letters changed",
            count(len(corpus_facts.changes(dataset).lines)),
            border=True,
            help="Accents removed, other scripts written in Latin letters, characters left out.",
        )
        st.metric(
            "Label ceiling",
            percent(best.pairs),
            border=True,
            help="The highest accuracy that is possible on the distinct names.",
        )
    st.markdown(
        "**The label ceiling.** Some spellings have more than one label, and an answer names only "
        f"one {noun}. So no network and no person can be right for more than "
        f"**{percent(best.lines)}** of all {count(lines)} lines, or **{percent(best.pairs)}** of "
        f"the {count(int(counts.pairs.sum()))} distinct names."
    )


def _duplicates(dataset: Dataset, noun: str) -> None:
    st.subheader("Duplicates")
    counts = corpus_facts.counts(dataset)
    repeats = int(counts.repeats.sum())
    if not repeats:
        st.markdown("No line repeats another line.")
        return
    table = pd.DataFrame(
        {
            "category": counts.categories,
            "lines": counts.lines,
            "pairs": counts.pairs,
            "share": counts.repeats / counts.lines.clip(1),
        }
    ).sort_values(["share", "lines"], ascending=False, kind="stable")
    worst = table[table["share"] > 0].head(_NAMED)
    named = "; ".join(
        f"{category}: {count(lines)} lines, {count(pairs)} names"
        for category, lines, pairs, _ in worst.itertuples(index=False)
    )
    st.markdown(
        f"{count(repeats)} of {count(int(counts.lines.sum()))} lines repeat another line of the "
        f"same {noun}, as the network reads them. Most repeats: {plain(named)}. A random split can "
        "put such a name into both training and test."
    )
    names = corpus_facts.names(dataset)
    often = names[names["lines"] > 1].sort_values("lines", ascending=False, kind="stable")
    with st.grid(2, min_column_width=320):
        _table(
            table,
            f"Lines and distinct names of each {noun}",
            {
                "category": st.column_config.TextColumn(noun.capitalize()),
                "lines": st.column_config.NumberColumn("Lines", width="small"),
                "pairs": st.column_config.NumberColumn("Distinct", width="small"),
                "share": share_column("Repeats", help="Share of the lines that are repeats."),
            },
        )
        _table(
            often.head(_MOST_ROWS)[["written", "category", "lines"]],
            "The names with the most lines",
            {
                "written": st.column_config.TextColumn("Name", help="As written in the source."),
                "category": st.column_config.TextColumn(noun.capitalize()),
                "lines": st.column_config.NumberColumn("Lines", width="small"),
            },
        )


def _shared(dataset: Dataset, noun: str) -> None:
    st.subheader(f"One name, several {plural(noun)}")
    shared = corpus_facts.shared(dataset)
    if not shared.names:
        st.markdown(f"No name is in more than one {noun}.")
        return
    pairs = shared.pairs()
    most = pairs[0]
    st.markdown(
        f"{_counted(len(shared.names), 'name')} in more than one {noun}, ignoring upper and lower "
        f"case. {plain(_pair_words(most))}"
    )
    figure = shared_names.shared_figure(shared, theme.theme_for(st.context.theme.type), noun=noun)
    chart(figure, "dataset_shared")
    with st.grid(2, min_column_width=320):
        _table(
            pd.DataFrame(pairs[:_MOST_ROWS])[["first", "second", "shared"]],
            f"Pairs of {plural(noun)} that share names",
            {
                "first": st.column_config.TextColumn("One"),
                "second": st.column_config.TextColumn("The other"),
                "shared": st.column_config.NumberColumn("Names in both", width="small"),
            },
        )
        _table(
            pd.DataFrame(
                {
                    "name": shared.names[:_MOST_ROWS],
                    "where": [", ".join(where) for where in shared.where[:_MOST_ROWS]],
                }
            ),
            f"Names that are in several {plural(noun)}",
            {
                "name": st.column_config.TextColumn("Name", help="As the network reads it."),
                "where": st.column_config.TextColumn("Listed in", width="large"),
            },
        )


def _changes(dataset: Dataset, noun: str) -> None:
    st.subheader("Letters changed and dropped")
    changes = corpus_facts.changes(dataset)
    st.caption(
        "The network reads 57 characters: a–z, A–Z, the space and four punctuation marks. All "
        "other characters are written in these, or left out."
    )
    if dataset.unreadable:
        st.warning(
            f"{_counted(len(dataset.unreadable), 'line')} left out of the corpus, because none of "
            "their letters can be read.",
            icon=":material/visibility_off:",
        )
    if not changes.lines:
        st.markdown("Every name is read as it is written.")
        return
    with st.grid(3, min_column_width=150):
        st.metric("Lines that lost a mark", count(changes.without_marks), border=True,
                  help="An accent or tone mark, for example: no letter stands for it.")  # fmt: skip
        st.metric("Lines in other scripts", count(changes.romanised), border=True,
                  help="Their characters are written in Latin letters instead.")  # fmt: skip
        st.metric("Lines that lost characters", count(changes.shortened), border=True,
                  help="The alphabet has no letter for them, or the name is too long.")  # fmt: skip
    if changes.left_out:
        st.text(
            "Left out: "
            + ", ".join(
                f"“{character}” in {counted(lines, 'line')}"
                for character, lines in changes.left_out[:12]
            )
        )
    lines = corpus_facts.changed_lines(dataset)
    if len(lines) > _MOST_ROWS:
        st.caption(f"The first {count(_MOST_ROWS)} of {count(len(lines))} lines:")
    _table(
        lines.head(_MOST_ROWS),
        "Lines that are not read as they are written",
        {
            "written": st.column_config.TextColumn("As written"),
            "letters": st.column_config.TextColumn("As the network reads it"),
            "category": st.column_config.TextColumn(noun.capitalize()),
            "how": st.column_config.TextColumn("What was changed", width="large"),
        },
    )


def _pair_words(pair: tuple[str, str, int, int, int]) -> str:
    """The pair that shares most, seen from the smaller of the two."""
    first, second, shared, of_first, of_second = pair
    if of_second < of_first:
        first, second, of_first = second, first, of_second
    return f"Most: {count(shared)} of the {count(of_first)} {first} names are {second} names too."


def _counted(number: int, noun: str) -> str:
    verb = "is" if noun == "name" else "was"
    several = "are" if noun == "name" else "were"
    return f"{counted(number, noun)} {verb if number == 1 else several}"


def _table(table: pd.DataFrame, alt: str, columns: dict[str, object]) -> None:
    with st.container():
        st.caption(alt)
        st.dataframe(
            table,
            hide_index=True,
            height=35 * (min(len(table), _SEEN_ROWS) + 1) + 3,
            alt=alt,
            column_config=columns,  # type: ignore[arg-type]
        )
