"""Curves of several runs in one chart: a colour a run, a dash for what is measured."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.core.training.records import EpochRecord
from namerec.core.training.run_curves import Along, RunCurves
from namerec.figures.base.log_axis import powers
from namerec.figures.base.points import MOST_POINTS, after_gaps, broken, decimate
from namerec.figures.base.theme import (
    SMALL_FONT_SIZE,
    Theme,
    axis,
    faded,
    new_figure,
    reading_line,
    say_in_the_middle,
)
from namerec.figures.training.branch_points import upright_line
from namerec.figures.training.curves import NOTHING_YET, SMOOTHING, running_mean
from namerec.text import literal, shortened

#: What can be drawn of a run.
Quantity = Literal["train_loss", "validation_loss", "validation_accuracy", "macro_recall"]

HEIGHT = 360  # pixels, with a key of two lines
#: Height of a line of the key, pixels, and how many runs stand on one.
KEY_HEIGHT, KEY_COLUMNS = 20, 2
#: Letters of a run's name in the key; hover texts have it in full.
KEY_LETTERS = 28
#: Most runs in one chart: the theme has ten colours that can be told apart, and a key has to fit.
MOST_RUNS = 8
#: Letters of a branch point's words that stand in the chart; those for screen readers have all.
MARK_LETTERS = 34
#: A mark a run on its epochs, for those who do not tell colours apart.
SYMBOLS = (
    "circle", "square", "diamond", "triangle-up",
    "x", "triangle-down", "cross", "star",
)  # fmt: skip

AXIS_TITLES: dict[Along, str] = {
    "step": "step",
    "epoch": "epoch",
    "names": "names seen in training",
    "seconds": "seconds of training",
}
#: How ticks are written, in d3's format; empty for as Plotly does.
_TICK_FORMATS: dict[Along, str] = {"step": ",d", "epoch": "", "names": ",d", "seconds": ""}
#: How a place on the axis is written, likewise.
_PLACE_FORMATS: dict[Along, str] = {
    "step": ",.0f",
    "epoch": ".2~f",
    "names": ",.0f",
    "seconds": ",.1f",
}


class Measure(NamedTuple):
    """How a quantity is drawn.

    Attributes:
        title: What it is called.
        short: The same on an axis.
        dash: Of its line.
        unit: Written behind a value.
        value: Of an epoch, in that unit; None for what step records hold.
    """

    title: str
    short: str
    dash: str
    unit: str
    value: Callable[[EpochRecord], float] | None


MEASURES: dict[Quantity, Measure] = {
    "train_loss": Measure("training loss, dropout on", "loss", "dot", "nats", None),
    "validation_loss": Measure(
        "validation loss", "loss", "solid", "nats", lambda e: e.validation_loss
    ),
    "validation_accuracy": Measure(
        "validation accuracy", "accuracy", "solid", "%", lambda e: 100 * e.validation_accuracy
    ),
    "macro_recall": Measure(
        "validation macro recall", "recall", "dash", "%", lambda e: 100 * e.validation_macro_recall
    ),
}
#: The two charts: quantities that share a unit.
LOSSES: tuple[Quantity, ...] = ("train_loss", "validation_loss")
SCORES: tuple[Quantity, ...] = ("validation_accuracy", "macro_recall")


@dataclass(frozen=True, slots=True, eq=False)
class OverlaidRun:
    """A run in the chart.

    Attributes:
        name: What the key calls it.
        curves: What was recorded.
        held_out: What its validation scores are measured on, in words.
        branch_points: Where it goes on from another run: the step, and the words.
    """

    name: str
    curves: RunCurves
    held_out: str
    branch_points: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """How curves are drawn.

    Attributes:
        along: The axis across.
        smoothing: Share of a curve's points that one point is the mean of, 0..1.
        log_across: Whether the axis across is logarithmic.
        log_up: The same of the axis up.
    """

    along: Along = "step"
    smoothing: float = SMOOTHING
    log_across: bool = False
    log_up: bool = False


class OverlaidLine(NamedTuple):
    """One curve as it is drawn.

    Attributes:
        run: The run's place in the list.
        quantity: What it shows.
        x: Places on the axis across, (n,).
        y: Values in the quantity's unit, smoothed, (n,).
        raw: The same before smoothing; None where that is no different.
        epoch: The epoch of each point, (n,); fractions between the ends of epochs.
    """

    run: int
    quantity: Quantity
    x: np.ndarray
    y: np.ndarray
    raw: np.ndarray | None
    epoch: np.ndarray

    def drawn(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions and values, of `y` or `raw`, thinned out; gaps in the records hold NaN."""
        gaps = after_gaps(self.x, self.epoch)
        return broken(*decimate(self.x, values, MOST_POINTS), gaps)


