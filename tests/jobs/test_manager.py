import dataclasses
import errno
import itertools
import threading

import numpy as np
import pytest
from torch import Tensor

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.splits import make_split
from namerec.core.networks.config import MODEL_KINDS
from namerec.core.training.loop import Beginning, Checkpoint, train
from namerec.core.training.records import EpochRecord, StepRecord
from namerec.errors import ConfigError, JobError, NamerecError, RunError
from namerec.jobs import job as job_module
from namerec.jobs import manager as manager_module
from namerec.jobs.executors import Held, LocalExecutor
from namerec.jobs.manager import JobManager
from namerec.jobs.snapshot import JobSnapshot
from namerec.jobs.snapshot_cache import SNAPSHOTS_KEPT
from namerec.runs.folder import RunFolder
from namerec.runs.records import RunStatus
from namerec.runs.store import RunStore
from namerec.settings import settings, variable
from tests.conftest import tiny_config, tiny_lines
from tests.jobs.fakes import (
    LIMIT,
    End,
    FakeClock,
    FedExecutor,
    epoch_record,
    final_record,
    plan_of,
    step_record,
    wait_until,
)
from tests.runs.references import (
    Solo,
    as_bits,
    assert_holds_all,
    assert_holds_epochs,
    assert_no_debris,
    assert_sentence,
)

# So many epochs that no test waits for the last.
LONG = 1000


def _start(manager: JobManager, dataset: Dataset, **training: object) -> str:
    return manager.start(tiny_config(**training), dataset)  # type: ignore[arg-type]


def _state(manager: JobManager, run_id: str) -> str:
    snapshot = manager.snapshot(run_id)
    assert snapshot is not None
    return snapshot.state


def _snapshot(manager: JobManager, run_id: str) -> JobSnapshot:
    snapshot = manager.snapshot(run_id)
    assert snapshot is not None
    return snapshot


def _wait_for_epoch(manager: JobManager, run_id: str, epoch: int) -> None:
    wait_until(lambda: _snapshot(manager, run_id).epoch >= epoch)


# -- a run in the background


@pytest.mark.parametrize("kind", MODEL_KINDS)
def test_a_run_in_a_thread_stores_and_shows_what_training_gives(manager, store, tiny_dataset, kind):
    solo = Solo(tiny_config(kind), tiny_dataset)
    run_id = manager.start(tiny_config(kind), tiny_dataset)
    ended = manager.wait(run_id, LIMIT)
    assert ended.state == "finished"
    assert_holds_all(store.open(run_id), solo)
    assert list(ended.series.step) == [record.step for record in solo.steps]
    assert list(ended.series.loss) == [record.loss for record in solo.steps]
    assert list(ended.series.gradient_norm) == [record.gradient_norm for record in solo.steps]
    assert list(ended.series.learning_rate) == [record.learning_rate for record in solo.steps]
    assert [_untimed(record) for record in ended.history] == [
        _untimed(record) for record in solo.epochs
    ]
    assert ended.scores == tuple(solo.final.scores.values())
    assert (ended.epochs, ended.steps) == (solo.plan.epochs, solo.plan.steps)
    assert (ended.epoch, ended.step, ended.progress) == (3, solo.plan.steps, 1.0)
    assert (ended.remaining, ended.place, ended.message) == (0.0, 0, "")
    assert ended.seconds == store.open(run_id).status().seconds > 0
    assert not store.open(run_id).is_locked()


def _untimed(record: EpochRecord) -> EpochRecord:
    return dataclasses.replace(record, seconds=0.0, names_per_second=0.0)


def test_starting_returns_before_the_training_ends(fed_manager, fed, tiny_dataset):
    run_id = _start(fed_manager, tiny_dataset)
    fed.feed(run_id).wait_until_asked()
    assert _state(fed_manager, run_id) == "running"
    assert f"train-{run_id}" in {thread.name for thread in threading.enumerate()}


def test_the_snapshot_follows_the_records(fed_manager, fed, tiny_dataset):
    run_id = _start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of(2, 10))
    seen = _snapshot(fed_manager, run_id)
    assert (seen.state, seen.epochs, seen.steps) == ("running", 2, 20)
    assert (seen.step, seen.epoch, seen.progress, seen.scores) == (0, 0, 0.0, ())
    feed.give(step_record(1, 1.5), step_record(5, 1.25))
    seen = _snapshot(fed_manager, run_id)
    assert list(seen.series.step) == [1, 5]
    assert list(seen.series.loss) == [1.5, 1.25]
    assert (seen.step, seen.epoch, seen.progress) == (5, 0, 0.25)
    feed.give(step_record(10), epoch_record(1, seconds=3.0))
    seen = _snapshot(fed_manager, run_id)
    assert seen.history == (epoch_record(1, seconds=3.0),)
    assert (seen.epoch, seen.seconds, seen.names_per_second) == (1, 3.0, 100.0)
    feed.give(final_record(seconds=4.0))
    seen = _snapshot(fed_manager, run_id)
    assert (seen.state, seen.seconds, seen.remaining) == ("finished", 4.0, 0.0)
    assert seen.scores == (final_record().scores["test"],)
    assert seen.ended
    feed.put(End())
    assert fed_manager.wait(run_id, LIMIT).state == "finished"


def test_the_latest_job_is_the_one_started_last(fed_manager, fed, tiny_dataset):
    assert fed_manager.latest() is None
    assert fed_manager.active() == []
    first = _start(fed_manager, tiny_dataset)
    assert fed_manager.latest().run_id == first
    second = _start(fed_manager, tiny_dataset)
    assert fed_manager.latest().run_id == second
    fed_manager.stop(second)
    assert fed_manager.latest().run_id == second
    fed_manager.stop(first)
    fed.feed(first).put(step_record(1))
    fed_manager.wait(first, LIMIT)
    fed.fresh_feed(first)
    fed_manager.store.open(first).write_status(RunStatus(state="stopped"))
    fed_manager.resume(first)
    assert fed_manager.latest().run_id == first


# -- the queue


def test_a_queue_of_three_is_worked_off_one_by_one_with_the_results_of_solo_runs(
    manager, store, tiny_dataset
):
    configs = {kind: tiny_config(kind, seed=seed) for seed, kind in enumerate(MODEL_KINDS)}
    solos = {kind: Solo(config, tiny_dataset) for kind, config in configs.items()}
    ids = {kind: manager.start(config, tiny_dataset) for kind, config in configs.items()}
    for kind, run_id in ids.items():
        assert manager.wait(run_id, LIMIT).state == "finished"
        assert_holds_all(store.open(run_id), solos[kind])


