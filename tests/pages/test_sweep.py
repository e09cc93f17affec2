import pytest

from namerec.cluster import installed
from namerec.cluster.folder import all_sweeps
from namerec.cluster.outcome import outcome
from namerec.runs.own_presets import own_presets
from namerec.ui.server.manager import manager
from namerec.ui.server.sweeps import end_sweeps, searches
from tests.pages.references import button, opened, said


@pytest.fixture(autouse=True)
def _own_sweeps():
    searches.clear()
    yield
    end_sweeps()
    searches.clear()


def test_a_sweep_is_started_from_the_form_and_its_winner_becomes_a_preset(
    lab, tiny_folder, monkeypatch
):
    monkeypatch.setattr("sys.argv", ["streamlit", "--dataset", str(tiny_folder)])
    opened(lab, "sweep")
    assert "No sweep has been started" in said(lab)
    lab.number_input(key="sweep_epochs").set_value(1)
    lab.number_input(key="sweep_trials").set_value(2)
    lab.multiselect(key="sweep_searched").set_value(["hidden_size", "optimizer"]).run()
    lab.number_input(key="sweep_low_hidden_size").set_value(4)
    lab.number_input(key="sweep_high_hidden_size").set_value(8).run()
    button(lab, "Start the sweep").click().run()
    assert not lab.exception
    (folder,) = all_sweeps()
    searches().wait(folder.name, 60)
    found = outcome(folder, manager().store)
    assert (found.state, len(found.trials)) == ("finished", 2)
    assert found.winner is not None
    assert found.plan.space["hidden_size"].words() == "4..8:log"
    assert found.plan.space["optimizer"].words() == "sgd,adam,adamw"
    lab.run()
    assert "10 test names, leak-free split, measured once, after the search" in said(lab)
    lab.text_input(key="sweep_preset_title").set_value("small").run()
    button(lab, "Keep").click().run()
    assert own_presets()["small"].model == found.plan.configs(found.winner.trial.values)[0].model
    opened(lab, "runs")  # lists the winner's run, and the other one if it is asked for
    assert "Also show 1 run of sweeps" in {item.label for item in lab.toggle}
    opened(lab, "train")
    lab.sidebar.selectbox(key="set_own_preset").set_value("small").run()
    size = found.winner.trial.values["hidden_size"]
    assert lab.sidebar.number_input(key="set_hidden_size").value == size
    assert not lab.exception


def test_a_link_from_the_train_page_brings_its_settings(lab):
    opened(lab, "sweep", network="rnn", batch_size="64", nonlinearity="tanh", seed="3")
    assert lab.selectbox(key="sweep_kind").value == "rnn"
    assert lab.number_input(key="sweep_seed").value == 3
    assert "batch 64" in said(lab)


def test_a_range_that_is_empty_is_said_and_nothing_starts(lab):
    opened(lab, "sweep")
    lab.number_input(key="sweep_low_hidden_size").set_value(64)
    lab.number_input(key="sweep_high_hidden_size").set_value(64).run()
    assert "its first number must be the smaller one" in said(lab)
    assert "Start the sweep" not in {item.label for item in lab.button}


def test_without_optuna_the_page_says_what_to_install(lab, monkeypatch):
    monkeypatch.setattr(installed, "find_spec", lambda name: None)
    opened(lab, "sweep")
    assert "requirements-cluster" in said(lab)
