"""Ablation on the Name page: hold gates, silence units, and see how the answer changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from namerec.core.corpus.alphabet import NormalisedName
from namerec.core.evaluation.results import PredictedNames
from namerec.core.inside.trace import GateTrace
from namerec.core.networks.kinds import GATES
from namerec.figures.base import theme
from namerec.figures.inside import probabilities
from namerec.figures.inside.ablation import recall_change_figure
from namerec.text import count, percent, plain, roughly
from namerec.ui.frame import address
from namerec.ui.frame.controls import segments
from namerec.ui.name.ablation_link import ablation_from, ablation_text
from namerec.ui.name.priors import priors_of
from namerec.ui.shared import services
from namerec.ui.shared.charts import chart

if TYPE_CHECKING:
    from namerec.core.inside.ablations import Ablation
    from namerec.runs.summary import RunSummary

#: A gate that is left alone; the other choices are `core.inside.ablations.LEVELS`.
_AS_IT_IS = "as it is"
#: Ablations whose cost was asked for in this session.
_MEASURED = "ablation_measured"
#: Means and answers kept in memory at a time.
_KEPT = 8


def ablation_panel(run: RunSummary, name: NormalisedName, trace: GateTrace) -> None:
    """Parts to hold or silence, the answer before and after, and on request what it costs.

    Args:
        run: Whose network is ablated, always a copy: the stored one stays as it is.
        name: The typed name.
        trace: Of the network as it is, with the priors that the page assumes.

    Raises:
        NamerecError: If network or, where they are needed, the run's names are not there.
    """
    st.caption(hint(run))
    ablation = _controls(run, trace)
    words = ablation.words(trace.layer_name if trace.layers > 1 else None)
    if not ablation.parts:
        st.info(
            "Nothing is changed yet. Hold a gate or silence units above, and the answers before "
            "and after are shown side by side.",
            icon=":material/content_cut:",
        )
        return
    st.markdown(f"**Surgery: {plain(words)}.**")
    if ablation.needs_means:
        _, split = services.run_dataset(run)
        st.caption(
            "Each unit's gate is held at that unit's own mean, which is taken over all letters of "
            f"the {plain(split.words('validation'))} in the unchanged network."
        )
    if run.info.config.model.char_ngrams:
        st.caption(
            "The logits of this network’s character n-grams are not changed: they are still added "
            "to those of the recurrent part."
        )
    _before_and_after(run, name, trace, ablation)
    _cost(run, ablation, words)


def hint(run: RunSummary) -> str:
    """What to try on a run's network; numbers are those of the pretrained ones, on test names."""
    model = run.info.config.model
    alone = model.num_layers == 1 and model.direction == "forward"
    ngrams = ", apart from the n-gram logits" if model.char_ngrams else ""
    if not model.network.gates:
        seen = (
            f"the answer then comes from the last letter alone{ngrams}. The pretrained RNN with "
            "tanh still names the right language for about 30 in 100 of the bundled corpus’ test "
            "names (leak-free split), the linear one for about 26."
            if alone
            else "that layer passes nothing on from earlier letters."
        )
        return f"To try: silence a whole layer, and {seen}"
    if model.network.keeps != "f":
        return (
            "To try: hold a gate at 0, at 1 or at its mean, and see what the network answers "
            "without it; or silence a whole layer."
        )
    ablated = (
        f"and every name gets the same answer{ngrams}."
        if alone
        else "and that layer passes nothing on."
    )
    return (
        "To try: hold the forget gate at 0. The cell then keeps nothing, and earlier letters are "
        "known only through the hidden state that the next letter's gates read; the pretrained "
        "LSTMs still name the right language for about half of the bundled corpus’ test names "
        "(leak-free split), in place of 7 in 10. Held at 1, nothing is ever forgotten, which "
        "costs them even more. Held at its mean, they lose only 2 to 3 in 100: how each unit's "
        "gate changes from letter to letter matters less than how far it is open on average. Hold "
        "the input or the output gate at 0: nothing gets into the cell, or nothing of it is "
        f"shown, {ablated}"
    )


