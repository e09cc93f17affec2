import errno
import os

import pytest
import torch

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.training.loop import Checkpoint, Plan, train
from namerec.core.training.records import EpochRecord, FinalRecord, StepRecord
from namerec.errors import ConfigError, DataError, RunError
from namerec.jobs import executors
from namerec.jobs.executors import Held, LocalExecutor
from namerec.runs.folder import RunFolder
from namerec.runs.records import RunStatus
from namerec.settings import settings, variable
from tests.conftest import tiny_config, tiny_lines
from tests.core.references import without_times
from tests.runs.references import (
    Solo,
    assert_holds_all,
    assert_holds_epochs,
    assert_no_debris,
    assert_sentence,
)


@pytest.fixture
def executor(tiny_dataset: Dataset) -> LocalExecutor:
    return LocalExecutor(lambda reference: tiny_dataset)


@pytest.fixture
def fresh(store, solo, tiny_dataset):
    """A run that nobody has begun."""
    return store.create(solo.config, tiny_dataset)


def test_a_stream_gives_the_plan_and_then_what_training_gives(executor, fresh, solo):
    given = list(executor.stream(fresh))
    assert given[0] == solo.plan
    expected = [record for record in solo.records if not isinstance(record, Checkpoint)]
    assert [without_times(record) for record in given[1:]] == [
        without_times(record) for record in expected
    ]
    assert_holds_all(fresh, solo)


def test_every_epoch_is_on_the_disk_before_it_is_reported(executor, fresh, solo):
    for record in executor.stream(fresh):
        if isinstance(record, EpochRecord):
            assert_holds_epochs(fresh, solo, record.epoch)
            assert fresh.status().state == "running"
            assert fresh.status().seconds == record.seconds
            assert fresh.status().names_per_second == record.names_per_second
        elif isinstance(record, FinalRecord):
            assert_holds_all(fresh, solo)
            assert fresh.status().seconds == record.seconds
            assert fresh.status().names_per_second == record.names_per_second


def test_a_run_is_held_and_running_while_it_streams(executor, fresh, solo):
    stream = executor.stream(fresh)
    assert fresh.status().state == "queued"
    assert not fresh.is_locked()
    assert isinstance(next(stream), Plan)
    status = fresh.status()
    assert (status.state, status.epochs, status.steps) == ("running", 3, solo.plan.steps)
    assert fresh.is_locked()
    with pytest.raises(RunError, match="is already being trained"):
        next(executor.stream(RunFolder(fresh.path)))
    assert fresh.status() == status
    stream.close()
    assert not fresh.is_locked()


def test_a_stream_that_is_closed_stores_the_stop(executor, fresh, solo):
    stream = executor.stream(fresh)
    for record in stream:
        if isinstance(record, EpochRecord) and record.epoch == 2:
            break
    stream.close()
    assert fresh.status().state == "stopped"
    assert_holds_epochs(fresh, solo, 2)
    assert_no_debris(fresh.path)


def test_a_stream_closed_in_the_middle_of_an_epoch_keeps_the_one_before(executor, fresh, solo):
    stream = executor.stream(fresh)
    for record in stream:
        if isinstance(record, StepRecord) and record.step == solo.plan.ends[0] + 2:
            break
    stream.close()
    assert fresh.status().state == "stopped"
    assert_holds_epochs(fresh, solo, 1)


def test_a_stream_closed_at_its_final_record_has_finished(executor, fresh, solo):
    stream = executor.stream(fresh)
    assert any(isinstance(record, FinalRecord) for record in stream)
    stream.close()
    assert_holds_all(fresh, solo)
    for record in (stream := executor.stream(fresh)):
        if isinstance(record, FinalRecord):
            break
    stream.close()
    assert_holds_all(fresh, solo)


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_stopped_run_goes_on_bit_for_bit(executor, store, solo, epoch):
    stopped = solo.store(store, epochs=epoch)
    given = list(executor.stream(stopped))
    assert_holds_all(stopped, solo)
    assert [record.epoch for record in given if isinstance(record, EpochRecord)] == list(
        range(epoch + 1, 4)
    )


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_dropout_and_drawn_names_go_on_bit_for_bit(executor, store, tiny_dataset, optimizer):
    """All that is random, and all that an optimizer remembers, goes on where it was."""
    config = tiny_config(
        epochs=5, optimizer=optimizer, sampling="balanced", letter_dropout=0.2, batch_size=8
    )
    model = config.model.model_copy(update={"dropout": 0.3})
    solo = Solo(config.model_copy(update={"model": model}), tiny_dataset)
    stopped = solo.store(store, epochs=2)
    list(executor.stream(stopped))
    assert_holds_all(stopped, solo)


