"""Runs that go on from where they stopped, and new ones that go on from another."""

import errno

import pytest
from torch import Tensor

from namerec.core.corpus.splits import make_split
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.core.training.loop import Checkpoint, InitialWeights, train
from namerec.core.training.records import StepRecord
from namerec.errors import ConfigError, JobError, NamerecError, RunError
from namerec.jobs.manager import JobManager
from namerec.runs.deletion import remove
from namerec.runs.folder import RunFolder
from namerec.runs.records import RunStatus
from namerec.runs.store import RunStore
from tests.conftest import tiny_config
from tests.jobs.fakes import (
    LIMIT,
    End,
    FedExecutor,
    final_record,
    plan_of,
    step_record,
)
from tests.jobs.references import files, snapshot_of, start, wait_for_epoch
from tests.runs.references import (
    Solo,
    as_bits,
    assert_holds_all,
    assert_sentence,
)


def test_a_stopped_run_goes_on_to_the_end_of_an_uninterrupted_one_bit_for_bit(
    held_manager, held_back, store, solo, tiny_dataset
):
    run_id = held_manager.start(solo.config, tiny_dataset)
    for epoch in (1, 2):  # stopped twice
        wait_for_epoch(held_manager, run_id, epoch)
        held_manager.stop(run_id)
        before = held_manager.wait(run_id, LIMIT)
        assert before.state == "stopped"
        held_back.go_on(epoch + 1)
        held_manager.resume(run_id)
        seen = snapshot_of(held_manager, run_id)
        steps = solo.plan.ends[epoch - 1]
        assert list(seen.series.step[:steps]) == list(before.series.step)
        assert seen.history[:epoch] == before.history
    held_back.go_on()
    ended = held_manager.wait(run_id, LIMIT)
    assert ended.state == "finished"
    assert_holds_all(store.open(run_id), solo)
    assert list(ended.series.step) == [record.step for record in solo.steps]
    assert [record.epoch for record in ended.history] == [1, 2, 3]


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
    seen = snapshot_of(fed_manager, stopped.id)
    end = solo.plan.ends[1]
    assert list(seen.series.step) == [record.step for record in solo.steps if record.step <= end]
    assert [record.epoch for record in seen.history] == [1, 2]
    assert seen.seconds == stopped.status().seconds
    assert (seen.epoch, seen.step) == (2, end)
    feed.give(step_record(end + 1, 0.125))
    assert list(snapshot_of(fed_manager, stopped.id).series.loss)[-1] == 0.125
    assert len(snapshot_of(fed_manager, stopped.id).series) == end + 1


def test_a_run_that_failed_can_be_gone_on_with_and_its_message_goes(manager, store, stopped, solo):
    status = stopped.status().model_copy(update={"state": "failed", "message": "The disk is full."})
    stopped.write_status(status)
    assert manager.look(stopped.id).message == "The disk is full."
    manager.resume(stopped.id)
    ended = manager.wait(stopped.id, LIMIT)
    assert (ended.state, ended.message) == ("finished", "")
    assert_holds_all(stopped, solo)


def test_a_finished_run_cannot_be_gone_on_with(manager, finished):
    before = files(finished)
    with pytest.raises(NamerecError) as caught:
        manager.resume(finished.id)
    assert_sentence(caught.value, f"Run {finished.id} is finished", "only interrupted, stopped")
    assert manager.snapshot(finished.id) is None
    assert files(finished) == before


@pytest.mark.parametrize("state", ["finished", "stopped", "running"])
def test_a_pretrained_run_cannot_be_gone_on_with(managed, tmp_path, stopped, state, tiny_dataset):
    stopped.write_status(stopped.status().model_copy(update={"state": state}))
    before = files(stopped)
    store = RunStore(tmp_path / "own", pretrained=stopped.path.parent)
    manager = JobManager(store, FedExecutor())
    with pytest.raises(NamerecError) as caught:
        manager.resume(stopped.id)
    assert_sentence(caught.value, stopped.id, "of your own")
    assert files(stopped) == before
    manager.shutdown()


@pytest.mark.parametrize("run_id", ["nothing", "../escape", "a/b", "", "\0", "\ud800"], ids=ascii)
def test_a_run_that_is_not_there_cannot_be_gone_on_with(manager, finished, run_id):
    for verb in (manager.resume, manager.look):
        with pytest.raises(RunError) as caught:
            verb(run_id)
        assert_sentence(caught.value, "There is no run")


def test_a_run_at_work_or_waiting_cannot_be_gone_on_with_as_well(
    fed_manager, fed, store, tiny_dataset
):
    first, second = (start(fed_manager, tiny_dataset) for _ in range(2))
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
    with RunFolder(stopped.path).lock(), pytest.raises(RunError, match="already being trained"):
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
    assert_sentence(caught.value, stopped.id, "has just been changed")
    assert stopped.status().state == "finished"


def test_a_run_that_goes_on_and_waits_is_not_removed(fed_manager, fed, store, stopped, solo):
    first = start(fed_manager, solo.dataset)
    fed_manager.resume(stopped.id)
    assert (stopped.status().state, stopped.status().epoch) == ("queued", 2)
    with pytest.raises(RunError, match="is queued; only runs that have ended can be deleted"):
        remove(store, stopped.id)
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
    begun = snapshot_of(manager, run_id)
    (branch_point,) = begun.before.branch_points
    assert (branch_point.run, branch_point.epoch) == (finished.id, first.progress.epoch)
    assert list(begun.before.series.step) == list(range(1, branch_point.step + 1))
    assert begun.before.history == tuple(solo.epochs[: branch_point.epoch])
    ended = manager.wait(run_id, LIMIT)
    assert (ended.state, ended.epoch, ended.epochs, ended.progress) == ("finished", 2, 2, 1.0)
    split = make_split(tiny_dataset, "leak-free", 0)
    initial = InitialWeights(first.weights, _moments(first) if point == "last" else {})
    records = list(train(config, tiny_dataset, split, initial=initial))
    weights = [record for record in records if isinstance(record, Checkpoint) and record.best][-1]
    assert as_bits(store.open(run_id).best_weights()) == as_bits(weights.weights)
    losses = [record.loss for record in records if isinstance(record, StepRecord)]
    assert list(ended.lineage().series.loss) == [*begun.before.series.loss, *losses]
    epochs = [record.epoch for record in ended.lineage().history]
    assert epochs == list(range(1, branch_point.epoch + 3))
    # The folder tells the same.
    seen = manager.look(run_id)
    assert seen is not ended
    assert seen.before.branch_points == begun.before.branch_points
    assert seen.lineage().history == ended.lineage().history
    assert list(seen.lineage().series.step) == list(ended.lineage().series.step)


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
    seen = snapshot_of(fed_manager, run_id)
    assert seen.before.branch_points == before.branch_points
    assert seen.before.history == before.history
    assert (seen.step, seen.epoch, seen.seconds) == (0, 0, 0.0)  # its own: no epoch was stored


def test_a_run_that_cannot_go_on_from_another_is_not_made(manager, store, finished, tiny_dataset):
    with pytest.raises(ConfigError, match="must have the same network"):
        manager.start(tiny_config("rnn"), tiny_dataset, go_on_from=(finished.id, "best"))
    with pytest.raises(RunError, match="There is no run"):
        manager.start(tiny_config(), tiny_dataset, go_on_from=("nothing", "best"))
    assert [run.id for run in store.summaries()] == [finished.id]
