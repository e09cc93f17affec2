"""How a sweep goes on: a mark a trial, and the best score so far as a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from namerec.figures.base.categories import hover_text
from namerec.figures.base.theme import Theme, axis, new_figure, say_in_the_middle
from namerec.figures.sweep.points import SweepAxis, SweepPoint, complete, point_words

NO_TRIALS = "No trial has had an epoch yet"
_HEIGHT = 320


class BestSoFar(NamedTuple):
    """The line: where it rises.

    Attributes:
        numbers: Trials, in the order in which they were drawn.
        scores: The best score among the complete ones up to each, 0..1.
    """

    numbers: list[int]
    scores: list[float]


def best_so_far(points: Sequence[SweepPoint]) -> BestSoFar:
    """The best score so far after each complete trial."""
    numbers: list[int] = []
    scores: list[float] = []
    for point, score in complete(points):
        numbers.append(point.number)
        scores.append(max(score, scores[-1] if scores else 0.0))
    return BestSoFar(numbers, scores)


def progress_figure(
    points: Sequence[SweepPoint], axes: Sequence[SweepAxis], trials: int, theme: Theme
) -> go.Figure:
    """Scores along the trials, the line of the best so far over them.

    Args:
        points: The trials.
        axes: The settings that are searched, for the words.
        trials: How many there will be.
        theme: The colours.
    """
    line = best_so_far(points)
    drawn = [point for point in points if point.score is not None]
    alt = (
        f"Validation accuracy of {len(drawn)} trials. The best so far is "
        f"{100 * line.scores[-1]:.1f} %, first reached by trial "
        f"{line.numbers[line.scores.index(line.scores[-1])]}."
        if line.scores
        else f"Validation accuracy of the trials. {NO_TRIALS}."
    )
    figure = new_figure(
        theme,
        height=_HEIGHT,
        alt=alt,
        hovermode="closest",
        xaxis=axis(theme, "trial", range=[-0.7, max(trials, len(points)) - 0.3], tickformat="d"),
        yaxis=axis(theme, "validation accuracy (%)"),
    )
    if not drawn:
        return say_in_the_middle(figure, theme, NO_TRIALS)
    looks = {
        "complete": {"color": theme.validation, "size": 8},
        "pruned": {"color": theme.muted, "size": 7, "symbol": "x-thin-open"},
        "running": {"color": theme.accent, "size": 9, "symbol": "circle-open"},
        "failed": {"color": theme.muted, "size": 7, "symbol": "triangle-down-open"},
    }
    for state, look in looks.items():
        some = [point for point in drawn if point.state == state]
        if some:
            figure.add_scatter(
                x=[point.number for point in some],
                y=[100 * (point.score or 0.0) for point in some],
                error_y=_spread(some, theme) if state == "complete" else None,
                mode="markers",
                name=state,
                marker=look,
                hoverinfo="text",
                hovertext=[hover_text(point_words(point, axes)) for point in some],
            )
    figure.add_scatter(
        x=line.numbers,
        y=[100 * score for score in line.scores],
        mode="lines",
        name="best so far",
        line={"color": theme.accent, "width": 2, "shape": "hv"},
        hoverinfo="skip",
    )
    return figure


def _spread(points: Sequence[SweepPoint], theme: Theme) -> dict[str, Any] | None:
    if all(point.spread is None for point in points):
        return None
    spreads = [100 * (point.spread or 0.0) for point in points]
    return {"array": spreads, "color": theme.muted, "thickness": 1, "width": 2}