def test_waiting_runs_have_places_and_move_up(fed_manager, fed, tiny_dataset):
    ids = [_start(fed_manager, tiny_dataset) for _ in range(4)]
    fed.feed(ids[0]).give(plan_of())
    seen = [_snapshot(fed_manager, run_id) for run_id in ids]
    assert [(job.state, job.place) for job in seen] == [
        ("running", 0),
        ("queued", 1),
        ("queued", 2),
        ("queued", 3),
    ]
    assert [job.run_id for job in fed_manager.active()] == ids
    fed_manager.stop(ids[1])
    assert [_snapshot(fed_manager, run_id).place for run_id in ids] == [0, 0, 1, 2]
    assert [job.run_id for job in fed_manager.active()] == [ids[0], ids[2], ids[3]]
    fed.feed(ids[0]).put(final_record(), End())
    fed.feed(ids[2]).give(plan_of())
    seen = [_snapshot(fed_manager, run_id) for run_id in ids]
    assert [(job.state, job.place) for job in seen] == [
        ("finished", 0),
        ("stopped", 0),
        ("running", 0),
        ("queued", 1),
    ]
    fed.feed(ids[2]).put(final_record(), End())
    fed.feed(ids[3]).put(final_record(), End())
    assert fed_manager.wait(ids[3], LIMIT).state == "finished"
    assert fed.begun == [ids[0], ids[2], ids[3]]
    assert fed.most_open == 1
    assert fed_manager.active() == []


def test_as_many_run_at_once_as_the_manager_may(managed, fed, tiny_dataset):
    manager = managed(fed, most_running=2)
    ids = [_start(manager, tiny_dataset) for _ in range(4)]
    for run_id in ids[:2]:
        fed.feed(run_id).give(plan_of())
    assert [_snapshot(manager, run_id).place for run_id in ids] == [0, 0, 1, 2]
    for run_id in ids:
        fed.feed(run_id).put(final_record(), End())
    for run_id in ids:
        assert manager.wait(run_id, LIMIT).state == "finished"
    assert fed.most_open == 2
    assert sorted(fed.begun) == sorted(ids)


def test_a_waiting_run_that_is_stopped_never_begins(fed_manager, fed, store, tiny_dataset):
    first, second = (_start(fed_manager, tiny_dataset) for _ in range(2))
    fed_manager.stop(second)
    assert _state(fed_manager, second) == "stopped"
    assert store.open(second).status() == RunStatus(state="stopped")
    assert fed_manager.wait(second, 0).state == "stopped"  # at once
    with pytest.raises(JobError, match="is stopped, so it cannot be stopped"):
        fed_manager.stop(second)
    fed.feed(first).put(final_record(), End())
    fed_manager.wait(first, LIMIT)
    assert fed.begun == [first]


def test_a_waiting_run_whose_stop_cannot_be_stored_is_stopped_all_the_same(
    fed_manager, store, tiny_dataset, monkeypatch, caplog
):
    _, second = (_start(fed_manager, tiny_dataset) for _ in range(2))

    def full(self, status):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RunFolder, "write_status", full)
    fed_manager.stop(second)
    assert _state(fed_manager, second) == "stopped"
    assert fed_manager.wait(second, 0).state == "stopped"
    assert "the stop of run" in caplog.text
    (found,) = [run for run in store.summaries() if run.id == second]
    assert found.state == "interrupted"  # so that it can be gone on with


# -- pause, proceed, stop


def test_a_paused_run_takes_no_step_until_it_proceeds(fed_manager, fed, tiny_dataset):
    run_id = _start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of(), step_record(1))
    fed_manager.pause(run_id)
    feed.put(step_record(2))
    wait_until(lambda: _state(fed_manager, run_id) == "paused")
    assert list(_snapshot(fed_manager, run_id).series.step) == [1, 2]
    feed.wait_until_asked()  # for the second step, before the pause
    feed.put(step_record(3))
    assert not feed.is_asked_within(0.2)
    assert list(_snapshot(fed_manager, run_id).series.step) == [1, 2]
    assert not _snapshot(fed_manager, run_id).ended
    fed_manager.proceed(run_id)
    feed.wait_until_asked()
    wait_until(lambda: _snapshot(fed_manager, run_id).step == 3)
    assert _state(fed_manager, run_id) == "running"


def test_a_paused_training_stands_still_and_goes_on_to_the_same_end(manager, store, tiny_dataset):
    config = tiny_config(epochs=40)
    run_id = manager.start(config, tiny_dataset)
    _wait_for_epoch(manager, run_id, 1)
    manager.pause(run_id)
    wait_until(lambda: _state(manager, run_id) == "paused")
    seen = _snapshot(manager, run_id)
    folder = store.open(run_id)
    metrics = (folder.path / "metrics.jsonl").read_bytes()
    solo = Solo(config, tiny_dataset)  # takes as long as the run would have gone on
    assert _snapshot(manager, run_id) is seen
    assert (folder.path / "metrics.jsonl").read_bytes() == metrics
    assert folder.is_locked()
    assert [run.state for run in store.summaries()] == ["paused"]  # for other processes too
    manager.proceed(run_id)
    assert manager.wait(run_id, LIMIT).state == "finished"
    assert_holds_all(folder, solo)


def test_a_pause_counts_neither_as_training_nor_towards_the_pace(
    fed_manager, fed, tiny_dataset, monkeypatch
):
    clock = FakeClock()
    monkeypatch.setattr(job_module, "time", clock)
    run_id = _start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of(2, 10))
    clock.now += 2
    feed.give(step_record(1))
    seen = _snapshot(fed_manager, run_id)
    assert (seen.seconds, seen.remaining) == (2.0, None)  # one moment has no pace
    clock.now += 9
    feed.give(step_record(4))
    seen = _snapshot(fed_manager, run_id)
    assert seen.seconds == 11.0
    assert seen.remaining == 3.0 * 16  # 3 s a step, 16 to go
    fed_manager.pause(run_id)
    feed.put(step_record(5))
    wait_until(lambda: _state(fed_manager, run_id) == "paused")
    feed.wait_until_asked()  # for the step before the pause
    clock.now += 1000
    fed_manager.proceed(run_id)
    feed.give(step_record(7))
    seen = _snapshot(fed_manager, run_id)
    assert seen.seconds == 11.0
    assert seen.remaining == 9 / 6 * 13
    feed.give(epoch_record(1, seconds=10.5))
    assert _snapshot(fed_manager, run_id).seconds == 10.5  # what the training itself measured
    clock.now += 1
    feed.give(step_record(11))
    assert _snapshot(fed_manager, run_id).seconds == 11.5


