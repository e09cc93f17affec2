"""The memory task through a real queue: live, cancelled, gone on with, never lost."""

import json
import logging
from typing import Any

import pytest

from namerec.core.corpus.dataset import Dataset
from namerec.core.tasks import memory_task
from namerec.core.tasks.memory_curves import MEMORY_NETWORKS
from namerec.data import catalogue
from namerec.errors import JobError
from namerec.jobs import memory_task as keeping
from namerec.jobs import memory_task_results
from namerec.jobs.executors import LocalExecutor
from namerec.jobs.memory_task import MemoryKeeper, MemoryProgress
from namerec.jobs.memory_task_results import (
    MemoryFile,
    MemoryPlan,
    MemorySettings,
    read_results,
    write_results,
)
from namerec.runs import deletion
from namerec.runs.store import RunStore
from tests.conftest import tiny_config
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

SMALL = MemoryPlan(settings=MemorySettings(hidden_size=4), distances=(5, 7))


@pytest.fixture(autouse=True)
def _quick_task(monkeypatch):
    monkeypatch.setattr(memory_task, "SEQUENCES", 240)
    monkeypatch.setattr(memory_task_results, "STEPS", 3)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "memory_task.json"


def feed_next(manager, fed: FedExecutor, number: int):
    """The feed of the experiment's next training, once it has begun."""
    wait_until(lambda: len(fed.begun) > number)
    return fed.feed(fed.begun[number])


def at(keeper: MemoryKeeper) -> MemoryProgress:
    """Where an experiment stands that is not complete."""
    progress = keeper.progress()
    assert progress is not None
    return progress


def finish(feed) -> None:
    feed.put(plan_of(1, 10), step_record(10), epoch_record(1), final_record(), End())


def test_an_experiment_trains_every_network_at_every_distance_and_keeps_it(
    managed, path, monkeypatch
):
    manager = managed(LocalExecutor(catalogue.load))
    keeper = MemoryKeeper(manager, path)
    runs: list[Any] = []
    remove = deletion.remove

    def seen(store: RunStore, run_id: str) -> None:
        assert len(MemoryKeeper(manager, path).known().entries) == len(runs) + 1  # kept before
        runs.append(manager.store.summary(manager.store.open(run_id)))
        remove(store, run_id)

    monkeypatch.setattr(keeping, "remove", seen)
    keeper.start(SMALL.model_copy(update={"distances": (5,)}))
    assert keeper.wait(LIMIT)
    assert keeper.progress() is None
    known = keeper.known()
    measured = [(entry.cell.noise, entry.cell.network) for entry in known.entries]
    assert measured == [(5, network) for network in MEMORY_NETWORKS]
    assert len(runs) == len(MEMORY_NETWORKS)
    for entry, run in zip(known.entries, runs, strict=True):  # whose test accuracy it is
        assert run.info.config == entry.cell.config
        assert run.state == "finished"
        assert run.status.scores["test"].accuracy == entry.accuracy
        assert run.status.scores["test"].names == entry.sequences
        assert run.status.scores["test"].protocol == "leak-free"
    assert manager.store.entries() == []  # each removed once its result was kept
    assert MemoryKeeper(manager, path).known() == known


