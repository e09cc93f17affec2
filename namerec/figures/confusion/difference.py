"""What one network confuses more, and what less, than another: the difference of two matrices."""

import math

import numpy as np
import plotly.graph_objects as go

from namerec.core.evaluation.matrices import MatrixView, difference
from namerec.core.evaluation.results import ConfusionMatrix
from namerec.figures.base.categories import MOST_WITH_NUMBERS, MOST_WORDS, NO_NAMES, colour_bar
from namerec.figures.base.theme import Scale, Theme, say_in_the_middle
from namerec.figures.base.words import LONGEST_LABEL
from namerec.figures.confusion.frame import draw_cells, draw_heads, frame
from namerec.figures.confusion.matrix import as_drawn
from namerec.figures.confusion.places import cell_places, draw_places, head_places
from namerec.figures.confusion.words import (
    change_words,
    counted_names,
    head_change_words,
    short_enough,
    view_title,
)
from namerec.text import count, literal, roughly, shortened


def difference_figure(
    a: ConfusionMatrix,
    b: ConfusionMatrix,
    theme: Theme,
    *,
    view: MatrixView,
    names: tuple[str, str] = ("A", "B"),
    noun: str = "language",
) -> go.Figure:
    """What b has more than a, cell by cell: above 0 where its count or share is the larger.

    More is better on the diagonal and worse beside it. Cells and heads can be clicked as those of
    `confusion_figure`.

    Args:
        a: The one matrix.
        b: The other.
        theme: The colours; none at 0, equally strong at equal distance.
        view: In what, and in which order; the order is that of both together.
        names: What the two are called.
        noun: What a category is called.

    Raises:
        NamerecError: If the two do not have the same categories, part and protocol.
    """
    shown = difference(a, b, view)
    order = shown.order
    figure = frame(theme, shown.categories, noun, _in_words(a, b, names, noun))
    if not (a.counts.any() or b.counts.any()):
        return say_in_the_middle(figure, theme, NO_NAMES)
    called = (shortened(names[0], LONGEST_LABEL), shortened(names[1], LONGEST_LABEL))
    values = as_drawn(shown.values, view)
    most = float(np.max(np.abs(values), initial=0, where=~np.isnan(values))) or 1.0
    counts = view.normalisation == "counts"
    title = f"{called[1]} minus {called[0]}: {view_title(view, noun)}"
    draw_cells(
        figure,
        values,
        _texts(values, counts=counts) if len(order) <= MOST_WITH_NUMBERS else None,
        theme,
        scale=_bent_both_ways(theme.diverging),
        least=-most,
        most=most,
        bar=colour_bar(theme, literal(title), **_ticks(most, "" if counts else " pp")),
    )
    blank = ["" for _ in order]
    draw_heads(figure, theme, blank, blank)
    told_a, told_b = short_enough(a), short_enough(b)
    draw_places(
        figure,
        cell_places(
            order,
            a.counts + b.counts,
            lambda row, column: change_words(
                told_a, told_b, (row, column), called, view.normalisation
            ),
            most=MOST_WORDS // 2,  # they say twice as much
        )
        + head_places(
            order,
            lambda row: head_change_words(told_a, told_b, row, called, row=True),
            lambda column: head_change_words(told_a, told_b, column, called, row=False),
        ),
        len(order),
    )
    return figure


def _bent_both_ways(scale: Scale) -> Scale:
    """Half of the colours of each arm for the quarter of it that is nearest to 0."""
    signed = ((2 * position - 1, colour) for position, colour in scale)
    return tuple(((place * abs(place) + 1) / 2, colour) for place, colour in signed)


def _ticks(most: float, unit: str) -> dict[str, object]:
    """Labels of the colour bar: 0, and a round number of names or points on either side."""
    power = 10.0 ** math.floor(math.log10(most))
    mark = max(step * power for step in (1, 2, 5) if step * power <= most)
    return {"tickvals": [-mark, 0, mark], "ticktext": [f"−{mark:g}{unit}", "0", f"+{mark:g}{unit}"]}


def _texts(values: np.ndarray, *, counts: bool) -> list[list[str]]:
    write = _signed_count if counts else _signed_points
    return [[write(value) if value else "" for value in row] for row in np.nan_to_num(values)]


def _signed_count(value: float) -> str:
    return f"{'+' if value > 0 else '−'}{count(abs(int(value)))}"


def _signed_points(value: float) -> str:
    """Percentage points, short enough for a cell, and never a rounded 0."""
    if abs(value) < 0.05:
        return "≈0"
    return (f"{value:+.1f}" if abs(value) < 0.95 else f"{value:+.0f}").replace("-", "−")


def _in_words(a: ConfusionMatrix, b: ConfusionMatrix, names: tuple[str, str], noun: str) -> str:
    return (
        f"Difference of two confusion matrices, {names[1]} minus {names[0]}: true {noun} in rows, "
        f"predicted {noun} in columns. {names[0]}: {roughly(a.accuracy)} of {counted_names(a)} "
        f"right. {names[1]}: {roughly(b.accuracy)} of {counted_names(b)} right."
    )
