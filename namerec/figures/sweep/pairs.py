"""Two settings of a sweep against each other: the best trial of each cell, with its spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.figures.base.categories import colour_bar, coloured_text, hover_text
from namerec.figures.base.spec import rounded
from namerec.figures.base.theme import Theme, axis, colour_at, new_figure, say_in_the_middle
from namerec.figures.sweep.points import (
    SweepAxis,
    SweepPoint,
    complete,
    point_words,
    score_words,
)

FEW = "No trial is complete yet"
#: Parts into which a range is divided.
_PARTS = 6
_HEIGHT = 420


class Pairs(NamedTuple):
    """What the figure shows.

    Attributes:
        score: Of the best trial of each cell, 0..1, nan for none, (parts of y, parts of x).
        words: In each cell.
        hover: What its box says, and how many trials lie in it.
        x: Middles of the parts across, in words.
        y: The same upwards.
    """

    score: np.ndarray
    words: list[list[str]]
    hover: list[list[str]]
    x: list[str]
    y: list[str]


def pairs(
    points: Sequence[SweepPoint], across: SweepAxis, up: SweepAxis, axes: Sequence[SweepAxis]
) -> Pairs:
    """The complete trials by two of their settings.

    Args:
        points: The trials.
        across: One of the settings.
        up: Another one.
        axes: All of them, for the words.
    """
    columns, rows = across.cells(_PARTS), up.cells(_PARTS)
    score = np.full((len(rows), len(columns)), np.nan)
    words = [["" for _ in columns] for _ in rows]
    hover = [["" for _ in columns] for _ in rows]
    trials = complete(points)
    for row, column in np.ndindex(score.shape):
        inside = [
            (point, mean)
            for point, mean in trials
            if _lies(across, point, columns, column) and _lies(up, point, rows, row)
        ]
        if inside:
            best, mean = max(inside, key=lambda pair: pair[1])
            score[row, column] = mean
            words[row][column] = score_words(mean, best.spread)
            count = "the only trial here" if len(inside) == 1 else f"the best of {len(inside)} here"
            hover[row][column] = f"{point_words(best, axes)}\n{count}"
    return Pairs(score, words, hover, [cell[2] for cell in columns], [cell[2] for cell in rows])


def _lies(
    axis: SweepAxis, point: SweepPoint, cells: Sequence[tuple[float, float, str]], which: int
) -> bool:
    """Whether a trial lies in a part of an axis; on a border, in the upper one, if there is one."""
    place = axis.place(point.values[axis.name])
    low, high, _ = cells[which]
    return low <= place < high or (which == len(cells) - 1 and place >= high)


def pairs_figure(
    points: Sequence[SweepPoint],
    across: SweepAxis,
    up: SweepAxis,
    axes: Sequence[SweepAxis],
    theme: Theme,
) -> go.Figure:
    """A heat map of the best trial of each cell, its accuracy and its spread over the seeds.

    Args:
        points: The trials.
        across: The setting along the x axis.
        up: The setting along the y axis.
        axes: All settings that are searched.
        theme: The colours.
    """
    shown = pairs(points, across, up, axes)
    found = shown.score[~np.isnan(shown.score)]
    figure = new_figure(
        theme,
        height=_HEIGHT,
        alt=f"Validation accuracy by {across.title} and {up.title}: the best trial of each cell."
        + (f" The best cell has {100 * found.max():.1f} %." if len(found) else f" {FEW}."),
        margin={"l": 52, "r": 10, "t": 72, "b": 52},
        dragmode=False,
        xaxis=axis(theme, across.title, fixedrange=True, showgrid=False, **_ticks(shown.x)),
        yaxis=axis(theme, up.title, fixedrange=True, showgrid=False, **_ticks(shown.y)),
    )
    if not len(found):
        return say_in_the_middle(figure, theme, FEW)
    low, high = float(found.min()), float(found.max())
    span = max(high - low, 1e-9)
    figure.add_heatmap(
        z=rounded(100 * shown.score),
        zmin=100 * low,
        zmax=100 * (low + span),
        colorscale=theme.sequential,
        hovertext=[[hover_text(said) if said else "" for said in row] for row in shown.hover],
        hoverinfo="text",
        hoverongaps=False,
        xgap=1,
        ygap=1,
        text=[
            [
                _two_lines(said, colour_at(theme.sequential, (value - low) / span), theme)
                if said
                else ""
                for said, value in zip(said_row, value_row, strict=True)
            ]
            for said_row, value_row in zip(shown.words, shown.score.tolist(), strict=True)
        ],
        texttemplate="%{text}",
        textfont={"size": 11},
        colorbar=colour_bar(theme, "validation accuracy of the cell's best trial", ticksuffix=" %"),
    )
    return figure


def _two_lines(words: str, ground: str, theme: Theme) -> str:
    """A score above its spread, which have room beside each other in no narrow cell."""
    score, _, spread = words.partition(" ")
    return "<br>".join(coloured_text(line, ground, theme) for line in (score, spread) if line)


def _ticks(words: list[str]) -> dict[str, object]:
    return {"tickmode": "array", "tickvals": list(range(len(words))), "ticktext": words}