def test_a_pause_that_comes_too_late_does_not_hold_a_finished_run(fed_manager, fed, tiny_dataset):
    run_id = _start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of(), step_record(1))
    fed_manager.pause(run_id)
    feed.put(final_record(), End())
    assert fed_manager.wait(run_id, LIMIT).state == "finished"


def test_a_stop_that_comes_too_late_leaves_a_finished_run_finished(
    manager, store, solo, tiny_dataset, monkeypatch
):
    """Ordered after the last epoch was stored, before the scores are shown."""
    write = RunFolder.write_predictions

    def stop_too(self, predictions):
        manager.stop(self.id)
        write(self, predictions)

    monkeypatch.setattr(RunFolder, "write_predictions", stop_too)
    run_id = manager.start(tiny_config(), tiny_dataset)
    assert manager.wait(run_id, LIMIT).state == "finished"
    assert_holds_all(store.open(run_id), solo)


def test_a_stopped_run_keeps_its_last_epoch(manager, store, tiny_dataset):
    config = tiny_config(epochs=LONG)
    run_id = manager.start(config, tiny_dataset)
    _wait_for_epoch(manager, run_id, 2)
    manager.stop(run_id)
    ended = manager.wait(run_id, LIMIT)
    assert ended.state == "stopped"
    assert ended.remaining is None
    folder = store.open(run_id)
    assert folder.status().state == "stopped"
    epoch = folder.status().epoch
    assert 2 <= epoch < LONG
    assert ended.epoch == epoch
    # The first epochs of as long a run: all that a stopped one holds.
    assert_holds_epochs(folder, Solo(config, tiny_dataset, epoch), epoch)
    assert folder.predictions() == {}
    assert_no_debris(folder.path)
    assert not folder.is_locked()


def test_a_run_stopped_in_its_first_epoch_keeps_nothing_and_begins_anew(
    managed, store, tiny_dataset
):
    """The stop comes while the executor gives the plan, so before the first step."""
    gate = threading.Event()

    def load(reference):
        assert gate.wait(LIMIT)
        return tiny_dataset

    manager = managed(LocalExecutor(load))
    config = tiny_config()
    run_id = manager.start(config, tiny_dataset)
    manager.stop(run_id)
    gate.set()
    ended = manager.wait(run_id, LIMIT)
    assert (ended.state, ended.epoch, ended.step) == ("stopped", 0, 0)
    assert store.open(run_id).metrics() == ([], [])
    manager.resume(run_id)
    assert manager.wait(run_id, LIMIT).state == "finished"
    assert_holds_all(store.open(run_id), Solo(config, tiny_dataset))


def test_a_paused_run_can_be_stopped(fed_manager, fed, tiny_dataset):
    run_id = _start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of())
    fed_manager.pause(run_id)
    feed.put(step_record(1))
    wait_until(lambda: _state(fed_manager, run_id) == "paused")
    fed_manager.stop(run_id)
    assert fed_manager.wait(run_id, LIMIT).state == "stopped"
    assert feed.closed.is_set()


def test_a_run_that_is_being_stopped_can_no_longer_be_held(fed_manager, fed, tiny_dataset):
    run_id = _start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of())
    fed_manager.stop(run_id)
    with pytest.raises(JobError, match="is being stopped, so it cannot be paused"):
        fed_manager.pause(run_id)
    fed_manager.stop(run_id)  # once more changes nothing
    feed.put(step_record(1))
    assert fed_manager.wait(run_id, LIMIT).state == "stopped"


@pytest.mark.parametrize("verb", ["stop", "shutdown"])
def test_a_stop_is_not_lost_when_the_disk_is_full(
    fed_manager, fed, tiny_dataset, monkeypatch, verb
):
    """The order comes while an epoch is written, which then has no room."""
    monkeypatch.setattr(manager_module, "SHUTDOWN_SECONDS", 0.0)
    run_id = _start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of())
    if verb == "stop":
        fed_manager.stop(run_id)
    else:
        fed_manager.shutdown()
    feed.put(Held("The disk is full."))
    assert fed_manager.wait(run_id, LIMIT).state == "stopped"
    assert feed.closed.is_set()


def test_why_a_run_is_held_is_stored_while_it_is(fed_manager, fed, store, tiny_dataset):
    run_id = _start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of())
    feed.put(Held("The disk is full."))
    wait_until(lambda: _state(fed_manager, run_id) == "paused")
    status = store.open(run_id).status()
    assert (status.state, status.message) == ("paused", "The disk is full.")
    feed.wait_until_asked()  # for what was held
    fed_manager.proceed(run_id)
    feed.give(step_record(1))
    status = store.open(run_id).status()
    assert (status.state, status.message) == ("running", "")


def test_a_pause_that_cannot_be_stored_is_one_all_the_same(
    fed_manager, fed, store, tiny_dataset, monkeypatch
):
    run_id = _start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of())

    def full(self, status):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RunFolder, "write_status", full)
    fed_manager.pause(run_id)
    feed.put(step_record(1))
    wait_until(lambda: _state(fed_manager, run_id) == "paused")
    fed_manager.proceed(run_id)
    feed.put(final_record(), End())
    assert fed_manager.wait(run_id, LIMIT).state == "finished"


def test_a_pause_taken_back_before_it_holds_changes_nothing(fed_manager, fed, tiny_dataset):
    run_id = _start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of())
    fed_manager.pause(run_id)
    fed_manager.proceed(run_id)
    feed.give(step_record(1), step_record(2))
    assert _state(fed_manager, run_id) == "running"


def test_orders_that_a_job_cannot_follow_are_refused_with_a_sentence(
    fed_manager, fed, tiny_dataset
):
    first, second = (_start(fed_manager, tiny_dataset) for _ in range(2))
    fed.feed(first).give(plan_of())
    for verb, done in (("pause", "paused"), ("proceed", "continued")):
        with pytest.raises(JobError) as caught:
            getattr(fed_manager, verb)(second)
        assert_sentence(caught.value, f"Run {second} is queued, so it cannot be {done}.")
    fed_manager.pause(first)
    fed.feed(first).put(step_record(1))
    wait_until(lambda: _state(fed_manager, first) == "paused")
    with pytest.raises(JobError, match="is paused, so it cannot be paused"):
        fed_manager.pause(first)
    fed_manager.stop(first)
    fed_manager.wait(first, LIMIT)
    for verb in ("pause", "proceed", "stop"):
        with pytest.raises(JobError, match="is stopped, so it cannot be"):
            getattr(fed_manager, verb)(first)


