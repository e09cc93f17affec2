"""The proof that the hand-written layers are PyTorch's mathematics, measured on this machine."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import streamlit as st

from namerec.text import count, counted, plain
from namerec.ui.shared import services

if TYPE_CHECKING:
    from namerec.core.networks.config import ModelConfig
    from namerec.core.networks.parity import Agreement, Parity, Speed
    from namerec.runs.summary import RunSummary

_AGAIN = "parity_again"
#: Which names are compared on: drawn from the validation part, always the same.
_DRAW = 0
#: From here on numbers are written without a power of ten.
_PLAINLY = 0.01
_DIGITS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PRECISIONS = ("Single precision (float32)", "Double precision (float64)")


class Measured(NamedTuple):
    """What was measured, and on which names."""

    parity: Parity
    speed: Speed
    measured_on: str


def parity_panel(run: RunSummary) -> None:
    """The run's network beside PyTorch's own layers with the same weights.

    Raises:
        NamerecError: If network or names are not there.
    """
    from namerec.core.networks.built_in import has_counterpart
    from namerec.core.networks.parity import MOST_WEIGHTS, weight_count

    config = run.info.config.model
    theirs = _title(config)
    st.subheader(f"Does it compute the same as PyTorch’s {theirs}?")
    if not config.network.gates:
        st.caption(
            f"{config.network.opening} has no gates to compare, so its recurrence is compared as a "
            "whole."
        )
    if not has_counterpart(config):
        st.info(
            "This RNN has no nonlinearity in its recurrence, and PyTorch’s nn.RNN always has one "
            "(tanh or ReLU): there is nothing to compare it with. Choose a run with tanh, or "
            "another network.",
            icon=":material/compare_arrows:",
        )
        return
    weights = weight_count(services.network(run.id).model)
    if weights > MOST_WEIGHTS:
        st.info(
            f"This network has {count(weights)} recurrent weights. Copies of up to "
            f"{count(MOST_WEIGHTS)} are compared here, so that it takes seconds; choose a smaller "
            "network.",
            icon=":material/compare_arrows:",
        )
        return
    if st.button("Measure again", icon=":material/refresh:", key=_AGAIN):
        measured_parity.clear(run.id, run.status.best_epoch, run)
    measured = measured_parity(run.id, run.status.best_epoch, run)
    st.markdown(plain(verdict(measured, theirs)))
    with st.grid(2, min_column_width=380):
        with st.container(border=True):
            _agreement(measured, theirs)
        with st.container(border=True):
            _speed(measured, theirs)
    for words in _what_is_compared(config):
        st.caption(words)


@st.cache_data(max_entries=32, show_spinner="Comparing with PyTorch’s own layers…")
def measured_parity(run_id: str, best_epoch: int, _run: RunSummary) -> Measured:  # noqa: ARG001
    """A run's network beside PyTorch's layers, measured once for all sessions."""
    import numpy as np

    from namerec.core.networks.parity import names_for, parity, speed, weight_count

    model = services.network(run_id).model
    dataset, split = services.run_dataset(_run)
    part = split.part("validation")
    number = min(names_for(weight_count(model)), len(part))
    drawn = np.random.default_rng(_DRAW).choice(part, number, replace=False)
    return Measured(
        parity(model, dataset, drawn), speed(model, dataset, drawn), split.words("validation")
    )


def verdict(measured: Measured, theirs: str) -> str:
    """What came out, in words with its numbers."""
    parity, speed = measured.parity, measured.speed
    single, double = parity.agreements
    same = single.is_rounding and double.is_rounding and parity.back
    words = (
        f"With the same weights, the hand-written layers and {theirs} give log-probabilities that "
        f"differ by at most {scientific(single.output)}, and gradients by at most "
        f"{scientific(single.relative)} of the largest one; in double precision by "
        f"{scientific(double.output)} and {scientific(double.relative)}. "
    )
    words += (
        "This is rounding error: both compute the same. "
        if same
        else "This is more than rounding error: they do not compute the same. "
    )
    if abs(math.log(speed.ratio)) < math.log(1.05):
        return words + "A training step takes equally long in both."
    times = f"{max(speed.ratio, 1 / speed.ratio):.1f} times as fast"
    return words + (
        f"A training step with the hand-written layers is {times}."
        if speed.ratio > 1
        else f"A training step with {theirs} is {times}."
    )


def scientific(value: float) -> str:
    """A small number as the screen writes it: 5.7 × 10⁻⁶, 0.12; 0 is exactly 0."""
    if value == 0 or not math.isfinite(value):
        return "exactly 0" if value == 0 else "not a number"
    if value >= _PLAINLY:
        return f"{value:.2g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_DIGITS)}"


def agreement_table(parity: Parity) -> pd.DataFrame:
    """Rows of what is compared, a column for each precision, numbers as the screen writes them."""

    def column(found: Agreement) -> list[str]:
        return [
            scientific(found.output),
            scientific(found.gradient),
            scientific(found.largest_gradient),
            scientific(found.relative),
        ]

    rows = [
        "Largest difference of any log-probability (nats)",
        "Largest difference in any entry of the gradient",
        "Largest entry of the gradient itself",
        "The difference as a share of that entry",
    ]
    columns = zip(_PRECISIONS, map(column, parity.agreements), strict=True)
    return pd.DataFrame({"what": rows} | dict(columns))


def _agreement(measured: Measured, theirs: str) -> None:
    parity = measured.parity
    st.subheader("Differences")
    st.dataframe(
        agreement_table(parity),
        hide_index=True,
        alt=f"Differences between the hand-written layers and {theirs}",
        column_config={
            "what": st.column_config.TextColumn("Compared", width="large"),
            _PRECISIONS[0]: st.column_config.TextColumn("float32", width="small"),
            _PRECISIONS[1]: st.column_config.TextColumn("float64", width="small"),
        },
    )
    if parity.back:
        st.markdown(
            f":material/check_circle: Copied from the hand-written layers into {theirs} and back, "
            f"all {count(parity.weights)} recurrent weights are the same to the last bit."
        )
    else:
        st.markdown(
            f":material/error: Copied from the hand-written layers into {theirs} and back, the "
            "recurrent weights are not the same."
        )
    st.caption(
        f"Measured on {count(parity.names)} {plain(measured.measured_on)}; the gradient is that of "
        f"their mean loss with respect to each of the {count(parity.weights)} recurrent weights "
        "and biases."
    )


def _speed(measured: Measured, theirs: str) -> None:
    speed = measured.speed
    st.subheader("Speed on this computer")
    st.dataframe(
        pd.DataFrame(
            [("Hand-written", round(speed.by_hand)), (theirs, round(speed.built_in))],
            columns=["layers", "speed"],
        ),
        hide_index=True,
        alt=f"Names a second with the hand-written layers and with {theirs}",
        column_config={
            "layers": st.column_config.TextColumn("Layers"),
            "speed": st.column_config.NumberColumn("Names a second", format="localized"),
        },
    )
    st.metric(
        "Hand-written, times as fast",
        f"{speed.ratio:.2f} ×",
        help="Median of the rounds’ ratios. Above 1 the hand-written layers are faster.",
    )
    st.caption(
        "Whole training steps (forward, loss, backward; no optimizer) in float32 on one batch of "
        f"{count(speed.names)} {plain(measured.measured_on)}, in turns, {speed.rounds} rounds, "
        f"{counted(speed.threads, 'thread')}, on the computer that runs the lab. Medians are "
        "shown; other programs on that computer slow both down."
    )


def _title(config: ModelConfig) -> str:
    """PyTorch's layer of such networks, whether or not it computes the same as this one."""
    return next(one.counterpart for one in config.network.variants if one.counterpart)


def _what_is_compared(config: ModelConfig) -> list[str]:
    """What of the network takes part, and what does not."""
    theirs = _title(config)
    if config.network.twin:
        words = [
            f"This run was trained with {theirs}: its weights are copied into hand-written gates. "
            f"{theirs} has two biases for each gate, which act only as a sum; the hand-written "
            "gate has this sum as its bias."
        ]
    else:
        words = [
            f"{theirs} has two biases where the hand-written layers have one: that one is copied "
            "into the first, and the second is zero."
        ]
    if config.network.reads_before and config.num_layers > 1:
        words.append(
            f"The output layer also reads the layer below the top one, which {theirs} does not "
            "show, so the top layer is a separate one."
        )
    if config.direction == "both":
        words.append(
            "Both read in two directions; the backward cells of every layer are compared too."
        )
    without = ["dropout"] if config.dropout else []
    if config.char_ngrams:
        without.append("the n-gram logits")
    if without:
        words.append(f"Compared without {' and '.join(without)}, which act around these layers.")
    return words
