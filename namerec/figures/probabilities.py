"""What a network answers: the ranking for one name, and how it came about letter by letter."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.core.results import GateTrace, Prediction
from namerec.figures.gates import OPEN_BOX
from namerec.figures.theme import (
    FONT_SIZE,
    Theme,
    axis,
    faded,
    new_figure,
    reading_line,
    say_in_the_middle,
)
from namerec.figures.words import label, literal, percent

_BAR_HEIGHT = 34  # pixels from bar to bar
_RIBBON_HEIGHT = 320  # pixels
#: Most ribbons beside the others': a reader tells no more colours apart.
MOST_RIBBONS = 8
#: A category that never reaches this probability is one of the others.
LEAST_PEAK = 0.01
#: Ribbons run flat over the outer halves of the first and last letter; a hair less than half, so
#: that rounding names the right letter.
_HALF = 0.499


class Ribbons(NamedTuple):
    """What the ribbon figure shows.

    Attributes:
        letters: As shown on the axis.
        names: Categories, the final winner first.
        shares: Their probabilities after each letter, 0..1, (ribbons, letters).
        others: The rest of the probability, 0..1, (letters,).
    """

    letters: list[str]
    names: list[str]
    shares: np.ndarray
    others: np.ndarray


def ranking_figure(prediction: Prediction, theme: Theme, most: int = 6) -> go.Figure:
    """The most probable categories as bars, the first in the accent colour."""
    ranked = prediction.top(most)
    figure = new_figure(
        theme,
        height=_BAR_HEIGHT * max(len(ranked), 1) + 64,
        alt=_ranking_in_words(prediction, ranked),
        margin={"l": 60, "r": 16, "t": 8, "b": 48},
        bargap=0.35,
        dragmode=False,
        hovermode="closest",
        # Beyond 100 % there is room for the number at the end of a full bar.
        xaxis=axis(
            theme, "probability (%)", range=[0, 118], tickvals=[0, 25, 50, 75, 100],
            fixedrange=True,
        ),
        yaxis=axis(
            theme, "", range=[max(len(ranked), 1) - 0.5, -0.5], tickmode="array",
            tickvals=list(range(len(ranked))),
            ticktext=[label(category) for category, _ in ranked],
            tickfont={"size": FONT_SIZE, "color": theme.text},
            showgrid=False, fixedrange=True,
        ),
    )  # fmt: skip
    if not ranked:
        return say_in_the_middle(figure, theme, "No answer yet.")
    written = [percent(probability) for _, probability in ranked]
    figure.add_bar(
        x=[100 * probability for _, probability in ranked],
        y=list(range(len(ranked))),
        orientation="h",
        marker={
            "color": [theme.accent] + [faded(theme.muted, 0.45)] * (len(ranked) - 1),
            "cornerradius": 3,
        },
        text=written,
        textposition="outside",
        textfont={"size": FONT_SIZE, "color": theme.text},
        cliponaxis=False,
        hovertext=[
            f"{literal(category)}: {share}"
            for (category, _), share in zip(ranked, written, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    return figure


def ribbons(trace: GateTrace, most: int = 5) -> Ribbons:
    """What the ribbon figure shows.

    Kept are all categories that lead after some letter and the `most` with the highest final
    probability; of too many, those with the highest peaks, and always the winner.
    """
    probabilities = np.asarray(trace.probabilities, dtype=np.float64)
    letters = [OPEN_BOX if letter == " " else letter for letter in trace.letters]
    if probabilities.size == 0:
        nothing = np.empty((0, len(letters)))
        return Ribbons(letters, [], nothing, np.ones(len(letters)))
    final, peaks = probabilities[-1], probabilities.max(axis=0)
    top = np.argsort(-final, kind="stable")[:most]
    winner = int(np.argmax(final))
    kept = {int(index) for index in top if peaks[index] >= LEAST_PEAK}
    kept |= {int(index) for index in probabilities.argmax(axis=1)}
    by_peak = sorted(kept, key=lambda index: (index != winner, -peaks[index]))[:MOST_RIBBONS]
    order = sorted(by_peak, key=lambda index: -final[index])
    shares = probabilities[:, order].T
    others = np.clip(1 - shares.sum(axis=0), 0, 1)
    return Ribbons(letters, [trace.categories[index] for index in order], shares, others)


def ribbon_figure(trace: GateTrace, theme: Theme, most: int = 5) -> go.Figure:
    """The probabilities after every letter, stacked to 100 %."""
    shown = ribbons(trace, most)
    length = len(shown.letters)
    figure = new_figure(
        theme,
        height=_RIBBON_HEIGHT,
        alt=_ribbons_in_words(trace, shown),
        hovermode="x unified",
        dragmode=False,
        xaxis=axis(
            theme, "letters read so far", range=[0.5, max(length, 1) + 0.5], tickmode="array",
            tickvals=list(range(1, length + 1)),
            ticktext=[literal(letter) for letter in shown.letters],
            tickfont={"size": FONT_SIZE, "color": theme.text}, tickangle=0,
            showgrid=False, fixedrange=True,
            unifiedhovertitle={"text": "after letter %{x:.0f}"}, **reading_line(theme),
        ),
        yaxis=axis(theme, "probability (%)", range=[0, 100], dtick=25, fixedrange=True),
    )  # fmt: skip
    figure.update_layout(legend={"traceorder": "normal", "x": 0, "xanchor": "left"})
    if not shown.names:
        return say_in_the_middle(figure, theme, "No answer yet.")
    series = [*zip(shown.names, shown.shares, theme.categorical, strict=False)]
    rest = [("others", shown.others, theme.muted)] if shown.others.max() > 0 else []
    for name, shares, colour in [*series, *rest]:
        values = [shares[0], *shares, shares[-1]]
        figure.add_scatter(
            x=[1 - _HALF, *range(1, length + 1), length + _HALF],
            y=[100 * value for value in values],
            name=label(name),
            mode="lines",
            stackgroup="probabilities",
            line={"width": 1, "color": theme.background},
            fillcolor=faded(colour, 0.3 if rest and shares is shown.others else 0.8),
            text=[f"{literal(name)} {percent(value)}" for value in values],
            hovertemplate="%{text}<extra></extra>",
        )
    return figure


def _ranking_in_words(prediction: Prediction, ranked: tuple[tuple[str, float], ...]) -> str:
    answers = ", ".join(f"{category} {percent(probability)}" for category, probability in ranked)
    return f"Most probable answers for “{prediction.letters}”: {answers or 'none yet'}."


def _ribbons_in_words(trace: GateTrace, shown: Ribbons) -> str:
    if not shown.names:
        return "Probabilities in percent after every letter. No answer yet."
    answers = ", ".join(
        f"{name} {percent(float(share))}"
        for name, share in zip(shown.names, shown.shares[:, -1], strict=True)
    )
    return f"Probabilities after every letter of “{trace.letters}”. At the end: {answers}."
