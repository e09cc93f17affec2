"""What all confusion matrices have in common: axes, cells, heads, an outline.

Rows are true categories from top to bottom, columns predicted ones from left to right; a strip of
heads lies beside the rows and under the columns.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.figures.base.categories import (
    CELL_FONT_SIZE,
    MOST_WITH_NUMBERS,
    category_ticks,
    coloured_text,
    gap,
    slanted_height,
)
from namerec.figures.base.spec import rounded
from namerec.figures.base.theme import Scale, Theme, axis, colour_at, new_figure
from namerec.figures.confusion.selection import Selection
from namerec.text import literal

# Side of the matrix in pixels: so much for each category, between these bounds.
_SIDE_PER_CATEGORY = 26
_LEAST_SIDE, _MOST_SIDE = 240, 620
# Room above for the colour bar and its title, and below for the axis title, in pixels.
ABOVE = 68
_BELOW = 44
# Thickness of a strip of heads in pixels, with and without numbers, and of the room beside it.
_STRIP, _THIN_STRIP, _BESIDE_STRIP = 28, 16, 4


class Strip(NamedTuple):
    """Where the heads lie, in columns: from `near` to `far` beyond the outermost cells' centres."""

    near: float
    far: float


def side(size: int) -> int:
    """Height of a matrix of so many categories in pixels, without its heads."""
    return min(max(_SIDE_PER_CATEGORY * size, _LEAST_SIDE), _MOST_SIDE)


def strip(size: int) -> Strip:
    """Where the heads of so many categories lie."""
    cell = side(size) / max(size, 1)
    near = 0.5 + _BESIDE_STRIP / cell
    thickness = _STRIP if size <= MOST_WITH_NUMBERS else _THIN_STRIP
    return Strip(near, near + thickness / cell)


def frame(
    theme: Theme,
    categories: Sequence[str],
    noun: str,
    alt: str,
    *,
    heads: bool = True,
    above: int = ABOVE,
) -> go.Figure:
    """Axes of a matrix, and nothing in them yet.

    Args:
        theme: The colours.
        categories: As shown, from top to bottom and from left to right.
        noun: What a category is called.
        alt: What the figure shows, in words.
        heads: Whether there is room for heads.
        above: Room above the matrix, in pixels.
    """
    size = len(categories)
    below = _BELOW + slanted_height(categories)
    last = max(size, 1) - 0.5
    beyond = strip(size).far if heads and size else 0.5
    figure = new_figure(
        theme,
        height=side(size) + above + below + (_STRIP if heads else 0),
        alt=alt,
        margin={"l": 60, "r": 16, "t": above, "b": below},
        hovermode="closest",
        hoverdistance=-1,  # the nearest centre: of square cells, that of the cell pointed at
        dragmode=False,
        showlegend=False,
    )
    ticks = category_ticks(theme, categories)
    return figure.update_xaxes(
        axis(
            theme, f"predicted {literal(noun)}", range=[-beyond, last], tickangle=-45,
            constrain="domain", **ticks,
        )
    ).update_yaxes(
        axis(
            theme, f"true {literal(noun)}", range=[last - 0.5 + beyond, -0.5], scaleanchor="x",
            constrain="domain", constraintoward="top", **ticks,
        )
    )  # fmt: skip


def draw_cells(
    figure: go.Figure,
    values: np.ndarray,
    text: list[list[str]] | None,
    theme: Theme,
    *,
    scale: Scale,
    least: float,
    most: float,
    bar: dict[str, Any],
) -> None:
    """Adds the cells.

    Args:
        figure: A frame.
        values: Of the cells, (categories, categories); nan stays blank.
        text: What stands in each cell, plain; None for nothing in any.
        theme: The colours.
        scale: The colours of the values.
        least: The value of the scale's first colour.
        most: The value of its last colour.
        bar: The colour bar.
    """
    width = gap(len(values)) + (len(values) <= MOST_WITH_NUMBERS)
    figure.add_heatmap(
        z=rounded(values),
        zmin=least,
        zmax=most,
        colorscale=scale,
        hoverinfo="skip",
        hoverongaps=False,
        xgap=width,
        ygap=width,
        colorbar=bar,
    )
    if text is None:
        return
    grounds = (values - least) / (most - least)
    figure.update_traces(
        text=[
            [
                coloured_text(words, colour_at(scale, place), theme)
                for words, place in zip(row, places, strict=True)
            ]
            for row, places in zip(text, grounds.tolist(), strict=True)
        ],
        texttemplate="%{text}",
        textfont={"size": CELL_FONT_SIZE},
    )


def draw_heads(
    figure: go.Figure, theme: Theme, of_rows: Sequence[str], of_columns: Sequence[str]
) -> None:
    """Adds the strips of heads with their texts, which many categories have no room for."""
    size = len(of_rows)
    where = strip(size)
    width = gap(size) + (size <= MOST_WITH_NUMBERS)
    edges = [index - 0.5 for index in range(size + 1)]
    across = [-where.far, -where.near], [size - 1 + where.near, size - 1 + where.far]
    for x, y, texts in (
        (across[0], edges, [[text] for text in of_rows]),
        (edges, across[1], [list(of_columns)]),
    ):
        figure.add_heatmap(
            x=x,
            y=y,
            z=[[0 for _ in row] for row in texts],
            colorscale=[[0, theme.surface], [1, theme.surface]],
            showscale=False,
            hoverinfo="skip",
            xgap=width,
            ygap=width,
        )
        if size <= MOST_WITH_NUMBERS:
            figure.data[-1].update(
                text=[[literal(text) for text in row] for row in texts],
                texttemplate="%{text}",
                textfont={"size": CELL_FONT_SIZE, "color": theme.muted},
            )


def outline(
    figure: go.Figure, selected: Selection | None, categories: Sequence[str], theme: Theme
) -> None:
    """A rectangle around what is selected, head and all; nothing where that is not shown."""
    if selected is None or selected == Selection(None, None):
        return
    given = [name for name in (selected.row, selected.column) if name is not None]
    if not set(given) <= set(categories):
        return
    size = len(categories)
    far = strip(size).far
    reach = max(0.5, size / 100)  # the neighbours too, where cells are tiny

    def span(name: str | None, whole: tuple[float, float]) -> tuple[float, float]:
        if name is None:
            return whole
        position = categories.index(name)
        return position - reach, position + reach

    x0, x1 = span(selected.column, (-far, size - 0.5))
    y0, y1 = span(selected.row, (-0.5, size - 1 + far))
    figure.add_shape(
        type="rect",
        x0=x0,
        x1=x1,
        y0=y0,
        y1=y1,
        line={"color": theme.highlight, "width": 2.5},
        layer="above",
    )
