"""Ablation of pretrained networks, under AppTest."""

import json
from typing import Any

import numpy as np
import pytest

from namerec.core.evaluation.priors import assuming
from namerec.core.evaluation.scores import confusion, macro_recall
from namerec.core.inside.ablation import ablated_answers, after_every_letter, mean_gates
from namerec.core.inside.ablations import AblatedLayer, AblatedUnits, Ablation, HeldGate
from namerec.core.networks.config import ModelConfig
from namerec.runs.summary import RunSummary
from namerec.text import percent, roughly
from namerec.ui.name.ablation import ablation_panel, hint
from namerec.ui.server.manager import manager
from namerec.ui.shared import services
from tests.conftest import tiny_config
from tests.ui.references import name_section, pretrained, said, stored

pytestmark = pytest.mark.usefixtures("own_manager")


def answers(run: Any, ablation: Ablation, **given: Any) -> Any:
    names, split = services.run_dataset(run)
    model = services.network(run.id).model
    return ablated_answers(model, names, split.test, ablation, **given)


def scores(given: Any) -> tuple[str, str]:
    """Accuracy and macro recall as the screen writes them."""
    accuracy = float((given.log_probabilities.argmax(axis=1) == given.labels).mean())
    size = given.log_probabilities.shape[1]
    recall = macro_recall(confusion(given, tuple(map(str, range(size)))))
    return percent(accuracy), percent(recall)


def test_a_gate_is_held_measured_and_let_go_again():
    run = pretrained("custom_lstm")
    app = name_section(ablation_panel, run)
    assert "Nothing is changed yet" in said(app)
    app.segmented_control(key=f"ablation_{run.id}_0_f").set_value("0")
    app.multiselect(key=f"ablation_{run.id}_0_units").set_value([17, 3]).run()
    assert "Surgery: forget gate held at 0, units 3 and 17 silenced." in said(app)
    assert "Accuracy" not in said(app)
    app.button(key="ablation_measure").click().run()
    assert not app.exception
    ablation = Ablation((HeldGate(0, "f", "0"), AblatedUnits(0, (2, 16))))
    before, (accuracy, recall) = run.status.scores["test"], scores(answers(run, ablation))
    assert f"Accuracy **{percent(before.accuracy)} → {accuracy}**" in said(app)
    assert f"macro recall **{percent(before.macro_recall)} → {recall}**" in said(app)
    assert "1\u202f554 test names, leak-free split" in said(app)
    model = services.network(run.id).model
    last = np.exp(after_every_letter(model, "Satoshi", ablation)[-1])
    assert f", {roughly(float(last.max()))}." in said(app)
    app.button(key="ablation_reset").click().run()
    assert "Nothing is changed yet" in said(app)


def test_priors_are_assumed_before_and_after():
    run = pretrained("lstm")
    state = {"priors_natural": 1.0, f"ablation_{run.id}_0_o": "mean"}
    app = name_section(ablation_panel, run, **state)
    app.button(key="ablation_measure").click().run()
    assert not app.exception
    names, split = services.run_dataset(run)
    model, ablation = services.network(run.id).model, Ablation((HeldGate(0, "o", "mean"),))
    means = mean_gates(model, names, split.validation)
    part = answers(run, ablation, means=means)
    prior = services.prior(run)
    last = np.exp(after_every_letter(model, "Satoshi", ablation, means)[-1]) / prior
    assert f", {roughly(float(last.max() / last.sum()))}." in said(app)
    after = scores(assuming(part, prior, "natural", 0.0))
    before = scores(assuming(services.answers(run, "test"), prior, "natural", 0.0))
    assert f"Accuracy **{before[0]} → {after[0]}**, macro recall **{before[1]} → {after[1]}**" in (
        said(app)
    )
    assert "leak-free split, all languages treated as equally common." in said(app)
    figure = json.loads(app.get("plotly_chart")[-1].proto.spec)
    assert figure["layout"]["xaxis"]["title"]["text"] == (
        "recall (%), test names, leak-free split, all languages treated as equally common"
    )
    assert figure["layout"]["title"]["text"] == "Surgery: output gate held at its mean"
    assert "over all letters of the validation names, leak-free split" in said(app)


def test_an_rnn_has_units_to_silence_and_no_gates():
    run = pretrained("rnn")
    app = name_section(ablation_panel, run)
    assert not app.segmented_control
    app.toggle(key=f"ablation_{run.id}_0_off").set_value(True).run()
    assert "Surgery: all units silenced." in said(app)


def test_a_cut_in_a_layer_that_is_not_shown_is_kept(tiny_dataset, tiny_folder):
    config = tiny_config(dataset=str(tiny_folder), epochs=1)
    model = ModelConfig(kind="custom_lstm", hidden_size=8, direction="both", char_ngrams=2)
    run_id = manager().start(config.model_copy(update={"model": model}), tiny_dataset)
    assert manager().wait(run_id, 30).state == "finished"
    run = stored(run_id)
    app = name_section(ablation_panel, run)
    app.segmented_control(key=f"ablation_{run.id}_0_i").set_value("1").run()
    app.segmented_control(key=f"ablation_layer_{run.id}").set_value(1).run()
    app.toggle(key=f"ablation_{run.id}_1_off").set_value(True).run()
    assert not app.exception
    assert "layer 1 →: input gate held at 1; layer 1 ←: all units silenced." in said(app)
    assert "logits of this network’s character n-grams are not changed" in said(app)


def test_what_the_hint_says_of_the_pretrained_networks_is_so():
    for kind in ("lstm", "custom_lstm"):
        run = pretrained(kind)
        names, split = services.run_dataset(run)
        means = mean_gates(services.network(run.id).model, names, split.validation)

        def accuracy(*parts: Any, run: Any = run, means: Any = means) -> float:
            given = answers(run, Ablation(parts), means=means)
            return float((given.predicted == given.labels).mean())

        as_it_is = accuracy()
        assert as_it_is == pytest.approx(0.7, abs=0.015)
        shut = accuracy(HeldGate(0, "f", "0"))
        assert shut == pytest.approx(0.5, abs=0.04)
        assert accuracy(HeldGate(0, "f", "1")) < shut - 0.05
        assert 0.015 < as_it_is - accuracy(HeldGate(0, "f", "mean")) < 0.035
        for gate in "io":
            same = answers(run, Ablation((HeldGate(0, gate, "0"),))).log_probabilities
            assert np.ptp(same, axis=0).max() < 1e-5
    rnns: dict[str, RunSummary] = {
        run.info.config.model.nonlinearity: run
        for run in manager().store.trained()
        if run.pretrained and run.info.config.model.kind == "rnn"
    }
    for nonlinearity, right in (("tanh", "30 in 100"), ("none", "about 26")):
        ablated = answers(rnns[nonlinearity], Ablation((AblatedLayer(0),)))
        share = (ablated.predicted == ablated.labels).mean()
        assert f"{100 * share:.0f}" in right
        assert right in hint(rnns[nonlinearity])
    for run in (*rnns.values(), pretrained("lstm")):
        assert run.info.dataset.title == "bundled corpus"
        assert "of the bundled corpus’ test names (leak-free split)" in hint(run)
