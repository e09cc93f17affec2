"""Runs that are paused, go on and are stopped."""

import errno
import threading

import pytest

from namerec.errors import JobError
from namerec.jobs import job as job_module
from namerec.jobs import manager as manager_module
from namerec.jobs.executors import Held, LocalExecutor
from namerec.runs.folder import RunFolder
from tests.conftest import tiny_config
from tests.jobs.fakes import (
    LIMIT,
    End,
    FakeClock,
    epoch_record,
    final_record,
    plan_of,
    step_record,
    wait_until,
)
from tests.jobs.references import snapshot_of, start, state_of, wait_for_epoch
from tests.runs.references import (
    Solo,
    assert_holds_all,
    assert_holds_epochs,
    assert_no_debris,
    assert_sentence,
)


def test_a_paused_run_takes_no_step_until_it_proceeds(fed_manager, fed, tiny_dataset):
    run_id = start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of(), step_record(1))
    fed_manager.pause(run_id)
    feed.put(step_record(2))
    wait_until(lambda: state_of(fed_manager, run_id) == "paused")
    assert list(snapshot_of(fed_manager, run_id).series.step) == [1, 2]
    feed.wait_until_asked()  # for the second step, before the pause
    feed.put(step_record(3))
    assert not feed.is_asked_within(0.2)
    assert list(snapshot_of(fed_manager, run_id).series.step) == [1, 2]
    assert not snapshot_of(fed_manager, run_id).ended
    fed_manager.proceed(run_id)
    feed.wait_until_asked()
    wait_until(lambda: snapshot_of(fed_manager, run_id).step == 3)
    assert state_of(fed_manager, run_id) == "running"


def test_the_stop_of_a_waiting_run_leaves_one_that_another_process_has_taken_up(
    fed_manager, fed, store, tiny_dataset
):
    start(fed_manager, tiny_dataset)
    waiting, taken = (start(fed_manager, tiny_dataset) for _ in range(2))
    folder = store.open(taken)
    theirs = folder.status().model_copy(update={"state": "running", "epoch": 2})
    folder.write_status(theirs)
    for run_id in (waiting, taken):
        fed_manager.stop(run_id)
        assert state_of(fed_manager, run_id) == "stopped"
    assert store.open(waiting).status().state == "stopped"
    assert folder.status() == theirs


def test_a_paused_training_stands_still_and_goes_on_to_the_same_end(
    held_manager, held_back, store, tiny_dataset
):
    config = tiny_config()
    run_id = held_manager.start(config, tiny_dataset)
    wait_for_epoch(held_manager, run_id, 1)
    held_manager.pause(run_id)
    wait_until(lambda: state_of(held_manager, run_id) == "paused")
    held_back.go_on()  # only the pause holds it now
    seen = snapshot_of(held_manager, run_id)
    folder = store.open(run_id)
    metrics = (folder.path / "metrics.jsonl").read_bytes()
    solo = Solo(config, tiny_dataset)  # takes as long as the run would have gone on
    assert snapshot_of(held_manager, run_id) is seen
    assert (folder.path / "metrics.jsonl").read_bytes() == metrics
    assert folder.is_locked()
    assert [run.state for run in store.summaries()] == ["paused"]  # for other processes too
    held_manager.proceed(run_id)
    assert held_manager.wait(run_id, LIMIT).state == "finished"
    assert_holds_all(folder, solo)