def test_a_run_whose_result_could_not_be_kept_is_not_removed(managed, tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    manager = managed(LocalExecutor(catalogue.load))
    keeper = MemoryKeeper(manager, tmp_path / "file" / "memory_task.json")
    with caplog.at_level(logging.ERROR):
        keeper.start(SMALL.model_copy(update={"distances": (5,), "networks": ("rnn",)}))
        assert keeper.wait(LIMIT)
    assert [run.state for run in manager.store.summaries()] == ["finished"]


def test_its_runs_are_no_networks_to_choose_from(managed, path, tiny_dataset, monkeypatch):
    def load(reference: str) -> Dataset:
        return catalogue.load(reference) if memory_task.is_memory_task(reference) else tiny_dataset

    manager = managed(LocalExecutor(load))
    named = manager.start(tiny_config(epochs=1), tiny_dataset)
    manager.wait(named, LIMIT)
    keeper = MemoryKeeper(manager, path)
    monkeypatch.setattr(keeping, "remove", lambda store, run_id: None)
    keeper.start(SMALL.model_copy(update={"distances": (5,), "networks": ("rnn",)}))
    assert keeper.wait(LIMIT)
    runs = manager.store.summaries()
    assert [(run.state, run.experiment) for run in runs] == [
        ("finished", True),
        ("finished", False),
    ]
    assert [run.id for run in manager.store.trained()] == [named]
    latest = manager.latest()
    assert latest is not None
    assert latest.run_id == named


def test_one_training_waits_at_a_time_so_that_others_come_in_between(
    fed_manager, fed, path, tiny_dataset
):
    keeper = MemoryKeeper(fed_manager, path)
    keeper.start(SMALL)
    first = feed_next(fed_manager, fed, 0)
    person = fed_manager.start(tiny_config(), tiny_dataset)
    finish(first)
    wait_until(lambda: len(fed.begun) > 1)
    assert fed.begun[1] == person
    keeper.cancel()


def test_while_it_runs_it_says_what_is_trained_and_how_much_is_left(fed_manager, fed, path):
    keeper = MemoryKeeper(fed_manager, path)
    keeper.start(SMALL)
    finish(feed_next(fed_manager, fed, 0))
    second = feed_next(fed_manager, fed, 1)
    second.give(plan_of(2, 10), step_record(10), epoch_record(1))
    wait_until(lambda: at(keeper).job is not None)
    progress = at(keeper)
    assert progress.cell is not None
    assert progress.job is not None
    assert progress.remaining is not None
    assert (progress.state, progress.done, progress.total) == (
        "running",
        1,
        2 * len(MEMORY_NETWORKS),
    )
    assert (progress.cell.network, progress.cell.noise) == ("rnn_tanh", 5)
    assert progress.job.progress == 0.5
    assert progress.job.history[-1].validation_accuracy == 0.875
    assert progress.remaining > 0
    assert [entry.accuracy for entry in keeper.known().entries] == [0.75]
    with pytest.raises(JobError, match="already running"):
        keeper.start(SMALL)
    keeper.cancel()


def test_a_cancelled_experiment_keeps_what_is_measured_and_can_be_gone_on_with(
    fed_manager, fed, path
):
    keeper = MemoryKeeper(fed_manager, path)
    keeper.start(SMALL)
    finish(feed_next(fed_manager, fed, 0))
    second = feed_next(fed_manager, fed, 1)
    second.give(plan_of(1, 10), step_record(5))
    keeper.cancel()
    second.put(step_record(6))
    assert keeper.wait(LIMIT)
    assert fed_manager.snapshot(fed.begun[1]).state == "stopped"
    later = MemoryKeeper(fed_manager, path)  # as after a restart: all of it is in the file
    assert (at(later).state, at(later).done) == ("stopped", 1)
    fed.fresh_feed(fed.begun[1])
    _say_stopped(fed_manager, fed.begun[1])
    later.go_on()
    wait_until(lambda: len(fed.begun) > 2)
    assert fed.begun[2] == fed.begun[1]  # the same run, from its last stored epoch
    later.cancel()
    fed.give_up()
    assert later.wait(LIMIT)


def _say_stopped(manager, run_id: str) -> None:
    """What an executor that stores would have left of a stopped run."""
    folder = manager.store.open(run_id)
    folder.write_status(folder.status().model_copy(update={"state": "stopped"}))


def test_a_training_stopped_on_the_train_page_stops_the_experiment(fed_manager, fed, path):
    keeper = MemoryKeeper(fed_manager, path)
    keeper.start(SMALL)
    feed = feed_next(fed_manager, fed, 0)
    fed_manager.stop(fed.begun[0])
    feed.put(plan_of(1, 10))
    assert keeper.wait(LIMIT)
    assert at(keeper).state == "stopped"
    assert keeper.known().entries == ()


def test_a_training_that_fails_is_a_result_too_and_the_next_is_trained(fed_manager, fed, path):
    keeper = MemoryKeeper(fed_manager, path)
    keeper.start(SMALL)
    feed_next(fed_manager, fed, 0).put(JobError("The loss is nan."))
    finish(feed_next(fed_manager, fed, 1))
    wait_until(lambda: len(keeper.known().entries) == 2)
    failed, trained = keeper.known().entries
    assert (failed.accuracy, failed.message) == (None, "The loss is nan.")
    assert trained.accuracy == 0.75
    keeper.cancel()


def stored_before(path, *cells) -> None:
    """A file with a result of 0.1 for each of some trainings."""
    entries = [
        {"cell": cell.model_dump(mode="json"), "accuracy": 0.1, "sequences": 9, "seconds": 1}
        for cell in cells
    ]
    path.write_text(json.dumps({"entries": entries}))


def test_starting_anew_keeps_each_result_until_its_successor_is_there(fed_manager, fed, path):
    other = SMALL.model_copy(update={"settings": MemorySettings(hidden_size=5)}).cells()[0]
    first, second, *_ = SMALL.cells()
    stored_before(path, other, first, second)
    keeper = MemoryKeeper(fed_manager, path)
    keeper.start(SMALL)
    assert (at(keeper).done, at(keeper).total) == (0, 2 * len(MEMORY_NETWORKS))
    finish(feed_next(fed_manager, fed, 0))
    feed_next(fed_manager, fed, 1)
    accuracies = {entry.cell: entry.accuracy for entry in keeper.known().entries}
    assert accuracies == {other: 0.1, first: 0.75, second: 0.1}
    assert at(keeper).done == 1
    assert read_results(path) == keeper.known()
    keeper.cancel()


def test_an_experiment_begun_anew_and_stopped_at_once_has_lost_nothing(fed_manager, fed, path):
    plan = SMALL.model_copy(update={"distances": (5,), "networks": ("rnn", "lstm")})
    stored_before(path, *plan.cells())
    keeper = MemoryKeeper(fed_manager, path)
    keeper.start(plan)
    feed = feed_next(fed_manager, fed, 0)
    keeper.cancel()
    feed.put(plan_of(1, 10))
    assert keeper.wait(LIMIT)
    later = MemoryKeeper(fed_manager, path)  # as after a restart
    assert [entry.accuracy for entry in later.known().entries] == [0.1, 0.1]
    assert (at(later).state, at(later).done, at(later).total) == ("stopped", 0, 2)
    later.go_on()
    finish(feed_next(fed_manager, fed, 1))
    finish(feed_next(fed_manager, fed, 2))
    assert later.wait(LIMIT)
    assert [entry.accuracy for entry in later.known().entries] == [0.75, 0.75]
    assert later.progress() is None
    assert later.known().outdated == ()


def test_completing_measures_only_what_is_missing(fed_manager, fed, path):
    keeper = MemoryKeeper(fed_manager, path)
    one = SMALL.model_copy(update={"networks": ("rnn",), "distances": (5,)})
    keeper.complete(one)
    finish(feed_next(fed_manager, fed, 0))
    assert keeper.wait(LIMIT)
    keeper.complete(one)
    assert keeper.wait(LIMIT)
    assert len(fed.begun) == 1


def test_there_is_nothing_to_go_on_with_before_anything_was_begun(fed_manager, path):
    keeper = MemoryKeeper(fed_manager, path)
    assert keeper.progress() is None
    with pytest.raises(JobError, match="no unfinished"):
        keeper.go_on()


def test_a_store_that_cannot_be_written_ends_it_with_the_reason(fed_manager, path):
    fed_manager.store.root.parent.mkdir(parents=True, exist_ok=True)
    fed_manager.store.root.write_text("in the way")
    keeper = MemoryKeeper(fed_manager, path)
    keeper.start(SMALL)
    assert keeper.wait(LIMIT)
    assert at(keeper).state == "failed"
    assert "cannot be stored" in at(keeper).message


def test_results_that_cannot_be_kept_are_known_all_the_same(fed_manager, fed, tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    keeper = MemoryKeeper(fed_manager, tmp_path / "file" / "memory_task.json")
    with caplog.at_level(logging.ERROR):
        keeper.start(SMALL.model_copy(update={"networks": ("rnn",), "distances": (5,)}))
        finish(feed_next(fed_manager, fed, 0))
        assert keeper.wait(LIMIT)
    assert len(keeper.known().entries) == 1
    assert "could not be kept" in caplog.text


def test_results_that_an_earlier_version_kept_are_known(fed_manager, tmp_path, monkeypatch):
    monkeypatch.setenv("NAMEREC_HOME", str(tmp_path))
    kept = MemoryFile(asked=SMALL)
    write_results(tmp_path / "recall.json", kept)
    assert MemoryKeeper(fed_manager).known() == kept
