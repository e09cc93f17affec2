"""Gradients through time: how much of them is left at each letter back."""

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from namerec.core.networks.kinds import SYMBOL_TITLES
from namerec.figures.base.theme import (
    Theme,
    axis,
    faded,
    new_figure,
    reading_line,
    say_in_the_middle,
)
from namerec.figures.memory.gradient_words import Curve, power_words, share_words
from namerec.text import count, literal

_HEIGHT = 400  # pixels
#: Told apart by shape as well as by colour.
_MARKERS = ("circle", "square", "diamond", "triangle-up")
#: Room around all points for their markers, as a share of the axis.
_ROOM = 0.02
#: Most steps with a number under them, besides the first.
_MOST_STEPS_TOLD = 12
#: Most ticks on the axis of norms.
_MOST_TICKS = 9
NOTHING = "None of these networks has such a gradient."


def gradient_figure(
    curves: Sequence[Curve], theme: Theme, *, symbol: str, relative: bool
) -> go.Figure:
    """Gradient norms by letters back on a logarithmic axis, with a dashed line for the expected.

    Args:
        curves: One for each network; those without a point are left out.
        theme: The colours.
        symbol: The state that is differentiated by.
        relative: Whether the values are shares of the gradient at the end of the name.
    """
    drawn = [(place, curve) for place, curve in enumerate(curves) if len(curve.measured.steps)]
    state = f"{SYMBOL_TITLES[symbol]} {symbol}"
    shown = f"gradient with respect to the {state}"
    expected = {place: _expected(curve) for place, curve in drawn}
    values = [
        value
        for place, curve in drawn
        for part in (curve.measured.low, curve.measured.high, expected[place])
        for value in part
    ]
    ticks = log_ticks(min(values, default=1), max(values, default=1))
    low, high = math.log10(ticks[0]), math.log10(ticks[-1])
    farthest = max((int(curve.measured.steps[-1]) for _, curve in drawn), default=1)
    figure = new_figure(
        theme,
        height=_HEIGHT,
        alt=_in_words(curves, state, relative=relative),
        margin={"l": 64, "r": 12, "t": 44, "b": 52},
        hovermode="x unified",
        dragmode=False,
        xaxis=axis(
            theme, "letters back from the end of the name (0: after its last letter)",
            range=[-_ROOM * farthest, (1 + _ROOM) * farthest],
            tickmode="linear", tick0=0, dtick=math.ceil(farthest / _MOST_STEPS_TOLD),
            showgrid=False, fixedrange=True,
            unifiedhovertitle={"text": "%{x:d} letters back"}, **reading_line(theme),
        ),
        yaxis=axis(
            theme, f"{shown}, relative to the end" if relative else f"norm of the {shown}",
            type="log", tickmode="array", tickvals=ticks,
            ticktext=[_tick_words(tick, relative=relative) for tick in ticks],
            range=[low - _ROOM * (high - low), high + _ROOM * (high - low)], fixedrange=True,
        ),
    )  # fmt: skip
    for place, curve in drawn:
        _draw(figure, curve, expected[place], place, theme, relative=relative)
    return figure if drawn else say_in_the_middle(figure, theme, NOTHING)


def _draw(
    figure: go.Figure,
    curve: Curve,
    expected: np.ndarray,
    place: int,
    theme: Theme,
    *,
    relative: bool,
) -> None:
    measured, colour, name = curve.measured, theme.categorical[place], literal(curve.name)
    steps = measured.steps.tolist()
    say = share_words if relative else _norm_words
    figure.add_scatter(
        x=[*steps, *reversed(steps)],
        y=[*measured.low, *reversed(measured.high)],
        fill="toself",
        fillcolor=faded(colour, 0.1),
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
        legendgroup=str(place),
    )
    if len(expected):
        figure.add_scatter(
            x=steps,
            y=expected.tolist(),
            mode="lines",
            line={"color": colour, "width": 1.5, "dash": "dash"},
            text=[f"expected of its recurrence: {say(value)}" for value in expected],
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
            legendgroup=str(place),
        )
    rows = zip(measured.mean, measured.low, measured.high, measured.names, strict=True)
    figure.add_scatter(
        x=steps,
        y=measured.mean.tolist(),
        name=name,
        legendgroup=str(place),
        mode="lines+markers",
        line={"color": colour, "width": 2.5},
        marker={"size": 8, "symbol": _MARKERS[place % len(_MARKERS)]},
        text=[
            f"<b>{name}</b> {say(mean)} ({say(low)} to {say(high)}; {count(int(names))} names)"
            for mean, low, high, names in rows
        ],
        hovertemplate="%{text}<extra></extra>",
    )


def _expected(curve: Curve) -> np.ndarray:
    """The expected line through the first measured point, (K,), or nothing."""
    measured = curve.measured
    if not curve.expected or len(measured.steps) < 2:
        return np.empty(0)
    powers = curve.expected ** (measured.steps - measured.steps[0]).astype(np.float64)
    return np.asarray(measured.mean[0] * powers)


def log_ticks(low: float, high: float) -> list[float]:
    """Ticks around values above 0 for a logarithmic axis: the first and last are its ends.

    Whole powers of ten, some left out where there would be too many; 1, 2 and 5 times them where
    there would be hardly any.
    """
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    last = max(last, first + 1)
    if last - first <= 2:
        ticks = [m * 10.0**power for power in range(first, last) for m in (1, 2, 5)]
        ticks.append(10.0**last)
        begin = max(place for place, tick in enumerate(ticks[:-1]) if tick <= low * 1.001)
        end = min(place for place, tick in enumerate(ticks) if tick >= high * 0.999)
        return ticks[begin : max(end, begin + 1) + 1]
    every = math.ceil((last - first) / (_MOST_TICKS - 1))
    count = math.ceil((last - first) / every)
    return [10.0 ** (last - every * place) for place in range(count, -1, -1)]


def _tick_words(tick: float, *, relative: bool) -> str:
    if relative and 1e-4 <= tick <= 100:
        return f"{100 * tick:,.6g} %".replace(",", "\u202f")
    return power_words(tick)


def _norm_words(norm: float) -> str:
    return f"{norm:.2g}"


def _in_words(curves: Sequence[Curve], state: str, *, relative: bool) -> str:
    parts = []
    for curve in curves:
        measured = curve.measured
        if not len(measured.steps):
            parts.append(f"{curve.name}: nothing to show")
            continue
        say = share_words if relative else _norm_words
        parts.append(
            f"{curve.name}: {say(measured.mean[0])} at {measured.steps[0]}, "
            f"{say(measured.mean[-1])} at {measured.steps[-1]}"
        )
    scale = "relative to the end" if relative else "its norm"
    return (
        f"Gradient of the loss with respect to the {state} by letters back from the end of the "
        f"name, {scale}, geometric mean over names, on a logarithmic axis. "
        f"{'; '.join(parts) or NOTHING}."
    )
