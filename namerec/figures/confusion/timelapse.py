"""How a network learns to tell categories apart: its validation matrices, epoch by epoch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from namerec.core.evaluation.matrices import MatrixView, ViewedMatrix, category_order, viewed
from namerec.core.evaluation.results import ConfusionMatrix
from namerec.core.training.records import EpochRecord
from namerec.core.training.separation import checked_matrices
from namerec.figures.base.categories import NO_NAMES, colour_bar
from namerec.figures.base.spec import rounded
from namerec.figures.base.theme import SMALL_FONT_SIZE, Theme, say_in_the_middle
from namerec.figures.confusion.frame import ABOVE, draw_cells, frame
from namerec.figures.confusion.matrix import as_drawn, bar_unit, colours, most_colour
from namerec.figures.confusion.words import view_title
from namerec.text import count, literal, roughly

#: Most epochs that are shown, and most cells of all of them together: below two megabytes.
MOST_FRAMES = 100
MOST_CELLS = 300_000
# Room above the matrix for the colour bar with a title of two lines, and for the slider over it.
_BAR = ABOVE + 16
_SLIDER = 92
_BUTTONS = 140  # room for the buttons beside it
# How long playing takes in all, and each epoch at least and at most, in milliseconds.
_PLAYING, _SHORTEST, _LONGEST = 12_000, 80, 500
# What the pointer says of a cell; a column is an answer, so that the diagonal reads well too.
_HOVER = {
    "counts": "%{z} of the true %{y} names were answered with %{x}",
    "recall": "%{z} % of the true %{y} names were answered with %{x}",
    "precision": "%{z} % of the names answered with %{x} are %{y}",
}


def shown_epochs(epochs: int, categories: int) -> list[int]:
    """Indices of the epochs that are shown: all, or evenly many with the first and the last.

    Args:
        epochs: Number of epochs there are.
        categories: Number of categories, which decides how much room an epoch takes.
    """
    most = max(2, min(MOST_FRAMES, MOST_CELLS // max(categories, 1) ** 2))
    if epochs <= most:
        return list(range(epochs))
    return [int(index) for index in np.linspace(0, epochs - 1, most).round()]


def timelapse_figure(
    epochs: Sequence[EpochRecord],
    categories: tuple[str, ...],
    theme: Theme,
    *,
    view: MatrixView,
    held_out: str,
    noun: str = "language",
) -> go.Figure:
    """The validation matrices as a figure with a slider and a button to play them.

    Order and colours are the same in all epochs: the order is that of the last, so that what is
    still mixed up then stands together, and the colours reach to the largest value of any.

    Args:
        epochs: A run's epochs, in order.
        categories: Of the matrices' rows and columns.
        theme: The colours.
        view: How the matrices are looked at.
        held_out: What they were measured on (`Split.words("validation")`).
        noun: What a category is called.

    Raises:
        NamerecError: If a matrix is not of these categories.
    """
    checked_matrices(epochs, categories)
    shown = [epochs[index] for index in shown_epochs(len(epochs), len(categories))]
    matrices = [_matrix(record, categories) for record in shown]
    alt = _in_words(epochs, len(shown), noun, held_out)
    if not any(matrix.counts.any() for matrix in matrices):
        figure = frame(theme, categories, noun, alt, heads=False, above=_BAR + _SLIDER)
        return say_in_the_middle(figure, theme, NO_NAMES if epochs else "No epoch is done yet.")
    order = category_order(matrices[-1], view.order)
    views = [viewed(matrix, view, order) for matrix in matrices]
    figure = frame(theme, views[0].categories, noun, alt, heads=False, above=_BAR + _SLIDER)
    most = max(most_colour(one, view) for one in views)
    title = f"{literal(view_title(view, noun))}<br>{literal(held_out)}"
    draw_cells(
        figure,
        as_drawn(views[0].values, view),
        None,
        theme,
        scale=colours(theme, view),
        least=0,
        most=most,
        bar=colour_bar(theme, title, **bar_unit(view, most)),
    )
    _name_rows_and_columns(figure, views[0].categories)
    figure.update_traces(
        hoverinfo="all", hovertemplate=f"{_HOVER[view.normalisation]}<extra></extra>"
    )
    figure.frames = [_frame(record, one, view) for record, one in zip(shown, views, strict=True)]
    _add_controls(figure, theme, [record.epoch for record in shown], epochs[-1].epoch, len(epochs))
    return figure


def _matrix(record: EpochRecord, categories: tuple[str, ...]) -> ConfusionMatrix:
    counts = np.array(record.validation_confusion, dtype=np.int64)
    return ConfusionMatrix(counts, categories, "validation")


def _frame(record: EpochRecord, shown: ViewedMatrix, view: MatrixView) -> dict[str, Any]:
    values = rounded(as_drawn(shown.values, view))
    return {"name": str(record.epoch), "data": [{"type": "heatmap", "z": values}], "traces": [0]}


def _name_rows_and_columns(figure: go.Figure, categories: Sequence[str]) -> None:
    """Makes rows and columns known by name, so that hover texts need none for each cell."""
    names: list[str] = []
    for category in categories:
        name = literal(category)
        while name in names:  # cut off after the same letters
            name += "’"
        names.append(name)
    figure.update_traces(x=names, y=names)
    shown = [names[position] for position in figure.layout.xaxis.tickvals]
    by_name = {"type": "category", "categoryorder": "array", "categoryarray": names}
    figure.update_xaxes(tickvals=shown, **by_name)
    figure.update_yaxes(tickvals=shown, **by_name)


def _add_controls(
    figure: go.Figure, theme: Theme, numbers: Sequence[int], last: int, epochs: int
) -> None:
    """A slider over the shown epochs, and buttons to play and to pause."""
    all_shown = len(numbers) == epochs
    of_all = f" of {last}" if all_shown else f" of {last} ({len(numbers)} of {epochs} are shown)"
    at_once = {"mode": "immediate", "transition": {"duration": 0}}
    pace = min(max(_PLAYING // len(numbers), _SHORTEST), _LONGEST)
    play = at_once | {"fromcurrent": True, "frame": {"duration": pace, "redraw": True}}
    still = at_once | {"frame": {"duration": 0, "redraw": True}}
    figure.update_layout(
        sliders=[
            {
                "active": 0,
                "x": 0,
                "len": 1,
                "y": 1,
                "yanchor": "bottom",
                "pad": {"t": 0, "b": _BAR, "l": _BUTTONS, "r": 8},
                "currentvalue": {
                    "prefix": "after epoch ",
                    "suffix": of_all,
                    "xanchor": "left",
                    "font": {"size": SMALL_FONT_SIZE, "color": theme.text},
                },
                "bgcolor": theme.grid,
                "bordercolor": theme.grid,
                "activebgcolor": theme.accent,
                "tickcolor": theme.muted,
                "ticklen": 0,
                "minorticklen": 0,
                "font": {"size": 1, "color": "rgba(0,0,0,0)"},  # the current value says it
                "steps": [
                    {"label": str(epoch), "method": "animate", "args": [[str(epoch)], still]}
                    for epoch in numbers
                ],
            }
        ],
        updatemenus=[
            {
                "type": "buttons",
                "direction": "left",
                "showactive": False,
                "x": 0,
                "xanchor": "left",
                "y": 1,
                "yanchor": "bottom",
                "pad": {"b": _BAR + 12, "t": 0, "l": 0, "r": 0},
                "bgcolor": theme.surface,
                "bordercolor": theme.grid,
                "font": {"size": SMALL_FONT_SIZE, "color": theme.text},
                "buttons": [
                    {"label": "Play", "method": "animate", "args": [None, play]},
                    {"label": "Pause", "method": "animate", "args": [[None], still]},
                ],
            }
        ],
    )


def _in_words(epochs: Sequence[EpochRecord], shown: int, noun: str, held_out: str) -> str:
    what = f"Confusion matrix, true {noun} in rows, predicted {noun} in columns"
    if not epochs:
        return f"{what}, epoch by epoch. No epoch is done yet."
    some = "" if shown == len(epochs) else f", {shown} of them shown"
    return (
        f"{what}, after each of {count(len(epochs))} epochs{some}, on {held_out}. Right after "
        f"the first: {roughly(epochs[0].validation_accuracy)}, after the last: "
        f"{roughly(epochs[-1].validation_accuracy)}."
    )
