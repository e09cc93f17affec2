"""What would change a network's mind: every small edit of the typed name, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from namerec.core.corpus.alphabet import MAX_LETTERS, NormalisedName
from namerec.core.evaluation.results import PredictedNames
from namerec.core.inside.trace import GateTrace
from namerec.export.spreadsheet import as_shown
from namerec.figures.base import theme
from namerec.figures.inside.changes import changes_figure, edit_in_words
from namerec.text import count, plain, roughly
from namerec.ui.name.priors import priors_of
from namerec.ui.name.reading import NAME
from namerec.ui.shared import services
from namerec.ui.shared.charts import chart
from namerec.ui.shared.downloads import csv_button
from namerec.ui.shared.tables import share_column
from namerec.ui.shared.work import may_begin

if TYPE_CHECKING:
    from namerec.core.inside.changes import Ask, Changes, Variant
    from namerec.runs.summary import RunSummary

#: About how long `core.changes.MOST_WORK` takes on one processor core.
_SECONDS = 3.0
#: Names whose edits are kept, so that other widgets of the page do not ask about them again.
_KEPT = 32
#: Edits offered as buttons.
_MOST_TO_TRY = 6
_TABLE_HEIGHT = 320  # pixels


def changes_panel(run: RunSummary, name: NormalisedName, trace: GateTrace) -> None:
    """The smallest edits that change the answer, and what every one-letter edit does to it.

    Args:
        run: Whose network answers.
        name: The typed name.
        trace: Of it; the edits are answered with the same assumed frequencies.
    """
    st.subheader("What would change the answer")
    if not _may_begin(run, name.letters):
        return
    prior_strength = priors_of(run)
    found = _changes(run.id, run.status.best_epoch, name.letters, prior_strength, run)
    st.markdown(smallest_in_words(found))
    _offer(found)
    look = theme.theme_for(st.context.theme.type)
    chart(changes_figure(found, look), "changes_figure")
    st.caption(
        "Outlined: the name’s own letters. Dots: another answer. A new letter takes the case of "
        "the one that it replaces, and a name that begins with a capital still does; spaces and "
        "apostrophes are put between letters only. "
        + not_tried(name.letters)
        + " This holds for this one name only."
        + ("" if prior_strength is None else " Answered with the frequencies assumed above.")
    )
    _table(run, found, trace.categories[found.answer])


def _may_begin(run: RunSummary, letters: str) -> bool:
    """Whether the edits are tried now; in a large network a button stands before."""
    from namerec.core.inside.changes import MOST_WORK, work_of_one_letter
    from namerec.core.inside.effort import effort

    work = work_of_one_letter(letters, effort(services.network(run.id).model)) / MOST_WORK
    asked = ("changes", run.id, run.status.best_epoch, letters)
    doing = f"Trying every one-letter edit of {len(letters)} letters"
    return may_begin(asked, _SECONDS * work, _SECONDS, doing, "changes_begin")


def not_tried(letters: str) -> str:
    """Which one-letter edits of a name are not among those tried, in a sentence."""
    words = (
        "Not tried: a capital in place of a small letter or the other way round; full stops, "
        "commas and semicolons"
    )
    if len(letters) == MAX_LETTERS:
        words += f"; adding a letter, as a name has at most {MAX_LETTERS} letters"
    return words + "."


def smallest_in_words(found: Changes) -> str:
    """How many edits it takes to change the answer, as far as was tried."""
    from namerec.core.inside.changes import BEAM

    category = plain(found.categories[found.answer])
    one = len({single.letters for single in found.singles})
    flips = found.flips()
    if flips and len(flips[0].edits) == 1:
        verb = "gets" if len(flips) == 1 else "get"
        return (
            f"**One letter is enough.** Of {count(one)} names one letter away, {count(len(flips))} "
            f"{verb} an answer other than {category}."
        )
    tried = (
        f"Not every pair of letters is tried: the search starts from the {BEAM} one-letter edits "
        "that lower the probability of the answer most."
    )
    alone = f"None of the {count(one)} names one letter away gets an answer other than {category}"
    if found.too_much:
        return (
            f"**One letter is not enough.** {alone}. Two letters were not tried: with so many "
            "letters and a network of this size, that takes too long."
        )
    two = count(len(found.doubles))
    if flips:
        verb = "does" if len(flips) == 1 else "do"
        return (
            f"**It takes two letters.** {alone}; of {two} tried two letters away, "
            f"{count(len(flips))} {verb}. {tried}"
        )
    return (
        f"**No small edit was found.** {alone}, and neither does any of {two} tried two letters "
        f"away. {tried}"
    )


def _offer(found: Changes) -> None:
    """Buttons that put the surest of the names with another answer into the page's name box."""
    best = found.flips()[:_MOST_TO_TRY]
    if not best:
        return
    with st.container(horizontal=True):
        for number, variant in enumerate(best):
            category = plain(found.categories[variant.answer])
            st.button(
                f"{plain(variant.letters)} → {category}, {roughly(variant.probability)}",
                key=f"changes_try_{number}",
                help=f"Try it: {plain(edit_in_words(variant.edits))}.",
                on_click=_try,
                args=(variant.letters,),
            )