def overlaid_lines(
    runs: Sequence[OverlaidRun], quantities: Sequence[Quantity], view: View
) -> list[OverlaidLine]:
    """What the figure shows; curves without a point that can be drawn are left out.

    Values that are not finite, and on logarithmic axes those that are not above zero, cannot be
    drawn. They are left out before the means are taken.
    """
    lines = []
    for place, run in enumerate(runs):
        for quantity in quantities:
            line = _line(place, run.curves, quantity, view)
            if len(line.x):
                lines.append(line)
    return lines


def _line(place: int, curves: RunCurves, quantity: Quantity, view: View) -> OverlaidLine:
    value = MEASURES[quantity].value
    if value is None:
        steps, values = np.asarray(curves.step), np.asarray(curves.loss, dtype=np.float64)
    else:
        steps = np.array([record.step for record in curves.epochs], dtype=np.int64)
        values = np.array([value(record) for record in curves.epochs], dtype=np.float64)
    x = curves.at(steps, view.along)
    shown = np.isfinite(values)
    shown &= (x > 0) | (not view.log_across)
    shown &= (values > 0) | (not view.log_up)
    steps, values, x = steps[shown], values[shown], x[shown]
    smoothed = int(len(values) * view.smoothing / 2) > 0
    means = running_mean(values, view.smoothing) if smoothed else values
    epoch = curves.at(steps, "epoch")
    return OverlaidLine(place, quantity, x, means, values if smoothed else None, epoch)


def overlay_figure(
    runs: Sequence[OverlaidRun], quantities: Sequence[Quantity], theme: Theme, view: View
) -> go.Figure:
    """Curves of several runs, with what is measured on one axis: `LOSSES`, or `SCORES`.

    Args:
        runs: At most `MOST_RUNS`.
        quantities: One or more, of one unit.
        theme: Its colours.
        view: How.
    """
    # What a run goes on from is on top of it: both have the same points up to there.
    lines = sorted(
        overlaid_lines(runs, quantities, view), key=lambda line: -len(runs[line.run].branch_points)
    )
    title = axis_title(quantities)
    figure = _empty(theme, title, lines, view, _in_words(runs, lines, view), len(runs))
    for line in lines:
        if line.raw is not None:
            _draw_raw(figure, line, theme)
    named: set[int] = set()
    for line in lines:
        _draw(figure, line, runs[line.run], theme, view, in_key=line.run not in named)
        named.add(line.run)
    if lines:
        _draw_branch_points(figure, runs, theme, view)
    else:
        say_in_the_middle(figure, theme, NOTHING_YET)
    return figure


def axis_title(quantities: Sequence[Quantity]) -> str:
    """What quantities of one unit are called on their axis."""
    names = dict.fromkeys(MEASURES[quantity].short for quantity in quantities)
    return f"{', '.join(names)} ({MEASURES[quantities[0]].unit})"


