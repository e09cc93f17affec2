"""The inside of networks in a few lines, so that two of them can be laid side by side.

Units of one network have no counterpart in another, so what can be compared are their means.
"""

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.core.inside.trace import GateTrace
from namerec.core.networks.kinds import SYMBOL_TITLES
from namerec.figures.base.theme import (
    FONT_SIZE,
    Theme,
    axis,
    new_figure,
    reading_line,
    say_in_the_middle,
)
from namerec.figures.base.words import OPEN_BOX
from namerec.text import literal

_HEIGHT = 280  # pixels
#: How the gates' lines, in the order in which they are shown, are told apart without colours, and
#: that of the hidden state: dash and sign.
_GATES = (("solid", "circle"), ("dash", "square"), ("dot", "diamond"))
_STATE = ("solid", "x")


class InsideMeans(NamedTuple):
    """What the figure shows.

    Attributes:
        letters: As shown on the axis.
        lines: By symbol, (letters,): means over all units of all layers of the gates, and of the
            absolute value of `h`.
    """

    letters: list[str]
    lines: dict[str, np.ndarray]


def inside_means(trace: GateTrace) -> InsideMeans:
    """How far the gates are open, and how large the hidden state is, after each letter."""
    letters = [OPEN_BOX if letter == " " else letter for letter in trace.letters]
    lines = {
        symbol: np.abs(trace.values[symbol].astype(np.float64)).mean(axis=(1, 2))
        for symbol in trace.network.shown
        if symbol in trace.values and (symbol == "h" or trace.network.symbol(symbol).is_gate)
    }
    return InsideMeans(letters, lines)


def inside_figure(trace: GateTrace, theme: Theme, *, highest: float = 1.0) -> go.Figure:
    """Mean gates and mean size of the hidden state, letter by letter.

    Args:
        trace: What a network computed on one name.
        theme: The colours.
        highest: Upper end of the axis; give the `highest_mean` of all traces to figures that are
            to be compared.
    """
    shown = inside_means(trace)
    length = len(shown.letters)
    figure = new_figure(
        theme,
        height=_HEIGHT,
        alt=_in_words(trace, shown),
        # Room for two lines of the legend, so that all such figures are as high inside.
        margin={"l": 52, "r": 10, "t": 64, "b": 48},
        showlegend=True,
        dragmode=False,
        hovermode="x unified",
        xaxis=axis(
            theme, "letter", range=[0.5, max(length, 1) + 0.5], tickmode="array",
            tickvals=list(range(1, length + 1)),
            ticktext=[literal(letter) for letter in shown.letters],
            tickfont={"size": FONT_SIZE, "color": theme.text}, tickangle=0,
            showgrid=False, fixedrange=True,
            unifiedhovertitle={"text": "letter %{x:.0f}"}, **reading_line(theme),
        ),
        yaxis=axis(
            theme, "mean over units", range=[0, 1.05 * highest], nticks=6, fixedrange=True
        ),
    )  # fmt: skip
    figure.update_layout(legend={"traceorder": "normal", "x": 0, "xanchor": "left"})
    if not length or not shown.lines:
        return say_in_the_middle(figure, theme, "There is no letter to show.")
    gates = zip(_GATES, theme.categorical, strict=False)
    for symbol, values in shown.lines.items():
        (dash, sign), colour = (_STATE, theme.text) if symbol == "h" else next(gates)
        figure.add_scatter(
            x=list(range(1, length + 1)),
            y=values.tolist(),
            name=_name(symbol),
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": dash},
            marker={"size": 7, "symbol": sign},
            cliponaxis=False,
            hovertemplate=f"{_name(symbol)}: %{{y:.2f}}<extra></extra>",
        )
    return figure


def highest_mean(traces: list[GateTrace]) -> float:
    """The upper end of one axis over all figures: 1, or more where a hidden state has no bound."""
    lines = [values for trace in traces for values in inside_means(trace).lines.values()]
    finite = (values[np.isfinite(values)] for values in lines)
    return max(1.0, *(float(values.max(initial=0)) for values in finite))


def _name(symbol: str) -> str:
    return "size of h" if symbol == "h" else SYMBOL_TITLES[symbol]


def _in_words(trace: GateTrace, shown: InsideMeans) -> str:
    begin = f"Means over all units while the network reads “{trace.letters}”, letter by letter."
    if not shown.letters:
        return f"{begin} There is no letter to show."
    ends = (
        f"{_name(symbol)} {values[0]:.2f} at the first letter, {values[-1]:.2f} at the last"
        for symbol, values in shown.lines.items()
    )
    return f"{begin} {'; '.join(ends)}."