def _try(letters: str) -> None:
    st.session_state[NAME] = letters


def _table(run: RunSummary, found: Changes, category: str) -> None:
    """Every name an edit or two away, those with another answer first; also to take away."""
    table = edits_table(found)
    st.dataframe(
        as_shown(table),
        hide_index=True,
        height=_TABLE_HEIGHT,
        alt=f"Edits of “{found.letters}” and their answers, those with another answer first",
        column_config={
            "name": st.column_config.TextColumn("Name"),
            "edit": st.column_config.TextColumn("Edit"),
            "answer": st.column_config.TextColumn("Answer"),
            "probability": share_column("Probability", help="Of that answer."),
            "change": st.column_config.NumberColumn(
                "Change (points)",
                format="%+.1f",
                help=f"Of the probability of {plain(category)}, in percentage points.",
            ),
        },
    )
    csv_button("Edits (CSV)", table, f"{run.id}-edits.csv", "take_changes")


def edits_table(found: Changes) -> pd.DataFrame:
    """A row for each name: the edit in words, the answer, and the original answer's change."""

    def row(variant: Variant) -> tuple[str, str, str, float, float]:
        answer = found.categories[variant.answer]
        points = round(100 * variant.change, 4)
        words = edit_in_words(variant.edits)
        return variant.letters, words, answer, variant.probability, points

    columns = ["name", "edit", "answer", "probability", "change"]
    return pd.DataFrame([row(variant) for variant in found.ranked()], columns=columns)


@st.cache_resource(max_entries=_KEPT, show_spinner="Trying edits…")
def _changes(
    run_id: str,  # noqa: ARG001 - these four decide the answers
    best_epoch: int,  # noqa: ARG001
    letters: str,
    prior_strength: float | None,
    _run: RunSummary,
) -> Changes:
    from namerec.core.inside.changes import changes
    from namerec.core.inside.effort import effort

    network = services.network(_run.id)
    return changes(
        _asking(_run, prior_strength), network.categories, letters, effort(network.model)
    )


def _asking(run: RunSummary, prior_strength: float | None) -> Ask:
    """A run's network with the priors of the page, to be asked about names."""
    from namerec.core.evaluation.prediction import probabilities
    from namerec.core.evaluation.priors import assuming

    model = services.network(run.id).model
    if prior_strength is None:
        return lambda names: probabilities(model, names)
    prior, sampling = services.prior(run), run.info.config.training.sampling

    def ask(names: list[str]) -> np.ndarray:
        learned = probabilities(model, names)
        rows = np.zeros(len(names), dtype=np.int64)
        logarithms = np.log(np.maximum(learned, np.finfo(learned.dtype).tiny))
        answers = PredictedNames(rows, rows, logarithms)
        assumed = assuming(answers, prior, sampling, prior_strength)
        return np.asarray(np.exp(assumed.log_probabilities))

    return ask
