"""Gradients through time of several runs beside each other, and how they change in training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from namerec.errors import NamerecError
from namerec.figures import theme
from namerec.figures.gradients import Curve, finding_words, gradient_figure, power_words
from namerec.ui import services
from namerec.ui.charts import chart
from namerec.ui.run_picker import run_words
from namerec.ui.server import manager
from namerec.ui.words import count, plain

if TYPE_CHECKING:
    from namerec.core.gradients import GradientNorms, Recurrence
    from namerec.runs.store import RunSummary

#: Most runs on one axis: more lines and bands hide each other.
MOST_RUNS = 4
#: Steps back that fewer names reach are not drawn: a mean of them says little.
LEAST_NAMES = 10
_RUNS, _EPOCH, _LAYER = "gradient_runs", "gradient_epoch", "gradient_layer"
_BEFORE, _BEST, _TOP = "before training", "best", "top layer"
_STATES = {"h": "hidden state", "c": "cell state"}


@dataclass(frozen=True, eq=False)
class _Shown:
    """A run at the epoch that is shown."""

    run: RunSummary
    name: str
    epoch: int
    norms: GradientNorms

    def layer(self, chosen: str) -> int | None:
        """The place of the chosen layer; None for one that this network does not have."""
        layers = self.run.info.config.model.num_layers
        if chosen == _TOP:
            return layers - 1
        place = int(chosen.removeprefix("layer ")) - 1
        return place if place < layers else None


def gradients_panel() -> None:
    """Which of the past still moves the loss: norms of gradients at every letter back."""
    runs = _pick_runs()
    if not runs:
        return
    names = _names_of(runs)
    epoch = _pick_epoch(runs)
    shown = [found for run in runs if (found := _at(run, names[run.id], epoch)) is not None]
    if not shown:
        return
    symbol, layer, relative = _view(shown)
    curves = _curves(shown, symbol, layer, relative=relative)
    look = theme.theme_for(st.context.theme.type)
    with st.container(border=True):
        st.subheader("How much of the gradient is left")
        chart(gradient_figure(curves, look, symbol=symbol, relative=relative), "gradients")
        st.caption(_legend(shown, symbol))
        _say_floored(curves)
    shares = _curves(shown, symbol, layer, relative=True)
    before: list[Curve] = []
    if epoch != _BEFORE:
        first = [_at(found.run, found.name, _BEFORE) for found in shown]
        before = _curves([found for found in first if found], symbol, layer, relative=True)
    st.markdown(plain(finding_words(shares, _STATES[symbol], before)))
    _table(shown, shares, layer)
    st.caption(_why(shown))
    _lengths(shown)


def _names_of(runs: list[RunSummary]) -> dict[str, str]:
    """A short name for each run, by id: its network, numbered where several have the same."""
    kinds = [run.info.config.model.title for run in runs]
    return {
        run.id: kind if kinds.count(kind) == 1 else f"{kind}, run {kinds[:place].count(kind) + 1}"
        for place, (run, kind) in enumerate(zip(runs, kinds, strict=True))
    }


def _pick_runs() -> list[RunSummary]:
    runs = {run.id: run for run in manager().store.trained()}
    if not runs:
        st.info(
            "There is no trained network yet. Train one first; it takes seconds.",
            icon=":material/model_training:",
        )
        return []
    kept = st.session_state.get(_RUNS)
    if kept is None:
        st.session_state[_RUNS] = _usual(list(runs.values()))
    elif any(run_id not in runs for run_id in kept):
        st.session_state[_RUNS] = [run_id for run_id in kept if run_id in runs]
    chosen = st.multiselect(
        "Runs to compare",
        list(runs),
        key=_RUNS,
        max_selections=MOST_RUNS,
        format_func=lambda run_id: run_words(runs[run_id]),
        persist_state="session",
    )
    if not chosen:
        st.info("Choose at least one run.", icon=":material/checklist:")
    return [runs[run_id] for run_id in chosen]


def _usual(runs: list[RunSummary]) -> list[str]:
    """The best run of each kind of network, of the best run's corpus where there is one."""
    corpus = runs[0].info.dataset.fingerprint
    best: dict[str, RunSummary] = {}
    for run in sorted(runs, key=lambda run: run.info.dataset.fingerprint != corpus):
        best.setdefault(run.info.config.model.title, run)
    return [best[kind].id for kind in sorted(best, reverse=True)][:MOST_RUNS]


# -- over training


def _kept_epochs(run: RunSummary) -> list[int]:
    """The epochs of a run that can be shown: 0 before training, those kept, and the best."""
    best = run.status.best_epoch
    kept = manager().store.open(run.id).milestones()
    return [0, *(epoch for epoch in kept if epoch < best), best]