def test_a_run_counted_in_steps_goes_on_bit_for_bit(executor, store, tiny_dataset):
    solo = Solo(tiny_config(steps=90, batch_size=4), tiny_dataset)
    assert len(solo.epochs) == 20
    stopped = solo.store(store, epochs=7)
    list(executor.stream(stopped))
    assert_holds_all(stopped, solo)


def test_a_run_whose_patience_ends_is_finished(executor, store, tiny_dataset):
    config = tiny_config(epochs=50, patience=1, optimizer="sgd", learning_rate=1e-9)
    solo = Solo(config, tiny_dataset)
    assert len(solo.epochs) == 2
    folder = store.create(config, tiny_dataset)
    list(executor.stream(folder))
    assert_holds_all(folder, solo)


def test_a_run_of_which_only_earlier_weights_are_left_keeps_them(store, stopped):
    """It would begin anew, and take them back."""
    for file in ("last.safetensors", "best.safetensors"):
        (stopped.path / file).unlink()
    before = _contents(stopped)
    with pytest.raises(RunError) as caught:
        store.resumable(stopped.id)
    assert_sentence(caught.value, stopped.id, "“last.safetensors” is missing", "epochs 1, 2 are")
    assert _contents(stopped) == before
    (stopped.path / "epoch-0002.safetensors").unlink()
    assert stopped.resumed() is None  # the first may have been stored before any checkpoint
    assert stopped.milestones() == []


def test_a_run_whose_checkpoint_alone_is_gone_is_left_as_it_is(executor, store, stopped):
    """It would begin anew, over its best weights."""
    (stopped.path / "last.safetensors").unlink()
    before = _contents(stopped)
    for go_on in (stopped.resumed, lambda: store.resumable(stopped.id)):
        with pytest.raises(RunError) as caught:
            go_on()
        assert_sentence(
            caught.value, stopped.id, "“last.safetensors” is missing", "best weights are intact"
        )
    assert _contents(stopped) == before
    with pytest.raises(RunError, match="Branch from its best epoch"):
        next(executor.stream(stopped))
    assert (stopped.status().state, stopped.status().epoch) == ("failed", 2)
    assert (
        _contents(stopped).items()
        >= {name: content for name, content in before.items() if name != "status.json"}.items()
    )


def _contents(run: RunFolder) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in run.path.iterdir() if file.name != "lock"}


def test_a_run_begins_anew_if_all_its_weights_are_gone(executor, stopped, solo):
    for file in stopped.path.glob("*.safetensors"):
        file.unlink()
    stream = executor.stream(stopped)
    next(stream)
    status = stopped.status()
    assert (status.epoch, status.step, status.best_epoch, status.seconds) == (0, 0, 0, 0.0)
    assert status.validation_accuracy is None
    for _ in stream:
        pass
    assert_holds_all(stopped, solo)


def test_a_status_that_is_behind_the_checkpoint_is_put_right(executor, stopped, solo):
    """Killed between the two; the best epoch could have been the one in between."""
    status = stopped.status()
    stopped.write_status(
        status.model_copy(
            update={
                "state": "running",
                "epoch": 0,
                "step": 0,
                "best_epoch": 0,
                "validation_accuracy": None,
                "seconds": 0.0,
            }
        )
    )
    stream = executor.stream(stopped)
    next(stream)
    put_right = stopped.status()
    assert put_right.epoch == 2
    assert put_right.best_epoch == status.best_epoch
    assert put_right.validation_accuracy == status.validation_accuracy
    assert put_right.seconds == solo.checkpoints[1].progress.seconds
    stream.close()


# -- failures