def test_orders_about_unknown_runs_are_refused_with_a_sentence(manager, finished):
    for run_id in ("nothing", "../escape", "", finished.id):
        for verb in ("pause", "proceed", "stop"):
            with pytest.raises(JobError) as caught:
                getattr(manager, verb)(run_id)
            assert_sentence(caught.value, "is not at work in this server")
        with pytest.raises(JobError, match="There is no job for run"):
            manager.wait(run_id, 0)
        assert manager.snapshot(run_id) is None


# -- going on


def test_a_stopped_run_goes_on_to_the_end_of_an_uninterrupted_one_bit_for_bit(
    manager, store, tiny_dataset
):
    config = tiny_config(epochs=30)
    solo = Solo(config, tiny_dataset)
    run_id = manager.start(config, tiny_dataset)
    for epoch in (1, 3):  # stopped twice
        _wait_for_epoch(manager, run_id, epoch)
        manager.stop(run_id)
        before = manager.wait(run_id, LIMIT)
        assert before.state == "stopped"
        manager.resume(run_id)
        seen = _snapshot(manager, run_id)
        assert list(seen.series.step[: seen.epoch]) == list(before.series.step[: seen.epoch])
        assert seen.history[: before.epoch] == before.history
    ended = manager.wait(run_id, LIMIT)
    assert ended.state == "finished"
    assert_holds_all(store.open(run_id), solo)
    assert list(ended.series.step) == [record.step for record in solo.steps]
    assert [record.epoch for record in ended.history] == list(range(1, 31))


@pytest.mark.parametrize("kind", MODEL_KINDS)
def test_a_run_of_another_process_goes_on_here_bit_for_bit(manager, store, tiny_dataset, kind):
    solo = Solo(tiny_config(kind), tiny_dataset)
    stopped = solo.store(store, epochs=1)
    manager.resume(stopped.id)
    assert manager.wait(stopped.id, LIMIT).state == "finished"
    assert_holds_all(stopped, solo)


def test_a_run_that_goes_on_shows_what_it_had(fed_manager, fed, stopped, solo):
    fed_manager.resume(stopped.id)
    feed = fed.feed(stopped.id)
    feed.give(plan_of(3, 4))
    seen = _snapshot(fed_manager, stopped.id)
    end = solo.plan.ends[1]
    assert list(seen.series.step) == [record.step for record in solo.steps if record.step <= end]
    assert [record.epoch for record in seen.history] == [1, 2]
    assert seen.seconds == stopped.status().seconds
    assert (seen.epoch, seen.step) == (2, end)
    feed.give(step_record(end + 1, 0.125))
    assert list(_snapshot(fed_manager, stopped.id).series.loss)[-1] == 0.125
    assert len(_snapshot(fed_manager, stopped.id).series) == end + 1


def test_a_run_that_failed_can_be_gone_on_with_and_its_message_goes(manager, store, stopped, solo):
    status = stopped.status().model_copy(update={"state": "failed", "message": "The disk is full."})
    stopped.write_status(status)
    assert manager.look(stopped.id).message == "The disk is full."
    manager.resume(stopped.id)
    ended = manager.wait(stopped.id, LIMIT)
    assert (ended.state, ended.message) == ("finished", "")
    assert_holds_all(stopped, solo)


def test_a_finished_run_cannot_be_gone_on_with(manager, finished):
    before = _files(finished)
    with pytest.raises(NamerecError) as caught:
        manager.resume(finished.id)
    assert_sentence(caught.value, f"Run {finished.id} is finished", "only interrupted, stopped")
    assert manager.snapshot(finished.id) is None
    assert _files(finished) == before


@pytest.mark.parametrize("state", ["finished", "stopped", "running"])
def test_a_pretrained_run_cannot_be_gone_on_with(managed, tmp_path, stopped, state, tiny_dataset):
    stopped.write_status(stopped.status().model_copy(update={"state": state}))
    before = _files(stopped)
    store = RunStore(tmp_path / "own", pretrained=stopped.path.parent)
    manager = JobManager(store, FedExecutor())
    with pytest.raises(NamerecError) as caught:
        manager.resume(stopped.id)
    assert_sentence(caught.value, stopped.id, "of your own")
    assert _files(stopped) == before
    manager.shutdown()


def _files(folder: RunFolder) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.path.iterdir()}


@pytest.mark.parametrize("run_id", ["nothing", "../escape", "a/b", "", "\0", "\ud800"], ids=ascii)
def test_a_run_that_is_not_there_cannot_be_gone_on_with(manager, finished, run_id):
    for verb in (manager.resume, manager.look):
        with pytest.raises(RunError) as caught:
            verb(run_id)
        assert_sentence(caught.value, "There is no run")


def test_a_run_at_work_or_waiting_cannot_be_gone_on_with_as_well(
    fed_manager, fed, store, tiny_dataset
):
    first, second = (_start(fed_manager, tiny_dataset) for _ in range(2))
    fed.feed(first).give(plan_of())
    for run_id, state in ((first, "running"), (second, "queued")):
        with pytest.raises(JobError) as caught:
            fed_manager.resume(run_id)
        assert_sentence(caught.value, f"Run {run_id} is {state} already.")
    for run_id in (first, second):
        fed.feed(run_id).put(final_record(), End())
        assert fed_manager.wait(run_id, LIMIT).state == "finished"
    assert fed.begun == [first, second]


def test_a_run_that_another_process_trains_cannot_be_gone_on_with(manager, stopped):
    stopped.write_status(stopped.status().model_copy(update={"state": "running"}))
    with stopped.lock(), pytest.raises(RunError, match="is running; only interrupted"):
        manager.resume(stopped.id)


def test_a_run_that_another_process_takes_up_first_is_refused_with_a_sentence(
    manager, store, stopped
):
    """Between the look at it and its queueing."""
    with RunFolder(stopped.path).lock(), pytest.raises(RunError, match="being trained already"):
        manager.resume(stopped.id)
    assert manager.snapshot(stopped.id) is None
    assert stopped.status().state == "stopped"  # it is not ours to change


