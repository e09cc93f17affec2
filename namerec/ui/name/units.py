"""The gates of the Name page: all units of a layer in outline, one by one, and one followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import streamlit as st

from namerec.core.corpus.alphabet import NormalisedName
from namerec.core.inside.trace import GateTrace
from namerec.figures.base import theme
from namerec.figures.inside.gates import Rows, can_be_clicked, gate_figure
from namerec.figures.inside.units import overview_figure, unit_from
from namerec.text import plain
from namerec.ui.frame import address
from namerec.ui.frame.controls import segments
from namerec.ui.frame.errors import show_errors
from namerec.ui.name.unit import followed_panel, states_of
from namerec.ui.shared.charts import chart

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from namerec.core.inside.units import UnitOrder
    from namerec.runs.summary import RunSummary

_LAYER, _ORDER, _UNIT = "units_layer", "units_order", "units_followed"
_OF_MANY = "alike_in_many"
#: What each order is called in its control, and on the axis of the units.
ORDERS: dict[str, tuple[str, str]] = {
    "number": ("number", "unit"),
    "activity": ("activity", "unit, most active first"),
    "alike": ("likeness in this name", "unit, similar ones side by side"),
    _OF_MANY: ("likeness in validation names", "unit, similar ones side by side"),
}


def units_panel(run: RunSummary, name: NormalisedName, trace: GateTrace) -> None:
    """Heatmaps of everything the network computed while it read the name, and one unit of them."""
    st.subheader("Inside, letter by letter")
    network = trace.network
    if network.gates:
        st.caption(
            "Letters run across, hidden units down. Gates go from 0 (closed) to 1 (open); "
            "candidate and hidden state from −1 to 1."
        )
    else:
        st.caption(f"{network.opening} has no gates: its hidden state is its only memory.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layer = pick_layer(trace, _LAYER)
        order = _pick_order()
    rows = _rows(run, trace, layer, order)
    look = theme.theme_for(st.context.theme.type)
    _overview(trace, layer, look)
    units = trace.values["h"].shape[2]
    # The control is drawn below the heatmaps, which outline what it is set to.
    st.session_state[_UNIT] = min(max(int(st.session_state.get(_UNIT) or 1), 1), units)
    followed = address.keep("unit", 1, address.whole(1, units), state=_UNIT)
    clickable = can_be_clicked(trace)
    if clickable:
        st.caption("Click a row to follow its unit, which is outlined; it is shown below.")
    with st.grid(3 if network.gates else 1, min_column_width=300):
        for symbol in network.shown:
            figure = gate_figure(trace, symbol, layer, look, rows=rows, followed=followed - 1)
            with st.container(border=True):
                if clickable:
                    _clickable(figure, f"units_{symbol}", units)
                else:
                    chart(figure, f"units_{symbol}")
    st.subheader("One unit, followed")
    st.number_input(
        "Unit",
        min_value=1,
        max_value=units,
        key=_UNIT,
        width=180,
        help="Or click a row of a heatmap."
        if clickable
        else "This name has too many letters, or the layer too many units, for rows to be clicked.",
    )
    followed_panel(run, name, trace, layer, followed - 1)


def pick_layer(trace: GateTrace, key: str) -> int:
    """The choice of a layer, as on the second axis of the trace's values; 0 if there is but one."""
    if trace.layers == 1:
        return 0
    return segments(
        "Layer",
        range(trace.layers),
        "layer",
        text=address.counted_from_1,
        persist_state=None,
        state=key,
        format_func=lambda layer: trace.layer_name(layer).capitalize(),
        help="→ reads from the beginning, ← from the end: its values are shown at the letter "
        "just read, so time runs from right to left."
        if trace.directions == 2
        else None,
    )


def _pick_order() -> str:
    return segments(
        "Units ordered by",
        list(ORDERS),
        "units",
        persist_state=None,
        state=_ORDER,
        format_func=lambda order: ORDERS[order][0].capitalize(),
        help="Activity: the mean size of h over the letters of this name. Likeness: units with "
        "similar h at the same letters are placed side by side, as far as hierarchical "
        "clustering (average linkage, Euclidean distances) allows.",
    )


def _rows(run: RunSummary, trace: GateTrace, layer: int, order: str) -> Rows:
    """The units in the order chosen, or by number where that fails, which is said."""
    from namerec.core.inside.units import unit_order

    title = ORDERS[order][1]
    if order != _OF_MANY:
        return Rows(unit_order(cast("UnitOrder", order), trace, layer), title)
    rows = Rows(unit_order("number", trace, layer), ORDERS["number"][1])
    with show_errors():
        many = states_of(run, layer)
        rows = Rows(many.order, title)
        st.caption(plain(f"Ordered by h after {many.counted}."))
    return rows


def _overview(trace: GateTrace, layer: int, look: theme.Theme) -> None:
    from namerec.core.inside.units import spread

    with st.container(border=True):
        st.markdown("**All units together**")
        spreads = {symbol: spread(trace, symbol, layer) for symbol in trace.network.shown}
        chart(overview_figure(trace, layer, spreads, look), "units_overview")
        st.caption(
            "Lines: the mean over the units after each letter of this name. Bands: the middle 80 "
            "% of the units."
        )


def _clickable(figure: Figure, key: str, units: int) -> None:
    """Draws a heatmap whose rows can be clicked."""
    st.plotly_chart(
        figure,
        key=key,
        on_select=lambda: _take_click(key, units),
        selection_mode="points",
        config=theme.STILL_CONFIG,
        theme=None,
        alt=theme.alt_text(figure),
    )


def _take_click(key: str, units: int) -> None:
    unit = unit_from(st.session_state[key].selection.points, units)
    if unit is not None:
        st.session_state[_UNIT] = unit + 1
