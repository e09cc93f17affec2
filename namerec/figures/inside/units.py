"""Units while a network reads a name: all of a layer in outline, and one of them in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.core.inside.trace import GateTrace
from namerec.figures.base.theme import (
    FONT_SIZE,
    SMALL_FONT_SIZE,
    Theme,
    axis,
    faded,
    new_figure,
    say_in_the_middle,
)
from namerec.figures.inside.gates import shown_letters
from namerec.text import literal

if TYPE_CHECKING:
    from namerec.core.inside.units import Spread

# Heights in pixels.
_STRIP_HEIGHT, _PANEL_HEIGHT = 62, 170
_ABOVE, _BELOW = 30, 52
_GAP = 34  # between strips or panels: room for a heading
#: Dash and place of the colour of the lines in a panel: gates from the first one on, candidate and
#: states from the last one back.
_GATES = (("solid", 0), ("dash", 1), ("dot", 2))
_STATES = (("solid", 8), ("dash", 5), ("dot", 3))


class _Panel(NamedTuple):
    """One of several panels, one above the other.

    Attributes:
        heading: Over it; empty for none.
        title: Of its axis.
        bounds: Of its axis.
        ticks: On its axis.
    """

    heading: str
    title: str
    bounds: tuple[float, float]
    ticks: list[float]


def overview_figure(
    trace: GateTrace, layer: int, spreads: Mapping[str, Spread], theme: Theme
) -> go.Figure:
    """A strip for each gate and state: the mean over units after each letter, and their range.

    Args:
        trace: Of a name.
        layer: Which, as in `trace.values`.
        spreads: Of each gate and state to be shown, by symbol, from top to bottom.
        theme: The colours.
    """
    panels, lines = [], []
    places = list(range(len(trace.letters)))
    read = [_letter_words(trace, place) for place in places]
    for row, (symbol, spread) in enumerate(spreads.items()):
        kind = trace.network.symbol(symbol)
        low, high = kind.bounds or _around_zero(spread.low, spread.high)
        heading = f"{kind.title} {symbol}"
        panels.append(_Panel(heading, "", (low, high), [low, (low + high) / 2, high]))
        of_all = {"type": "scatter", "xaxis": "x", "yaxis": _y(row), "showlegend": False}
        band = {
            "x": [*places, *places[::-1]],
            "y": [*spread.high.tolist(), *spread.low.tolist()[::-1]],
            "mode": "lines",
            "fill": "toself",
            "fillcolor": faded(theme.accent, 0.22),
            "line": {"width": 0},
            "hoverinfo": "skip",
        }
        mean = {
            "x": places,
            "y": spread.mean,
            "mode": "lines+markers",
            "line": {"color": theme.accent, "width": 2},
            "marker": {"size": 5},
            "text": [
                f"{letter}: mean {_signed(mean)}, four units in five between {_signed(low)} and "
                f"{_signed(high)}"
                for letter, mean, low, high in zip(
                    read, *map(np.ndarray.tolist, spread), strict=True
                )
            ],
            "hovertemplate": f"{kind.title} after %{{text}}<extra></extra>",
        }
        lines += [of_all | band, of_all | mean]
    alt = (
        f"Mean over the units of {trace.layer_name(layer)} after each letter of “{trace.letters}”: "
        f"{_means(spreads)}."
    )
    return _stacked(trace, panels, lines, _STRIP_HEIGHT, alt, theme)


def unit_figure(trace: GateTrace, layer: int, unit: int, theme: Theme) -> go.Figure:
    """Everything that one unit computed, letter by letter: gates above, candidate and states below.

    Args:
        trace: Of a name.
        layer: Which, as in `trace.values`.
        unit: Of the layer, 0 the first.
        theme: The colours.
    """
    gates = [symbol for symbol in trace.network.symbols if symbol.is_gate]
    others = [symbol for symbol in trace.network.symbols if not symbol.is_gate]
    drawn = [
        ("candidate and states" if gates else "hidden state", others, _STATES[: len(others)][::-1])
    ]
    if gates:
        drawn.insert(0, ("gates (0 closed, 1 open)", gates, _GATES))
    places = list(range(len(trace.letters)))
    read = [_letter_words(trace, place) for place in places]
    panels, lines, ends = [], [], []
    for row, (title, group, styles) in enumerate(drawn):
        values = [trace.values[symbol.name][:, layer, unit].astype(float) for symbol in group]
        bounds = (0.0, 1.0) if group is gates else _around_zero(*values)
        panels.append(_Panel("", title, bounds, np.linspace(*bounds, 5).tolist()))
        for symbol, line, (dash, place) in zip(group, values, styles, strict=False):
            colour = theme.categorical[place]
            ends += [f"{symbol.name} {_signed(value)}" for value in line[-1:].tolist()]
            lines.append(
                {
                    "type": "scatter",
                    "x": places,
                    "y": line,
                    "name": f"{symbol.title} {symbol.name}",
                    "mode": "lines+markers",
                    "line": {"color": colour, "width": 2, "dash": dash},
                    "marker": {"size": 6, "color": colour},
                    "text": read,
                    "hovertemplate": f"{symbol.title} after %{{text}}: %{{y:.2f}}<extra></extra>",
                    "xaxis": "x",
                    "yaxis": _y(row),
                    "showlegend": bool(gates),
                }
            )
    alt = (
        f"Gates and states of unit {unit + 1} of {trace.layer_name(layer)} after each letter "
        f"of “{trace.letters}”. After the last letter: {', '.join(ends) or 'nothing'}."
    )
    return _stacked(trace, panels, lines, _PANEL_HEIGHT, alt, theme)


def unit_from(points: object, units: int) -> int | None:
    """The unit that a click on a heatmap of gates selects, 0 the first.

    Args:
        points: Of a selection event, as the browser sent it: anything.
        units: How many there are.

    Returns:
        The unit of the first point, or None if there is none.
    """
    if not isinstance(points, list | tuple) or not points or not isinstance(points[0], dict):
        return None
    number = points[0].get("customdata")
    if isinstance(number, list) and len(number) == 1:
        number = number[0]
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= units:
        return None
    return number - 1


def _stacked(
    trace: GateTrace,
    panels: Sequence[_Panel],
    lines: list[dict[str, Any]],
    height: int,
    alt: str,
    theme: Theme,
) -> go.Figure:
    """Panels of a height in pixels, one above the other, over one axis of letters."""
    letters, rows = shown_letters(trace), max(len(panels), 1)
    inside = rows * height + (rows - 1) * _GAP
    layout: dict[str, Any] = {
        "xaxis": axis(
            theme, "letter read", range=[-0.3, max(len(letters), 1) - 0.7], tickmode="array",
            tickvals=list(range(len(letters))), ticktext=[literal(letter) for letter in letters],
            tickfont={"size": FONT_SIZE, "color": theme.text}, tickangle=0, anchor=_y(rows - 1),
            showgrid=False, fixedrange=True,
        ),
        "annotations": [],
    }  # fmt: skip
    for row, panel in enumerate(panels):
        top = 1 - row * (height + _GAP) / inside
        low, high = panel.bounds
        room = 0.04 * (high - low)
        layout[f"yaxis{row + 1 if row else ''}"] = axis(
            theme, panel.title, domain=[max(0.0, top - height / inside), top], anchor="x",
            range=[low - room, high + room], tickmode="array", tickvals=panel.ticks,
            ticktext=[_short(tick) for tick in panel.ticks], fixedrange=True,
        )  # fmt: skip
        if panel.heading:
            layout["annotations"].append(
                {
                    "text": panel.heading, "showarrow": False, "yshift": 1,
                    "x": 0, "xref": "paper", "xanchor": "left",
                    "y": top, "yref": "paper", "yanchor": "bottom",
                    "font": {"size": SMALL_FONT_SIZE, "color": theme.text, "weight": 600},
                }
            )  # fmt: skip
    figure = new_figure(
        theme,
        height=inside + _ABOVE + _BELOW,
        alt=alt,
        margin={"l": 56, "r": 10, "t": _ABOVE, "b": _BELOW},
        dragmode=False,
        hovermode="closest",
        **layout,
    )
    figure.layout.legend.update(x=0, xanchor="left", y=1.03, traceorder="normal")
    if not letters or not panels:
        return say_in_the_middle(figure, theme, "There is no letter to show.")
    return figure.add_traces(lines)


def _y(row: int) -> str:
    return f"y{row + 1}" if row else "y"


def _around_zero(*values: np.ndarray) -> tuple[float, float]:
    """Bounds around 0 that hold all values: a round number of halves, or two digits if large."""
    largest = max(float(np.abs(some).max(initial=0)) for some in values)
    high = (
        max(0.5, float(np.ceil(2 * largest) / 2)) if largest < 10 else float(f"{1.1 * largest:.2g}")
    )
    return -high, high


def _letter_words(trace: GateTrace, place: int) -> str:
    return f"letter {place + 1} ‘{literal(shown_letters(trace)[place])}’"


def _means(spreads: Mapping[str, Spread]) -> str:
    return "; ".join(
        f"{symbol} ends at {_signed(float(spread.mean[-1]))}"
        for symbol, spread in spreads.items()
        if spread.mean.size
    )


def _short(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