def test_a_run_that_another_process_has_changed_is_refused_with_a_sentence(
    manager, stopped, monkeypatch
):
    lock = RunFolder.lock

    def lock_too_late(self):
        self.write_status(self.status().model_copy(update={"state": "finished"}))
        return lock(self)

    monkeypatch.setattr(RunFolder, "lock", lock_too_late)
    with pytest.raises(JobError) as caught:
        manager.resume(stopped.id)
    assert_sentence(caught.value, stopped.id, "was changed just now")
    assert stopped.status().state == "finished"


def test_a_run_that_goes_on_and_waits_is_not_removed(fed_manager, fed, store, stopped, solo):
    first = _start(fed_manager, solo.dataset)
    fed_manager.resume(stopped.id)
    assert (stopped.status().state, stopped.status().epoch) == ("queued", 2)
    with pytest.raises(RunError, match="is queued; only runs that have ended are removed"):
        store.remove(stopped.id)
    fed.feed(first).put(final_record(), End())
    fed.feed(stopped.id).put(final_record(), End())
    assert fed_manager.wait(stopped.id, LIMIT).state == "finished"


def test_a_run_that_cannot_be_queued_on_a_full_disk_is_told(fed_manager, stopped, monkeypatch):
    def full(self, status):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RunFolder, "write_status", full)
    with pytest.raises(JobError) as caught:
        fed_manager.resume(stopped.id)
    assert_sentence(caught.value, stopped.id, "cannot be queued: No space left on device")
    assert fed_manager.snapshot(stopped.id) is None
    assert stopped.status().state == "stopped"


def test_a_damaged_run_cannot_be_gone_on_with(manager, stopped):
    (stopped.path / "status.json").write_bytes(b"{")
    for verb in (manager.resume, manager.look):
        with pytest.raises(NamerecError) as caught:
            verb(stopped.id)
        assert_sentence(caught.value, "“status.json”", stopped.id)


def test_a_run_with_a_damaged_checkpoint_fails_with_a_sentence(manager, stopped):
    (stopped.path / "last.safetensors").write_bytes(b"PK\x03\x04")
    assert manager.look(stopped.id).epoch == 2
    manager.resume(stopped.id)
    ended = manager.wait(stopped.id, LIMIT)
    assert ended.state == "failed"
    assert "“last.safetensors”" in ended.message
    assert ended.message.endswith(".")
    assert stopped.status().state == "failed"
    assert stopped.status().message == ended.message
    assert len(stopped.metrics()[1]) == 2  # nothing was thrown away


# -- going on from another run


@pytest.mark.parametrize("point", ["best", "last"])
def test_a_run_begins_with_the_weights_and_the_history_of_another(
    manager, store, finished, solo, tiny_dataset, point
):
    config = tiny_config(epochs=2, learning_rate=0.001, seed=5, split_seed=0)
    first = {"best": solo.best_until(3), "last": solo.checkpoints[-1]}[point]
    run_id = manager.start(config, tiny_dataset, go_on_from=(finished.id, point))
    begun = _snapshot(manager, run_id)
    (joint,) = begun.before.joints
    assert (joint.run, joint.epoch) == (finished.id, first.progress.epoch)
    assert list(begun.before.series.step) == list(range(1, joint.step + 1))
    assert begun.before.history == tuple(solo.epochs[: joint.epoch])
    ended = manager.wait(run_id, LIMIT)
    assert (ended.state, ended.epoch, ended.epochs, ended.progress) == ("finished", 2, 2, 1.0)
    split = make_split(tiny_dataset, "leak-free", 0)
    beginning = Beginning(first.weights, _moments(first) if point == "last" else {})
    records = list(train(config, tiny_dataset, split, beginning=beginning))
    weights = [record for record in records if isinstance(record, Checkpoint) and record.best][-1]
    assert as_bits(store.open(run_id).best_weights()) == as_bits(weights.weights)
    losses = [record.loss for record in records if isinstance(record, StepRecord)]
    assert list(ended.line().series.loss) == [*begun.before.series.loss, *losses]
    epochs = [record.epoch for record in ended.line().history]
    assert epochs == list(range(1, joint.epoch + 3))
    # The folder tells the same.
    seen = manager.look(run_id)
    assert seen is not ended
    assert seen.before.joints == begun.before.joints
    assert seen.line().history == ended.line().history
    assert list(seen.line().series.step) == list(ended.line().series.step)


def _moments(point: Checkpoint) -> dict[str, Tensor]:
    return {name: state for name, state in point.resume.items() if name != "generator"}


def test_a_run_that_goes_on_from_another_is_taken_up_again_with_its_history(
    fed_manager, fed, store, finished, tiny_dataset
):
    config = tiny_config(epochs=2)
    run_id = fed_manager.start(config, tiny_dataset, go_on_from=(finished.id, "best"))
    fed.feed(run_id).put(plan_of(), step_record(1), End())
    before = fed_manager.wait(run_id, LIMIT).before
    fed.fresh_feed(run_id)
    store.open(run_id).write_status(RunStatus(state="stopped"))
    fed_manager.resume(run_id)
    seen = _snapshot(fed_manager, run_id)
    assert seen.before.joints == before.joints
    assert seen.before.history == before.history
    assert (seen.step, seen.epoch, seen.seconds) == (0, 0, 0.0)  # its own: no epoch was stored


def test_a_run_that_cannot_go_on_from_another_is_not_made(manager, store, finished, tiny_dataset):
    with pytest.raises(ConfigError, match="has its network"):
        manager.start(tiny_config("rnn"), tiny_dataset, go_on_from=(finished.id, "best"))
    with pytest.raises(RunError, match="There is no run"):
        manager.start(tiny_config(), tiny_dataset, go_on_from=("nothing", "best"))
    assert [run.id for run in store.summaries()] == [finished.id]


# -- failures


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RunError("The disk is full. Free some space."), "The disk is full. Free some space."),
        (RuntimeError("boom"), "Training failed: RuntimeError."),
        (MemoryError(), "Training failed: MemoryError."),
        (OSError(errno.EIO, "x"), "Training failed: OSError."),
        (SystemExit(3), "Training ended without a word."),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_failing_executor_is_told_and_the_next_run_begins(
    fed_manager, fed, tiny_dataset, error, message, after
):
    first, second = (_start(fed_manager, tiny_dataset) for _ in range(2))
    feed = fed.feed(first)
    feed.give(*[plan_of(), step_record(1), epoch_record(1)][:after])
    feed.put(error)
    ended = fed_manager.wait(first, LIMIT)
    assert (ended.state, ended.message, ended.remaining) == ("failed", message, None)
    assert ended.ended
    assert ended.epoch == (1 if after else 0)
    fed.feed(second).put(plan_of(), final_record(), End())
    assert fed_manager.wait(second, LIMIT).state == "finished"