def _empty(
    theme: Theme, title: str, lines: Sequence[OverlaidLine], view: View, alt: str, runs: int
) -> go.Figure:
    across = (
        powers([line.x for line in lines])
        if view.log_across
        else {"rangemode": "tozero", "nticks": 6, "tickformat": _TICK_FORMATS[view.along]}
    )
    up = powers([_all_of(line) for line in lines]) if view.log_up else {"rangemode": "tozero"}
    return new_figure(
        theme,
        height=HEIGHT + KEY_HEIGHT * max(0, -(-runs // KEY_COLUMNS) - 2),
        alt=alt,
        hovermode="closest",
        dragmode="zoom",
        xaxis=axis(theme, AXIS_TITLES[view.along], showgrid=False, **across, **reading_line(theme)),
        yaxis=axis(theme, title, **up),
    )


def _all_of(line: OverlaidLine) -> np.ndarray:
    return line.y if line.raw is None else line.raw


def _draw_raw(figure: go.Figure, line: OverlaidLine, theme: Theme) -> None:
    x, y = line.drawn(np.asarray(line.raw))
    figure.add_scatter(
        x=x.tolist(),
        y=y.tolist(),
        mode="lines",
        line={"color": faded(theme.categorical[line.run], 0.22), "width": 1},
        hoverinfo="skip",
        showlegend=False,
        legendgroup=str(line.run),
    )


def _draw(
    figure: go.Figure,
    line: OverlaidLine,
    run: OverlaidRun,
    theme: Theme,
    view: View,
    *,
    in_key: bool,
) -> None:
    measure, colour = MEASURES[line.quantity], theme.categorical[line.run]
    x, y = line.drawn(line.y)
    of_epochs = measure.value is not None
    smoothed = "<br>(running mean)" if line.raw is not None else ""
    digits = ".3f" if measure.unit == "nats" else ".1f"
    place = f"{AXIS_TITLES[view.along]} %{{x:{_PLACE_FORMATS[view.along]}}}"
    on = f"<br>{literal(run.held_out)}" if of_epochs else ""
    figure.add_scatter(
        x=x.tolist(),
        y=y.tolist(),
        customdata=np.interp(x, line.x, line.epoch).tolist(),
        name=literal(shortened(run.name, KEY_LETTERS)),
        legendgroup=str(line.run),
        legendrank=line.run + 1,
        showlegend=in_key,
        mode="lines+markers" if of_epochs else "lines",
        line={"color": colour, "width": 2, "dash": measure.dash},
        marker={"size": 7, "symbol": SYMBOLS[line.run], "color": colour},
        hovertemplate=f"{literal(run.name)}<br>{measure.title}: %{{y:{digits}}} {measure.unit}"
        f"{smoothed}<br>{place}, epoch %{{customdata:.2~f}}{on}<extra></extra>",
    )


def _draw_branch_points(
    figure: go.Figure, runs: Sequence[OverlaidRun], theme: Theme, view: View
) -> None:
    """A line up where a run goes on from another one, with its words beside it."""
    marks: dict[float, list[str]] = {}
    for run in runs:
        for step, words in run.branch_points:
            place = float(run.curves.at(np.array([step]), view.along)[0])
            if words not in marks.setdefault(place, []):
                marks[place].append(words)
    for place, said in marks.items():
        upright_line(figure, place, theme)
        figure.add_annotation(
            text=literal(shortened("; ".join(said), MARK_LETTERS)),
            # On a logarithmic axis Plotly wants a line's place, but a word's exponent.
            x=math.log10(place) if view.log_across else place,
            y=1,
            yref="paper",
            xanchor="right",
            yanchor="top",
            textangle=-90,
            showarrow=False,
            font={"size": SMALL_FONT_SIZE, "color": theme.muted},
        )


def _in_words(runs: Sequence[OverlaidRun], lines: Sequence[OverlaidLine], view: View) -> str:
    beginning = f"Curves of {len(runs)} runs by {AXIS_TITLES[view.along]}."
    if not lines:
        return f"{beginning} {NOTHING_YET}"
    ends = (
        f"{runs[line.run].name}, {MEASURES[line.quantity].title}: {line.y[-1]:.4g} "
        f"{MEASURES[line.quantity].unit}"
        for line in lines
    )
    branch_points = (f"{words} at step {step}" for run in runs for step, words in run.branch_points)
    return f"{beginning} Last points: {'; '.join(ends)}. {'. '.join(branch_points)}".strip()