def _pick_epoch(runs: list[RunSummary]) -> str:
    kept = {run.id: _kept_epochs(run) for run in runs}
    between = sorted({epoch for epochs in kept.values() for epoch in epochs[1:-1]})
    options = [_BEFORE, *(f"epoch {epoch}" for epoch in between), _BEST]
    if st.session_state.get(_EPOCH) not in options:
        st.session_state[_EPOCH] = _BEST
    epoch = st.select_slider(
        "Moment of training", options, key=_EPOCH, persist_state="session",
        help="Each run is shown as it was last kept at or before this epoch: before training, "
        "after epochs 1, 2, 4, 8 and so on, and at its best.",
    )  # fmt: skip
    if any(len(epochs) == 2 for epochs in kept.values()):
        st.caption(
            "Runs of earlier versions of the lab, of one epoch, and of very large networks have "
            "kept nothing between the beginning and the best epoch."
        )
    return str(epoch)


def _at(run: RunSummary, name: str, moment: str) -> _Shown | None:
    """A run at a moment of the slider; says so if it cannot be measured."""
    best = run.status.best_epoch
    epochs = _kept_epochs(run)
    last = {_BEFORE: 0, _BEST: best}.get(moment)
    if last is None:
        last = int(moment.removeprefix("epoch "))
    epoch = max(kept for kept in epochs if kept <= last)
    try:
        return _Shown(run, name, epoch, _measured(run.id, epoch, best, run))
    except NamerecError as error:
        st.warning(plain(f"{name} is left out. {error}"), icon=":material/warning:")
        return None


@st.cache_resource(max_entries=64, show_spinner="Measuring gradients…")
def _measured(run_id: str, epoch: int, best_epoch: int, _run: RunSummary) -> GradientNorms:
    from namerec.core.gradients import gradient_norms, spread_over
    from namerec.runs.networks import load_network

    names, split = services.run_dataset(_run)
    if epoch == best_epoch:
        network = services.network(run_id)
    else:
        network = load_network(manager().store.open(run_id), epoch)
    return gradient_norms(network.model, names, spread_over(split.validation))


# -- what is looked at


def _view(shown: list[_Shown]) -> tuple[str, str, bool]:
    """Symbol, layer, and whether norms are relative."""
    with st.container(horizontal=True, gap="large"):
        symbol: str | None = "h"
        if any("c" in found.norms.norms for found in shown):
            symbol = st.segmented_control(
                "Gradient by the", list(_STATES), key="gradient_state", default="h",
                format_func=lambda symbol: f"{_STATES[symbol]} {symbol}", required=True,
            )  # fmt: skip
        scale = st.segmented_control(
            "Compared with", ["the end", "nothing"], key="gradient_scale", default="the end",
            format_func=lambda scale: {"the end": "its value at the end"}.get(scale, scale),
            required=True,
        )  # fmt: skip
        most = max(found.run.info.config.model.num_layers for found in shown)
        layer: str | None = _TOP
        if most > 1:
            layers = [_TOP, *(f"layer {place + 1}" for place in range(most))]
            if st.session_state.get(_LAYER) not in layers:
                st.session_state[_LAYER] = _TOP
            layer = st.segmented_control(
                "Layer", layers, key=_LAYER, format_func=str.capitalize, required=True
            )
    return str(symbol), str(layer), scale == "the end"


def _curves(shown: list[_Shown], symbol: str, layer: str, *, relative: bool) -> list[Curve]:
    from namerec.core.gradients import ByStep, by_step

    curves = []
    for found in shown:
        place = found.layer(layer)
        if symbol in found.norms.norms and place is not None:
            summed = by_step(found.norms, symbol, place, relative=relative, least=LEAST_NAMES)
            expected = found.norms.recurrence[place].per_letter
        else:
            summed, expected = ByStep.empty(), None
        curves.append(Curve(found.name, summed, expected))
    return curves


def _legend(shown: list[_Shown], symbol: str) -> str:
    """What lines and bands are, and what they were measured on."""
    sentences = [
        "Each line is the geometric mean over names of the norm of the gradient of that name's "
        "loss, −log of the probability of its true category; the band holds the middle 80 % of "
        f"names. Steps back that fewer than {LEAST_NAMES} names reach are left out.",
        "Dashed: what the recurrence alone would give from the first point on (see below).",
    ]
    if symbol == "h" and any(found.run.info.config.model.kind == "rnn" for found in shown):
        sentences.append(
            "An RNN's answer reads the state before its last letter, so its top layer has no "
            "gradient at 0, and its line begins one letter back."
        )
    if symbol == "c" and any("c" not in found.norms.norms for found in shown):
        sentences.append("An RNN has no cell state, so it has no line here.")
    if any(found.norms.both_directions for found in shown):
        sentences.append(
            "Of networks that read in both directions, only the cells that read forward are "
            "shown; those that read backward meet the name's beginning last, so the answer does "
            "not depend on the forward ones to carry it. In a lower layer gradients flow through "
            "both."
        )
    return plain(" ".join(sentences))