def test_an_executor_that_ends_without_a_final_record_has_stopped(fed_manager, fed, tiny_dataset):
    run_id = _start(fed_manager, tiny_dataset)
    fed.feed(run_id).put(plan_of(), step_record(1), End())
    assert fed_manager.wait(run_id, LIMIT).state == "stopped"


def test_an_executor_that_fails_before_it_streams_is_told(managed, tiny_dataset):
    class Broken:
        def stream(self, run):
            raise RunError("The cluster does not answer. Try again later.")

    manager = managed(Broken())
    ended = manager.wait(_start(manager, tiny_dataset), LIMIT)
    assert (ended.state, ended.message) == (
        "failed",
        "The cluster does not answer. Try again later.",
    )


def test_a_cause_that_the_executor_stored_is_told(managed, tiny_dataset):
    class Storing:
        def stream(self, run):
            run.write_status(RunStatus(state="failed", message="Out of memory on node 7."))
            raise RuntimeError("worker died")

    manager = managed(Storing())
    ended = manager.wait(_start(manager, tiny_dataset), LIMIT)
    assert (ended.state, ended.message) == ("failed", "Out of memory on node 7.")


def test_training_that_diverges_says_so_with_advice(managed, store):
    lines = [LabelledName(line.name * 6, line.category) for line in tiny_lines()]
    dataset = Dataset.build("long names", lines)
    manager = managed(LocalExecutor(lambda reference: dataset))
    exploding = {"optimizer": "adam", "learning_rate": 10.0, "clip_norm": 0.0, "epochs": 20}
    run_id = manager.start(
        tiny_config("rnn", schedule="constant", batch_size=4, **exploding), dataset
    )
    ended = manager.wait(run_id, LIMIT)
    assert ended.state == "diverged"
    assert "training has diverged. Lower the learning rate (now 10)" in ended.message
    assert store.open(run_id).status().state == "diverged"
    assert store.open(run_id).status().message == ended.message


def test_a_changed_dataset_is_refused_and_the_run_kept(managed, store, stopped, solo):
    other = Dataset.build("tiny", [*tiny_lines(), LabelledName("Newovic", "Alphan")])
    manager = managed(LocalExecutor(lambda reference: other))
    manager.resume(stopped.id)
    ended = manager.wait(stopped.id, LIMIT)
    assert ended.state == "failed"
    assert "are not those this run was begun with" in ended.message
    assert "Put the old files back" in ended.message
    assert_holds_epochs(stopped, solo, 2)
    assert [run.state for run in store.summaries()] == ["failed"]


# -- waiting


def test_waiting_for_a_record_ends_with_the_first(fed_manager, fed, tiny_dataset):
    run_id = _start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of())
    waited = threading.Event()

    def wait():
        fed_manager.wait_for_record(run_id, 10 * LIMIT)
        waited.set()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    assert not waited.wait(0.05)  # the plan is no record yet
    feed.put(step_record(1))
    assert waited.wait(LIMIT)
    fed_manager.wait_for_record(run_id, 10 * LIMIT)  # at once from now on


@pytest.mark.parametrize("ending", [RunError("No."), RuntimeError("boom"), End()])
def test_waiting_for_a_record_ends_with_a_run_that_gives_none(
    fed_manager, fed, tiny_dataset, ending
):
    run_id = _start(fed_manager, tiny_dataset)
    fed.feed(run_id).put(plan_of(), ending)
    fed_manager.wait_for_record(run_id, 10 * LIMIT)
    assert _snapshot(fed_manager, run_id).ended


def test_nobody_waits_for_records_of_runs_that_give_none_now(
    fed_manager, fed, finished, tiny_dataset
):
    first, second, third = (_start(fed_manager, tiny_dataset) for _ in range(3))
    fed.feed(first).give(plan_of())
    fed_manager.stop(third)
    for run_id in (second, third, finished.id, "nothing"):
        fed_manager.wait_for_record(run_id, 10 * LIMIT)  # the test's time limit would end this
    fed_manager.wait_for_record(first, 0.01)  # and no longer than asked for


def test_waiting_for_the_end_has_a_limit(fed_manager, fed, tiny_dataset):
    run_id = _start(fed_manager, tiny_dataset)
    fed.feed(run_id).give(plan_of())
    with pytest.raises(JobError) as caught:
        fed_manager.wait(run_id, 0.01)
    assert_sentence(caught.value, f"Run {run_id} is still running after 0.01 seconds.")


# -- looking


def test_a_look_at_a_stored_run_shows_what_it_left(manager, finished, stopped, solo):
    seen = manager.look(finished.id)
    assert (seen.state, seen.epoch, seen.step) == ("finished", 3, solo.plan.steps)
    assert list(seen.series.loss) == [record.loss for record in solo.steps]
    assert seen.history == tuple(solo.epochs)
    assert seen.scores == tuple(solo.final.scores.values())
    assert (seen.epochs, seen.steps) == (3, solo.plan.steps)
    assert seen.config == solo.config
    assert manager.look(stopped.id).state == "stopped"
    assert manager.look(stopped.id).epoch == 2
    assert manager.snapshot(finished.id) is None
    assert manager.active() == []


def test_a_look_at_an_interrupted_run_says_so(manager, stopped):
    stopped.write_status(stopped.status().model_copy(update={"state": "running"}))
    seen = manager.look(stopped.id)
    assert (seen.state, seen.ended, seen.place) == ("interrupted", True, 0)
    with RunFolder(stopped.path).lock():  # another process goes on with it
        assert manager.look(stopped.id).state == "running"
    assert manager.look(stopped.id).state == "interrupted"


def test_a_look_is_kept_until_the_run_changes(manager, stopped, solo):
    first = manager.look(stopped.id)
    assert manager.look(stopped.id) is first
    stopped.write_status(stopped.status().model_copy(update={"state": "failed", "message": "Why."}))
    second = manager.look(stopped.id)
    assert (second.state, second.message) == ("failed", "Why.")
    assert manager.look(stopped.id) is second


def test_looks_at_many_runs_do_not_pile_up(manager, store, tiny_dataset):
    ids = [store.create(tiny_config(), tiny_dataset).id for _ in range(40)]
    for run_id in ids:
        assert manager.look(run_id).state == "interrupted"
    assert 0 < len(manager._snapshot_cache) <= SNAPSHOTS_KEPT


