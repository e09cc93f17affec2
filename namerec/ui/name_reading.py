"""The panels of the Name page: the ranking, the ribbon, and the gates of one typed name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.core.alphabet import MAX_TEXT, NormalisedName, readable
from namerec.core.results import GateTrace
from namerec.figures import gates, probabilities, theme
from namerec.ui import address
from namerec.ui.charts import chart
from namerec.ui.words import percent, plain

if TYPE_CHECKING:
    from namerec.runs.store import RunSummary

NAME = "name"
#: Shown until a name is typed.
EXAMPLE = "Satoshi"
_LAYER = "gate_layer"


def name_input() -> NormalisedName:
    """The typed name, normalised; what was changed is said below the box.

    Raises:
        NameInputError: If nothing of it can be read.
    """
    if address.read(NAME) is None:
        st.session_state.setdefault(NAME, EXAMPLE)
    typed = st.text_input(
        "Surname",
        key=NAME,
        live=True,
        max_chars=MAX_TEXT,
        persist_state="session",
        placeholder="for example Schmidt, Nguyễn, Dvořák or 김",
    )
    address.write(NAME, typed[: address.MAX_VALUE])
    name = readable(typed)
    if words := name.describe():
        st.caption(plain(words))
    return name


def answer_panel(run: RunSummary, name: NormalisedName, trace: GateTrace) -> None:
    """What the network says, and how it came to it letter by letter."""
    look = theme.theme_for(st.context.theme.type)
    prediction = trace.prediction(name.original)
    category, probability = prediction.ranked[0]
    grid = st.grid(5, min_column_width=150)
    with grid.cell(column_span=2), st.container(border=True):
        st.subheader("The answer")
        st.metric(
            f"“{plain(name.letters)}” is most probably",
            category,
            f"probability {percent(probability)}",
            delta_color="off",
            delta_arrow="off",
        )
        chart(probabilities.ranking_figure(prediction, look), "ranking")
    with grid.cell(column_span=3), st.container(border=True):
        st.subheader("After every letter")
        chart(probabilities.ribbon_figure(trace, look), "ribbon")
        st.caption("What the network would answer if the name ended at that letter.")
        if longest := run.info.config.model.letter_groups:
            st.caption(
                f"In this network, groups of 2 to {longest} neighbouring letters vote beside the "
                "hidden state; the gates below are its recurrent part alone."
            )


def gate_panel(trace: GateTrace) -> None:
    """Heatmaps of everything the network computed while it read the name."""
    st.subheader("Inside, letter by letter")
    gated = "f" in trace.values
    if gated:
        st.caption(
            "Letters run across, hidden units down. Gates go from 0 (closed) to 1 (open); "
            "candidate and hidden state from −1 to 1."
        )
    else:
        st.caption("An RNN has no gates: all it keeps is its hidden state.")
    layer = 0
    if trace.layers > 1:
        layer = st.segmented_control(
            "Layer",
            range(trace.layers),
            key=_LAYER,
            default=0,
            format_func=lambda layer: trace.layer_name(layer).capitalize(),
            required=True,
        )
    look = theme.theme_for(st.context.theme.type)
    symbols = ("f", "i", "o", "g", "c", "h") if gated else ("h",)
    with st.grid(3 if gated else 1, min_column_width=300):
        for symbol in symbols:
            with st.container(border=True):
                chart(gates.gate_figure(trace, symbol, layer, look), f"gate_{symbol}")
