"""Who is taken for whom: the confusion matrix, cell by cell.

Rows are true categories from top to bottom, columns predicted ones from left to right.

A heatmap gives no clicks, so invisible squares lie over its cells; each carries its row and
column as `customdata`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.core.results import ConfusionMatrix
from namerec.figures.theme import (
    SMALL_FONT_SIZE,
    Scale,
    Theme,
    axis,
    colour_at,
    new_figure,
    readable_on,
    say_in_the_middle,
)
from namerec.figures.words import LONGEST_LABEL, label, literal, number, percent

#: Most categories whose cells have room for a number.
MOST_WITH_NUMBERS = 20
#: Most categories whose labels all fit beside the matrix, and whose empty cells can be clicked.
MOST_WITH_LABELS = 40
#: Most squares laid over the cells: so many cost a browser a tenth of a second.
MOST_SQUARES = 4_000
# Side of the matrix in pixels: so much for each category, between these bounds.
_SIDE_PER_CATEGORY = 26
_LEAST_SIDE, _MOST_SIDE = 240, 620
# Room above for the colour bar, and below for the axis title and slanted labels, in pixels.
_ABOVE, _TITLE = 62, 44
_BAR_HEIGHT = 36
_SLANTED_LETTER = 5.0  # height of one more letter at 45 degrees
# Narrowest matrix a page gives room for, in pixels; the squares must fit into its cells.
_NARROWEST_SIDE = 260
_CELL_FONT_SIZE = 11


class ConfusionCells(NamedTuple):
    """What the figure shows.

    Attributes:
        share: Each cell's share of its row's names, 0..1, (categories, categories).
        text: What stands in each cell, rows of columns; empty where there is nothing.
        clickable: Row and column of every cell that answers to the pointer.
        words: What each of those says.
    """

    share: np.ndarray
    text: list[list[str]]
    clickable: list[list[int]]
    words: list[str]


def cell_words(matrix: ConfusionMatrix, row: int, column: int) -> str:
    """What a cell of the matrix means, in a sentence of plain text.

    Args:
        matrix: The counts.
        row: Index of the true category.
        column: Index of the predicted category.
    """
    true, predicted = matrix.categories[row], matrix.categories[column]
    count, support = int(matrix.counts[row, column]), int(matrix.support[row])
    if support == 0:
        return f"There are no {true} names here"
    verb = "was" if count == 1 else "were"
    fate = "recognised" if row == column else f"taken for {predicted}"
    share = percent(count / support)
    return f"{number(count)} of {number(support)} {true} names ({share}) {verb} {fate}"


def confusion_cells(matrix: ConfusionMatrix, *, normalised: bool) -> ConfusionCells:
    """What the figure shows.

    Args:
        matrix: The counts.
        normalised: Whether cells say percent of the row instead of counts.
    """
    share = matrix.row_normalised()
    size = len(matrix.categories)
    text = [["" for _ in range(size)] for _ in range(size)]
    if size <= MOST_WITH_NUMBERS:
        for row, column in np.argwhere(matrix.counts > 0):
            count, part = int(matrix.counts[row, column]), float(share[row, column])
            text[row][column] = _whole_percent(part) if normalised else number(count)
    clickable = _clickable(matrix.counts)
    words = [cell_words(matrix, row, column) for row, column in clickable]
    return ConfusionCells(share, text, clickable, words)


def confusion_figure(
    matrix: ConfusionMatrix,
    theme: Theme,
    *,
    normalised: bool,
    selected: tuple[int, int] | None,
    noun: str = "language",
) -> go.Figure:
    """The matrix as a figure that can be clicked, cell by cell.

    A cell's colour is always its share of the row, so that a frequent category does not hide the
    others; `normalised` decides what the numbers are.

    Args:
        matrix: The counts.
        theme: The colours.
        normalised: Whether cells say percent of the row instead of counts.
        selected: Row and column to outline; one outside the matrix is not drawn.
        noun: What a category is called.
    """
    size = len(matrix.categories)
    side = min(max(_SIDE_PER_CATEGORY * size, _LEAST_SIDE), _MOST_SIDE)
    longest = max((len(name) for name in matrix.categories), default=0)
    below = _TITLE + round(_SLANTED_LETTER * min(longest, LONGEST_LABEL))
    figure = new_figure(
        theme,
        height=side + _ABOVE + below,
        alt=_in_words(matrix, noun),
        margin={"l": 60, "r": 16, "t": _ABOVE, "b": below},
        hovermode="closest",
        hoverdistance=-1,  # the nearest centre: of square cells, that of the cell pointed at
        dragmode=False,
        showlegend=False,
    )
    ticks = _ticks(matrix.categories, theme)
    ends = max(size, 1) - 0.5
    figure.update_xaxes(
        axis(
            theme, f"predicted {literal(noun)}", range=[-0.5, ends], tickangle=-45,
            constrain="domain", **ticks,
        )
    ).update_yaxes(
        axis(
            theme, f"true {literal(noun)}", range=[ends, -0.5], scaleanchor="x",
            constrain="domain", constraintoward="top", **ticks,
        )
    )  # fmt: skip
    if size == 0 or not matrix.counts.any():
        return say_in_the_middle(figure, theme, "No names were counted.")
    cells = confusion_cells(matrix, normalised=normalised)
    scale = _bent(theme.sequential)
    figure.add_heatmap(
        z=np.round(cells.share, 4).tolist(),
        zmin=0,
        zmax=1,
        colorscale=scale,
        text=_coloured(cells, scale, theme),
        texttemplate="%{text}",
        textfont={"size": _CELL_FONT_SIZE},
        hoverinfo="skip",
        xgap=_gap(size),
        ygap=_gap(size),
        colorbar=_colour_bar(theme),
    )
    _say_what_is_shown(figure, theme, size, normalised=normalised)
    rows_and_columns = np.array(cells.clickable)
    figure.add_scatter(
        x=rows_and_columns[:, 1].tolist(),
        y=rows_and_columns[:, 0].tolist(),
        customdata=cells.clickable,
        hovertext=[literal(words) for words in cells.words],
        hovertemplate="%{hovertext}<extra></extra>",
        mode="markers",
        marker={"symbol": "square", "size": max(2, _NARROWEST_SIDE // size), "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
    )
    if selected is not None and all(0 <= index < size for index in selected):
        _outline(figure, selected, size, theme)
    return figure


def _clickable(counts: np.ndarray) -> list[list[int]]:
    """All cells of a small matrix; of a large one those with names, the fullest first."""
    if len(counts) <= MOST_WITH_LABELS:
        return [[int(row), int(column)] for row, column in np.ndindex(*counts.shape)]
    filled = np.argwhere(counts > 0)
    fullest = np.argsort(-counts[filled[:, 0], filled[:, 1]], kind="stable")[:MOST_SQUARES]
    return [[int(row), int(column)] for row, column in filled[fullest]]


def _whole_percent(share: float) -> str:
    """A share without its unit, short enough for a cell, and never a rounded 0 or 100."""
    if share < 0.005:
        return "<1"
    return ">99" if 0.995 <= share < 1 else f"{100 * share:.0f}"


def _bent(scale: Scale) -> Scale:
    """Spends half of the scale's colours on the lowest quarter, where confusions are."""
    return tuple((position**2, colour) for position, colour in scale)


