"""Trainings that cannot go on: their cause is told and kept, and the next in the queue trains."""

import json
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from namerec.core.corpus.dataset import Dataset
from namerec.core.networks.config import ModelConfig
from namerec.core.training.config import RunConfig, TrainConfig
from namerec.core.training.records import EpochRecord, StepRecord
from namerec.data import catalogue
from namerec.errors import DivergedError, RunError
from namerec.jobs.executors import LocalExecutor
from namerec.jobs.manager import JobManager
from namerec.runs.folder import RunFolder
from namerec.runs.networks import load_network
from tests.conftest import ROOT, tiny_config
from tests.jobs.fakes import LIMIT, HeldBackExecutor
from tests.runs.conftest import _no_waiting_for_the_disk, store
from tests.runs.references import Solo, assert_holds_all, assert_sentence

__all__ = ["_no_waiting_for_the_disk", "store"]


def driven(command: str, root: Path) -> dict[str, object]:
    """What a process of `tests.faults.driven` says."""
    child = subprocess.run(
        [sys.executable, "-m", "tests.faults.driven", command, str(root)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=3 * LIMIT,
    )
    assert child.returncode == 0, child.stderr
    said: dict[str, object] = json.loads(child.stdout)
    return said


def _assert_failed(folder: RunFolder, message: str, *cause: str) -> None:
    """The run says why in one sentence, and its folder has all of it."""
    status = folder.status()
    assert (status.state, status.message) == ("failed", message)
    assert_sentence(RunError(message))
    assert "\n" not in message
    assert "Traceback" not in message
    stored = (folder.path / "error.txt").read_text()
    assert stored.startswith("Traceback (most recent call last):")
    for words in cause:
        assert words in stored


# -- names that are not what they were


def _add_a_name(corpus: Path) -> None:
    with (corpus / "Alphan.txt").open("a") as file:
        file.write("Newovic\n")


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "folder gone": (shutil.rmtree, "There is no dataset"),
    "file gone": (lambda corpus: (corpus / "Betan.txt").unlink(), "are not those that this run"),
    "name added": (_add_a_name, "Put the old files back"),
    "no text": (lambda corpus: (corpus / "Alphan.txt").write_bytes(b"\xff\xfe\0"), "not UTF-8"),
    "one long line": (lambda corpus: (corpus / "Alphan.txt").write_text("a" * 10**6), "1,000,000"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_run_whose_names_were_changed_while_it_waited_fails_and_the_next_trains(
    store, tiny_folder, tmp_path, damage
):
    executor = HeldBackExecutor(catalogue.load)
    manager = JobManager(store, executor)
    poisoned = tmp_path / "names"
    shutil.copytree(tiny_folder, poisoned)
    configs = [
        tiny_config(dataset=str(corpus), epochs=2)
        for corpus in (tiny_folder, poisoned, tiny_folder)
    ]
    ids = [manager.start(config, catalogue.load(config.training.dataset)) for config in configs]
    spoil, said = DAMAGES[damage]
    spoil(poisoned)
    waiting = manager.snapshot(ids[1])
    assert waiting is not None
    assert waiting.state == "queued"
    executor.go_on()
    ended = [manager.wait(run_id, LIMIT) for run_id in ids]
    manager.shutdown()
    assert [snapshot.state for snapshot in ended] == ["finished", "failed", "finished"]
    assert said in ended[1].message
    _assert_failed(manager.store.open(ids[1]), ended[1].message, "DataError")
    assert_holds_all(manager.store.open(ids[2]), Solo(configs[2], catalogue.load(str(tiny_folder))))


# -- memory that cannot be had


def test_a_training_without_enough_memory_fails_and_the_next_trains(store, tiny_dataset):
    """For real: the process may take 200 MB more, and the network takes 540."""
    said = driven("memory", store.root)
    assert said["states"] == ["failed", "finished"], said["messages"]
    ids, messages = said["ids"], said["messages"]
    assert isinstance(ids, list)
    assert isinstance(messages, list)
    assert messages[0].startswith("There was not enough memory for this training. Make the batch,")
    _assert_failed(store.open(ids[0]), messages[0], "can't allocate memory")
    assert_holds_all(store.open(ids[1]), Solo(tiny_config(), tiny_dataset))


# -- a loss that is no number


class _Keeping(LocalExecutor):
    """Keeps what lies in the folder at every reported epoch."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(lambda reference: dataset)
        self.kept: list[dict[str, bytes]] = []
        self.losses: list[tuple[int, float]] = []

    def stream(self, run):
        for record in super().stream(run):
            if isinstance(record, StepRecord):
                self.losses.append((record.step, record.loss))
            elif isinstance(record, EpochRecord):
                files = sorted(run.path.glob("*.safetensors"))
                self.kept.append({file.name: file.read_bytes() for file in files})
            yield record


def test_a_run_that_diverges_ends_at_once_and_keeps_its_last_finite_checkpoint(store, tiny_dataset):
    # At each step the decay alone makes every weight −9 times what it was, until products overflow.
    config = RunConfig(
        model=ModelConfig(kind="rnn", hidden_size=8, nonlinearity="none"),
        training=TrainConfig(
            epochs=30,
            batch_size=1000,
            optimizer="sgd",
            learning_rate=1,
            weight_decay=10,
            schedule="constant",
            clip_norm=0,
        ),
    )
    executor = _Keeping(tiny_dataset)
    manager = JobManager(store, executor)
    ended = manager.wait(manager.start(config, tiny_dataset), LIMIT)
    manager.shutdown()
    folder = store.open(ended.run_id)
    assert (ended.state, folder.status().state) == ("diverged", "diverged")
    # All losses before were finite, and no step was taken after the first that is not.
    last, _ = executor.losses[-1]
    assert [step for step, _ in executor.losses] == list(range(1, last + 1))
    assert all(math.isfinite(loss) for _, loss in executor.losses)
    # The loss that was not is that of the next step, or that on the names held out after this one.
    said = re.search(r"^The loss is (?:nan|inf) at step (\d+): training has", ended.message)
    assert said is not None, ended.message
    assert int(said[1]) in (last, last + 1)
    assert_sentence(DivergedError(ended.message), "Lower the learning rate (now 1)", "or clip")
    assert folder.status().message == ended.message
    # What the last finite epoch left is there, byte for byte, and can be looked into.
    assert len(executor.kept) >= 2
    files = sorted(folder.path.glob("*.safetensors"))
    assert {file.name: file.read_bytes() for file in files} == executor.kept[-1]
    assert folder.progress().epoch == len(executor.kept)
    for weights in load_network(folder).model.state_dict().values():
        assert bool(torch.isfinite(weights).all())
    assert folder.resumed() is not None


# -- a clock that is set back and forth


def test_a_clock_set_back_and_forth_makes_no_time_wrong_and_ends_no_run(store, tiny_dataset):
    said = driven("clock", store.root)
    assert said["negative"] == []
    ids = said["ids"]
    assert isinstance(ids, list)
    solo = Solo(tiny_config(epochs=6), tiny_dataset)
    summaries = {run.id: run for run in store.summaries()}
    assert len(summaries) == 3
    for run_id in ids:
        folder = store.open(run_id)
        assert_holds_all(folder, solo)
        assert summaries[run_id].state == "finished"
        epochs = folder.metrics()[1]
        assert [record.epoch for record in epochs] == [1, 2, 3, 4, 5, 6]
        seconds = [0.0, *(record.seconds for record in epochs), folder.status().seconds]
        assert seconds == sorted(seconds)
        assert folder.status().seconds < 3600
        assert min(record.names_per_second for record in epochs) > 0
    # The second was made a day before the first, as far as it knows, and the third a day after it.
    first, second, third = (summaries[run_id].info.created for run_id in ids)
    assert 23.9 < (first - second).total_seconds() / 3600 <= 24
    assert 24 <= (third - first).total_seconds() / 3600 < 24.1
    assert [run.id for run in store.summaries()] == [ids[2], ids[0], ids[1]]
