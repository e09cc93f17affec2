"""What a corpus holds, category by category, as heat maps: lengths and letters.

Rows are categories from top to bottom. Cells without names stay blank.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from namerec.figures.base.categories import (
    ABOVE_HEAT_MAP,
    NO_NAMES,
    HeatMap,
    category_axis,
    draw_heat_map,
    heat_map,
    rows_height,
)
from namerec.figures.base.theme import SMALL_FONT_SIZE, Theme, axis, new_figure, say_in_the_middle
from namerec.figures.base.words import OPEN_BOX
from namerec.text import counted, literal, part_of, roughly

if TYPE_CHECKING:
    from namerec.data.letters import LengthCounts, LetterCounts

# Heights in pixels: of the bars over the heat map of lengths, of the room between the two, below.
_BARS, _BETWEEN, _BELOW = 110, 26, 52
# From the axis to its title, numbers and all: without ticks Plotly forgets their height, and only
# makes room where the title happens to hit one.
_TITLE_STANDOFF = 30
_MOST_LENGTH_LABELS = 12  # that have room side by side on a telephone
_LETTERS_ALWAYS_SHOWN = 26


def length_map(counts: LengthCounts) -> HeatMap:
    """Shares of each category's names that have so many letters."""
    names = counts.counts.sum(axis=1).tolist()

    def words(row: int, column: int) -> str:
        count, letters = int(counts.counts[row, column]), int(counts.lengths[column])
        return (
            f"{counts.categories[row]}\n{part_of(count, names[row])} names "
            f"{_have(count)} {counted(letters, 'letter')}"
        )

    return heat_map(counts.shares(), words)


def letter_map(counts: LetterCounts) -> tuple[list[str], HeatMap]:
    """The letters shown, and their shares of all letters of each category's names.

    The 26 letters are always there, blanks and marks where some name has them.
    """
    always = np.arange(len(counts.letters)) < _LETTERS_ALWAYS_SHOWN
    columns = np.flatnonzero(always | counts.counts.any(axis=0))
    letters = [counts.letters[column].replace(" ", OPEN_BOX) for column in columns]
    totals = counts.counts.sum(axis=1).tolist()

    def words(row: int, column: int) -> str:
        count = int(counts.counts[row, columns[column]])
        verb = "is" if count == 1 else "are"
        of_all = part_of(count, totals[row])
        return f"{counts.categories[row]}\n{of_all} letters {verb} {letters[column]}"

    return letters, heat_map(counts.shares()[:, columns], words)


def length_figure(counts: LengthCounts, theme: Theme, *, noun: str = "language") -> go.Figure:
    """How long names are: bars for the whole corpus, under them a heat map by category."""
    rows = rows_height(len(counts.categories))
    inner = _BARS + _BETWEEN + rows
    longest = len(counts.lengths)
    whole = counts.counts.sum(axis=0)
    figure = new_figure(
        theme,
        height=inner + ABOVE_HEAT_MAP + _BELOW,
        alt=_lengths_in_words(counts, noun),
        margin={"l": 60, "r": 16, "t": ABOVE_HEAT_MAP, "b": _BELOW},
        bargap=0.15,
        dragmode=False,
        hovermode="closest",
        showlegend=False,
        xaxis=axis(
            theme, "letters in the name", range=[0.5, max(longest, 1) + 0.5], anchor="y2",
            dtick=math.ceil(longest / _MOST_LENGTH_LABELS) or 1, tick0=1, tickangle=0,
            ticks="", showgrid=False, fixedrange=True,
        ),
        yaxis=axis(
            theme, "distinct names", domain=[1 - _BARS / inner, 1], nticks=4, tickformat=",d",
            rangemode="tozero", fixedrange=True,
        ),
        yaxis2=category_axis(
            theme, counts.categories, literal(noun), domain=[0, rows / inner], anchor="x"
        ),
    )  # fmt: skip
    figure.update_xaxes(title_standoff=_TITLE_STANDOFF)
    total = int(whole.sum())
    if total == 0:
        return say_in_the_middle(figure, theme, NO_NAMES)
    figure.add_bar(
        x=counts.lengths.tolist(),
        y=whole.tolist(),
        marker={"color": theme.accent},
        hovertext=[
            f"all: {part_of(count, total)} names {_have(count)} {counted(length, 'letter')}"
            for length, count in zip(counts.lengths.tolist(), whole.tolist(), strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    title = f"share of the {literal(noun)}’s names"
    lengths = counts.lengths.tolist()
    draw_heat_map(figure, length_map(counts), theme, title, x=lengths, yaxis="y2")
    return figure


def letter_figure(counts: LetterCounts, theme: Theme, *, noun: str = "language") -> go.Figure:
    """How often the names of each category have each letter."""
    letters, shown = letter_map(counts)
    figure = new_figure(
        theme,
        height=rows_height(len(counts.categories)) + ABOVE_HEAT_MAP + _BELOW,
        alt=_letters_in_words(counts, noun),
        margin={"l": 60, "r": 16, "t": ABOVE_HEAT_MAP, "b": _BELOW},
        dragmode=False,
        hovermode="closest",
        xaxis=axis(
            theme, "letter (upper and lower case together)", range=[-0.5, len(letters) - 0.5],
            tickmode="array", tickvals=list(range(len(letters))),
            ticktext=[literal(letter) for letter in letters], tickangle=0,
            tickfont={"size": SMALL_FONT_SIZE, "color": theme.text}, ticks="", showgrid=False,
            fixedrange=True,
        ),
        yaxis=category_axis(theme, counts.categories, literal(noun)),
    )  # fmt: skip
    if not counts.counts.any():
        return say_in_the_middle(figure, theme, NO_NAMES)
    draw_heat_map(figure, shown, theme, f"share of the {literal(noun)}’s letters")
    return figure


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _lengths_in_words(counts: LengthCounts, noun: str) -> str:
    whole = counts.counts.sum(axis=0)
    if not whole.any():
        return f"Letters in a name, by {noun}. {NO_NAMES}"
    present = counts.lengths[whole > 0]
    return (
        f"Letters in a name, for all {counted(int(whole.sum()), 'distinct name')} and by {noun}: "
        f"{int(present[0])} to {int(present[-1])}, "
        f"most often {int(counts.lengths[whole.argmax()])}."
    )


def _letters_in_words(counts: LetterCounts, noun: str) -> str:
    whole = counts.counts.sum(axis=0)
    if not whole.any():
        return f"Letters of names, by {noun}. {NO_NAMES}"
    order = np.argsort(-whole, kind="stable")[:3]
    most = ", ".join(
        f"{counts.letters[letter]} {roughly(whole[letter] / whole.sum())}" for letter in order
    )
    return f"Letters of names, by {noun}. Most frequent in all: {most}."