def _coloured(cells: ConfusionCells, scale: Scale, theme: Theme) -> list[list[str]]:
    """The cells' text, each in a colour that can be read on its cell."""
    return [
        [
            f'<span style="color:{readable_on(colour_at(scale, share), theme)}">'
            f"{literal(text)}</span>"
            if text
            else ""
            for text, share in zip(texts, shares, strict=True)
        ]
        for texts, shares in zip(cells.text, cells.share.tolist(), strict=True)
    ]


def _colour_bar(theme: Theme) -> dict[str, object]:
    return {
        "orientation": "h",
        "x": 0.5,
        "xanchor": "center",
        "y": 1,
        "yanchor": "bottom",
        "ypad": 6,
        "len": 260,
        "lenmode": "pixels",
        "thickness": 8,
        "outlinewidth": 0,
        "tickvals": [0, 0.25, 0.5, 0.75, 1],
        "ticktext": ["0 %", "25 %", "50 %", "75 %", "100 %"],
        "tickfont": {"size": SMALL_FONT_SIZE, "color": theme.muted},
        "ticks": "",
    }


def _say_what_is_shown(figure: go.Figure, theme: Theme, size: int, *, normalised: bool) -> None:
    """Writes over the colour bar what colours and numbers mean."""
    numbers = "percent of the row" if normalised else "names"
    figure.add_annotation(
        text="colour: share of the row"
        + (f" · number: {numbers}" if size <= MOST_WITH_NUMBERS else ""),
        x=0.5,
        y=1,
        xref="paper",
        yref="paper",
        yanchor="bottom",
        yshift=_BAR_HEIGHT,
        showarrow=False,
        font={"size": SMALL_FONT_SIZE, "color": theme.muted},
    )


def _gap(size: int) -> int:
    return 2 if size <= MOST_WITH_NUMBERS else 1 if size <= MOST_WITH_LABELS else 0


def _ticks(categories: tuple[str, ...], theme: Theme) -> dict[str, object]:
    """Labels by position, every few of them where there are many."""
    every = math.ceil(len(categories) / MOST_WITH_LABELS) or 1
    shown = list(range(0, len(categories), every))
    crowded = len(categories) > MOST_WITH_NUMBERS
    return {
        "tickmode": "array",
        "tickvals": shown,
        "ticktext": [label(categories[index]) for index in shown],
        "tickfont": {"size": SMALL_FONT_SIZE - 2 * crowded, "color": theme.text},
        "ticks": "",
        "showgrid": False,
        "fixedrange": True,
    }


def _outline(figure: go.Figure, selected: tuple[int, int], size: int, theme: Theme) -> None:
    """A rectangle around the selected cell, and around its neighbours where cells are tiny."""
    row, column = selected
    reach = max(0.5, size / 100)
    figure.add_shape(
        type="rect",
        x0=column - reach,
        x1=column + reach,
        y0=row - reach,
        y1=row + reach,
        line={"color": theme.highlight, "width": 2.5},
        layer="above",
    )


def _in_words(matrix: ConfusionMatrix, noun: str) -> str:
    names = int(matrix.counts.sum())
    return (
        f"Confusion matrix: true {noun} in rows, predicted {noun} in columns, "
        f"{len(matrix.categories)} of each. {number(names)} names, "
        f"{percent(matrix.accuracy)} of them on the diagonal."
    )