def test_a_pause_counts_neither_as_training_nor_towards_the_pace(
    fed_manager, fed, tiny_dataset, monkeypatch
):
    clock = FakeClock()
    monkeypatch.setattr(job_module, "time", clock)
    run_id = start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of(2, 10))
    clock.now += 2
    feed.give(step_record(1))
    seen = snapshot_of(fed_manager, run_id)
    assert (seen.seconds, seen.remaining) == (2.0, None)  # one moment has no pace
    clock.now += 9
    feed.give(step_record(4))
    seen = snapshot_of(fed_manager, run_id)
    assert seen.seconds == 11.0
    assert seen.remaining == 3.0 * 16  # 3 s a step, 16 to go
    fed_manager.pause(run_id)
    feed.put(step_record(5))
    wait_until(lambda: state_of(fed_manager, run_id) == "paused")
    feed.wait_until_asked()  # for the step before the pause
    clock.now += 1000
    fed_manager.proceed(run_id)
    feed.give(step_record(7))
    seen = snapshot_of(fed_manager, run_id)
    assert seen.seconds == 11.0
    assert seen.remaining == 9 / 6 * 13
    feed.give(epoch_record(1, seconds=10.5))
    assert snapshot_of(fed_manager, run_id).seconds == 10.5  # what the training itself measured
    clock.now += 1
    feed.give(step_record(11))
    assert snapshot_of(fed_manager, run_id).seconds == 11.5


def test_a_pause_that_comes_too_late_does_not_hold_a_finished_run(fed_manager, fed, tiny_dataset):
    run_id = start(fed_manager, tiny_dataset)
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


def test_a_stopped_run_keeps_its_last_epoch(held_manager, held_back, store, solo, tiny_dataset):
    held_back.go_on(epoch=2)
    run_id = held_manager.start(solo.config, tiny_dataset)
    wait_for_epoch(held_manager, run_id, 2)
    held_manager.stop(run_id)
    ended = held_manager.wait(run_id, LIMIT)
    assert (ended.state, ended.epoch, ended.remaining) == ("stopped", 2, None)
    folder = store.open(run_id)
    assert folder.status().state == "stopped"
    assert_holds_epochs(folder, solo, 2)
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
    run_id = start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of())
    fed_manager.pause(run_id)
    feed.put(step_record(1))
    wait_until(lambda: state_of(fed_manager, run_id) == "paused")
    fed_manager.stop(run_id)
    assert fed_manager.wait(run_id, LIMIT).state == "stopped"
    assert feed.closed.is_set()


def test_a_run_that_is_being_stopped_can_no_longer_be_held(fed_manager, fed, tiny_dataset):
    run_id = start(fed_manager, tiny_dataset)
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
    run_id = start(fed_manager, tiny_dataset)
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
    run_id = start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of())
    feed.put(Held("The disk is full."))
    wait_until(lambda: state_of(fed_manager, run_id) == "paused")
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
    run_id = start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of())

    def full(self, status):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RunFolder, "write_status", full)
    fed_manager.pause(run_id)
    feed.put(step_record(1))
    wait_until(lambda: state_of(fed_manager, run_id) == "paused")
    fed_manager.proceed(run_id)
    feed.put(final_record(), End())
    assert fed_manager.wait(run_id, LIMIT).state == "finished"


def test_a_pause_taken_back_before_it_holds_changes_nothing(fed_manager, fed, tiny_dataset):
    run_id = start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of())
    fed_manager.pause(run_id)
    fed_manager.proceed(run_id)
    feed.give(step_record(1), step_record(2))
    assert state_of(fed_manager, run_id) == "running"


def test_orders_that_a_job_cannot_follow_are_refused_with_a_sentence(
    fed_manager, fed, tiny_dataset
):
    first, second = (start(fed_manager, tiny_dataset) for _ in range(2))
    fed.feed(first).give(plan_of())
    for verb, done in (("pause", "paused"), ("proceed", "continued")):
        with pytest.raises(JobError) as caught:
            getattr(fed_manager, verb)(second)
        assert_sentence(caught.value, f"Run {second} is queued, so it cannot be {done}.")
    fed_manager.pause(first)
    fed.feed(first).put(step_record(1))
    wait_until(lambda: state_of(fed_manager, first) == "paused")
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
            assert_sentence(caught.value, "is not being trained by this server")
        with pytest.raises(JobError, match="This server has no job for run"):
            manager.wait(run_id, 0)
        assert manager.snapshot(run_id) is None