def test_a_look_at_a_job_is_its_snapshot(fed_manager, fed, tiny_dataset):
    run_id = _start(fed_manager, tiny_dataset)
    fed.feed(run_id).give(plan_of(), step_record(1))
    assert fed_manager.look(run_id) is fed_manager.snapshot(run_id)


@pytest.mark.parametrize(
    "line",
    [b'{"kind": "step", "step": "one"}\n', b"[" * 50_000 + b"\n", b"\xff\n", b'{"kind": "st'],
)
def test_a_look_at_damaged_metrics_shows_those_before(manager, stopped, solo, line):
    lines = (stopped.path / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    (stopped.path / "metrics.jsonl").write_bytes(b"".join(lines[:3]) + line)
    assert list(manager.look(stopped.id).series.step) == [1, 2, 3]


# -- snapshots


def test_snapshots_taken_while_training_are_consistent_and_never_change(
    manager, store, tiny_dataset
):
    config = tiny_config(epochs=40)
    taken: list[JobSnapshot] = []
    contents: list[list[bytes]] = []
    over = threading.Event()
    run_id = manager.start(config, tiny_dataset)

    def read():
        while not over.wait(0.0005):
            snapshot = _snapshot(manager, run_id)
            if not taken or snapshot is not taken[-1]:
                taken.append(snapshot)
                contents.append([column.tobytes() for column in _columns(snapshot)])

    reader = threading.Thread(target=read)
    reader.start()
    try:
        manager.wait(run_id, LIMIT)
    finally:
        over.set()
        reader.join(LIMIT)
    assert len(taken) > 20
    for snapshot, content in zip(taken, contents, strict=True):
        columns = _columns(snapshot)
        assert [column.tobytes() for column in columns] == content  # not one bit has changed
        assert {len(column) for column in columns} == {len(snapshot.series)}
        assert np.all(np.diff(snapshot.series.step) > 0)
        assert [record.epoch for record in snapshot.history] == list(
            range(1, len(snapshot.history) + 1)
        )
        assert snapshot.step >= (snapshot.history[-1].step if snapshot.history else 0)
        assert 0 <= snapshot.progress <= 1
    for before, after in itertools.pairwise(taken):
        assert len(after.series) >= len(before.series)
        assert len(after.history) >= len(before.history)
        assert after.series.loss[: len(before.series)].tobytes() == before.series.loss.tobytes()


def _columns(snapshot: JobSnapshot) -> list[np.ndarray]:
    series = snapshot.series
    return [series.step, series.loss, series.gradient_norm, series.learning_rate]


def test_a_reader_can_do_nothing_to_a_snapshot(fed_manager, fed, tiny_dataset):
    run_id = _start(fed_manager, tiny_dataset)
    fed.feed(run_id).give(plan_of(), step_record(1, 0.5))
    seen = _snapshot(fed_manager, run_id)
    with pytest.raises(dataclasses.FrozenInstanceError):
        seen.state = "finished"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        seen.series.loss = np.zeros(1)  # type: ignore[misc]
    for column in _columns(seen):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 17
    fed.feed(run_id).give(step_record(2, 0.25))
    assert list(_snapshot(fed_manager, run_id).series.loss) == [0.5, 0.25]


# -- the end


def test_a_shutdown_stops_and_stores_what_runs(manager, store, tiny_dataset):
    config = tiny_config(epochs=LONG)
    first, second = (manager.start(config, tiny_dataset) for _ in range(2))
    _wait_for_epoch(manager, first, 1)
    manager.shutdown()
    assert not any(thread.name == f"train-{first}" for thread in threading.enumerate())
    assert _state(manager, first) == "stopped"
    folder = store.open(first)
    assert folder.status().state == "stopped"
    assert not folder.is_locked()
    epochs = folder.status().epoch
    assert epochs >= 1
    assert_holds_epochs(folder, Solo(config, tiny_dataset, epochs), epochs)
    # What waited never began; it can be gone on with.
    assert _state(manager, second) == "interrupted"
    assert manager.wait(second, 0).place == 0
    assert [run.state for run in store.summaries() if run.id == second] == ["interrupted"]
    assert manager.active() == []


def test_a_shutdown_ends_a_paused_run_too(fed_manager, fed, tiny_dataset):
    run_id = _start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of())
    fed_manager.pause(run_id)
    feed.put(step_record(1))
    wait_until(lambda: _state(fed_manager, run_id) == "paused")
    fed_manager.shutdown()
    assert feed.closed.is_set()
    assert _state(fed_manager, run_id) == "stopped"


def test_a_shutdown_does_not_wait_for_ever(fed_manager, fed, tiny_dataset, monkeypatch):
    monkeypatch.setattr(manager_module, "SHUTDOWN_SECONDS", 0.05)
    run_id = _start(fed_manager, tiny_dataset)
    fed.feed(run_id).give(plan_of())
    fed_manager.shutdown()  # the executor is busy and does not answer
    assert _state(fed_manager, run_id) == "running"
    fed.feed(run_id).put(step_record(1))
    assert fed_manager.wait(run_id, LIMIT).state == "stopped"


def test_nothing_begins_after_a_shutdown(fed_manager, fed, store, stopped, tiny_dataset):
    fed_manager.shutdown()
    for begin in (
        lambda: _start(fed_manager, tiny_dataset),
        lambda: fed_manager.resume(stopped.id),
    ):
        with pytest.raises(JobError) as caught:
            begin()
        assert_sentence(caught.value, "This server is ending")
    assert [run.state for run in store.summaries()] == ["stopped"]  # nothing was made or changed
    assert fed.begun == []


def test_a_thread_that_cannot_begin_fails_its_run_and_the_next_trains(
    fed_manager, fed, tiny_dataset, monkeypatch, caplog
):
    first = _start(fed_manager, tiny_dataset)
    second, third = (_start(fed_manager, tiny_dataset) for _ in range(2))
    begin = threading.Thread.start

    def refuse(self):
        if self.name == f"train-{second}":
            raise RuntimeError("can't start new thread")
        begin(self)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    fed.feed(first).put(final_record(), End())
    fed.feed(third).put(final_record(), End())
    ended = fed_manager.wait(second, LIMIT)
    assert (ended.state, ended.place) == ("failed", 0)
    assert_sentence(JobError(ended.message), "no more threads", "go on with the run")
    assert fed_manager.wait(third, LIMIT).state == "finished"
    assert fed.begun == [first, third]
    assert "could not begin" in caplog.text
    fed_manager.wait_for_record(second, 10 * LIMIT)  # at once
    fed_manager.shutdown()


