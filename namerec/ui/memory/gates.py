"""What each gate of a network does: in words, beside what was measured on a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.core.networks.kinds import KINDS, SYMBOL_TITLES
from namerec.figures.base import theme
from namerec.figures.memory.gates import (
    LEAST_NAMES,
    gate_use_figure,
    median_words,
    share_of_units_over,
    spans_figure,
)
from namerec.text import count, percent, plain
from namerec.ui.frame import address
from namerec.ui.frame.controls import segments
from namerec.ui.memory.gradient_words import measured_on
from namerec.ui.server.manager import manager
from namerec.ui.shared import services
from namerec.ui.shared.charts import chart
from namerec.ui.shared.run_picker import pick_id

if TYPE_CHECKING:
    from namerec.core.inside.gate_use import GateUse, SymbolUse
    from namerec.core.networks.kinds import Symbol
    from namerec.runs.summary import RunSummary

_RUN, _LAYER, _PLACES = "gates_run", "gates_layer", "gates_places"

#: What each does in any network, with where it was first described, whatever a run has learned.
_TEACHING = {
    "i": "The input gate i decides, unit by unit, how much of the candidate is let into the "
    "cell. A closed gate protects what is stored from what is being read; an open one writes. It "
    "is one of the two gates of the first LSTM (Hochreiter and Schmidhuber, 1997), made so that a "
    "network need not overwrite its memory at every step.",
    "f": "The forget gate f decides how much of the old cell state is kept: at 1 all of it, at 0 "
    "none. The first LSTM had no such gate and kept everything; Gers, Schmidhuber and Cummins "
    "(2000) added it so that a cell can be emptied when a new sequence begins. Along the cell "
    "itself a gradient is multiplied by f at every step back, so that a gate near 1 keeps it from "
    "vanishing; in an RNN the same recurrent weights decide at every step (Pascanu, Mikolov and "
    "Bengio, 2013). For this reason Jozefowicz, Zaremba and Sutskever (2015) start training with "
    "the gate open, by a bias of 1 or more; “Forget-gate bias” on the Train page does this.",
    "o": "The output gate o decides how much of the cell state is shown to the rest of the network "
    "as the hidden state, h = o · tanh c. So a unit can store something for later without "
    "disturbing the answer or the other gates now. The first LSTM already had this gate "
    "(Hochreiter and Schmidhuber, 1997).",
    "g": "The candidate g, between −1 and 1, is what could be written at this letter: its sign "
    "says in which direction the cell would be pushed. It sees the letter and the hidden state "
    "before it, just as an RNN's new state does; the input gate decides how much of it is stored.",
    "c": "The cell state c is the memory itself: c = f · (old c) + i · g. It is changed by keeping "
    "and adding, not computed anew; Hochreiter and Schmidhuber (1997) called this the constant "
    "error carousel, because with nothing forgotten a gradient travels along it unchanged. One "
    "letter changes it by less than 1, so larger values have built up over several letters.",
    "r": "The reset gate r decides, unit by unit, how much of the old state the candidate reads: "
    "n = tanh(letter + r · state), each weighted. Shut, the candidate is made of the letter alone, "
    "as if the name began here. Cho et al. (2014) put the gate before the weights of the state; "
    "here it stands behind them, as in PyTorch.",
    "z": "The update gate z decides how much of the old state is kept, and with the same number "
    "how much of the candidate is taken: h = (1 − z) · n + z · (old h). It does what the forget "
    "gate and the input gate of an LSTM do apart, and there is no gate that hides the memory: the "
    "state itself is shown (Cho et al., 2014). Along the state a gradient is multiplied by z at "
    "every step back, other paths come on top.",
    "n": "The candidate n, between −1 and 1, is what the state becomes where it is not kept. It "
    "reads the letter, and of the old state what the reset gate lets through. The new state lies "
    "between it and the old one, so it never leaves −1 to 1.",
}


def gates_panel() -> None:
    """Words and measured pictures of the gates, the candidate and the cell state."""
    run = _pick_run()
    if run is None:
        return
    with st.container(horizontal=True, gap="large"):
        layer = _pick_layer(run)
        ends = ("beginning", "end")
        places = segments("Letters counted from the", ends, "places", state=_PLACES)
    use = _measured(run.id, run.status.best_epoch, layer, run)
    _, split = services.run_dataset(run)
    st.caption(
        plain(
            f"Measured at the best epoch on {measured_on(len(use.lengths), split)}. Lines are "
            "means over all units and names, bands hold the middle 80 % of the values; positions "
            f"that fewer than {LEAST_NAMES} names reach are left out."
        )
    )
    look = theme.theme_for(st.context.theme.type)
    for symbol, of_symbol in use.uses.items():
        with st.container(border=True):
            grid = st.grid(2, min_column_width=320)
            with grid.cell():
                st.subheader(f"{SYMBOL_TITLES[symbol]} {symbol}".capitalize())
                meant = KINDS[use.kind].symbol(symbol)
                st.markdown(plain(_TEACHING.get(symbol, meant.meaning)))
                st.markdown(f"**In this run:** {plain(_measured_words(meant, of_symbol))}")
            with grid.cell():
                figure = gate_use_figure(use, symbol, look, from_end=places == "end")
                chart(figure, f"gate_use_{symbol}")
    _memory(use)
    st.caption(
        plain(
            "Hochreiter and Schmidhuber, “Long short-term memory”, Neural Computation 9(8), 1997. "
            "Gers, Schmidhuber and Cummins, “Learning to forget: continual prediction with LSTM”, "
            "Neural Computation 12(10), 2000. Pascanu, Mikolov and Bengio, “On the difficulty of "
            "training recurrent neural networks”, ICML 2013. Jozefowicz, Zaremba and Sutskever, "
            "“An empirical exploration of recurrent network architectures”, ICML 2015. Tallec and "
            "Ollivier, “Can recurrent neural networks warp time?”, ICLR 2018. Cho et al., "
            "“Learning phrase representations using RNN encoder-decoder for statistical machine "
            "translation”, EMNLP 2014."
        )
    )


def _pick_run() -> RunSummary | None:
    runs = {run.id: run for run in manager().store.trained() if run.info.config.model.network.gates}
    if not runs:
        st.info(
            "There is no trained network with gates yet, and an RNN has no gates. Train an LSTM "
            "first; it takes seconds.",
            icon=":material/model_training:",
        )
        return None
    return runs[pick_id("Run", runs, "run", state=_RUN)]


def _pick_layer(run: RunSummary) -> int:
    """Counted as in `core.reading.Reading.steps`."""
    model = run.info.config.model
    directions = model.directions
    layers = list(range(directions * model.num_layers))
    if len(layers) == 1:
        return 0

    def named(layer: int) -> str:
        number, direction = divmod(layer, directions)
        reads = ("", "") if directions == 1 else (", reads forward", ", reads from the end")
        return f"Layer {number + 1}{reads[direction]}"

    top, text = layers[-directions], address.counted_from_1
    return segments(
        "Layer",
        layers,
        "layer",
        top,
        text=text,
        state=_LAYER,
        format_func=named,
        persist_state=None,
    )


@st.cache_resource(max_entries=16, show_spinner="Measuring the gates…")
def _measured(run_id: str, best_epoch: int, layer: int, _run: RunSummary) -> GateUse:  # noqa: ARG001
    from namerec.core.inside.gate_use import gate_use, watched_names

    names, split = services.run_dataset(_run)
    model = services.network(run_id).model
    return gate_use(model, names, watched_names(model, names, split.validation), layer)


def _measured_words(symbol: Symbol, use: SymbolUse) -> str:
    """What was measured, in a sentence or two; nothing that another run could contradict."""
    mean = f"{use.mean:.2f}".replace("-", "−")
    if symbol.bounds is None:
        return (
            f"{percent(use.high)} of all values are beyond −1 and 1, so they have built up over "
            f"more than one letter; {percent(use.low)} are within 0.1 of 0."
        )
    if not symbol.is_gate:
        return (
            f"{percent(use.high)} of all candidates are close to −1 or 1 (beyond 0.9), "
            f"{percent(use.low)} close to 0 (within 0.1)."
        )
    return (
        f"The mean over all units, letters and names is {mean}; {percent(use.high)} of all values "
        f"are nearly open (over 0.9), {percent(use.low)} nearly closed (under 0.1)."
    )


def _memory(use: GateUse) -> None:
    """How long units remember, from the gate of what is kept."""
    gate = KINDS[use.kind].keeps or ""
    title = SYMBOL_TITLES[gate]
    look = theme.theme_for(st.context.theme.type)
    mean = float(use.lengths.mean())
    with st.container(border=True):
        grid = st.grid(2, min_column_width=320)
        with grid.cell():
            st.subheader("How long units remember")
            st.markdown(
                plain(
                    f"If the {title} always has the value {gate}, it keeps the share {gate} of "
                    f"what is stored after one letter, {gate}² after two, and so on. Its memory "
                    f"then spans 1 / (1 − {gate}) letters (Tallec and Ollivier, 2018). Each unit's "
                    f"span is computed from its mean {gate} over all letters except the first one "
                    "read, where there is nothing to keep yet. This is a simplification: a gate "
                    "that closes once empties the unit, however open it is at all other letters."
                )
            )
            st.markdown(
                "**In this run:** "
                + plain(
                    f"the median span of the {count(len(use.spans))} units is {median_words(use)}; "
                    f"{share_of_units_over(use, mean)} of them have a span of more than {mean:.1f} "
                    "letters, the mean length of these names."
                )
            )
        with grid.cell():
            chart(spans_figure(use, look), "memory_spans")
