"""What every one-letter change of a name does to the answer: a heat map of places and letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.figures.base.categories import ABOVE_HEAT_MAP, colour_bar
from namerec.figures.base.spec import rounded
from namerec.figures.base.theme import FONT_SIZE, SMALL_FONT_SIZE, Theme, axis, new_figure
from namerec.figures.base.words import OPEN_BOX, label
from namerec.text import literal, roughly

if TYPE_CHECKING:
    from namerec.core.inside.changes import Changes, Variant
    from namerec.core.inside.edits import Edit

#: Rows under the first, in which letters are left out: what is put in.
_LETTERS = "abcdefghijklmnopqrstuvwxyz' "
_LEFT_OUT = "nothing"
# Widths of the columns of a letter and of a gap between letters, and the gap under the first row,
# as shares of a row's height; that in pixels.
_LETTER, _GAP, _UNDER_FIRST = 1.0, 0.55, 0.5
_ROW = 16
_BELOW = 58
#: Most columns with room between their cells.
_MOST_WITH_GAPS = 45


class ChangesPicture(NamedTuple):
    """What the figure shows.

    Rows are what is put in: nothing first, then blank room, then the letters. Columns are places:
    a gap, the first letter, a gap, and so on.

    Attributes:
        values: The original answer's probability in percent; nan where there is no such edit;
            (rows, columns).
        words: What each cell says, as Plotly shows it.
        flips: Cells, row and column, with another answer.
        originals: Cells of the name's own letters.
        across: Edges of the columns, (columns + 1,).
        down: Edges of the rows, (rows + 1,).
    """

    values: np.ndarray
    words: list[list[str]]
    flips: list[tuple[int, int]]
    originals: list[tuple[int, int]]
    across: np.ndarray
    down: np.ndarray

    def centre(self, cell: tuple[int, int]) -> tuple[float, float]:
        """The middle of a cell, across and down."""
        (row, column), across, down = cell, self.across, self.down
        return float(across[column : column + 2].mean()), float(down[row : row + 2].mean())


def edit_in_words(edits: Sequence[Edit]) -> str:
    """What edits do to a name, in a few plain words."""
    return ", then ".join(_one_edit(edit) for edit in edits)


def _one_edit(edit: Edit) -> str:
    put, stood = _visible(edit.letter), _visible(edit.stood)
    if edit.kind == "replace":
        return f"letter {edit.place + 1}: {stood} becomes {put}"
    if edit.kind == "delete":
        return f"letter {edit.place + 1}: {stood} left out"
    return f"{put} before letter {edit.place + 1}, {stood}" if stood else f"{put} at the end"


def changes_picture(changes: Changes) -> ChangesPicture:
    """What the figure shows; see `changes_figure`."""
    letters = changes.letters
    rows, columns = 2 + len(_LETTERS), 2 * len(letters) + 1
    values = np.full((rows, columns), np.nan)
    words = [["" for _ in range(columns)] for _ in range(rows)]
    flips, originals = [], []
    # Only categories are other people's text: names and edits have no letter that is markup.
    categories = [label(category) for category in changes.categories]
    for variant in changes.singles:
        (edit,) = variant.edits
        row = 2 + _LETTERS.index(edit.letter.lower()) if edit.letter else 0
        column = 2 * edit.place + (edit.kind != "insert")
        values[row, column] = 100 * variant.original
        words[row][column] = _cell_in_words(changes, variant, categories)
        if variant.answer != changes.answer:
            flips.append((row, column))
    unchanged = (
        f"{letters}, as it is<br>{categories[changes.answer]}: {roughly(changes.probability)}"
    )
    for place, letter in enumerate(letters):
        if letter.lower() in _LETTERS:
            cell = 2 + _LETTERS.index(letter.lower()), 2 * place + 1
            originals.append(cell)
            values[cell] = 100 * changes.probability
            words[cell[0]][cell[1]] = unchanged
    widths = [_GAP, *[_LETTER, _GAP] * len(letters)]
    heights = [1.0, _UNDER_FIRST, *[1.0] * len(_LETTERS)]
    across, down = np.cumsum([0.0, *widths]), np.cumsum([0.0, *heights])
    return ChangesPicture(values, words, flips, originals, across, down)


def changes_figure(changes: Changes, theme: Theme) -> go.Figure:
    """The original answer's probability after every one-letter change.

    Wide columns are the name's letters, replaced or left out; narrow ones the gaps between them, in
    which letters are put in. The name's own letters are outlined, changes of the answer dotted.
    """
    picture = changes_picture(changes)
    columns = range(1, 2 * len(changes.letters), 2)
    rows = [0, *range(2, 2 + len(_LETTERS))]
    figure = new_figure(
        theme,
        height=round(_ROW * float(picture.down[-1])) + ABOVE_HEAT_MAP + _BELOW,
        alt=_in_words(changes, len(picture.flips)),
        margin={"l": 60, "r": 12, "t": ABOVE_HEAT_MAP, "b": _BELOW},
        dragmode=False,
        hovermode="closest",
        showlegend=False,
        xaxis=axis(
            theme, "the name’s letters; in the narrow columns between them a letter is inserted",
            range=[0, float(picture.across[-1])], tickmode="array",
            tickvals=[picture.centre((0, column))[0] for column in columns],
            ticktext=[literal(_visible(letter)) for letter in changes.letters],
            tickfont={"size": FONT_SIZE, "color": theme.text}, tickangle=0,
            ticks="", showgrid=False, fixedrange=True,
        ),
        yaxis=axis(
            theme, "new letter", range=[float(picture.down[-1]), 0],
            tickmode="array", tickvals=[picture.centre((row, 0))[1] for row in rows],
            ticktext=[_LEFT_OUT, *map(_visible, _LETTERS)],
            tickfont={"size": SMALL_FONT_SIZE, "color": theme.text},
            ticks="", showgrid=False, fixedrange=True,
        ),
    )  # fmt: skip
    space = 1 if len(columns) * 2 <= _MOST_WITH_GAPS else 0
    category = label(changes.categories[changes.answer])
    figure.add_heatmap(
        z=rounded(picture.values),
        x=picture.across.tolist(),
        y=picture.down.tolist(),
        zmin=0,
        zmax=100,
        colorscale=theme.sequential,
        hovertext=picture.words,
        hoverinfo="text",
        hoverongaps=False,
        xgap=space,
        ygap=1,
        colorbar=colour_bar(theme, f"probability of {category} (%)"),
    )
    _mark(figure, picture, theme)
    return figure


def _mark(figure: go.Figure, picture: ChangesPicture, theme: Theme) -> None:
    """Dots where the answer changes, and outlines around the name's own letters."""
    dots = [picture.centre(cell) for cell in picture.flips]
    figure.add_scatter(
        x=[x for x, _ in dots],
        y=[y for _, y in dots],
        mode="markers",
        marker={
            "size": 7,
            "color": theme.highlight,
            "line": {"width": 1, "color": theme.background},
        },
        hoverinfo="skip",
    )
    # All at once: Plotly checks every shape again with each that is added.
    figure.layout.shapes = [
        {
            "type": "rect",
            "x0": float(picture.across[column]),
            "x1": float(picture.across[column + 1]),
            "y0": float(picture.down[row]),
            "y1": float(picture.down[row + 1]),
            "line": {"color": theme.highlight, "width": 2},
        }
        for row, column in picture.originals
    ]


def _cell_in_words(changes: Changes, variant: Variant, categories: Sequence[str]) -> str:
    words = (
        f"{variant.letters}: {edit_in_words(variant.edits)}<br>"
        f"{categories[variant.answer]}: {roughly(variant.probability)}"
    )
    if variant.answer == changes.answer:
        return words
    first = categories[changes.answer]
    return f"{words}, another answer<br>{first}: {roughly(variant.original)}"


def _visible(letter: str) -> str:
    return letter.replace(" ", OPEN_BOX)


def _in_words(changes: Changes, flips: int) -> str:
    category, probability = changes.categories[changes.answer], roughly(changes.probability)
    words = (
        f"Heat map of {len(changes.singles)} one-letter changes of “{changes.letters}”, which is "
        f"{category} with {probability}: the probability of {category} after each. "
        f"{flips} of them give another answer."
    )
    worst = min(changes.singles, key=lambda variant: variant.original, default=None)
    if worst is None:
        return words
    return f"{words} Lowest: {worst.letters}, {roughly(worst.original)}."
