"""The Train page's form and its link: settings in and out, what is hidden, and going on."""

import pytest
from streamlit.testing.v1 import AppTest

from namerec.core.corpus.dataset import Dataset
from namerec.ui.server.manager import manager
from tests.conftest import tiny_config
from tests.pages.references import button, opened, said


def pretrained(kind: str) -> str:
    """The best pretrained run of a kind of network."""
    runs = manager().store.trained()
    return next(run.id for run in runs if run.info.config.model.kind == kind)


def form(lab: AppTest) -> set[str]:
    """The keys of the form's controls that are drawn."""
    drawn = (*lab.sidebar.number_input, *lab.sidebar.selectbox, *lab.sidebar.segmented_control)
    return {str(control.key) for control in drawn}


def warned(lab: AppTest) -> str:
    return " ".join(item.value for item in lab.sidebar.warning).replace("\\", "")


def test_a_link_fills_the_form_in(lab):
    query = {"network": "rnn", "preset": "best", "epochs": "7", "seed": "11", "split": "raw"}
    opened(lab, "train", **query, optimizer="sgd", split_seed="3")
    assert not lab.sidebar.warning
    assert lab.sidebar.segmented_control(key="set_kind").value == "rnn"
    assert lab.sidebar.segmented_control(key="set_preset").value == "best"
    assert lab.sidebar.number_input(key="set_epochs").value == 7
    assert lab.sidebar.number_input(key="set_seed").value == 11
    assert lab.sidebar.number_input(key="set_split_seed").value == 3
    assert lab.sidebar.selectbox(key="set_protocol").value == "raw"
    assert lab.sidebar.selectbox(key="set_optimizer").value == "sgd"
    assert lab.sidebar.selectbox(key="set_nonlinearity").value == "tanh", "the preset's"
    assert lab.query_params == {**query, "optimizer": "sgd", "split_seed": "3"}


def test_what_is_changed_in_the_form_is_in_the_url_and_nothing_else(lab):
    opened(lab, "train")
    assert lab.query_params == {"network": "custom_lstm", "preset": "fast"}
    lab.sidebar.number_input(key="set_learning_rate").set_value(0.01)
    lab.sidebar.number_input(key="set_split_seed").set_value(5).run()
    changed = {"learning_rate": "0.01", "split_seed": "5"}
    assert lab.query_params == {"network": "custom_lstm", "preset": "fast", **changed}
    lab.sidebar.segmented_control(key="set_kind").set_value("rnn").run()
    assert lab.query_params == {"network": "rnn", "preset": "fast", "split_seed": "5"}
    assert not lab.exception


def test_what_a_link_has_wrong_is_said_above_the_form_until_something_is_changed(lab):
    opened(lab, "train", epochs="0", hidden_sise="3", corpus="/etc", seed="2")
    assert "epochs “0” is not a whole number" in warned(lab)
    assert "Did you mean “hidden_size”?" in warned(lab)
    assert "/etc" not in warned(lab)
    assert lab.sidebar.selectbox(key="set_dataset").value == "bundled"
    assert lab.sidebar.number_input(key="set_seed").value == 2
    assert lab.query_params == {"network": "custom_lstm", "preset": "fast", "seed": "2"}
    lab.run()
    assert "epochs" in warned(lab)
    lab.sidebar.number_input(key="set_epochs").set_value(3).run()
    lab.run()
    assert not lab.sidebar.warning


def test_hidden_settings_are_in_force_and_said(lab):
    hide = "optimizer,preset,epochs,dropout"
    opened(lab, "train", hide=hide, optimizer="sgd", epochs="4")
    assert not {"set_optimizer", "set_preset", "set_epochs"} & form(lab)
    assert {"set_kind", "set_seed", "set_schedule"} <= form(lab)
    assert "Settings in use: LSTM (custom) · 128 hidden units · 4 epochs · sgd" in said(lab)
    assert "dropout 0.3" in said(lab)
    assert not lab.exception