def test_an_interrupt_from_the_keyboard_stores_the_stop(executor, fresh, solo, monkeypatch):
    """Ctrl-C strikes in the middle of a step, not between two records."""
    real = train

    def interrupted(*args):
        for record in real(*args):
            if isinstance(record, StepRecord) and record.step == solo.plan.ends[1] + 1:
                raise KeyboardInterrupt
            yield record

    monkeypatch.setattr(executors, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(executor.stream(fresh))
    assert fresh.status().state == "stopped"
    assert not fresh.is_locked()
    assert_holds_epochs(fresh, solo, 2)
    monkeypatch.setattr(executors, "train", real)
    list(executor.stream(fresh))
    assert_holds_all(fresh, solo)


class FailingDisk:
    """Flushes of files with a name fail after a run's first epoch, until it works again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fresh: RunFolder) -> None:
        self._flush = os.fsync
        self._run = fresh
        self.name = ""
        self.error = errno.ENOSPC
        self.works = False
        monkeypatch.setattr(os, "fsync", self._flush_or_fail)

    def _flush_or_fail(self, descriptor: int) -> None:
        file = os.readlink(f"/proc/self/fd/{descriptor}")
        if not self.works and self.name in file and self._run.status().epoch == 1:
            raise OSError(self.error, os.strerror(self.error))
        self._flush(descriptor)


@pytest.fixture
def disk(monkeypatch, fresh):
    return FailingDisk(monkeypatch, fresh)


every_file = pytest.mark.parametrize(
    "name",
    ["metrics.jsonl", "epoch-0002", "last.safetensors", "best.safetensors", "status.json"],
)


@every_file
def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(
    executor, fresh, solo, disk, name
):
    disk.name = name
    stream = executor.stream(fresh)
    held = next(record for record in stream if isinstance(record, Held))
    assert_sentence(RunError(held.message), fresh.id, "No space left on device", "Free some space")
    assert isinstance(next(stream), Held)  # nothing has changed, and nothing was lost
    assert_no_debris(fresh.path)
    disk.works = True
    records = list(stream)
    assert isinstance(records[-1], FinalRecord)
    assert not any(isinstance(record, Held) for record in records)
    assert_holds_all(fresh, solo)


@every_file
def test_a_run_held_by_a_full_disk_can_be_stopped_and_gone_on_with(
    executor, fresh, solo, disk, name
):
    disk.name = name
    stream = executor.stream(fresh)
    next(record for record in stream if isinstance(record, Held))
    stream.close()
    assert fresh.state(fresh.status()) == ("interrupted" if name == "status.json" else "stopped")
    disk.works = True
    list(executor.stream(fresh))
    assert_holds_all(fresh, solo)


def test_a_disk_that_fails_is_told_and_leaves_the_run_as_it_was(executor, fresh, solo, disk):
    disk.name, disk.error = "last.safetensors", errno.EIO
    with pytest.raises(RunError) as caught:
        list(executor.stream(fresh))
    assert_sentence(caught.value, fresh.id, "Input/output error", "resume the run")
    assert (fresh.status().state, fresh.status().message) == ("failed", str(caught.value))
    assert "OSError" in (fresh.path / "error.txt").read_text()
    disk.works = True
    list(executor.stream(fresh))
    assert_holds_all(fresh, solo)


def test_a_disk_that_cannot_store_the_failure_either_leaves_an_interrupted_run(
    executor, fresh, solo, disk, caplog
):
    disk.error = errno.EIO
    with pytest.raises(RunError, match="Input/output error"):
        list(executor.stream(fresh))
    assert "could not be stored" in caplog.text
    assert fresh.state(fresh.status()) == "interrupted"
    disk.works = True
    assert_holds_epochs(fresh, solo, 1)
    list(executor.stream(fresh))
    assert_holds_all(fresh, solo)


def test_an_unforeseen_failure_is_stored_with_its_cause(executor, fresh, solo, monkeypatch, caplog):
    real = train

    def failing(*args):
        for record in real(*args):
            if isinstance(record, StepRecord) and record.step == solo.plan.ends[0] + 1:
                raise RuntimeError("x" * 1000)
            yield record

    monkeypatch.setattr(executors, "train", failing)
    with pytest.raises(RuntimeError):
        list(executor.stream(fresh))
    status = fresh.status()
    assert status.state == "failed"
    assert status.message == (
        "Training failed with an unexpected error (RuntimeError: "
        + "x" * 200
        + "). The full error is in “error.txt” in the run's folder."
    )
    assert "in failing" in (fresh.path / "error.txt").read_text()
    assert f"run {fresh.id} failed" in caplog.text
    assert_holds_epochs(fresh, solo, 1)
    assert not fresh.is_locked()


def test_a_changed_dataset_is_refused_before_the_first_record(fresh):
    other = Dataset.build("other names", [*tiny_lines(), LabelledName("Newovic", "Alphan")])
    with pytest.raises(DataError) as caught:
        next(LocalExecutor(lambda reference: other).stream(fresh))
    assert_sentence(caught.value, "“other names”", "Put the old files back")
    assert fresh.status().state == "failed"
    assert fresh.status().message == str(caught.value)


def test_a_run_is_trained_by_as_many_processes_as_it_was_begun_with(
    executor, store, solo, tiny_dataset
):
    of_two = store.create(solo.config, tiny_dataset, processes=2)
    with pytest.raises(ConfigError, match="is trained by 2 processes, and here is 1") as refusal:
        next(executor.stream(of_two))
    assert f"--nproc-per-node 2 -m namerec train --distributed --resume {of_two.id}" in str(
        refusal.value
    )
    assert of_two.status().state == "failed"


def test_the_dataset_that_the_settings_name_is_loaded(store, tiny_dataset):
    asked = []

    def load(reference):
        asked.append(reference)
        return tiny_dataset

    folder = store.create(tiny_config(dataset="some/folder"), tiny_dataset)
    stream = LocalExecutor(load).stream(folder)
    next(stream)
    stream.close()
    assert asked == ["some/folder"]


def test_a_dataset_that_cannot_be_loaded_fails_the_run(fresh):
    def load(reference):
        raise DataError("There is no dataset “gone”. Put it back.")

    with pytest.raises(DataError):
        next(LocalExecutor(load).stream(fresh))
    assert fresh.status().message == "There is no dataset “gone”. Put it back."


def test_a_damaged_run_is_refused_with_a_sentence(executor, fresh):
    (fresh.path / "config.json").write_bytes(b"{}")
    with pytest.raises(RunError, match=r"“config\.json”"):
        next(executor.stream(fresh))
    assert not fresh.is_locked()


class Refusing:
    """A method of the run's folder that has no room, until it works again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self._real = getattr(RunFolder, name)
        self.works = False
        self.only: str | None = None
        monkeypatch.setattr(RunFolder, name, lambda run, *given: self._try(run, *given))

    def _try(self, run: RunFolder, *given: RunStatus) -> object:
        if not self.works and self.only in (None, *(status.state for status in given)):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._real(run, *given)


@pytest.mark.parametrize("name", ["write_status", "resumed"])
def test_a_disk_that_is_full_when_a_run_begins_holds_it(executor, fresh, solo, monkeypatch, name):
    refusing = Refusing(monkeypatch, name)
    stream = executor.stream(fresh)
    for _ in range(2):
        held = next(stream)
        assert isinstance(held, Held)
        assert "The disk is full" in held.message
    refusing.works = True
    assert next(stream) == solo.plan
    assert not any(isinstance(record, Held) for record in stream)
    assert_holds_all(fresh, solo)


def test_a_disk_that_fills_up_right_before_the_plan_holds_the_run(
    executor, fresh, solo, monkeypatch
):
    refusing = Refusing(monkeypatch, "write_status")
    refusing.works = True

    def load(reference):
        refusing.works = False
        return solo.dataset

    stream = LocalExecutor(load).stream(fresh)
    assert isinstance(next(stream), Held)
    refusing.works = True
    assert next(stream) == solo.plan
    stream.close()


def test_a_run_whose_scores_could_not_be_stored_has_not_finished(
    executor, fresh, solo, monkeypatch
):
    refusing = Refusing(monkeypatch, "write_status")
    refusing.only = "finished"
    stream = executor.stream(fresh)
    next(record for record in stream if isinstance(record, Held))
    stream.close()
    assert fresh.status().state == "stopped"
    refusing.works = True
    list(executor.stream(fresh))
    assert_holds_all(fresh, solo)


def test_a_failure_is_told_where_only_its_full_cause_has_no_room(fresh, monkeypatch, caplog):
    def load(reference):
        raise DataError("There is no dataset “gone”. Put it back.")

    def refuse(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(executors, "write_whole", refuse)
    with pytest.raises(DataError):
        next(LocalExecutor(load).stream(fresh))
    assert (fresh.status().state, fresh.status().message[:20]) == ("failed", "There is no dataset ")
    assert "could not be stored" in caplog.text


# -- limits


@pytest.mark.parametrize("limit", ["most_parameters", "most_memory"])
def test_the_limits_are_asked_when_it_is_a_runs_turn(executor, stopped, solo, monkeypatch, limit):
    monkeypatch.setenv(variable(limit), "1")
    settings.cache_clear()
    with pytest.raises(ConfigError, match=variable(limit)) as caught:
        next(executor.stream(stopped))
    assert (stopped.status().state, stopped.status().message) == ("failed", str(caught.value))
    monkeypatch.delenv(variable(limit))
    settings.cache_clear()
    list(executor.stream(stopped))
    assert_holds_all(stopped, solo)


# -- threads


def test_training_uses_the_threads_its_run_was_begun_with(executor, fresh):
    fresh.write_info(fresh.info().model_copy(update={"threads": 2}))
    stream = executor.stream(fresh)
    next(stream)
    assert torch.get_num_threads() == 2
    stream.close()
    torch.set_num_threads(1)


def test_interrupted_right_after_a_status_was_stored_it_keeps_that(stopped, solo, monkeypatch):
    """Ctrl-C can come between the write and whatever stands behind it."""
    write = RunFolder.write_status

    def interrupted(folder: RunFolder, status: RunStatus) -> None:
        write(folder, status)
        if status.epoch == 3 and status.state == "running":
            raise KeyboardInterrupt

    monkeypatch.setattr(RunFolder, "write_status", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(LocalExecutor(lambda _: solo.dataset).stream(stopped))
    assert (stopped.status().state, stopped.status().epoch) == ("stopped", 3)
