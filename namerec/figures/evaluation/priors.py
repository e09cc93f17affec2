"""How accuracy and macro recall move with how frequent the categories are taken to be."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.figures.base.theme import (
    SMALL_FONT_SIZE,
    Theme,
    axis,
    new_figure,
    reading_line,
    say_in_the_middle,
)
from namerec.figures.evaluation.confidence import NO_ANSWERS
from namerec.text import literal, roughly

if TYPE_CHECKING:
    from namerec.core.evaluation.priors import PriorSweep

_HEIGHT = 340  # pixels
# The axis of scores begins and ends at multiples of this, in percent.
_STEP = 5


class PriorCurves(NamedTuple):
    """What the priors figure shows; all in percent, 0..100.

    Attributes:
        equally: How far all are treated as equally common; 0: as in the training part.
        accuracy: At each of them.
        macro_recall: The same.
        marked: Which point is the chosen one.
        sentence: What it says, plain text.
    """

    equally: list[float]
    accuracy: list[float]
    macro_recall: list[float]
    marked: int
    sentence: str


def prior_curves(
    sweep: PriorSweep, prior_strength: float, measured_on: str, noun: str = "language"
) -> PriorCurves:
    """What the priors figure shows.

    Args:
        sweep: Scores at one prior strength or more.
        prior_strength: The chosen one, 0..1; marked is the point of the sweep nearest to it.
        measured_on: Such as "test names, leak-free split" (`Split.words`).
        noun: What a category is called.
    """
    marked = int(np.abs(sweep.prior_strength - prior_strength).argmin())
    assumed = _assumed(float(sweep.prior_strength[marked]), noun)
    accuracy, recall = 100 * sweep.accuracy, 100 * sweep.macro_recall
    return PriorCurves(
        equally=(100 * (1 - sweep.prior_strength)).tolist(),
        accuracy=accuracy.tolist(),
        macro_recall=recall.tolist(),
        marked=marked,
        # Tenths, because priors often move no more than a few of them.
        sentence=f"{assumed}: accuracy {accuracy[marked]:.1f} %, macro recall "
        f"{recall[marked]:.1f} % ({measured_on}).",
    )


def priors_figure(
    sweep: PriorSweep,
    prior_strength: float,
    theme: Theme,
    *,
    measured_on: str,
    noun: str = "language",
) -> go.Figure:
    """Accuracy and macro recall over the assumed priors, with the chosen one marked.

    Args:
        sweep: Scores at each prior strength.
        prior_strength: The chosen one, 0..1; marked is the point of the sweep nearest to it.
        theme: The colours.
        measured_on: Which names, such as "test names, leak-free split" (`Split.words`).
        noun: What a category is called.
    """
    empty = len(sweep.accuracy) == 0 or bool(np.isnan(sweep.accuracy).all())
    shown = None if empty else prior_curves(sweep, prior_strength, measured_on, noun)
    figure = new_figure(
        theme,
        height=_HEIGHT,
        alt="Accuracy and macro recall by how frequent categories are taken to be. "
        + (NO_ANSWERS if shown is None else shown.sentence),
        margin={"l": 52, "r": 40, "t": 40, "b": 64},
        dragmode=False,
        hovermode="x unified",
        xaxis=axis(
            theme, f"assumed frequency of each {literal(noun)}", range=[-3, 103],
            tickmode="array", tickvals=[0, 50, 100],
            ticktext=["as in the<br>training data", "half way", "all equally<br>likely"],
            showgrid=False, fixedrange=True,
            unifiedhovertitle={
                "text": f"%{{x:.0f}} % of the way to every {literal(noun)} equally likely"
            },
            **reading_line(theme),
        ),
        yaxis=axis(
            theme, "accuracy, recall (%)", range=_scale(shown), nticks=6, fixedrange=True
        ),
    )  # fmt: skip
    if shown is None:
        return say_in_the_middle(figure, theme, NO_ANSWERS)
    place = shown.equally[shown.marked]
    figure.add_shape(
        type="line",
        yref="paper",
        x0=place,
        x1=place,
        y0=0,
        y1=1,
        layer="below",
        line={"color": theme.muted, "width": 1, "dash": "dot"},
    )
    on = literal(measured_on)
    lines = (
        ("accuracy", shown.accuracy, theme.validation, "solid", f"accuracy, {on}"),
        ("macro recall", shown.macro_recall, theme.macro_recall, "dash", "their macro recall"),
    )
    for name, values, colour, dash, words in lines:
        figure.add_scatter(
            x=shown.equally,
            y=values,
            name=name,
            mode="lines",
            line={"color": colour, "width": 2, "dash": dash},
            hovertemplate=f"{words}: %{{y:.1f}} %<extra></extra>",
        )
        figure.add_scatter(
            x=[place],
            y=[values[shown.marked]],
            mode="markers+text",
            marker={"size": 11, "color": colour, "line": {"color": theme.text, "width": 1}},
            text=[f"{values[shown.marked]:.1f} %"],
            textposition=f"top {'left' if place > 50 else 'right'}",
            textfont={"size": SMALL_FONT_SIZE, "color": theme.text},
            hoverinfo="skip",
            cliponaxis=False,
            showlegend=False,
        )
    return figure


def _scale(shown: PriorCurves | None) -> list[float]:
    """Whole steps around all scores with room for words, so that noise does not look like news."""
    if shown is None:
        return [0, 100]
    scores = shown.accuracy + shown.macro_recall
    lowest = _STEP * (math.floor(min(scores) / _STEP) - 1)
    return [max(lowest, 0), _STEP * (math.ceil(max(scores) / _STEP) + 1)]


def _assumed(prior_strength: float, noun: str) -> str:
    if prior_strength == 1:
        return f"Every {noun} as frequent as in the training data"
    if prior_strength == 0:
        return f"Every {noun} equally likely"
    share = roughly(1 - prior_strength)
    return f"{share} of the way from the training data to every {noun} equally likely"
