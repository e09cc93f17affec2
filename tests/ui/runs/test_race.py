"""The race under AppTest: before, while and after, and races of before."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from namerec.core.tasks.race import race_configs
from namerec.data import catalogue
from namerec.errors import JobError
from namerec.jobs import local
from namerec.jobs.manager import JobManager
from namerec.jobs.race import races
from namerec.runs.records import PartScores
from namerec.runs.store import RunStore
from namerec.runs.summary import RunSummary
from namerec.ui.runs.race_numbers import progress_words
from namerec.ui.server.manager import manager
from tests.jobs.fakes import (
    LIMIT,
    End,
    FedExecutor,
    epoch_record,
    final_record,
    plan_of,
    step_record,
    wait_until,
)
from tests.pages.references import button, said

TITLES = ["RNN (linear)", "LSTM (built-in)", "LSTM (custom)", "GRU"]


@pytest.fixture
def fed():
    executor = FedExecutor()
    yield executor
    executor.give_up()


@pytest.fixture
def lab(monkeypatch, fed, tiny_folder):
    """The section alone, over a manager whose records the test gives, on a tiny corpus."""
    monkeypatch.setattr("sys.argv", ["streamlit", "--dataset", str(tiny_folder)])
    monkeypatch.setattr("namerec.ui.runs.race.FIRST_POINT_SECONDS", 0.0)
    monkeypatch.setattr(local, "local_manager", lambda: JobManager(RunStore(None, None), fed))
    manager.clear()
    yield AppTest.from_string(
        "from namerec.ui.runs.race import race_panel\nrace_panel()", default_timeout=240
    )
    fed.give_up()
    for snapshot in manager().active():
        fed.feed(snapshot.run_id).put(End())
    manager().shutdown()
    manager.clear()


def _raced(race: str | None = None) -> list[RunSummary]:
    found = races(manager().store.summaries())
    return found[race] if race else next(iter(found.values()))


def _started(lab: AppTest, fed: FedExecutor) -> list[RunSummary]:
    """A race that was started by the button; all have given their plans and first steps."""
    lab.run()
    button(lab, "Start the race").click().run()
    assert not lab.exception
    runs = _raced()
    for place, run in enumerate(runs):
        fed.feed(run.id).put(plan_of(), step_record(1), epoch_record(1, seconds=2.0 + place))
    wait_until(lambda: all(manager().look(run.id).epoch == 1 for run in runs))
    return runs


def _finished(lab: AppTest, fed: FedExecutor) -> list[RunSummary]:
    """The same, over; its stored scores and states are made up like its records."""
    runs = _started(lab, fed)
    for run in runs:
        fed.feed(run.id).put(final_record(), End())
        manager().wait(run.id, LIMIT)
        folder = manager().store.open(run.id)
        scores = PartScores(**final_record().scores["test"].as_dict())
        finished = folder.status().model_copy(
            update={"state": "finished", "scores": {"test": scores}, "seconds": 3.0, "epochs": 2}
        )
        folder.write_status(finished)
    return runs


def test_before_a_race_the_settings_that_are_equal_are_told(lab):
    lab.run()
    assert not lab.exception
    assert not lab.error
    words = said(lab)
    assert "take turns on the processor" in words
    assert "All have 128 hidden units, adamw in batches of 128" in words
    assert "RNN (linear) 24\u202f366" in words
    assert "Verdict" not in words
    assert "Nothing" not in words
    lab.segmented_control(key="race_preset").set_value("best").run()
    assert "preset Best gives the LSTM (custom) reading in both directions" in said(lab)
    assert lab.segmented_control(key="race_rnn").value == "tanh"
    assert lab.number_input(key="race_length").label == "Epochs"
    assert lab.number_input(key="race_length").value == 40
    lab.segmented_control(key="race_preset").set_value("course").run()
    assert lab.number_input(key="race_length").label == "Steps"
    assert lab.number_input(key="race_length").value == 100_000
    assert lab.selectbox(key="race_split").value == "course"
    assert "2 layers and a learning rate of 0.05" in said(lab)


def test_one_button_starts_a_run_of_each_network_with_the_settings_chosen(lab, fed, tiny_folder):
    lab.run()
    lab.number_input(key="race_seed").set_value(4)
    lab.number_input(key="race_length").set_value(2)
    lab.segmented_control(key="race_rnn").set_value("tanh").run()
    runs = _started(lab, fed)
    expected = race_configs("fast", "tanh", dataset=str(tiny_folder), seed=4, epochs=2)
    assert [run.info.config for run in runs] == expected
    assert lab.query_params["race"] == runs[0].info.race


def test_the_networks_that_take_part_can_be_chosen(lab, fed):
    lab.run()
    lab.button_group(key="race_networks").set_value(["gru", "lstm"]).run()
    assert "RNN" not in said(lab).partition("Trainable parameters")[2]
    assert lab.segmented_control(key="race_rnn").disabled
    assert [run.info.config.model.kind for run in _started(lab, fed)] == ["lstm", "gru"]


def test_a_race_of_one_network_is_refused_in_words(lab):
    lab.run()
    lab.button_group(key="race_networks").set_value(["gru"]).run()
    assert "two networks or more" in lab.error[0].value


def test_while_it_runs_each_network_has_a_line_of_numbers(lab, fed):
    runs = _started(lab, fed)
    lab.run()
    table = lab.dataframe[0].value
    assert list(table["network"]) == TITLES
    assert list(table["accuracy"]) == ["87.5 %"] * 4
    assert list(table["recall"]) == ["50.0 %"] * len(TITLES)
    assert list(table["seconds"]) == ["2.0", "3.0", "4.0", "5.0"]
    assert "test accuracy" not in table
    words = said(lab)
    for title in TITLES:
        assert f"{title}: running" in words
    assert "Pausing pauses all networks." in words
    assert "Verdict" not in words
    assert {item.label for item in lab.button} >= {
        "Pause the race",
        "Stop all",
        *(f"Stop {title}" for title in TITLES),
    }
    button(lab, "Pause the race").click().run()
    fed.feed(runs[0].id).put(step_record(11))
    wait_until(lambda: manager().look(runs[2].id).state == "paused")
    lab.run()
    assert said(lab).count(": paused") == len(TITLES)
    button(lab, "Resume the race").click().run()
    wait_until(lambda: manager().look(runs[2].id).state == "running")


def test_one_can_be_stopped_and_then_taken_up_again_alone(lab, fed):
    runs = _started(lab, fed)
    lab.run()
    button(lab, "Stop LSTM (built-in)").click().run()
    fed.feed(runs[0].id).put(step_record(11))
    manager().wait(runs[1].id, LIMIT)
    folder = manager().store.open(runs[1].id)
    folder.write_status(folder.status().model_copy(update={"state": "stopped"}))
    lab.run()
    assert "LSTM (built-in): stopped" in said(lab)
    fed.fresh_feed(runs[1].id)
    button(lab, "Resume LSTM (built-in)").click().run()
    assert not lab.exception
    snapshot = manager().snapshot(runs[1].id)
    assert snapshot is not None
    assert (snapshot.state, snapshot.place) == ("queued", 1)
    assert "LSTM (built-in): queued, place 1 in the queue" in said(lab)


def test_an_ended_race_has_a_verdict_and_stays_in_the_list(lab, fed):
    runs = _finished(lab, fed)
    lab.run()
    assert not lab.exception
    assert not lab.error
    words = said(lab)
    assert "are equally accurate: right on 75.0\u202f% of the 10 test names" in words
    assert "Pause the race" not in {item.label for item in lab.button}
    table = lab.dataframe[0].value
    assert list(table["test accuracy"]) == ["75.0 %"] * len(TITLES)
    assert list(table["test recall"]) == ["50.0 %"] * len(TITLES)
    assert "accuracy" not in table
    assert lab.selectbox(key="race").value == runs[0].info.race


def test_an_earlier_race_can_be_looked_at_by_its_link(lab, fed, tiny_folder):
    store = RunStore(None, None)
    names = catalogue.load(str(tiny_folder))
    for race in ("earlier", "later"):
        for config in race_configs("fast", dataset=str(tiny_folder)):
            store.create(config, names, race=race)
    lab.query_params["race"] = "earlier"
    lab.run()
    assert not lab.exception
    assert lab.selectbox(key="race").value == "earlier"
    assert len(lab.selectbox(key="race").options) == 2
    assert said(lab).count(": interrupted") == len(TITLES)
    assert "Verdict" not in said(lab)


def test_a_race_that_is_not_there_is_said_and_the_newest_shown(lab, fed, tiny_folder):
    lab.query_params["race"] = "gone"
    lab.run()
    assert [warning.value for warning in lab.warning] == [
        "The race in this link is not on this computer. Choose another one, or start one."
    ]
    assert not lab.exception


def test_what_is_refused_is_a_sentence_and_the_rest_stays(lab, fed, monkeypatch):
    def refuse(*given: object) -> str:
        raise JobError("You have 3 runs in training or waiting.")

    monkeypatch.setattr(JobManager, "start_race", refuse)
    lab.run()
    button(lab, "Start the race").click().run()
    assert ["You have 3 runs" in error.value for error in lab.error] == [True]
    assert not lab.exception


def test_how_long_is_left_is_the_sum_for_all(lab, fed):
    runs = _started(lab, fed)
    snapshots = [manager().look(run.id) for run in runs]
    left = [replace(snapshot, remaining=20.0, seconds=5.0) for snapshot in snapshots]
    words = progress_words(list(zip(runs, left, strict=True)))
    assert words == "5 s of training each · about 1 min 20 s left for all"
    waiting = [replace(snapshot, place=1) for snapshot in snapshots]
    assert progress_words(list(zip(runs, waiting, strict=True))) == ("Waiting for its turn.")
