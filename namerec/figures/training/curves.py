"""Loss and accuracy while a network learns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import plotly.graph_objects as go

from namerec.core.corpus.protocols import Protocol, part_name
from namerec.core.training.records import EpochRecord, StepRecord
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
from namerec.figures.base.words import label
from namerec.figures.training.branch_points import (
    BranchPoint,
    branch_points_in_words,
    draw_branch_points,
)
from namerec.text import literal, roughly

#: Share of a run that one point of the running mean stands for.
SMOOTHING = 0.03
HEIGHT = 340  # pixels
#: Height of a line of text at `HEIGHT`, in percent of the accuracy axis.
BASELINE_GAP = 6.5
#: Accuracy in percent around which curves begin, on the left, where baselines have their words.
CURVES_BEGIN = 60
#: Plotly keeps the user's zoom for as long as this value stays the same.
KEEP_ZOOM = "curves"
NOTHING_YET = "Nothing measured yet."


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What a run has reported so far.

    Attributes:
        step: Step numbers of the step records, int64, (records,).
        loss: Their mean training losses in nats, dropout on, (records,).
        epochs: The epoch records, in order.
        protocol: The split protocol; under `report` nothing is held out, and legends say so.
        held_out: What validation scores are measured on, such as
            "validation names, leak-free split" (`Split.words("validation")`).
        baselines: Accuracies 0..1 to compare with, by name.
        branch_points: Where the run goes on from another one, whose records come first: the step,
            and words such as “went on from epoch 12”.
    """

    step: np.ndarray
    loss: np.ndarray
    epochs: Sequence[EpochRecord]
    protocol: Protocol
    held_out: str
    baselines: tuple[tuple[str, float], ...] = ()
    branch_points: tuple[BranchPoint, ...] = ()

    @classmethod
    def of(
        cls,
        steps: Sequence[StepRecord],
        epochs: Sequence[EpochRecord],
        *,
        protocol: Protocol,
        held_out: str,
        baselines: tuple[tuple[str, float], ...] = (),
    ) -> Self:
        """The history made of a run's records."""
        step = np.array([record.step for record in steps], dtype=np.int64)
        loss = np.array([record.loss for record in steps], dtype=np.float64)
        return cls(step, loss, epochs, protocol, held_out, baselines)

    @property
    def last_step(self) -> int:
        """The last step there is a record of; 0 without any."""
        steps = [*self.step[-1:], *(record.step for record in self.epochs[-1:])]
        return int(max(steps, default=0))

    @property
    def held_out_short(self) -> str:
        """The same in a word or two, for a legend."""
        return part_name(self.protocol, "validation")


class LossCurves(NamedTuple):
    """What the loss figure shows; losses in nats. Gaps in the records hold NaN."""

    train_step: np.ndarray
    train_loss: np.ndarray
    mean_step: np.ndarray
    mean_loss: np.ndarray
    epoch: list[float]
    epoch_step: list[int]
    held_out_loss: list[float]


class AccuracyCurves(NamedTuple):
    """What the accuracy figure shows; all scores in percent, 0..100, NaN in gaps."""

    epoch: list[float]
    epoch_step: list[int]
    train: list[float]
    held_out: list[float]
    macro_recall: list[float]
    baselines: list[tuple[str, float]]


def running_mean(values: np.ndarray, share: float = SMOOTHING) -> np.ndarray:
    """Means over a window of a share of all values around each, fewer at the ends, (n,).

    Args:
        values: (n,).
        share: 0..1 of all values; 0 gives them back.
    """
    reach = int(len(values) * share / 2)
    sums = np.concatenate(([0.0], np.cumsum(values)))
    place = np.arange(len(values))
    begin, end = np.maximum(place - reach, 0), np.minimum(place + reach + 1, len(values))
    return np.asarray((sums[end] - sums[begin]) / (end - begin))


