"""One cell, one step, in numbers: the equations of one unit at one letter of the typed name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from namerec.core.corpus.alphabet import NormalisedName
from namerec.core.inside.trace import GateTrace
from namerec.core.networks.kinds import KINDS, SYMBOL_TITLES
from namerec.figures.inside.gates import shown_letters
from namerec.text import plain
from namerec.ui.frame import address
from namerec.ui.frame.controls import segments
from namerec.ui.name.units import pick_layer
from namerec.ui.shared import services

if TYPE_CHECKING:
    from namerec.core.inside.unit_step import UnitStep, WeightedSum
    from namerec.runs.summary import RunSummary

_LAYER, _LETTER, _UNIT, _SUM = "step_layer", "step_letter", "step_unit", "step_sum"


def step_panel(run: RunSummary, name: NormalisedName, trace: GateTrace) -> None:
    """The equations of one unit at one letter, with this network's numbers put in."""
    from namerec.core.inside.unit_step import most_active, unit_step

    st.subheader("One unit, one letter, in numbers")
    length, _, units = trace.values["h"].shape
    letters = shown_letters(trace)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layer = pick_layer(trace, _LAYER)
        place = segments(
            f"Letter of “{plain(name.letters)}”",
            range(length),
            "letter",
            length - 1,
            text=address.counted_from_1,
            persist_state=None,
            state=_LETTER,
            format_func=lambda place: plain(letters[place]),
            wrap=True,
        )
        active = most_active(trace, layer, place)
        address.keep("unit", None, address.whole(1, units), state=_UNIT)
        chosen = st.number_input(
            "Unit",
            min_value=1,
            max_value=units,
            value=None,
            key=_UNIT,
            placeholder=f"{active + 1}, the most active",
            width=220,
            help="If empty: the unit with the largest absolute h after this letter.",
        )
    unit = active if chosen is None else chosen - 1
    step = unit_step(services.network(run.id).model, trace, layer, place, unit)
    with st.container(border=True):
        where = f"{trace.layer_name(layer)}, unit" if trace.layers > 1 else "unit"
        st.markdown(
            f"**{where.capitalize()} {unit + 1}, at letter {place + 1} “{plain(letters[place])}” "
            f"of “{plain(name.letters)}”**"
        )
        _equations(step, from_the_end=trace.layer_name(layer).endswith("←"))
        _largest(trace, step)


def _equations(step: UnitStep, *, from_the_end: bool) -> None:
    from namerec.ui.name.equations import HEATMAP_DIGITS, state_lines, sum_lines

    first = "the weight of the letter" if step.lowest else "what the layer below adds"
    kind = KINDS[step.kind]
    sigmoid = " σ(x) = 1 / (1 + e⁻ˣ)." if kind.gates else ""
    gated = "".join(
        f" What h′ adds to the {symbol.title} {symbol.name}, and a bias of its own, goes through "
        f"the {SYMBOL_TITLES[symbol.through]} {symbol.through}."
        for symbol in kind.behind_gates
        if symbol.through
    )
    st.caption(
        f"The sum, in this order: {first}, what the previous hidden state h′ adds, the bias."
        + gated
        + sigmoid
    )
    st.latex(sum_lines(step))
    if equations := state_lines(step):
        computed = [symbol for symbol in kind.symbols if symbol.terms]
        before = {
            factor.symbol
            for symbol in computed
            for term in symbol.terms
            for factor in term
            if factor.form == "before"
        }
        given = " and ".join(f"{SYMBOL_TITLES[symbol]} {symbol}′" for symbol in before)
        new = " and ".join(symbol.title for symbol in computed)
        st.caption(f"With the previous {given}, the new {new}:")
        st.latex(equations)
    beginning = "end" if from_the_end else "beginning"
    states = [f"{symbol}′" for symbol in kind.states]
    remembered = f"{' and '.join(states)} {'are' if len(states) > 1 else 'is'}"
    if step.first:
        st.caption(f"This is the first letter read, from the {beginning}: {remembered} 0.")
    elif from_the_end:
        st.caption("This layer reads from the end: what came before is the letter to the right.")
    told = " and ".join(
        f"{symbol} = {step.values[symbol]:.{HEATMAP_DIGITS}f}".replace("-", "−")
        for symbol in reversed(kind.states)
    )
    st.caption(
        f"The heatmaps show the same: {told}. Each number is rounded separately, so a result "
        "worked out from the printed numbers may differ in its last digit."
    )


def _largest(trace: GateTrace, step: UnitStep) -> None:
    """The units of the previous hidden state that add most to one of the sums."""
    from namerec.ui.name.equations import operand_digits

    if step.first:
        return
    sums = {one.symbol: one for one in step.sums}
    symbol = step.sums[0].symbol
    if len(sums) > 1:
        symbol = segments(
            "What the previous hidden state adds, unit by unit, to",
            list(sums),
            "sum",
            persist_state=None,
            state=_SUM,
            format_func=lambda symbol: f"{symbol}, {SYMBOL_TITLES[symbol]}",
        )
    one: WeightedSum = sums[symbol]
    shown = one.largest
    sensitivity = max(abs(share.weight) + abs(share.state) for share in shown)
    digits = max(4, operand_digits(3, sensitivity))
    table = pd.DataFrame(
        {
            "unit": [share.unit + 1 for share in shown],
            "weight": [round(share.weight, digits) for share in shown],
            "state": [round(share.state, digits) for share in shown],
            "product": [round(share.product, 3) for share in shown],
        }
    )
    factor = f"%.{digits}f"
    st.dataframe(
        table,
        hide_index=True,
        width=520,
        alt=f"The units of the previous hidden state that add most to {symbol}",
        column_config={
            "unit": st.column_config.NumberColumn("Unit", format="%d"),
            "weight": st.column_config.NumberColumn("Weight", format=factor),
            "state": st.column_config.NumberColumn("Its h′", format=factor),
            "product": st.column_config.NumberColumn("Weight · h′", format="%.3f"),
        },
    )
    together = sum(share.product for share in shown)
    words = (
        f"These {len(shown)} units add most, in absolute value: together {together:.3f} of the "
        f"{one.before:.3f} that all {trace.values['h'].shape[2]} units of h′ add"
        + (f", before the {SYMBOL_TITLES[one.passed.gate]}." if one.passed else ".")
    )
    st.caption(words.replace("-", "−"))
