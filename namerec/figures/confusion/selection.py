"""What a click on a confusion matrix selects: a cell, a row or a column, by category name."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Selection:
    """A cell, or a whole row or column where the other of the two is None.

    Attributes:
        row: The true category.
        column: The predicted category.
    """

    row: str | None
    column: str | None


def selection_from(points: object, categories: Sequence[str]) -> Selection | None:
    """What the points of a selection event select.

    Args:
        points: Of an event on a figure of these categories, as the browser sent it: anything.
        categories: Of the matrix, in the matrix's own order, whatever the figure's.

    Returns:
        What the first point stands for, or None if nothing, or nothing of this matrix, does.
    """
    if not isinstance(points, list | tuple) or not points:
        return None
    point = points[0]
    place = point.get("customdata") if isinstance(point, dict) else None
    if not isinstance(place, list | tuple) or len(place) != 2:
        return None
    if not all(index is None or _is_index(index, len(categories)) for index in place):
        return None
    row, column = (None if index is None else categories[index] for index in place)
    return None if row is None and column is None else Selection(row, column)


def _is_index(value: object, size: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < size