def _controls(run: RunSummary, trace: GateTrace) -> Ablation:
    """Draws the controls of one layer, and returns the ablation of all."""
    _keep_ablation(run, trace)
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.subheader("What to change")
            st.button(
                "Reset",
                icon=":material/restart_alt:",
                key="ablation_reset",
                on_click=_reset,
                args=(run, trace.layers),
                help="Undo the changes in all layers.",
            )
        layer = 0
        if trace.layers > 1:
            layer = segments(
                "Layer to change",
                range(trace.layers),
                "layer",
                text=address.counted_from_1,
                state=f"ablation_layer_{run.id}",
                format_func=lambda layer: trace.layer_name(layer).capitalize(),
            )
        _gate_controls(run, trace, layer)
        units = trace.values["h"].shape[2]
        with st.grid(2, min_column_width=260):
            st.multiselect(
                "Silenced units",
                range(1, units + 1),
                key=_key(run, layer, "units"),
                persist_state="session",
                filter_mode="prefix",
                select_all=False,
                placeholder=f"none of units 1 to {units}",
                help="A silenced unit passes nothing on: its states are 0 at every letter. Units "
                "are numbered as in the heatmaps.",
            )
            st.toggle(
                "Silence the whole layer",
                key=_key(run, layer, "off"),
                persist_state="session",
                help="The hidden state of this layer is 0 at every letter.",
            )
    return _chosen(run, trace)


def _gate_controls(run: RunSummary, trace: GateTrace, layer: int) -> None:
    from namerec.core.inside.ablations import LEVELS

    network = trace.network
    gates = [network.symbol(name) for name in network.shown if name in network.gates]
    if not gates:
        return
    with st.grid(len(gates), min_column_width=200):
        for gate in gates:
            key = _key(run, layer, gate.name)
            st.session_state.setdefault(key, _AS_IT_IS)
            st.segmented_control(
                f"{gate.title.capitalize()} {gate.name}",
                (_AS_IT_IS, *LEVELS),
                key=key,
                required=True,
                persist_state="session",
                help=f"{gate.meaning} A held gate has the chosen value at every letter. “mean”: "
                "each unit's own mean over the letters of this run's validation names.",
            )


def _keep_ablation(run: RunSummary, trace: GateTrace) -> None:
    """Keeps the ablation of all layers in the URL, and takes the one that it brings."""
    now = ablation_text(_chosen(run, trace))
    given = address.news("cuts", state=f"ablation_cuts_{run.id}")
    if given is not None:
        units = trace.values["h"].shape[2]
        ablation = ablation_from(given, trace.layers, units, trace.network.gates)
        _reset(run, trace.layers)
        _put(run, ablation)
        now = ablation_text(ablation)
    address.write("cuts", now)


def _put(run: RunSummary, ablation: Ablation) -> None:
    from namerec.core.inside.ablations import AblatedUnits, HeldGate

    for part in ablation.parts:
        if isinstance(part, HeldGate):
            st.session_state[_key(run, part.layer, part.gate)] = part.level
        elif isinstance(part, AblatedUnits):
            units = [unit + 1 for unit in part.units]
            st.session_state[_key(run, part.layer, "units")] = units
        else:
            st.session_state[_key(run, part.layer, "off")] = True


def _chosen(run: RunSummary, trace: GateTrace) -> Ablation:
    """What is chosen for every layer, shown or not."""
    from namerec.core.inside.ablations import AblatedLayer, AblatedUnits, Ablation, HeldGate

    parts: list[HeldGate | AblatedUnits | AblatedLayer] = []
    for layer in range(trace.layers):
        for gate in GATES:
            level = st.session_state.get(_key(run, layer, gate), _AS_IT_IS)
            if level != _AS_IT_IS:
                parts.append(HeldGate(layer, gate, level))
        if units := st.session_state.get(_key(run, layer, "units")):
            parts.append(AblatedUnits(layer, tuple(sorted(unit - 1 for unit in units))))
        if st.session_state.get(_key(run, layer, "off")):
            parts.append(AblatedLayer(layer))
    return Ablation(tuple(parts))


def _reset(run: RunSummary, layers: int) -> None:
    for layer in range(layers):
        for gate in GATES:
            st.session_state[_key(run, layer, gate)] = _AS_IT_IS
        st.session_state[_key(run, layer, "units")] = []
        st.session_state[_key(run, layer, "off")] = False


def _key(run: RunSummary, layer: int, what: str) -> str:
    """Of a control: each run has its own, whose layers and units they are."""
    return f"ablation_{run.id}_{layer}_{what}"


