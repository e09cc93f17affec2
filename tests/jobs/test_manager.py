"""Runs in the background: what they store and show, how they fail and how all of them end."""

import dataclasses
import errno
import itertools
import threading

import numpy as np
import pytest

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.core.training.records import EpochRecord
from namerec.errors import JobError, RunError
from namerec.jobs import manager as manager_module
from namerec.jobs.executors import LocalExecutor
from namerec.jobs.snapshot import JobSnapshot
from namerec.runs.records import RunStatus, Trial
from tests.conftest import tiny_config, tiny_lines
from tests.jobs.fakes import (
    LIMIT,
    End,
    epoch_record,
    final_record,
    plan_of,
    step_record,
    wait_until,
)
from tests.jobs.references import snapshot_of, start, state_of, wait_for_epoch
from tests.runs.references import (
    Solo,
    as_bits,
    assert_holds_all,
    assert_holds_epochs,
    assert_sentence,
)


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
    run_id = start(fed_manager, tiny_dataset)
    fed.feed(run_id).wait_until_asked()
    assert state_of(fed_manager, run_id) == "running"
    assert f"train-{run_id}" in {thread.name for thread in threading.enumerate()}


def test_the_snapshot_follows_the_records(fed_manager, fed, tiny_dataset):
    run_id = start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of(2, 10))
    seen = snapshot_of(fed_manager, run_id)
    assert (seen.state, seen.epochs, seen.steps) == ("running", 2, 20)
    assert (seen.step, seen.epoch, seen.progress, seen.scores) == (0, 0, 0.0, ())
    feed.give(step_record(1, 1.5), step_record(5, 1.25))
    seen = snapshot_of(fed_manager, run_id)
    assert list(seen.series.step) == [1, 5]
    assert list(seen.series.loss) == [1.5, 1.25]
    assert (seen.step, seen.epoch, seen.progress) == (5, 0, 0.25)
    feed.give(step_record(10), epoch_record(1, seconds=3.0))
    seen = snapshot_of(fed_manager, run_id)
    assert seen.history == (epoch_record(1, seconds=3.0),)
    assert (seen.epoch, seen.seconds, seen.names_per_second) == (1, 3.0, 100.0)
    feed.give(final_record(seconds=4.0))
    seen = snapshot_of(fed_manager, run_id)
    assert (seen.state, seen.seconds, seen.remaining) == ("finished", 4.0, 0.0)
    assert seen.scores == (final_record().scores["test"],)
    assert seen.ended
    feed.put(End())
    assert fed_manager.wait(run_id, LIMIT).state == "finished"


def test_the_latest_job_is_the_one_started_last(fed_manager, fed, tiny_dataset):
    assert fed_manager.latest() is None
    assert fed_manager.active() == []
    first = start(fed_manager, tiny_dataset)
    assert fed_manager.latest().run_id == first
    second = start(fed_manager, tiny_dataset)
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


# -- snapshots


def test_snapshots_taken_while_training_are_consistent_and_never_change(managed, tiny_dataset):
    taken: list[JobSnapshot] = []
    contents: list[list[bytes]] = []

    class Watched(LocalExecutor):
        def stream(self, run):
            for record in super().stream(run):
                yield record
                taken.append(snapshot_of(manager, run.id))
                contents.append([column.tobytes() for column in _columns(taken[-1])])

    manager = managed(Watched(lambda reference: tiny_dataset))
    manager.wait(start(manager, tiny_dataset, epochs=10), LIMIT)
    assert len(taken) > 40
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
    run_id = start(fed_manager, tiny_dataset)
    fed.feed(run_id).give(plan_of(), step_record(1, 0.5))
    seen = snapshot_of(fed_manager, run_id)
    with pytest.raises(dataclasses.FrozenInstanceError):
        seen.state = "finished"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        seen.series.loss = np.zeros(1)  # type: ignore[misc]
    for column in _columns(seen):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 17
    fed.feed(run_id).give(step_record(2, 0.25))
    assert list(snapshot_of(fed_manager, run_id).series.loss) == [0.5, 0.25]


# -- failures


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RunError("The disk is full. Free some space."), "The disk is full. Free some space."),
        (RuntimeError("boom"), "Training failed with an unexpected error (RuntimeError)."),
        (MemoryError(), "Training failed with an unexpected error (MemoryError)."),
        (OSError(errno.EIO, "x"), "Training failed with an unexpected error (OSError)."),
        (SystemExit(3), "Training ended unexpectedly. Resume the run."),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_failing_executor_is_told_and_the_next_run_begins(
    fed_manager, fed, tiny_dataset, error, message, after
):
    first, second = (start(fed_manager, tiny_dataset) for _ in range(2))
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
    run_id = start(fed_manager, tiny_dataset)
    fed.feed(run_id).put(plan_of(), step_record(1), End())
    assert fed_manager.wait(run_id, LIMIT).state == "stopped"


def test_an_executor_that_fails_before_it_streams_is_told(managed, tiny_dataset):
    class Broken:
        def stream(self, run):
            raise RunError("The cluster does not answer. Try again later.")

    manager = managed(Broken())
    ended = manager.wait(start(manager, tiny_dataset), LIMIT)
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
    ended = manager.wait(start(manager, tiny_dataset), LIMIT)
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
    assert "are not those that this run was started with" in ended.message
    assert "Put the old files back" in ended.message
    assert_holds_epochs(stopped, solo, 2)
    assert [run.state for run in store.summaries()] == ["failed"]


# -- waiting


