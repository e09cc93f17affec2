"""The end of a round: who was better, whether that says anything, and every name once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from namerec.export.spreadsheet import as_shown
from namerec.figures.base import theme
from namerec.figures.evaluation.quiz import quiz_figure
from namerec.text import count, counted, percent, plain, roughly
from namerec.ui.guide.quiz_round import Round, name_link
from namerec.ui.shared.charts import chart

if TYPE_CHECKING:
    from namerec.core.tasks.quiz_scores import PoolScore, QuizScore


def result(game: Round, given: tuple[int | None, ...]) -> None:
    """Draws it.

    Args:
        game: The round.
        given: Your answers to all of its names.
    """
    from namerec.core.tasks.quiz_scores import network_on_all, score, tallies

    found, word = score(game.asked, given), game.run.noun
    st.subheader("The result", anchor=False)
    with st.grid(2, min_column_width=200):
        for who, hits in (("You", found.you), ("The network", found.network)):
            st.metric(f"{who} got right", f"{hits} of {found.names}", border=True)
    for words in (
        difference_words(found),
        guessing_words(found, game),
        all_words(network_on_all(game.pool), game),
    ):
        st.markdown(plain(words))
    with st.grid(2, min_column_width=420):
        with st.container(border=True):
            st.markdown(f"**By {word}**")
            look = theme.theme_for(st.context.theme.type)
            figure = quiz_figure(tallies(game.asked, given), game.categories, look, noun=word)
            chart(figure, "quiz_figure")
        with st.container(border=True):
            st.markdown("**Name by name**")
            _table(game, given)
    st.caption(plain(f"All of this was measured on {game.measured_on}."))
    st.markdown("Look inside the network’s answers:")
    with st.container(horizontal=True):
        for number, name in enumerate(game.names):
            name_link(game, number, plain(name))


def result_table(game: Round, given: tuple[int | None, ...]) -> pd.DataFrame:
    """A row a name: `name`, `true`, `you`, `network`, `probability`.

    Answers have a mark before them, right or wrong; the probability is that of the network's
    answer, 0..1.
    """
    rows = []
    for name, asked, answer in zip(game.names, game.asked, given, strict=True):
        true = " or ".join(game.categories[one] for one in asked.right)
        said = [
            f"{'✓' if one in asked.right else '✗'} {_called(game, one)}"
            for one in (answer, asked.network)
        ]
        rows.append((name, true, *said, asked.ranked[0][1]))
    return pd.DataFrame(rows, columns=["name", "true", "you", "network", "probability"])


def _called(game: Round, answer: int | None) -> str:
    return "–" if answer is None else game.categories[answer]


def _table(game: Round, given: tuple[int | None, ...]) -> None:
    st.dataframe(
        as_shown(result_table(game, given)),
        hide_index=True,
        height="content",
        alt="Every name of the round with both answers",
        column_config={
            "name": st.column_config.TextColumn("Name"),
            "true": st.column_config.TextColumn(game.run.noun.capitalize()),
            "you": st.column_config.TextColumn("You", help="A dash for “I don’t know”."),
            "network": st.column_config.TextColumn("Network"),
            "probability": st.column_config.NumberColumn(
                "Probability", format="percent", width=90, help="That the network gave its answer."
            ),
        },
    )


def difference_words(found: QuizScore) -> str:
    """Whether the difference between the two players says anything."""
    from namerec.core.tasks.quiz_scores import LEVEL, fewest_to_tell

    mine, its = found.only_you, found.only_network
    if found.you == found.network == 0:
        return "Neither of you got a name right."
    if mine == its == 0:
        return "You and the network got the same names right."
    alone = (
        f"Only you were right on {counted(mine, 'name')}, only the network on "
        f"{counted(its, 'name')}"
    )
    if mine == its:
        return f"{alone}: no difference."
    words = (
        f"{alone}. Between two equally good players, a difference at least this large comes about "
        f"by chance in {roughly(found.test.p_value)} of cases (McNemar’s test, exact)"
    )
    if found.test.p_value < LEVEL:
        better = "you are" if mine > its else "the network is"
        return f"{words}. So on names like these, {better} probably better."
    return (
        f"{words}. So few names do not show who is better: for less than {100 * LEVEL:.0f} %, one "
        f"of you must be the only one right on at least {fewest_to_tell()} names."
    )


def guessing_words(found: QuizScore, game: Round) -> str:
    """What chance alone would get right."""
    options = len(game.asked[0].options)
    several = any(len(asked.right) > 1 for asked in game.asked) and not game.few
    words = (
        f"Blind guessing among {options} options gets {percent(found.guessing)} right on average, "
        f"{found.guessing * found.names:.1f} of these {counted(found.names, 'name')}"
    )
    if several:
        words += f" (some of them have more than one right {game.run.noun})"
    if found.you == 0:
        return f"{words}."
    often = roughly(found.as_good_by_guessing)
    return f"{words}. It gets {found.you} or more right in {often} of rounds."


def all_words(whole: PoolScore, game: Round) -> str:
    """How good the network is on all names that could have been asked."""
    alike, mean = percent(whole.share), percent(whole.mean_over_categories)
    if game.draw == "evenly":
        figures = f"{mean} right if all {game.run.nouns} count equally, as in rounds drawn evenly"
        other = f"{alike} if all names count equally"
    else:
        figures = f"{alike} right if all names count equally, as in rounds drawn as they come"
        other = f"{mean} if all {game.run.nouns} count equally"
    words = (
        f"For comparison: on all {count(whole.names)} distinct names that could have been asked "
        f"({game.measured_on}) the network gets {figures}, and {other}."
    )
    if game.few:
        return f"{words} It always chooses from all {len(game.categories)} {game.run.nouns}."
    return words