def loss_curves(history: History) -> LossCurves:
    """What the loss figure shows."""
    steps, losses = np.asarray(history.step), np.asarray(history.loss)
    ends = np.array([(0, 0), *((record.step, record.epoch) for record in history.epochs)])
    gaps = after_gaps(steps, np.interp(steps, ends[:, 0], ends[:, 1]))
    # Two runs that follow each other are not one: a mean does not reach from one into the other.
    starts = np.searchsorted(
        steps, [branch_point for branch_point, _ in history.branch_points], side="right"
    )
    stretches = np.split(losses, starts)
    window = SMOOTHING * len(losses)
    smooth = np.concatenate([running_mean(part, window / max(len(part), 1)) for part in stretches])
    epoch_step, (epoch, held_out) = _of_epochs(
        history, lambda record: record.epoch, lambda record: record.validation_loss
    )
    return LossCurves(
        *broken(*decimate(steps, losses, MOST_POINTS), gaps),
        *broken(*decimate(steps, smooth, MOST_POINTS), gaps),
        epoch,
        epoch_step,
        held_out,
    )


def accuracy_curves(history: History) -> AccuracyCurves:
    """What the accuracy figure shows."""
    epoch_step, (epoch, train, held_out, recall) = _of_epochs(
        history,
        lambda record: record.epoch,
        lambda record: 100 * record.train_accuracy,
        lambda record: 100 * record.validation_accuracy,
        lambda record: 100 * record.validation_macro_recall,
    )
    baselines = [(name, 100 * share) for name, share in history.baselines]
    return AccuracyCurves(epoch, epoch_step, train, held_out, recall, baselines)


def _of_epochs(
    history: History, *values: Callable[[EpochRecord], float]
) -> tuple[list[int], list[list[float]]]:
    """The steps at which epochs end, and values of their records; NaN in gaps."""
    steps = np.array([record.step for record in history.epochs], dtype=np.int64)
    gaps = after_gaps(steps, np.array([record.epoch for record in history.epochs]))
    lines = [np.array([value(record) for record in history.epochs]) for value in values]
    drawn = [broken(steps, line, gaps) for line in lines]
    return drawn[0][0].tolist(), [line.tolist() for _, line in drawn]


def loss_figure(history: History, theme: Theme) -> go.Figure:
    """Training loss at every report, and the held-out loss after every epoch."""
    curves = loss_curves(history)
    figure = _curve_figure(theme, "loss (nats)", _loss_in_words(history))
    figure.add_scatter(
        x=curves.train_step.tolist(),
        y=curves.train_loss.tolist(),
        mode="lines",
        line={"color": faded(theme.train, 0.25), "width": 1},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        x=curves.mean_step.tolist(),
        y=curves.mean_loss.tolist(),
        name="train, dropout on",
        mode="lines",
        line={"color": theme.train, "width": 2},
        hovertemplate="train, dropout on: %{y:.3f} nats<br>(running mean)<extra></extra>",
    )
    figure.add_scatter(
        x=curves.epoch_step,
        y=curves.held_out_loss,
        customdata=curves.epoch,
        name=history.held_out_short,
        mode="lines+markers",
        line={"color": theme.validation, "width": 2},
        marker={"size": 5},
        hovertemplate=f"{literal(history.held_out)}: %{{y:.3f}} nats<br>"
        "(epoch %{customdata})<extra></extra>",
    )
    draw_branch_points(figure, history.branch_points, history.last_step, theme)
    if not len(curves.train_step) and not curves.epoch:
        say_in_the_middle(figure, theme, NOTHING_YET)
    return figure


def accuracy_figure(history: History, theme: Theme) -> go.Figure:
    """Accuracy in training, and accuracy and macro recall on held-out names, after every epoch."""
    curves = accuracy_curves(history)
    figure = _curve_figure(
        theme, "accuracy, recall (%)", _accuracy_in_words(history), range=[0, 100], dtick=25
    )
    short, held_out = history.held_out_short, literal(history.held_out)
    lines = (
        ("train, dropout on", curves.train, theme.train, "solid", "train, dropout on"),
        (short, curves.held_out, theme.validation, "solid", held_out),
        (f"macro recall, {short}", curves.macro_recall, theme.macro_recall, "dash",
         "their macro recall"),
    )  # fmt: skip
    for place, (name, values, colour, dash, words) in enumerate(lines):
        epoch = "" if place else " (epoch %{customdata})"
        figure.add_scatter(
            x=curves.epoch_step,
            y=values,
            customdata=curves.epoch,
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": dash},
            marker={"size": 5},
            hovertemplate=f"{words}: %{{y:.1f}} %{epoch}<extra></extra>",
        )
    _draw_baselines(figure, curves.baselines, theme)
    draw_branch_points(figure, history.branch_points, history.last_step, theme)
    if not curves.epoch:
        say_in_the_middle(figure, theme, NOTHING_YET)
    return figure