def test_waiting_for_a_record_ends_with_the_first(fed_manager, fed, tiny_dataset):
    run_id = start(fed_manager, tiny_dataset)
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
    run_id = start(fed_manager, tiny_dataset)
    fed.feed(run_id).put(plan_of(), ending)
    fed_manager.wait_for_record(run_id, 10 * LIMIT)
    assert snapshot_of(fed_manager, run_id).ended


def test_nobody_waits_for_records_of_runs_that_give_none_now(
    fed_manager, fed, finished, tiny_dataset
):
    first, second, third = (start(fed_manager, tiny_dataset) for _ in range(3))
    fed.feed(first).give(plan_of())
    fed_manager.stop(third)
    for run_id in (second, third, finished.id, "nothing"):
        fed_manager.wait_for_record(run_id, 10 * LIMIT)  # the test's time limit would end this
    fed_manager.wait_for_record(first, 0.01)  # and no longer than asked for


def test_waiting_for_the_end_has_a_limit(fed_manager, fed, tiny_dataset):
    run_id = start(fed_manager, tiny_dataset)
    fed.feed(run_id).give(plan_of())
    with pytest.raises(JobError) as caught:
        fed_manager.wait(run_id, 0.01)
    assert_sentence(caught.value, f"Run {run_id} is still running after 0.01 seconds.")


# -- the end


def test_a_shutdown_stops_and_stores_what_runs(held_manager, store, solo, tiny_dataset):
    manager = held_manager
    first, second = (manager.start(solo.config, tiny_dataset) for _ in range(2))
    wait_for_epoch(manager, first, 1)
    manager.shutdown()
    assert not any(thread.name == f"train-{first}" for thread in threading.enumerate())
    assert state_of(manager, first) == "stopped"
    folder = store.open(first)
    assert folder.status().state == "stopped"
    assert not folder.is_locked()
    assert_holds_epochs(folder, solo, 1)
    # What waited never began; it can be gone on with.
    assert state_of(manager, second) == "interrupted"
    assert manager.wait(second, 0).place == 0
    assert [run.state for run in store.summaries() if run.id == second] == ["interrupted"]
    assert manager.active() == []


def test_a_shutdown_ends_a_paused_run_too(fed_manager, fed, tiny_dataset):
    run_id = start(fed_manager, tiny_dataset)
    feed = fed.feed(run_id)
    feed.give(plan_of())
    fed_manager.pause(run_id)
    feed.put(step_record(1))
    wait_until(lambda: state_of(fed_manager, run_id) == "paused")
    fed_manager.shutdown()
    assert feed.closed.is_set()
    assert state_of(fed_manager, run_id) == "stopped"


def test_a_shutdown_does_not_wait_for_ever(fed_manager, fed, tiny_dataset, monkeypatch):
    monkeypatch.setattr(manager_module, "SHUTDOWN_SECONDS", 0.05)
    run_id = start(fed_manager, tiny_dataset)
    fed.feed(run_id).give(plan_of())
    fed_manager.shutdown()  # the executor is busy and does not answer
    assert state_of(fed_manager, run_id) == "running"
    fed.feed(run_id).put(step_record(1))
    assert fed_manager.wait(run_id, LIMIT).state == "stopped"


def test_nothing_begins_after_a_shutdown(fed_manager, fed, store, stopped, tiny_dataset):
    fed_manager.shutdown()
    for begin in (
        lambda: start(fed_manager, tiny_dataset),
        lambda: fed_manager.resume(stopped.id),
    ):
        with pytest.raises(JobError) as caught:
            begin()
        assert_sentence(caught.value, "This server is shutting down")
    assert [run.state for run in store.summaries()] == ["stopped"]  # nothing was made or changed
    assert fed.begun == []


def test_a_thread_that_cannot_begin_fails_its_run_and_the_next_trains(
    fed_manager, fed, tiny_dataset, monkeypatch, caplog
):
    first = start(fed_manager, tiny_dataset)
    second, third = (start(fed_manager, tiny_dataset) for _ in range(2))
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
    assert_sentence(JobError(ended.message), "no more threads", "resume the run")
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
        tiny_config(epochs=6, seed=seed, letter_dropout=0.2, sampling="balanced") for seed in (1, 2)
    ]
    ids = [manager.start(config, tiny_dataset) for config in configs]
    for run_id, config in zip(ids, configs, strict=True):
        assert manager.wait(run_id, LIMIT).state == "finished"
        solo = Solo(config, tiny_dataset)
        assert as_bits(store.open(run_id).best_weights()) == as_bits(solo.best_until(6).weights)


def test_the_runs_of_a_trial_are_marked_trained_together_and_not_scored(
    manager, store, tiny_dataset
):
    """Whoever resumes one has it scored: it then is the run that it had been alone."""
    configs = [tiny_config(seed=seed, split_seed=0) for seed in range(2)]
    mark = Trial(sweep="mine", number=4)
    runs = manager.start_trial(configs, tiny_dataset, mark)
    assert manager.latest() is None
    for run, config in zip(runs, configs, strict=True):
        ended = manager.wait(run, LIMIT)
        solo = Solo(config, tiny_dataset)
        folder = store.open(run)
        assert (ended.state, ended.epoch, folder.info().trial) == ("stopped", 3, mark)
        assert folder.status().scores == {}
        assert_holds_epochs(folder, solo, 3)
        assert store.trained() == [] or run not in [one.id for one in store.trained()]
        manager.resume(run)
        assert manager.wait(run, LIMIT).state == "finished"
        assert_holds_all(folder, solo)
        assert run in [one.id for one in store.trained()]
