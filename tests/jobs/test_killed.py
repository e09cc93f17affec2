"""Nothing is lost: processes that train are killed for real, and their runs gone on with."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from namerec.core.corpus.dataset import Dataset
from namerec.jobs.manager import JobManager
from namerec.runs.folder import RunFolder
from namerec.runs.store import RunStore
from tests.conftest import ROOT
from tests.jobs.dying import LONG, THREE_EPOCHS
from tests.jobs.fakes import LIMIT
from tests.runs.references import Solo, assert_holds_all, assert_holds_epochs, assert_no_debris


@contextmanager
def _dying(command: str, store: RunStore) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.dying", command, str(store.root)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def three_epochs(tiny_dataset: Dataset) -> Solo:
    return Solo(THREE_EPOCHS, tiny_dataset)


def _gone_on_with(manager: JobManager, folder: RunFolder, solo: Solo) -> None:
    """Goes on with a killed run and compares all of it with the run that nobody killed."""
    manager.resume(folder.id)
    ended = manager.wait(folder.id, LIMIT)
    assert (ended.state, ended.message) == ("finished", "")
    assert_holds_all(folder, solo)
    # Those who looked on have missed nothing either.
    assert list(ended.series.step) == [record.step for record in solo.steps]
    assert list(ended.series.loss) == [record.loss for record in solo.steps]
    assert [record.epoch for record in ended.history] == [record.epoch for record in solo.epochs]
    assert [run.id for run in manager.store.trained() if run.id == folder.id] == [folder.id]


def test_a_killed_run_resumes_bit_for_bit(manager, store, tiny_dataset):
    with _dying("tell", store) as process:
        assert process.stdout is not None
        folder = RunFolder(store.root / process.stdout.readline().strip())
        assert process.stdout.readline() == "1\n"
        assert [run.state for run in store.summaries()] == ["running"]
        assert process.stdout.readline() == "2\n"
        process.kill()
        process.wait(LIMIT)
    assert [run.state for run in store.summaries()] == ["interrupted"]
    epochs = len(folder.metrics()[1])
    assert 2 <= epochs < LONG.training.epochs
    _gone_on_with(manager, folder, Solo(LONG, tiny_dataset))


def test_a_run_killed_at_any_of_its_writes_resumes_bit_for_bit(manager, store, three_epochs):
    assert [point.best for point in three_epochs.checkpoints] == [True, False, True]
    with _dying("everywhere", store) as process:
        ids, complaints = process.communicate(timeout=3 * LIMIT)
    assert (process.returncode, complaints) == (0, "")
    folders = [RunFolder(store.root / run_id) for run_id in ids.split()]
    # At least: the beginning, three epochs (metrics, last, status), two of them the best, the end.
    assert len(folders) > 2 * (1 + 3 * 2 + 2 + 2)
    # Killed when the end was written, but not yet sure to be on the disk.
    assert_holds_all(folders.pop(), three_epochs)
    torn = debris = ahead = 0
    for folder in folders:
        assert folder.state(folder.status()) == "interrupted"
        done = folder.progress()
        lines = folder.path / "metrics.jsonl"
        if lines.exists() and len(folder.metrics()[1]) > done.epoch:
            lines.write_bytes(lines.read_bytes()[:-17])  # killed in the middle of the line
            torn += 1
        debris += bool(list(folder.path.glob("*.part")))
        ahead += done.epoch > folder.status().epoch
        seen = manager.look(folder.id)
        assert (seen.state, seen.epoch, seen.step) == ("interrupted", done.epoch, done.step)
        _gone_on_with(manager, folder, three_epochs)
        assert_no_debris(folder.path)
    assert torn >= 3
    assert debris >= 9
    assert ahead >= 3


def test_a_killed_run_that_is_stopped_again_stands_where_it_stood(manager, store, three_epochs):
    """Going on and stopping at once leaves whole epochs, however often."""
    folder = three_epochs.store(store, epochs=2)
    folder.write_status(folder.status().model_copy(update={"state": "running", "epoch": 1}))
    for _ in range(3):
        manager.resume(folder.id)
        manager.stop(folder.id)
        assert manager.wait(folder.id, LIMIT).state == "stopped"
    assert_holds_epochs(folder, three_epochs, 2)
    _gone_on_with(manager, folder, three_epochs)
