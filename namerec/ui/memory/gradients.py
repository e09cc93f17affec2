"""Gradients through time of several runs beside each other, and how they change in training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.core.networks.kinds import STATES, SYMBOL_TITLES
from namerec.errors import NamerecError
from namerec.figures.base import theme
from namerec.figures.memory.gradient_words import Curve, finding_words
from namerec.figures.memory.gradients import gradient_figure
from namerec.text import plain
from namerec.ui.frame import address
from namerec.ui.frame.controls import segments, several
from namerec.ui.memory.gradient_words import (
    BEFORE,
    BEST,
    LEAST_NAMES,
    TOP,
    Shown,
    gradient_table,
    legend,
    say_left_out,
    say_lengths,
    why_words,
)
from namerec.ui.server.manager import manager
from namerec.ui.shared import services
from namerec.ui.shared.charts import chart
from namerec.ui.shared.run_picker import run_words

if TYPE_CHECKING:
    from namerec.core.inside.gradients import GradientNorms
    from namerec.runs.summary import RunSummary

#: Most runs on one axis: more lines and bands hide each other.
MOST_RUNS = 4
_RUNS, _EPOCH, _LAYER = "gradient_runs", "gradient_epoch", "gradient_layer"
_STATE, _SCALE = "gradient_state", "gradient_scale"


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
        st.caption(legend(shown, symbol))
        shares = _curves(shown, symbol, layer, relative=True)
        say_left_out(curves, shares)
    before: list[Curve] = []
    if epoch != BEFORE:
        first = [_at(found.run, found.name, BEFORE) for found in shown]
        before = _curves([found for found in first if found], symbol, layer, relative=True)
    st.markdown(plain(finding_words(shares, SYMBOL_TITLES[symbol], before)))
    gradient_table(shown, shares, layer)
    st.caption(why_words(shown))
    say_lengths(shown)


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
    chosen = several(
        "Runs to compare",
        list(runs),
        "runs",
        _usual(list(runs.values())),
        MOST_RUNS,
        state=_RUNS,
        format_func=lambda run_id: run_words(runs[run_id]),
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
    options = [BEFORE, *(f"epoch {epoch}" for epoch in between), BEST]
    address.keep("moment", BEST, address.one_of(options), state=_EPOCH)
    epoch = st.select_slider(
        "Moment of training", options, key=_EPOCH, persist_state="session",
        help="Each run is shown at its last checkpoint up to this epoch. Checkpoints are kept "
        "before training, after epochs 1, 2, 4, 8 and so on, and at the best epoch.",
    )  # fmt: skip
    if any(len(epochs) == 2 for epochs in kept.values()):
        st.caption(
            "Runs of earlier versions of the lab, of one epoch, and of very large networks have "
            "no checkpoint between the beginning and the best epoch."
        )
    return str(epoch)


def _at(run: RunSummary, name: str, moment: str) -> Shown | None:
    """A run at a moment of the slider; says so if it cannot be measured."""
    best = run.status.best_epoch
    epochs = _kept_epochs(run)
    last = {BEFORE: 0, BEST: best}.get(moment)
    if last is None:
        last = int(moment.removeprefix("epoch "))
    epoch = max(kept for kept in epochs if kept <= last)
    try:
        return Shown(run, name, epoch, measured_norms(run.id, epoch, best, run))
    except NamerecError as error:
        st.warning(plain(f"{name} is left out. {error}"), icon=":material/warning:")
        return None


@st.cache_resource(max_entries=64, show_spinner="Measuring gradients…")
def measured_norms(run_id: str, epoch: int, best_epoch: int, _run: RunSummary) -> GradientNorms:
    """What a run's network gives at an epoch, measured once for all sessions."""
    from namerec.core.inside.gradients import gradient_norms
    from namerec.core.inside.name_samples import sample
    from namerec.runs.networks import load_network

    names, split = services.run_dataset(_run)
    if epoch == best_epoch:
        network = services.network(run_id)
    else:
        network = load_network(manager().store.open(run_id), epoch)
    return gradient_norms(network.model, names, sample(network.model, split.validation))


# -- what is looked at


def _view(shown: list[Shown]) -> tuple[str, str, bool]:
    """Symbol, layer, and whether norms are relative."""
    with st.container(horizontal=True, gap="large"):
        symbol = "h"
        if any(len(found.norms.norms) > 1 for found in shown):
            symbol = segments(
                "Gradient with respect to",
                STATES,
                "state",
                "h",
                persist_state=None,
                state=_STATE,
                format_func=lambda symbol: f"{SYMBOL_TITLES[symbol]} {symbol}",
            )
        scale = segments(
            "Compared with",
            ("the end", "nothing"),
            "scale",
            persist_state=None,
            state=_SCALE,
            format_func=lambda scale: {"the end": "its value at the end"}.get(scale, scale),
        )
        most = max(found.run.info.config.model.num_layers for found in shown)
        layer = TOP
        if most > 1:
            layers = [TOP, *(f"layer {place + 1}" for place in range(most))]
            layer = segments(
                "Layer",
                layers,
                "layer",
                state=_LAYER,
                format_func=str.capitalize,
                persist_state=None,
            )
    return symbol, layer, scale == "the end"


def _curves(shown: list[Shown], symbol: str, layer: str, *, relative: bool) -> list[Curve]:
    from namerec.core.inside.gradient_steps import ByStep, by_step

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
