"""What a round of the quiz is: whose network plays, which names are asked, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from namerec.text import plain

if TYPE_CHECKING:
    from namerec.core.tasks.quiz import Draw, Question, QuizPool
    from namerec.runs.summary import RunSummary


class Round(NamedTuple):
    """The round that the settings stand for.

    Attributes:
        run: Whose network plays.
        key: What tells the round from others.
        wanted: How many names it should have.
        asked: The questions, in order; fewer if there are no more names.
        names: As written in the corpus.
        letters: As the network reads them.
        categories: What they are called.
        pool: That the names were drawn from.
        draw: How.
        few: Whether the options are few.
        measured_on: What names they are, in words.
        another: Sets the next round up.
    """

    run: RunSummary
    key: tuple[object, ...]
    wanted: int
    asked: tuple[Question, ...]
    names: tuple[str, ...]
    letters: tuple[str, ...]
    categories: tuple[str, ...]
    pool: QuizPool
    draw: Draw
    few: bool
    measured_on: str
    another: Callable[[], None]

    def called(self, categories: tuple[int, ...]) -> str:
        """Categories in words, as Markdown: each of them is right."""
        return " or ".join(f"**{plain(self.categories[one])}**" for one in categories)


def name_link(game: Round, number: int, label: str) -> None:
    """A link to a name on the Name page, read by the same network."""
    st.page_link(
        "pages/name.py",
        label=label,
        icon=":material/spellcheck:",
        query_params={"run": game.run.id, "name": game.names[number]},
    )
