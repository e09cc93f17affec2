"""The figures of a report as pictures that need no browser, PNG or SVG.

Each draws the computed records that the interactive figure of the same name draws. Importing this
brings Matplotlib along, which takes a moment; import it late.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.ticker import FuncFormatter, MaxNLocator

from namerec.core.evaluation.matrices import MatrixView, ViewedMatrix, viewed
from namerec.core.evaluation.results import ConfusionMatrix
from namerec.figures.base.categories import MOST_WITH_LABELS, MOST_WITH_NUMBERS, NO_NAMES
from namerec.figures.base.theme import Theme, colour_at, readable_on
from namerec.figures.base.words import LONGEST_LABEL
from namerec.figures.confusion.matrix import as_drawn, cell_texts, colours, most_colour
from namerec.figures.confusion.words import view_title
from namerec.figures.stills.frame import (
    SMALL_FONT_SIZE,
    StillForm,
    add_legend,
    as_bytes,
    drawable,
    name_axes,
    new_still,
    say_in_still,
)
from namerec.figures.training.curves import (
    BASELINE_GAP,
    NOTHING_YET,
    History,
    accuracy_curves,
    loss_curves,
    places_beside,
)
from namerec.figures.training.overlay import (
    AXIS_TITLES,
    MEASURES,
    OverlaidRun,
    Quantity,
    View,
    axis_title,
    overlaid_lines,
)
from namerec.text import count

#: Heights in inches: of curves, and of a matrix with its title and colour bar.
CURVE_HEIGHT, MATRIX_HEIGHT = 3.4, 7.6
# Lines in the order of runs, as Matplotlib calls them.
_DASHES = ("-", "--", ":", "-.")


def loss_still(history: History, theme: Theme, title: str, form: StillForm) -> bytes:
    """Training loss at every report, and the held-out loss after every epoch."""
    curves = loss_curves(history)
    figure, axes = new_still(theme, title, CURVE_HEIGHT)
    _name_curve_axes(axes, theme, "loss (nats)")
    axes.plot(curves.train_step, curves.train_loss, color=theme.train, alpha=0.25, linewidth=0.7)
    axes.plot(
        curves.mean_step, curves.mean_loss, color=theme.train, linewidth=1.5,
        label="train, dropout on (running mean)",
    )  # fmt: skip
    axes.plot(
        curves.epoch_step, curves.held_out_loss, color=theme.validation, linewidth=1.5, marker="o",
        markersize=3, label=history.held_out,
    )  # fmt: skip
    _begin_at_zero(axes)
    _draw_branch_points(axes, theme, history)
    if not len(curves.train_step) and not curves.epoch:
        say_in_still(axes, theme, NOTHING_YET)
    else:
        add_legend(figure, axes, theme)
    return as_bytes(figure, form)


def accuracy_still(history: History, theme: Theme, title: str, form: StillForm) -> bytes:
    """Accuracy in training, and accuracy and macro recall on held-out names, after every epoch."""
    curves = accuracy_curves(history)
    figure, axes = new_still(theme, title, CURVE_HEIGHT)
    _name_curve_axes(axes, theme, "accuracy, recall (%)")
    for values, colour, dash, name in (
        (curves.train, theme.train, "-", "train, dropout on"),
        (curves.held_out, theme.validation, "-", history.held_out),
        (curves.macro_recall, theme.macro_recall, "--", "their macro recall"),
    ):
        axes.plot(
            curves.epoch_step, values, color=colour, linestyle=dash, linewidth=1.5, marker="o",
            markersize=3, label=name,
        )  # fmt: skip
    _begin_at_zero(axes)
    _up_to_a_hundred(axes)
    _draw_branch_points(axes, theme, history)
    baselines = sorted(curves.baselines, key=lambda baseline: baseline[1])
    places = places_beside([value for _, value in baselines], BASELINE_GAP)
    for (name, value), place in zip(baselines, places, strict=True):
        axes.axhline(value, color=theme.muted, linewidth=0.8, linestyle=":", zorder=0)
        axes.text(
            0.01, place, f"{drawable(name, LONGEST_LABEL)} {value:.1f} %", va="center",
            transform=axes.get_yaxis_transform(), color=theme.muted, fontsize=SMALL_FONT_SIZE,
        )  # fmt: skip
    if not curves.epoch:
        say_in_still(axes, theme, NOTHING_YET)
    else:
        add_legend(figure, axes, theme)
    return as_bytes(figure, form)


def overlay_still(
    runs: Sequence[OverlaidRun],
    quantity: Quantity,
    theme: Theme,
    title: str,
    form: StillForm,
    view: View,
) -> bytes:
    """One quantity of several runs, along the view's axis."""
    figure, axes = new_still(theme, title, CURVE_HEIGHT)
    name_axes(axes, theme, AXIS_TITLES[view.along], axis_title([quantity]), grid="y")
    lines = overlaid_lines(runs, [quantity], view)
    for line in lines:
        axes.plot(
            *line.drawn(line.y), color=theme.categorical[line.run], linewidth=1.5,
            linestyle=_DASHES[line.run % len(_DASHES)], label=drawable(runs[line.run].name),
        )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    _begin_at_zero(axes)
    if MEASURES[quantity].unit == "%":
        _up_to_a_hundred(axes)
    if lines:
        add_legend(figure, axes, theme)
    else:
        say_in_still(axes, theme, NOTHING_YET)
    return as_bytes(figure, form)


