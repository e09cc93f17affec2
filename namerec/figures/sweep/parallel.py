"""Parallel coordinates: an upright axis a setting, a line a trial, coloured by its score.

Drawn with lines, not with Plotly's own kind of chart for it, which needs WebGL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from namerec.figures.base.categories import ABOVE_HEAT_MAP, colour_bar, hover_text
from namerec.figures.base.theme import (
    SMALL_FONT_SIZE,
    Theme,
    axis,
    colour_at,
    faded,
    new_figure,
    say_in_the_middle,
)
from namerec.figures.sweep.points import (
    SweepAxis,
    SweepPoint,
    complete,
    point_words,
    quiet_scale,
)
from namerec.text import literal, shortened

FEW = "Not enough complete trials to compare"
#: Lines that are drawn at most, the best ones: more cannot be told apart.
MOST_LINES = 200
_HEIGHT = 420
_TITLE_LETTERS = 14  # of an axis' title, so that neighbours do not meet


class Coordinates(NamedTuple):
    """What the figure shows.

    Attributes:
        heights: Of each trial along each axis, and last along that of the accuracy, 0..1.
        scores: Of the trials, percent, the best last, so that it is drawn on top.
        words: Of the trials.
    """

    heights: list[list[float]]
    scores: list[float]
    words: list[str]


def coordinates(points: Sequence[SweepPoint], axes: Sequence[SweepAxis]) -> Coordinates:
    """The complete trials along all axes."""
    shown = sorted(complete(points), key=lambda pair: pair[1])[-MOST_LINES:]
    scores = [100 * score for _, score in shown]
    heights = []
    for point, score in shown:
        line = [_height(axis.place(point.values[axis.name]), *axis.ends()) for axis in axes]
        heights.append([*line, _height(100 * score, scores[0], scores[-1])])
    return Coordinates(heights, scores, [point_words(point, axes) for point, _ in shown])


def _height(place: float, low: float, high: float) -> float:
    return (place - low) / (high - low) if high > low else 0.5


def parallel_figure(
    points: Sequence[SweepPoint], axes: Sequence[SweepAxis], theme: Theme
) -> go.Figure:
    """Complete trials as lines from setting to setting, and to their accuracy.

    Args:
        points: The trials.
        axes: The settings that are searched.
        theme: The colours.
    """
    shown = coordinates(points, axes)
    titles = [*(axis.title for axis in axes), "accuracy (%)"]
    figure = new_figure(
        theme,
        height=_HEIGHT,
        alt=f"Parallel coordinates of {len(shown.scores)} complete trials: {', '.join(titles)}.",
        margin={"l": 24, "r": 40, "t": ABOVE_HEAT_MAP, "b": 56},
        showlegend=False,
        hovermode="closest",
        dragmode=False,
        xaxis=axis(
            theme, "", range=[-0.25, len(titles) - 0.6], fixedrange=True, tickmode="array",
            tickvals=list(range(len(titles))), gridcolor=theme.muted,
            ticktext=[literal(shortened(title, _TITLE_LETTERS)) for title in titles],
        ),
        yaxis=axis(theme, "", range=[-0.04, 1.04], visible=False, fixedrange=True),
    )  # fmt: skip
    if len(shown.scores) < 2:
        return say_in_the_middle(figure, theme, FEW)
    low, high = shown.scores[0], shown.scores[-1]
    scale = quiet_scale(theme.sequential)
    for heights, score, words in zip(shown.heights, shown.scores, shown.words, strict=True):
        best = score == high
        figure.add_scatter(
            x=list(range(len(titles))),
            y=heights,
            mode="lines",
            line={
                "color": theme.highlight if best else colour_at(scale, _height(score, low, high)),
                "width": 3 if best else 1.5,
            },
            hoverinfo="text",
            hovertext=hover_text(words),
        )
    figure.add_scatter(  # for the colour bar alone
        x=[None],
        y=[None],
        mode="markers",
        hoverinfo="skip",
        marker={
            "color": [low],
            "cmin": low,
            "cmax": max(high, low + 1e-9),
            "colorscale": scale,
            "showscale": True,
            "colorbar": colour_bar(theme, "validation accuracy", ticksuffix=" %"),
        },
    )
    for place, one in enumerate(axes):
        _write_ticks(figure, theme, place, one)
    _write(figure, theme, len(axes), 0.0, f"{low:.1f}")
    _write(figure, theme, len(axes), 1.0, f"{high:.1f}")
    return figure


def _write_ticks(figure: go.Figure, theme: Theme, place: int, one: SweepAxis) -> None:
    """Writes values beside an upright axis."""
    ends = one.ends()
    places, words = one.ticks() or one.ends_in_words()
    for tick, said in zip(places, words, strict=True):
        _write(figure, theme, place, _height(tick, *ends), said)


def _write(figure: go.Figure, theme: Theme, x: int, y: float, words: str) -> None:
    figure.add_annotation(
        x=x,
        y=y,
        text=literal(words),
        xanchor="left",
        xshift=3,
        showarrow=False,
        bgcolor=faded(theme.background, 0.75),
        borderpad=1,
        font={"size": SMALL_FONT_SIZE - 1, "color": theme.muted},
    )
