"""What can be clicked of a confusion matrix: cells, heads of rows and heads of columns.

Selection events come from points only: a heatmap gives none, and labels of axes neither. So
invisible squares lie over cells and heads; each carries the indices of its row and column in the
matrix as `customdata`, None in place of the one that a head has not. Large cells have several.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.figures.base.categories import MOST_WITH_LABELS, MOST_WORDS, hover_text
from namerec.figures.confusion.frame import strip

# Narrowest matrix a page gives room for, in pixels; the squares must fit into its cells.
_NARROWEST_SIDE = 260
_LEAST_SQUARE = 2  # pixels
_DEEPEST = 1.2  # depth of a head's square at most, in its width


class Place(NamedTuple):
    """Something that answers to the pointer.

    Attributes:
        x: Where it lies, in columns as shown.
        y: Where it lies, in rows as shown.
        stands_for: Indices of row and column in the matrix; None for that which it has not.
        words: What it says, plain text.
    """

    x: float
    y: float
    stands_for: list[int | None]
    words: str


def cell_places(
    order: np.ndarray,
    weights: np.ndarray,
    words: Callable[[int, int], str],
    *,
    most: int = MOST_WORDS,
) -> list[Place]:
    """The cells that can be clicked: all of a small matrix, the heaviest of a large one.

    Args:
        order: Index in the matrix of the category at each position, (categories,).
        weights: Of the matrix's cells in its own order, (categories, categories); a cell of a
            large matrix that weighs nothing cannot be clicked.
        words: What the cell at a row and column of the matrix says.
        most: Most cells of a large matrix.
    """
    size = len(order)
    tiles = _tiles(size)
    shown = weights[np.ix_(order, order)]
    if size <= MOST_WITH_LABELS:
        cells = np.argwhere(np.ones_like(shown, dtype=bool))
    else:
        cells = np.argwhere(shown > 0)
        heaviest = np.argsort(-shown[cells[:, 0], cells[:, 1]], kind="stable")[:most]
        cells = cells[heaviest]
    places = []
    for y, x in cells.tolist():
        row, column = int(order[y]), int(order[x])
        said = words(row, column)
        places += [
            Place(across, down, [row, column], said)
            for down in _tiled(y, tiles)
            for across in _tiled(x, tiles)
        ]
    return places


def head_places(
    order: np.ndarray, row_words: Callable[[int], str], column_words: Callable[[int], str]
) -> list[Place]:
    """The heads of rows and columns, in squares like those of the cells."""
    size = len(order)
    tiles = _tiles(size)
    where = strip(size)
    thickness = where.far - where.near
    deep = max(1, math.ceil(thickness * tiles / _DEEPEST))
    places = []
    for position, index in enumerate(order.tolist()):
        of_row, of_column = row_words(index), column_words(index)
        for step in range(deep):
            away = where.near + thickness * (step + 0.5) / deep
            beside, below = round(-away, 3), round(size - 1 + away, 3)
            for along in _tiled(position, tiles):
                places.append(Place(beside, along, [index, None], of_row))
                places.append(Place(along, below, [None, index], of_column))
    return places


def _tiles(size: int) -> int:
    """Squares along the side of a cell, so that none is much larger than a head.

    The browser takes the square whose centre is nearest: of squares as large as each other, that
    is the one pointed at.
    """
    where = strip(size)
    return max(1, math.ceil(1 / (where.far - where.near)))


def _tiled(position: int, tiles: int) -> list[float | int]:
    """Centres of the squares along a cell."""
    if tiles == 1:
        return [position]
    return [round(position - 0.5 + (tile + 0.5) / tiles, 3) for tile in range(tiles)]


def draw_places(figure: go.Figure, places: Sequence[Place], size: int) -> None:
    """Lays invisible squares over what can be clicked of so many categories."""
    units = size - 0.5 + strip(size).far
    square = max(_LEAST_SQUARE, int(_NARROWEST_SIDE / units / _tiles(size)))
    figure.add_scatter(
        x=[place.x for place in places],
        y=[place.y for place in places],
        customdata=[place.stands_for for place in places],
        hovertext=[hover_text(place.words) for place in places],
        hovertemplate="%{hovertext}<extra></extra>",
        mode="markers",
        marker={"symbol": "square", "size": square, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
    )