def _say_floored(curves: list[Curve]) -> None:
    from namerec.core.gradients import FLOOR

    if floored := sum(curve.measured.floored for curve in curves):
        words = (
            f"{count(floored)} gradients are smaller than {power_words(FLOOR)}, and count as it."
        )
        st.caption(plain(words))


def _table(shown: list[_Shown], shares: list[Curve], layer: str) -> None:
    rows = []
    for found, curve in zip(shown, shares, strict=True):
        place = found.layer(layer)
        recurrence = None if place is None else found.norms.recurrence[place]
        _, split = services.run_dataset(found.run)
        when = _BEFORE if found.epoch == 0 else f"epoch {found.epoch}"
        best = " (best)" if found.epoch == found.run.status.best_epoch else ""
        rows.append(
            {
                "run": found.name,
                "epoch": f"{when}{best}",
                "names": f"{count(len(found.norms.lengths))} {split.words('validation')}",
                "measured": _factor(curve.measured.per_letter),
                "expected": _factor(curve.expected),
                "because": "–" if recurrence is None else _because(recurrence),
            }
        )
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        alt="By what the gradient is multiplied for each letter back",
        column_config={
            "run": st.column_config.TextColumn("Network"),
            "epoch": st.column_config.TextColumn("Shown at"),
            "names": st.column_config.TextColumn("Measured on"),
            "measured": st.column_config.TextColumn(
                "× per letter, measured",
                help="By what the mean gradient is multiplied for each letter back, between the "
                "first and the last point of its line.",
            ),
            "expected": st.column_config.TextColumn(
                "× expected", help="The same of the dashed line."
            ),
            "because": st.column_config.TextColumn("Expected from"),
        },
    )


def _factor(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _because(recurrence: Recurrence) -> str:
    if recurrence.forget is not None:
        return f"mean forget gate {recurrence.forget:.2f}"
    if recurrence.radius is None or recurrence.slope is None:
        return "–"
    stretch = f"at most × {recurrence.stretch:.2f} a step"
    if recurrence.slope == 1:
        return f"ρ = {recurrence.radius:.2f}; {stretch}"
    return f"ρ = {recurrence.radius:.2f} × mean tanh′ {recurrence.slope:.2f}; {stretch}"


def _why(shown: list[_Shown]) -> str:
    """Where the expected factors come from, for the networks shown."""
    kinds = {found.run.info.config.model.title for found in shown}
    sentences = []
    if any(kind.startswith("RNN") for kind in kinds):
        sentences.append(
            "An RNN multiplies the gradient by its recurrent weights at every letter back. One "
            "step can lengthen it at most by their largest singular value; over many steps its "
            "length follows the powers of ρ, their largest absolute eigenvalue: below 1 it "
            "vanishes, above 1 it can explode (Pascanu, Mikolov and Bengio, ICML 2013)."
        )
    if "RNN (tanh)" in kinds:
        sentences.append(
            "With tanh, every step is damped by the slope of tanh besides. ρ times the mean slope "
            "is only a rough guide: slopes differ from unit to unit and letter to letter."
        )
    if kinds - {"RNN (tanh)", "RNN (linear)"}:
        sentences.append(
            "In an LSTM the cell state passes on its gradient times the forget gate (Gers, "
            "Schmidhuber and Cummins, 2000). The mean gate is a rough guide, too: units differ, "
            "those with open gates carry most of what arrives, and paths through the gates and "
            "the hidden state come on top."
        )
    return plain(" ".join(sentences))


def _lengths(shown: list[_Shown]) -> None:
    """How short the names are, so that nobody takes little fading for a proof."""
    corpora = {found.run.info.dataset.fingerprint: found.run for found in shown}
    for run in corpora.values():
        names, _ = services.run_dataset(run)
        mean, most = names.lengths.mean(), int(names.lengths.max())
        st.caption(
            plain(
                f"Surnames are short: those of “{names.title}” have {mean:.1f} letters on "
                f"average and {most} at most: few steps for a gradient to fade on. What fading "
                "costs shows in the recall task on this page, which asks networks to remember for "
                "longer."
            )
        )
