"""Who is taken for whom: the confusion matrix as a figure, cell by cell."""

import numpy as np
import plotly.graph_objects as go

from namerec.core.evaluation.matrices import MatrixView, ViewedMatrix, shared_order, viewed
from namerec.core.evaluation.results import ConfusionMatrix
from namerec.figures.base.categories import MOST_WITH_NUMBERS, NO_NAMES, bent, colour_bar
from namerec.figures.base.theme import Scale, Theme, say_in_the_middle
from namerec.figures.confusion.frame import draw_cells, draw_heads, frame, outline
from namerec.figures.confusion.places import cell_places, draw_places, head_places
from namerec.figures.confusion.selection import Selection
from namerec.figures.confusion.words import (
    cell_words,
    column_words,
    counted_names,
    row_words,
    short_enough,
    view_title,
)
from namerec.text import count, literal, roughly

__all__ = ["cell_words", "confusion_figure"]

# Counts of frequent categories are hundreds of times those of rare ones: more colours for few.
_BENT_FOR_COUNTS = 4


def confusion_figure(
    matrix: ConfusionMatrix,
    theme: Theme,
    *,
    view: MatrixView,
    selected: Selection | None = None,
    noun: str = "language",
    beside: ConfusionMatrix | None = None,
) -> go.Figure:
    """The matrix as a figure whose cells, row heads and column heads can be clicked.

    Colours and numbers both are the view's values; the heads tell all names of a row or column.

    Args:
        matrix: The counts.
        theme: The colours.
        view: How they are looked at.
        selected: What to outline; nothing where a category of it is not in the matrix.
        noun: What a category is called.
        beside: A matrix of the same categories shown beside this one: order and colours are then
            those of both together, so that the two can be compared.

    Raises:
        NamerecError: If the matrix beside it has other categories.
    """
    both = (matrix,) if beside is None else (matrix, beside)
    order = shared_order(both, view.order)
    shown = viewed(matrix, view, order)
    figure = frame(theme, shown.categories, noun, _in_words(matrix, noun))
    if not matrix.counts.any():
        return say_in_the_middle(figure, theme, NO_NAMES)
    scale = colours(theme, view)
    most = max(most_colour(viewed(one, view, order), view) for one in both)
    draw_cells(
        figure,
        as_drawn(shown.values, view),
        cell_texts(shown, view),
        theme,
        scale=scale,
        least=0,
        most=most,
        bar=colour_bar(theme, literal(_title(view, noun, len(order))), **bar_unit(view, most)),
    )
    in_rows, in_columns = matrix.support[order], matrix.counts.sum(axis=0)[order]
    draw_heads(
        figure,
        theme,
        [_short_number(total) for total in in_rows.tolist()],
        [_short_number(total) for total in in_columns.tolist()],
    )
    told = short_enough(matrix)
    draw_places(
        figure,
        cell_places(
            order,
            matrix.counts,
            lambda row, column: cell_words(told, row, column, view.normalisation),
        )
        + head_places(
            order, lambda row: row_words(told, row), lambda column: column_words(told, column)
        ),
        len(order),
    )
    outline(figure, selected, shown.categories, theme)
    return figure


def colours(theme: Theme, view: MatrixView) -> Scale:
    """The colours of a view's values: many for the low ones, where confusions are."""
    unequal = view.normalisation == "counts" and not view.hide_diagonal
    return bent(theme.sequential, _BENT_FOR_COUNTS) if unequal else bent(theme.sequential)


def as_drawn(values: np.ndarray, view: MatrixView) -> np.ndarray:
    """Values as the colour bar counts them: names, or percent."""
    return values if view.normalisation == "counts" else 100 * values


def most_colour(shown: ViewedMatrix, view: MatrixView) -> float:
    """The value of the strongest colour: all of a share, or the largest value there is."""
    if view.normalisation != "counts" and not view.hide_diagonal:
        return 100.0
    values = as_drawn(shown.values, view)
    largest = float(np.max(values, initial=0, where=~np.isnan(values)))
    return largest or (1.0 if view.normalisation == "counts" else 100.0)


def bar_unit(view: MatrixView, most: float) -> dict[str, object]:
    """How the colour bar writes the view's values; never a fraction of a name."""
    if view.normalisation != "counts":
        return {"ticksuffix": " %"}
    return {"tickformat": ",d"} | ({"dtick": 1} if most < 6 else {})


def cell_texts(shown: ViewedMatrix, view: MatrixView) -> list[list[str]] | None:
    """What stands in each cell, nothing where there is nothing; None for too many categories."""
    if len(shown.categories) > MOST_WITH_NUMBERS:
        return None
    write = _count if view.normalisation == "counts" else _whole_percent
    return [[write(value) if value > 0 else "" for value in row] for row in shown.values.tolist()]


def _count(value: float) -> str:
    return count(int(value))


def _whole_percent(share: float) -> str:
    """A share without its unit, short enough for a cell, and never a rounded 0 or 100."""
    if share < 0.005:
        return "<1"
    return ">99" if 0.995 <= share < 1 else f"{100 * share:.0f}"


def _short_number(value: int) -> str:
    """A number short enough for a head: thousands as `1.3k`; the hover text has it in full."""
    if value < 1_000:
        return str(value)
    return f"{value / 1_000:.1f}k" if value < 9_950 else f"{value / 1_000:.0f}k"


def _title(view: MatrixView, noun: str, size: int) -> str:
    title = view_title(view, noun)
    return f"{title} · at the edges: all names" if size <= MOST_WITH_NUMBERS else title


def _in_words(matrix: ConfusionMatrix, noun: str) -> str:
    return (
        f"Confusion matrix: true {noun} in rows, predicted {noun} in columns, "
        f"{len(matrix.categories)} of each. {counted_names(matrix)}, "
        f"{roughly(matrix.accuracy)} of them on the diagonal."
    )
