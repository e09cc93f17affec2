"""The panel on runs of its own: two networks of the tiny corpus, one with a milestone between."""

from collections.abc import Iterator

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from namerec.core.corpus.dataset import Dataset
from namerec.core.inside import name_samples
from namerec.core.inside.gradient_steps import by_step
from namerec.core.inside.gradients import GradientNorms, Recurrence, gradient_norms
from namerec.figures.memory.gradient_words import share_words
from namerec.runs.networks import BEFORE_TRAINING, load_network
from namerec.runs.store import RunStore
from namerec.ui.memory.gradients import measured_norms
from namerec.ui.server.manager import manager
from tests.conftest import tiny_config
from tests.pages.references import said
from tests.runs.references import Solo


@pytest.fixture
def panel() -> Iterator[AppTest]:
    """The gradients panel alone, over the three pretrained runs and an empty data folder."""

    def script() -> None:
        from namerec.ui.frame.errors import show_errors
        from namerec.ui.memory.gradients import gradients_panel

        with show_errors():
            gradients_panel()

    manager.clear()
    yield AppTest.from_function(script, default_timeout=240)
    manager().shutdown()
    manager.clear()


@pytest.fixture
def own_runs(
    panel: AppTest, tiny_dataset: Dataset, tiny_folder: object
) -> tuple[RunStore, dict[str, Solo]]:
    """A linear RNN and a custom LSTM of three epochs each, and no pretrained run."""
    store = manager().store = RunStore(manager().store.root, pretrained=None)
    solos = {}
    for kind in ("rnn", "custom_lstm"):
        solo = Solo(tiny_config(kind, dataset=str(tiny_folder)), tiny_dataset)
        solos[solo.store(store).id] = solo
    return store, solos


def test_the_best_run_of_each_network_is_compared_at_once(panel):
    panel.run()
    assert not panel.exception
    assert not panel.error
    assert len(panel.multiselect(key="gradient_runs").value) == 4
    table = panel.dataframe[0].value
    assert table["run"].tolist() == [
        "RNN (tanh)",
        "RNN (linear)",
        "LSTM (custom)",
        "LSTM (built-in)",
    ]
    assert set(table["names"]) == {"777 validation names, leak-free split"}
    words = said(panel)
    assert "9 letters back" in words  # as far as 50 names reach
    assert "over the 90 names that are long enough, with their 95 % intervals" in words
    assert "6.8 letters on average and 18 at most" in words
    assert "An RNN's answer reads the state before its last letter" in words
    kept = [f"epoch {2**power}" for power in range(6)]
    assert panel.select_slider(key="gradient_epoch").options == ["before training", *kept, "best"]


def test_every_number_is_that_of_the_moment_chosen(panel, own_runs, tiny_dataset):
    store, solos = own_runs
    panel.run()
    slider = panel.select_slider(key="gradient_epoch")
    best = {run.id: run.status.best_epoch for run in store.trained()}
    kept = sorted({e for run, b in best.items() for e in store.open(run).milestones() if e < b})
    assert list(slider.options) == ["before training", *(f"epoch {e}" for e in kept), "best"]
    for moment, wanted in {"before training": 0, f"epoch {kept[0]}": kept[0]}.items():
        panel.select_slider(key="gradient_epoch").set_value(moment).run()
        assert not panel.exception
        table = panel.dataframe[0].value.set_index("run")
        for run in store.trained():
            name = "RNN (linear)" if "-rnn-" in run.id else "LSTM (custom)"
            epoch = wanted or BEFORE_TRAINING
            shown = table.loc[name, "epoch"]
            assert shown.startswith("before" if not wanted else f"epoch {wanted}")
            network = load_network(store.open(run.id), epoch if epoch < best[run.id] else None)
            part = solos[run.id].split.validation
            norms = gradient_norms(network.model, tiny_dataset, part)
            summed = by_step(norms, "h", 0, relative=True, least=10)
            per_letter = summed.per_letter
            expected = "–" if per_letter is None else f"{per_letter:.2f}"
            assert table.loc[name, "measured"] == expected
            if len(summed.steps) > 1:
                enough = summed.names >= min(50, summed.names[1] / 2)
                place = int(enough.nonzero()[0][-1])
                low, high = map(share_words, summed.interval(place) or ())
                told = f"{share_words(summed.mean[place])} ({low} to {high}) in {name}"
                assert told in said(panel)


def test_fewer_names_than_there_are_is_said(panel, own_runs, monkeypatch):
    monkeypatch.setattr(name_samples, "LEAST_NAMES", 3)
    monkeypatch.setattr(name_samples, "MOST_NAMES", 3)
    _, solos = own_runs
    available = len(next(iter(solos.values())).split.validation)
    panel.run()
    assert not panel.exception
    assert set(panel.dataframe[0].value["names"]) == {
        f"3 of {available} validation names, leak-free split, evenly spaced"
    }


def test_names_without_a_gradient_at_the_end_and_overflowed_ones_are_told(panel, monkeypatch):
    measured = GradientNorms(
        np.array([2, 2, 2, 2]),
        {"h": np.array([[[1, 0.5], [0, 0.5], [0, 1], [1, np.inf]]])},
        (Recurrence(),),
        both_directions=False,
    )
    monkeypatch.setattr("namerec.core.inside.gradients.gradient_norms", lambda *given: measured)
    measured_norms.clear()  # other tests have measured the pretrained runs
    panel.run()
    assert not panel.exception
    words = said(panel)
    assert "RNN (tanh): the gradient at the end is zero for 2 names" in words
    assert "LSTM (custom): 1 name left out, because a gradient is too large" in words
    measured_norms.clear()


def test_the_cell_state_is_shown_of_networks_that_have_one(panel):
    panel.run()
    panel.segmented_control(key="gradient_state").set_value("c").run()
    assert not panel.exception
    assert "An RNN has no cell state" in said(panel)
    measured = panel.dataframe[0].value.set_index("run")["measured"]
    assert (measured == "–").tolist() == [True, True, False, False]


def test_a_run_whose_names_are_gone_is_left_out_with_a_reason(panel, own_runs, tiny_dataset):
    store, _ = own_runs
    Solo(tiny_config("lstm", dataset="/nowhere", epochs=1), tiny_dataset).store(store)
    panel.run()
    assert not panel.exception
    assert "LSTM (built-in) is left out." in said(panel)
    assert set(panel.dataframe[0].value["run"]) == {"RNN (linear)", "LSTM (custom)"}


def test_without_a_run_it_says_what_to_do(panel):
    manager().store = RunStore(manager().store.root, pretrained=None)
    panel.run()
    assert not panel.exception
    assert "no trained network yet" in said(panel)