def _before_and_after(
    run: RunSummary, name: NormalisedName, trace: GateTrace, ablation: Ablation
) -> None:
    from namerec.core.inside.ablation import after_every_letter

    means = _means(run.id, run.status.best_epoch, run) if ablation.needs_means else None
    answers = after_every_letter(services.network(run.id).model, name.letters, ablation, means)
    rows = np.zeros(len(answers), dtype=np.int64)
    even = _with_priors(run, PredictedNames(rows, rows, answers))
    ablated = replace(trace, probabilities=np.exp(even.log_probabilities))
    look = theme.theme_for(st.context.theme.type)
    colours = probabilities.shared_colours((trace, ablated), look)
    with st.grid(2, min_column_width=340):
        for key, title, shown in (
            ("before", "Unchanged", trace),
            ("after", "After surgery", ablated),
        ):
            prediction = shown.prediction(name.original)
            category, probability = prediction.ranked[0]
            with st.container(border=True):
                st.subheader(title)
                st.markdown(
                    f"“{plain(name.letters)}” is most probably **{plain(category)}**, "
                    f"{roughly(probability)}."
                )
                chart(
                    probabilities.ranking_figure(prediction, look, colours=colours),
                    f"ablation_ranking_{key}",
                )
                chart(
                    probabilities.ribbon_figure(shown, look, colours=colours),
                    f"ablation_ribbon_{key}",
                )


def _cost(run: RunSummary, ablation: Ablation, words: str) -> None:
    """Each category's recall before and after an ablation; measured when it is asked for."""
    word = run.noun
    with st.container(border=True):
        st.subheader(f"What it costs each {word}")
        measured = st.session_state.setdefault(_MEASURED, set())
        asked = (run.id, run.status.best_epoch, ablation)
        if asked not in measured:
            st.caption("The changed network is asked about all names of this run's test part.")
            if not st.button(
                "Measure on the test part", key="ablation_measure", icon=":material/speed:"
            ):
                return
            measured.add(asked)
            st.rerun()
        _cost_figure(run, ablation, words)


def _cost_figure(run: RunSummary, ablation: Ablation, words: str) -> None:
    from namerec.core.evaluation.scores import confusion_matrix, score

    names, split = services.run_dataset(run)
    before = services.evaluation(run, "test", priors_of(run))
    answers = _with_priors(run, _ablated(run.id, run.status.best_epoch, ablation, run))
    after = score(answers, split, "test")
    st.markdown(
        f"Accuracy **{percent(before.scores.accuracy)} → {percent(after.accuracy)}**, macro "
        f"recall **{percent(before.scores.macro_recall)} → {percent(after.macro_recall)}**."
    )
    st.caption(f"Measured on {count(after.names)} {plain(before.measured_on)}.")
    figure = recall_change_figure(
        before.matrix,
        confusion_matrix(answers, names, split, "test"),
        theme.theme_for(st.context.theme.type),
        ablation=words,
        measured_on=before.measured_on,
        noun=run.noun,
    )
    chart(figure, "ablation_cost", take=run.id)


def _with_priors(run: RunSummary, answers: PredictedNames) -> PredictedNames:
    """Answers with the priors that the page assumes, as `services` gives them."""
    from namerec.core.evaluation.priors import assuming

    prior_strength = priors_of(run)
    if prior_strength is None:
        return answers
    return assuming(answers, services.prior(run), run.info.config.training.sampling, prior_strength)


@st.cache_resource(max_entries=_KEPT, show_spinner="Measuring the gates' means…")
def _means(run_id: str, best_epoch: int, _run: RunSummary) -> dict[str, np.ndarray]:  # noqa: ARG001
    from namerec.core.inside.ablation import mean_gates

    names, split = services.run_dataset(_run)
    return mean_gates(services.network(run_id).model, names, split.validation)


@st.cache_resource(max_entries=_KEPT, show_spinner="Asking the changed network…")
def _ablated(run_id: str, best_epoch: int, ablation: Ablation, _run: RunSummary) -> PredictedNames:
    from namerec.core.inside.ablation import ablated_answers

    names, split = services.run_dataset(_run)
    means = _means(run_id, best_epoch, _run) if ablation.needs_means else None
    return ablated_answers(services.network(run_id).model, names, split.test, ablation, means)