def test_a_shutdown_of_nothing_is_nothing(manager):
    manager.shutdown()
    manager.shutdown()


def test_weights_of_runs_side_by_side_are_those_of_solo_runs(managed, store, tiny_dataset):
    """Two threads draw at once; neither may touch the other's randomness."""
    manager = managed(LocalExecutor(lambda reference: tiny_dataset), most_running=2)
    configs = [
        tiny_config(epochs=20, seed=seed, letter_dropout=0.2, sampling="balanced")
        for seed in (1, 2)
    ]
    ids = [manager.start(config, tiny_dataset) for config in configs]
    for run_id, config in zip(ids, configs, strict=True):
        assert manager.wait(run_id, LIMIT).state == "finished"
        solo = Solo(config, tiny_dataset)
        assert as_bits(store.open(run_id).best_weights()) == as_bits(solo.best_until(20).weights)


# -- what a shared server allows


def _allow(monkeypatch: pytest.MonkeyPatch, **limits: object) -> None:
    for name, value in limits.items():
        monkeypatch.setenv(variable(name), str(value))
    settings.cache_clear()


def test_one_person_may_have_so_many_runs_and_others_are_not_held_up_by_it(
    fed_manager, fed, store, tiny_dataset, monkeypatch
):
    _allow(monkeypatch, most_jobs_per_user=2)
    first, _ = (fed_manager.start(tiny_config(), tiny_dataset, "ada") for _ in range(2))
    with pytest.raises(JobError, match=r"You have 2 runs .* 2 are allowed .*MOST_JOBS_PER_USER"):
        fed_manager.start(tiny_config(), tiny_dataset, "ada")
    assert len(store.summaries()) == 2  # nothing was made of it
    fed_manager.start(tiny_config(), tiny_dataset, "bea")
    fed.feed(first).put(final_record(), End())
    fed_manager.wait(first, LIMIT)
    fed_manager.start(tiny_config(), tiny_dataset, "ada")


def test_the_queue_has_an_end_for_new_runs_and_for_those_gone_on_with(
    fed_manager, fed, stopped, tiny_dataset, monkeypatch
):
    _allow(monkeypatch, most_queued=1)
    for _ in range(2):  # one runs, one waits
        _start(fed_manager, tiny_dataset)
    with pytest.raises(JobError, match="1 run of all users"):
        _start(fed_manager, tiny_dataset)
    with pytest.raises(JobError, match="1 run of all users"):
        fed_manager.resume(stopped.id)


def test_a_run_too_large_for_the_machine_is_refused_before_anything_is_made(
    fed_manager, store, tiny_dataset, monkeypatch
):
    _allow(monkeypatch, most_memory=1)
    with pytest.raises(ConfigError, match=r"would need about .* Lowering \w+ \(now"):
        _start(fed_manager, tiny_dataset, batch_size=8192)
    assert store.summaries() == []


def test_a_run_ends_when_its_minutes_are_over_and_keeps_its_last_epoch(
    manager, store, tiny_dataset, monkeypatch
):
    manager.wait(_start(manager, tiny_dataset), LIMIT)  # PyTorch's first step takes seconds
    _allow(monkeypatch, most_minutes=0.01)
    ended = manager.wait(_start(manager, tiny_dataset, epochs=1000), LIMIT)
    assert ended.state == "stopped"
    assert "minutes of training; 0.01 are allowed (NAMEREC_MOST_MINUTES)" in ended.message
    status = store.open(ended.run_id).status()
    assert (status.state, status.message) == ("stopped", ended.message)
    assert manager.look(ended.run_id).message == ended.message
    with pytest.raises(JobError, match="NAMEREC_MOST_MINUTES"):
        manager.resume(ended.run_id)  # its checkpoint is younger than the limit


def test_a_run_ended_in_its_first_epoch_is_not_gone_on_with_under_the_same_limit(
    manager, store, tiny_dataset, monkeypatch
):
    _allow(monkeypatch, most_minutes=1e-9)
    run_id = _start(manager, tiny_dataset)
    assert (manager.wait(run_id, LIMIT).state, manager.look(run_id).epoch) == ("stopped", 0)
    with pytest.raises(JobError, match="NAMEREC_MOST_MINUTES"):
        manager.resume(run_id)
    _allow(monkeypatch, most_minutes=100)
    manager.resume(run_id)
    ended = manager.wait(run_id, LIMIT)
    assert (ended.state, ended.message) == ("finished", "")
    assert_holds_all(store.open(run_id), Solo(tiny_config(), tiny_dataset))


def test_a_queue_cannot_be_promised_more_room_than_there_is(
    fed_manager, fed, store, stopped, tiny_dataset, monkeypatch
):
    _allow(monkeypatch, most_disk=4)  # a tiny run takes a little over 1 MB
    first, _, _ = (_start(fed_manager, tiny_dataset) for _ in range(3))
    said = r"runs in training or waiting will add about 3 MB, and .*MOST_DISK"
    with pytest.raises(JobError, match=said):
        _start(fed_manager, tiny_dataset)
    with pytest.raises(JobError, match=said):
        fed_manager.resume(stopped.id)
    assert stopped.status().state == "stopped"
    assert len(store.summaries()) == 4  # nothing was made of it
    fed.feed(first).put(final_record(), End())
    fed_manager.wait(first, LIMIT)
    fed_manager.resume(stopped.id)


def test_a_run_too_large_now_is_not_gone_on_with(manager, stopped, solo, monkeypatch):
    before = _files(stopped)
    _allow(monkeypatch, most_parameters=10)
    with pytest.raises(ConfigError, match="MOST_PARAMETERS"):
        manager.resume(stopped.id)
    assert _files(stopped) == before
    monkeypatch.delenv(variable("most_parameters"))
    _allow(monkeypatch, most_memory=1)
    manager.resume(stopped.id)
    ended = manager.wait(stopped.id, LIMIT)
    assert ended.state == "failed"
    assert "MOST_MEMORY" in ended.message
    monkeypatch.delenv(variable("most_memory"))
    settings.cache_clear()
    manager.resume(stopped.id)
    assert manager.wait(stopped.id, LIMIT).state == "finished"
    assert_holds_all(stopped, solo)