def matrix_still(
    matrix: ConfusionMatrix,
    theme: Theme,
    title: str,
    form: StillForm,
    *,
    view: MatrixView,
    noun: str = "language",
) -> bytes:
    """The confusion matrix, all names of each row and column at its edges."""
    shown = viewed(matrix, view)
    size = len(shown.categories)
    figure, axes = new_still(theme, title, MATRIX_HEIGHT)
    name_axes(axes, theme, f"predicted {noun}", f"true {noun}", grid="none")
    axes.set_xlim(-0.5, size - 0.5)
    axes.set_ylim(size - 0.5, -0.5)
    axes.set_aspect("equal")
    _name_categories(axes, theme, shown.categories)
    if not matrix.counts.any():
        say_in_still(axes, theme, NO_NAMES)
        return as_bytes(figure, form)
    scale, most = colours(theme, view), most_colour(shown, view)
    edges = np.arange(size + 1) - 0.5
    cells = axes.pcolormesh(
        edges,
        edges,
        as_drawn(shown.values, view),
        cmap=LinearSegmentedColormap.from_list(theme.name, list(scale)),
        norm=Normalize(0, most),
        edgecolors=theme.background if size <= MOST_WITH_LABELS else "none",
        linewidth=0.6,
        rasterized=size > MOST_WITH_LABELS,  # thousands of shapes would be megabytes
    )
    _write_cells(axes, theme, shown, view, most)
    if size <= MOST_WITH_NUMBERS:
        order = shown.order
        _write_totals(axes, theme, matrix.support[order], matrix.counts.sum(axis=0)[order])
    bar = figure.colorbar(cells, ax=axes, location="bottom", shrink=0.45, aspect=45, pad=0.03)
    bar.outline.set_visible(False)
    unit = "" if view.normalisation == "counts" else ", %"
    bar.set_label(f"{view_title(view, noun)}{unit}", color=theme.muted, fontsize=SMALL_FONT_SIZE)
    bar.ax.tick_params(length=0, labelsize=SMALL_FONT_SIZE, labelcolor=theme.muted)
    return as_bytes(figure, form)


def _name_curve_axes(axes: Axes, theme: Theme, title: str) -> None:
    name_axes(axes, theme, "step", title, grid="y")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda step, _: count(round(step))))


def _begin_at_zero(axes: Axes) -> None:
    """Once all lines are there: what is drawn later would not widen the axes any more."""
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)


def _up_to_a_hundred(axes: Axes) -> None:
    axes.set_ylim(0, 100)
    axes.set_yticks([0, 25, 50, 75, 100])


def _draw_branch_points(axes: Axes, theme: Theme, history: History) -> None:
    """A line up where the run goes on from another one, with its words beside it."""
    for step, words in history.branch_points:
        axes.axvline(step, color=theme.muted, linewidth=1, linestyle="--", zorder=0)
        axes.text(
            step, 0.98, f"{drawable(words)} ", rotation=90, ha="right", va="top",
            transform=axes.get_xaxis_transform(), color=theme.muted, fontsize=SMALL_FONT_SIZE,
        )  # fmt: skip


def _name_categories(axes: Axes, theme: Theme, categories: Sequence[str]) -> None:
    """Labels of rows and columns; of every few where there are many."""
    every = math.ceil(len(categories) / MOST_WITH_LABELS) or 1
    places = range(0, len(categories), every)
    names = [drawable(categories[place], LONGEST_LABEL) for place in places]
    axes.set_xticks(places, names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(places, names)
    axes.tick_params(labelcolor=theme.text)


def _write_cells(
    axes: Axes, theme: Theme, shown: ViewedMatrix, view: MatrixView, most: float
) -> None:
    texts = cell_texts(shown, view)
    if texts is None:
        return
    scale, values = colours(theme, view), np.nan_to_num(as_drawn(shown.values, view) / most)
    for row, cells in enumerate(texts):
        for column, text in enumerate(cells):
            axes.text(
                column, row, text, ha="center", va="center", fontsize=SMALL_FONT_SIZE - 1,
                in_layout=False,  # they lie inside of the axes
                color=readable_on(colour_at(scale, float(values[row, column])), theme),
            )  # fmt: skip


def _write_totals(axes: Axes, theme: Theme, of_rows: np.ndarray, of_columns: np.ndarray) -> None:
    """All names of each row at the right edge, of each column at the upper one."""
    look: dict[str, Any] = {"color": theme.muted, "fontsize": SMALL_FONT_SIZE - 1}
    end = len(of_rows) - 0.5
    for place, total in enumerate(of_rows.tolist()):
        axes.text(end + 0.25, place, count(total), ha="left", va="center", **look)
    for place, total in enumerate(of_columns.tolist()):
        axes.text(place, -0.65, count(total), ha="center", va="bottom", **look)