def test_a_form_that_is_hidden_whole_still_starts_with_what_it_holds(lab, tiny_folder, monkeypatch):
    monkeypatch.setattr("sys.argv", ["streamlit", "--dataset", str(tiny_folder)])
    lab.session_state["_hidden"] = "settings"
    query = {"hidden_size": "8", "epochs": "1", "corpus": str(tiny_folder)}
    opened(lab, "train", **query)
    assert form(lab) == set()
    assert "8 hidden units · 1 epochs" in said(lab)
    button(lab, "Start training").click().run()
    snapshot = manager().latest()
    assert snapshot is not None
    assert manager().wait(snapshot.run_id, 30).state == "finished"
    assert snapshot.config.model.hidden_size == 8


def test_more_settings_can_be_hidden_as_one(lab):
    lab.session_state["_hidden"] = "more"
    opened(lab, "train", schedule="cosine")
    assert "set_schedule" not in form(lab)
    assert "set_epochs" in form(lab)
    assert "schedule cosine" in said(lab)


# -- going on from a run


def test_a_run_that_is_gone_on_from_keeps_network_names_and_split_fixed(lab):
    run = pretrained("lstm")
    opened(lab, "train", **{"from": run, "at": "best", "epochs": "2"})
    assert not lab.sidebar.warning
    fixed = {"set_kind", "set_preset", "set_dataset", "set_protocol", "set_hidden_size"}
    assert not (fixed | {"set_split_seed", "set_num_layers", "set_forget_bias"}) & form(lab)
    assert {"set_epochs", "set_dropout", "set_learning_rate", "set_seed"} <= form(lab)
    assert lab.sidebar.number_input(key="set_epochs").value == 2
    words = said(lab)
    best = manager().store.open(run).status().best_epoch
    assert f"continues from epoch {best} (best epoch)" in words
    assert f"weights of run {run}" in words
    assert "The learning rate schedule starts again" in words
    assert lab.query_params == {"from": run, "at": "best", "epochs": "2"}


def test_the_next_run_goes_on_with_the_split_of_the_one_before(
    lab, tiny_dataset: Dataset, tiny_folder
):
    opened(lab, "start")
    before = manager().start(tiny_config(dataset=str(tiny_folder), seed=4), tiny_dataset)
    manager().wait(before, 30)
    opened(lab, "train", **{"from": before, "at": "last", "epochs": "1", "seed": "9"})
    assert "(last epoch)" in said(lab)
    button(lab, "Start training").click().run()
    assert not lab.error
    snapshot = manager().latest()
    assert snapshot is not None
    ended = manager().wait(snapshot.run_id, 30)
    assert [branch_point.run for branch_point in ended.before.branch_points] == [before]
    assert (ended.config.training.seed, ended.config.training.split_draw) == (9, 4)
    assert ended.lineage().history[-1].epoch == 4
    lab.run()
    began, own = ended.before.history[-1], ended.history[-1]
    assert (
        f"Started at {100 * began.validation_accuracy:.1f} % accuracy on validation names, "
        f"leak-free split (epoch 3 of run {before}); best since then: "
        f"{100 * own.validation_accuracy:.1f} %"
    ) in said(lab)


def test_the_mode_is_left_by_its_button_and_the_settings_stay(lab):
    opened(lab, "train", **{"from": pretrained("rnn"), "epochs": "2"})
    button(lab, "Start from scratch instead").click().run()
    assert "continues from" not in said(lab)
    assert lab.sidebar.segmented_control(key="set_kind").value == "rnn"
    assert lab.sidebar.number_input(key="set_epochs").value == 2
    assert not {"from", "at"} & set(lab.query_params)
    assert lab.query_params["network"] == "rnn"


@pytest.mark.parametrize("run", ["20200101-000000-rnn-dead", "../../etc", "x" * 900])
def test_a_run_that_is_not_here_is_said_and_the_form_is_the_usual_one(lab, run):
    opened(lab, "train", **{"from": run, "at": "best"})
    assert "The run in this link cannot be continued" in warned(lab)
    assert lab.sidebar.segmented_control(key="set_kind").value == "custom_lstm"
    assert not lab.error