def _curve_figure(theme: Theme, title: str, alt: str, **settings: Any) -> go.Figure:
    return new_figure(
        theme,
        height=HEIGHT,
        alt=alt,
        uirevision=KEEP_ZOOM,
        hovermode="x unified",
        dragmode="zoom",
        xaxis=axis(
            theme,
            "step",
            rangemode="tozero",
            showgrid=False,
            tickformat=",d",
            nticks=6,
            unifiedhovertitle={"text": "step %{x:,d}"},
            **reading_line(theme),
        ),
        yaxis=axis(theme, title, rangemode="tozero", **settings),
    )


def _draw_baselines(figure: go.Figure, baselines: list[tuple[str, float]], theme: Theme) -> None:
    """Quiet lines under the curves, with their words on the left."""
    ordered = sorted(baselines, key=lambda baseline: baseline[1])
    values = [value for _, value in ordered]
    for (name, value), place in zip(ordered, places_beside(values, BASELINE_GAP), strict=True):
        line = {"type": "line", "xref": "paper", "x0": 0.01, "x1": 1, "layer": "below"}
        figure.add_shape(
            **line, y0=value, y1=value, line={"color": theme.muted, "width": 1, "dash": "dot"}
        )
        figure.add_shape(
            **line,
            y0=place,
            y1=place,
            line={"width": 0},
            label={
                "text": f"{label(name)} {value:.1f} %",
                "textposition": "start",
                "yanchor": "middle",
                "font": {"size": SMALL_FONT_SIZE, "color": theme.muted},
            },
        )


def places_beside(values: list[float], gap: float) -> list[float]:
    """Where the words of horizontal lines go, so that they cover neither lines nor each other.

    They stand on the side away from where curves begin: below the lines under `CURVES_BEGIN`,
    above the others. Lines closer together than two gaps share one stack, in the lines' order;
    what would stand over 100 goes below the lowest line.

    Args:
        values: Heights of the lines in percent, 0..100, in rising order.
        gap: Height of a line of text, in percent.

    Returns:
        The middle of each line's words, in the same order.
    """
    places: list[float] = []
    start = 0
    for end in range(1, len(values) + 1):
        if end < len(values) and values[end] - values[end - 1] < 2 * gap:
            continue
        highest = values[end - 1]
        room = int((100 - highest) / gap) if highest >= CURVES_BEGIN else 0
        below = max(end - start - room, 0)
        for rank in range(-below, end - start - below):
            places.append((values[start] if rank < 0 else highest) + (rank + 0.5) * gap)
        start = end
    return _apart(places, gap)


def _apart(places: list[float], gap: float) -> list[float]:
    """Moves places up, and then down from 100, until they are a gap apart."""
    floor = gap / 2
    for index, place in enumerate(places):
        places[index] = max(place, floor)
        floor = places[index] + gap
    ceiling = 100 - gap / 2
    for index in reversed(range(len(places))):
        places[index] = min(places[index], ceiling)
        ceiling = places[index] - gap
    return places


def _loss_in_words(history: History) -> str:
    if not history.epochs:
        return "Loss in nats by step. " + NOTHING_YET
    last = history.epochs[-1]
    return (
        f"Loss in nats by step. After epoch {last.epoch}: {last.train_loss:.3f} in training with "
        f"dropout on, {last.validation_loss:.3f} on {history.held_out}."
        f"{branch_points_in_words(history.branch_points)}"
    )


def _accuracy_in_words(history: History) -> str:
    if not history.epochs:
        return "Accuracy in percent by step. " + NOTHING_YET
    last = history.epochs[-1]
    return (
        f"Accuracy in percent by step. After epoch {last.epoch}: {roughly(last.train_accuracy)} in "
        f"training with dropout on, {roughly(last.validation_accuracy)} on {history.held_out}, "
        f"where macro recall is {roughly(last.validation_macro_recall)}."
        f"{branch_points_in_words(history.branch_points)}"
    )
