"""Gates and states while a network reads a name: letters across, units down."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.core.inside.trace import GateTrace
from namerec.core.networks.kinds import SYMBOL_TITLES
from namerec.figures.base.theme import (
    FONT_SIZE,
    SMALL_FONT_SIZE,
    TITLE_FONT_SIZE,
    Theme,
    axis,
    new_figure,
    say_in_the_middle,
)
from namerec.figures.base.words import OPEN_BOX
from namerec.text import literal

# Height of the heatmap in pixels: so much for each unit, between these bounds.
_HEIGHT_PER_UNIT = 2.4
_LEAST_HEIGHT, _MOST_HEIGHT = 160, 420
_ABOVE, _BELOW = 58, 56  # room for the title's two lines, and for letters and axis title
#: Most units with a gap between their cells.
_MOST_WITH_GAPS = 32
#: Most cells that can be clicked: each is a point of its own, and six figures are sent at once.
MOST_PLACES = 4_096


class Rows(NamedTuple):
    """The units of a layer in an order.

    Attributes:
        units: 0 the first, int64, (units,).
        title: Of the axis: what they are, and in which order.
    """

    units: np.ndarray
    title: str


class GatePicture(NamedTuple):
    """What the figure shows.

    Attributes:
        values: (units, letters); without rows where there is nothing to show.
        numbers: Of the units in the rows, 1 the first, int64, (units,).
        letters: As shown on the axis, one for each column.
        low: Value of the colour scale's lower end.
        high: Value of its upper end.
        title: What is shown, in plain text.
        meaning: What it does, in a sentence.
    """

    values: np.ndarray
    numbers: np.ndarray
    letters: list[str]
    low: float
    high: float
    title: str
    meaning: str


def shared_limit(traces: Iterable[GateTrace], symbol: str) -> float:
    """The largest absolute value of a state in several traces, for one scale over all figures.

    Args:
        traces: Any networks' traces; those without the symbol do not count.
        symbol: One of a network's.

    Returns:
        A number above 0, over all layers; 1 where there is nothing to measure.
    """
    largest = 0.0
    for trace in traces:
        values = trace.values.get(symbol, np.empty(0))
        sizes = np.abs(values[np.isfinite(values)])
        largest = max(largest, float(sizes.max(initial=0)))
    return largest or 1.0


def gate_picture(
    trace: GateTrace, symbol: str, layer: int, limit: float | None = None, rows: Rows | None = None
) -> GatePicture:
    """What the figure shows; see `gate_figure`."""
    meant = trace.network.symbol(symbol)
    values = np.empty((0, len(trace.letters)), dtype=np.float32)
    layers = trace.layers if "h" in trace.values else 0
    if symbol in trace.values and 0 <= layer < layers:
        values = trace.values[symbol][:, layer, :].T
    units = np.arange(len(values)) if rows is None or not len(values) else rows.units
    if meant.bounds is None:
        high = limit or shared_limit([trace], symbol)
        low = -high
    else:
        low, high = meant.bounds
    title = f"{meant.title} {symbol}"
    if layers > 1:
        title += f", {trace.layer_name(layer)}"
    return GatePicture(
        values[units], units + 1, shown_letters(trace), low, high, title, meant.meaning
    )


def shown_letters(trace: GateTrace) -> list[str]:
    """The letters of a name with its spaces made visible."""
    return [OPEN_BOX if letter == " " else letter for letter in trace.letters]


def can_be_clicked(trace: GateTrace) -> bool:
    """Whether a heatmap of this trace has few enough cells to answer to clicks."""
    length, _, units = trace.values["h"].shape
    return bool(length * units <= MOST_PLACES)


def gate_figure(
    trace: GateTrace,
    symbol: str,
    layer: int,
    theme: Theme,
    *,
    limit: float | None = None,
    rows: Rows | None = None,
    followed: int | None = None,
) -> go.Figure:
    """One gate or state, letter by letter.

    The colours' range does not depend on the values where the equations bound them: 0..1 for
    gates, -1..1 for the candidate and for an LSTM's hidden state.

    Args:
        trace: What a network computed on one name.
        symbol: One of a network's.
        layer: Index of the layer, 0 the one that reads the letters.
        theme: The colours.
        limit: Ends of the scale of an unbounded state; without it, its own largest value. Give
            the `shared_limit` of all traces to figures that are to be compared.
        rows: The order of the units, from top to bottom; by number without it.
        followed: A unit to outline, 0 the first. With it, cells can be clicked where there are not
            too many: a point's `customdata` is its unit.
    """
    picture = gate_picture(trace, symbol, layer, limit, rows)
    units, length = picture.values.shape
    height = min(max(_HEIGHT_PER_UNIT * units, _LEAST_HEIGHT), _MOST_HEIGHT)
    figure = new_figure(
        theme,
        height=round(height) + _ABOVE + _BELOW,
        alt=_in_words(trace, picture),
        margin={"l": 52, "r": 8, "t": _ABOVE, "b": _BELOW},
        title=_title(picture, theme),
        dragmode=False,
        # Distinct values under the letters: a letter that occurs twice keeps both its columns.
        xaxis=axis(
            theme, "letter", type="category", range=[-0.5, max(length, 1) - 0.5],
            tickmode="array", tickvals=list(range(length)),
            ticktext=[literal(letter) for letter in picture.letters],
            tickfont={"size": FONT_SIZE, "color": theme.text}, tickangle=0,
            ticks="", showgrid=False, fixedrange=True,
        ),
        yaxis=axis(
            theme, rows.title if rows else "unit", range=[max(units, 1) + 0.5, 0.5],
            tickmode="array", tickvals=_unit_ticks(units),
            ticktext=[str(picture.numbers[row - 1]) for row in _unit_ticks(units)],
            ticks="", showgrid=False, fixedrange=True,
        ),
    )  # fmt: skip
    if picture.values.size == 0:
        what = picture.title if length else "letter"
        return say_in_the_middle(figure, theme, f"There is no {what} to show.")
    gap = 1 if units <= _MOST_WITH_GAPS else 0
    columns = [f"{place} ‘{literal(letter)}’" for place, letter in enumerate(picture.letters, 1)]
    clickable = followed is not None and can_be_clicked(trace)
    words = f"letter %{{x}}, unit %{{customdata}}: {SYMBOL_TITLES[symbol]}"
    figure.add_heatmap(
        z=picture.values.astype(np.float32),
        x=columns,
        y0=1,
        dy=1,
        zmin=picture.low,
        zmax=picture.high,
        colorscale=theme.sequential if picture.low == 0 else theme.diverging,
        xgap=1,
        ygap=gap,
        colorbar=_colour_bar(picture, theme),
    )
    if clickable:
        figure.update_traces(hoverinfo="skip")
        _draw_places(figure, picture, columns, f"{words} %{{text}}<extra></extra>")
    else:
        figure.update_traces(
            customdata=np.repeat(picture.numbers[:, None], length, axis=1),
            hovertemplate=f"{words} %{{z:.2f}}<extra></extra>",
        )
    if followed is not None:
        _outline(figure, int(np.flatnonzero(picture.numbers == followed + 1)[0]), picture, theme)
    return figure


def _draw_places(figure: go.Figure, picture: GatePicture, columns: list[str], words: str) -> None:
    """Lays an invisible point over each cell: heatmaps give no selection events."""
    units, length = picture.values.shape
    values = np.round(picture.values, 2).ravel().tolist()
    figure.add_scatter(
        x=np.tile(np.array(columns, dtype=object), units),
        y=np.repeat(np.arange(1, units + 1), length),
        customdata=np.repeat(picture.numbers, length),
        text=np.array([f"{value:.2f}".replace("-", "−") for value in values], dtype=object),
        hovertemplate=words,
        mode="markers",
        marker={"size": 2, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        showlegend=False,
    )
    # The nearest centre, whatever the distance, is that of the cell pointed at.
    figure.update_layout(hovermode="closest", hoverdistance=-1)


def _outline(figure: go.Figure, row: int, picture: GatePicture, theme: Theme) -> None:
    """A frame around a row, and around its neighbours where rows are too thin to be seen."""
    units, length = picture.values.shape
    reach = max(0.5, units / 64)
    figure.add_shape(
        type="rect",
        x0=-0.5,
        x1=length - 0.5,
        y0=row + 1 - reach,
        y1=row + 1 + reach,
        line={"color": theme.highlight, "width": 2},
        layer="above",
    )


def _title(picture: GatePicture, theme: Theme) -> dict[str, object]:
    quiet = f"font-size:{SMALL_FONT_SIZE}px;font-weight:400;color:{theme.muted}"
    return {
        "text": f'{picture.title}<br><span style="{quiet}">{picture.meaning}</span>',
        "font": {"size": TITLE_FONT_SIZE, "color": theme.text, "weight": 600},
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": 1,
        "yref": "container",
        "yanchor": "top",
        "pad": {"t": 22},  # to the first baseline
    }


def _colour_bar(picture: GatePicture, theme: Theme) -> dict[str, object]:
    ticks = np.linspace(picture.low, picture.high, 5).tolist()
    return {
        "thickness": 8,
        "outlinewidth": 0,
        "len": 1,
        "xpad": 6,
        "tickvals": ticks,
        "ticktext": [f"{tick:.2g}".replace("-", "−") for tick in ticks],
        "tickfont": {"size": SMALL_FONT_SIZE, "color": theme.muted},
        "ticks": "",
    }


def _unit_ticks(units: int) -> list[int]:
    """The first unit, and about four round numbers after it."""
    every = next((step for step in (1, 2, 4, 8, 16, 32, 64, 128) if units <= 5 * step), 256)
    return sorted({1, *range(every, units + 1, every)} if units else set())


def _in_words(trace: GateTrace, picture: GatePicture) -> str:
    return (
        f"Heatmap of the {picture.title} while the network reads “{trace.letters}”: "
        f"{len(picture.letters)} letters across, {len(picture.values)} units down. "
        f"{picture.meaning}"
    )
