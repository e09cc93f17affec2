"""What a network's gates do over many names: their values by place, and how long units remember."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.core.networks.kinds import KINDS, SYMBOL_TITLES
from namerec.figures.base.theme import (
    SMALL_FONT_SIZE,
    Theme,
    axis,
    faded,
    new_figure,
    reading_line,
    say_in_the_middle,
)
from namerec.text import count, roughly

if TYPE_CHECKING:
    from namerec.core.inside.gate_use import Band, GateUse

_HEIGHT = 230  # pixels
#: Places that fewer names have are not drawn: the last few names say little of all.
LEAST_NAMES = 10
#: Ends of the classes of memory spans in letters; the last class has none.
SPAN_ENDS = (1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0, 20.0)


class Spans(NamedTuple):
    """What the figure of memory spans shows.

    Attributes:
        labels: Each class's bounds in letters, as written.
        units: How many units fall into each.
    """

    labels: list[str]
    units: list[int]


def gate_use_figure(use: GateUse, symbol: str, theme: Theme, *, from_end: bool) -> go.Figure:
    """One gate's or state's mean and middle 80 % over units and names, by place in the name.

    Args:
        use: Of one layer.
        symbol: One of `use.uses`.
        theme: The colours.
        from_end: Whether places are counted from the end of the name.
    """
    kind, of_symbol = KINDS[use.kind].symbol(symbol), use.uses[symbol]
    band = of_symbol.from_end if from_end else of_symbol.from_beginning
    shown = int(np.count_nonzero(band.names >= min(LEAST_NAMES, band.names[0])))
    places = list(range(shown)) if from_end else list(range(1, shown + 1))
    mean, low, high = (values[:shown].tolist() for values in (band.mean, band.low, band.high))
    limits = _limits(low, high, kind.bounds)
    figure = new_figure(
        theme,
        height=_HEIGHT,
        alt=_in_words(f"{kind.title} {symbol}", places, band, from_end=from_end),
        margin={"l": 52, "r": 12, "t": 10, "b": 48},
        hovermode="x unified",
        dragmode=False,
        showlegend=False,
        xaxis=axis(
            theme, "letters back from the end" if from_end else "letter of the name",
            tickmode="linear", tick0=places[0], dtick=max(1, round(shown / 12)),
            range=[places[0] - 0.3, places[-1] + 0.3], showgrid=False, fixedrange=True,
            unifiedhovertitle={"text": "%{x:d} letters back" if from_end else "letter %{x:d}"},
            **reading_line(theme),
        ),
        yaxis=axis(theme, f"{kind.title} {symbol}", range=limits, nticks=6, fixedrange=True),
    )  # fmt: skip
    figure.add_scatter(
        x=[*places, *reversed(places)],
        y=[*high, *reversed(low)],
        fill="toself",
        fillcolor=faded(theme.categorical[0], 0.18),
        line={"width": 0},
        hoverinfo="skip",
    )
    rows = zip(mean, low, high, band.names[:shown].tolist(), strict=True)
    figure.add_scatter(
        x=places,
        y=mean,
        mode="lines+markers",
        line={"color": theme.categorical[0], "width": 2.5},
        marker={"size": 6},
        text=[
            f"mean {_signed(m)}, middle 80 % from {_signed(a)} to {_signed(b)}; {count(n)} names"
            for m, a, b, n in rows
        ],
        hovertemplate="%{text}<extra></extra>",
    )
    return figure


def _limits(low: list[float], high: list[float], bounds: tuple[float, float] | None) -> list[float]:
    if bounds is not None:
        return [bounds[0] - 0.02, bounds[1] + 0.02]
    largest = max(1.0, *(abs(value) for value in (*low, *high)))
    return [-1.1 * largest, 1.1 * largest]


def spans(use: GateUse) -> Spans:
    """What the figure of memory spans shows."""
    place = np.searchsorted(SPAN_ENDS, _known(use), side="right")
    counts = np.bincount(place, minlength=len(SPAN_ENDS) + 1)
    begins = ("1", *(f"{end:g}" for end in SPAN_ENDS))
    ends = (*begins[1:], "")
    labels = [
        f"{begin} to {end}" if end else f"over {begin}"
        for begin, end in zip(begins, ends, strict=True)
    ]
    return Spans(labels, counts.tolist())


def spans_figure(use: GateUse, theme: Theme) -> go.Figure:
    """How many units hold what they know for how many letters."""
    shown, gate = spans(use), KINDS[use.kind].keeps or ""
    told = ", ".join(
        f"{units} for {label}"
        for label, units in zip(shown.labels, shown.units, strict=True)
        if units
    )
    figure = new_figure(
        theme,
        height=_HEIGHT + 30,
        alt=f"Memory spans, 1 / (1 − mean {SYMBOL_TITLES[gate]}), in letters; "
        f"units: {told or 'none'}.",
        margin={"l": 52, "r": 12, "t": 24, "b": 56},
        hovermode="closest",
        dragmode=False,
        bargap=0.12,
        xaxis=axis(
            theme, f"memory span 1 / (1 − mean {gate}), letters", type="category", showgrid=False,
            fixedrange=True,
        ),
        yaxis=axis(theme, "units", rangemode="tozero", nticks=5, fixedrange=True),
    )  # fmt: skip
    if not told:
        return say_in_the_middle(
            figure, theme, "No name has a second letter, so nothing has to be remembered."
        )
    figure.add_bar(
        x=shown.labels,
        y=shown.units,
        marker={"color": theme.categorical[0], "cornerradius": 3},
        text=[str(units) if units else "" for units in shown.units],
        textposition="outside",
        textfont={"size": SMALL_FONT_SIZE, "color": theme.text},
        cliponaxis=False,
        hovertemplate="%{y} units: %{x} letters<extra></extra>",
    )
    return figure


def share_of_units_over(use: GateUse, letters: float) -> str:
    """The share of units whose memory span is longer than so many letters, as written."""
    known = _known(use)
    return roughly(float((known > letters).mean())) if len(known) else "–"


def median_words(use: GateUse) -> str:
    """The median memory span of the units, as written."""
    known = _known(use)
    if not len(known):
        return "unknown, because no name has a second letter"
    middle = float(np.median(known))
    return f"{middle:.1f} letters" if np.isfinite(middle) else "infinite"


def _known(use: GateUse) -> np.ndarray:
    """The spans that could be measured: all, or none where no name has a second letter."""
    return np.asarray(use.spans[~np.isnan(use.spans)])


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _in_words(title: str, places: list[int], band: Band, *, from_end: bool) -> str:
    where = "letters back from the end" if from_end else "letter of the name"
    first, last = band.mean[0], band.mean[len(places) - 1]
    return (
        f"Mean and middle 80 % of the {title} over units and names, by {where}: mean "
        f"{_signed(first)} at {places[0]}, {_signed(last)} at {places[-1]}."
    )
