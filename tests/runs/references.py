"""Runs as `core.training.loop` gives them, and what a folder must hold of them."""

import json
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.splits import make_split
from namerec.core.training.config import RunConfig
from namerec.core.training.loop import Checkpoint, Record, plan, train
from namerec.core.training.records import EpochRecord, FinalRecord, StepRecord
from namerec.errors import NamerecError
from namerec.runs.folder import RunFolder
from namerec.runs.records import PartScores, RunStatus
from namerec.runs.store import RunStore
from namerec.runs.tensors import read_tensors, write_tensors
from tests.core.references import without_times

#: What changes the tensors of a file in place.
Change = Callable[[dict[str, Tensor]], None]


def offer_pretrained(monkeypatch: pytest.MonkeyPatch, folder: Path | None) -> None:
    """Gives every store that is not told otherwise this folder of pretrained runs, or none."""
    begin = RunStore.__init__

    def begin_with(
        store: RunStore, root: Path | None = None, pretrained: Path | None = folder
    ) -> None:
        begin(store, root, pretrained)

    monkeypatch.setattr(RunStore, "__init__", begin_with)


class Solo:
    """A run trained in one go, in memory: to its end, or for its first epochs."""

    def __init__(self, config: RunConfig, dataset: Dataset, epochs: int | None = None) -> None:
        self.config, self.dataset = config, dataset
        self.split = make_split(dataset, config.training.protocol, config.training.split_draw)
        self.plan = plan(config.training, len(self.split.train))
        self.records: list[Record] = []
        for record in train(config, dataset, self.split):
            self.records.append(record)
            if isinstance(record, EpochRecord) and record.epoch == epochs:
                break

    @property
    def steps(self) -> list[StepRecord]:
        return [record for record in self.records if isinstance(record, StepRecord)]

    @property
    def epochs(self) -> list[EpochRecord]:
        return [record for record in self.records if isinstance(record, EpochRecord)]

    @property
    def checkpoints(self) -> list[Checkpoint]:
        return [record for record in self.records if isinstance(record, Checkpoint)]

    @property
    def final(self) -> FinalRecord:
        last = self.records[-1]
        assert isinstance(last, FinalRecord)
        return last

    def best_until(self, epoch: int) -> Checkpoint:
        """The best checkpoint of so many epochs."""
        return [point for point in self.checkpoints[:epoch] if point.best][-1]

    def store(self, store: RunStore, epochs: int | None = None) -> RunFolder:
        """Stores the run, or its first epochs as a stopped one, in the order an executor does."""
        folder = store.create(self.config, self.dataset)
        waiting: list[StepRecord | EpochRecord] = []
        status = RunStatus(state="running", epochs=self.plan.epochs, steps=self.plan.steps)
        point = self.checkpoints[0]
        for record in self.records:
            if isinstance(record, Checkpoint):
                point = record
            elif isinstance(record, FinalRecord):
                folder.write_predictions(record.predictions)
            else:
                waiting.append(record)
            if isinstance(record, EpochRecord):
                store_epoch(folder, waiting, point)
                waiting = []
                best = self.best_until(record.epoch).progress
                status = status.model_copy(
                    update={
                        "epoch": record.epoch,
                        "step": record.step,
                        "seconds": record.seconds,
                        "names_per_second": record.names_per_second,
                        "best_epoch": best.best_epoch,
                        "validation_accuracy": best.best_score[0],
                    }
                )
                if record.epoch == epochs:
                    folder.write_status(status.model_copy(update={"state": "stopped"}))
                    return folder
        scores = {part: PartScores(**given.as_dict()) for part, given in self.final.scores.items()}
        folder.write_status(status.model_copy(update={"state": "finished", "scores": scores}))
        return folder


def store_epoch(
    folder: RunFolder, records: Iterable[StepRecord | EpochRecord], point: Checkpoint
) -> None:
    """Stores an epoch as an executor does."""
    for write in folder.epoch_writes(records, point):
        write()


def records_of(solo: Solo, epoch: int) -> list[StepRecord | EpochRecord]:
    """The records of one epoch, the epoch's own last."""
    ends = [0, *solo.plan.ends]
    steps = [record for record in solo.steps if ends[epoch - 1] < record.step <= ends[epoch]]
    return [*steps, solo.epochs[epoch - 1]]


def as_bits(tensors: dict[str, Tensor]) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """Tensors as values that are equal only if every bit is."""
    return {
        name: (str(tensor.dtype), tuple(tensor.shape), tensor.contiguous().numpy().tobytes())
        for name, tensor in tensors.items()
    }


def assert_holds_epochs(folder: RunFolder, solo: Solo, epochs: int) -> None:
    """The folder holds the first epochs of a run: metrics, best and last, bit for bit."""
    end = solo.epochs[epochs - 1].step
    steps, stored = folder.metrics()
    assert steps == [record for record in solo.steps if record.step <= end]
    expected = [without_times(record) for record in solo.epochs[:epochs]]
    assert [without_times(record) for record in stored] == expected
    assert as_bits(folder.best_weights()) == as_bits(solo.best_until(epochs).weights)
    resumed = folder.resumed()
    assert resumed is not None
    point = solo.checkpoints[epochs - 1]
    assert as_bits(resumed.checkpoint.weights) == as_bits(point.weights)
    assert as_bits(resumed.checkpoint.resume) == as_bits(point.resume)
    assert as_bits(resumed.best_weights) == as_bits(solo.best_until(epochs).weights)
    progress = resumed.checkpoint.progress
    assert (progress.epoch, progress.step) == (epochs, end)
    assert progress.best_epoch == point.progress.best_epoch
    assert progress.best_score == point.progress.best_score
    status = folder.status()
    assert (status.epoch, status.step) == (epochs, end)
    assert (status.epochs, status.steps) == (solo.plan.epochs, solo.plan.steps)
    assert status.best_epoch == point.progress.best_epoch
    assert status.validation_accuracy == point.progress.best_score[0]


def assert_holds_all(folder: RunFolder, solo: Solo) -> None:
    """The folder holds the whole finished run, bit for bit."""
    assert_holds_epochs(folder, solo, len(solo.epochs))
    stored, final = folder.predictions(), solo.final
    assert stored.keys() == final.predictions.keys()
    for part, answers in final.predictions.items():
        for column in ("indices", "labels", "log_probabilities"):
            expected, given = getattr(answers, column), getattr(stored[part], column)
            assert given.dtype == expected.dtype
            assert np.array_equal(given, expected)
    status = folder.status()
    assert status.state == "finished"
    assert status.message == ""
    assert {part: scores.model_dump() for part, scores in status.scores.items()} == {
        part: scores.as_dict() for part, scores in final.scores.items()
    }
    assert_no_debris(folder.path)


def assert_no_debris(path: Path) -> None:
    """Nothing half-written lies in a folder."""
    assert list(path.rglob("*.part")) == []


def assert_sentence(error: NamerecError, *said: str) -> None:
    """An error's message is a sentence for a person, and says what it must."""
    message = str(error)
    assert message.endswith((".", "train")), message  # or ends with a command
    assert message[0].isupper() or message[0] in "“`", message
    assert " " in message
    for words in said:
        assert words in message


# -- damaging files


def safetensors(tensors: Mapping[str, tuple[str, Sequence[int], bytes]], **metadata: str) -> bytes:
    """A safetensors file written by hand, as an attacker would: (dtype, shape, content) by name."""
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    content = b""
    for name, (dtype, shape, values) in tensors.items():
        begin = len(content)
        content += values
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, len(content)]}
    return with_header(header, content)


def with_header(header: dict[str, Any], content: bytes) -> bytes:
    """A safetensors file of any header."""
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + content


def taken_apart(file: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and content of a safetensors file."""
    (size,) = struct.unpack("<Q", file[:8])
    header: dict[str, Any] = json.loads(file[8 : 8 + size])
    return header, file[8 + size :]


def rewritten(path: Path, change: Change) -> None:
    """Changes some tensors of a file in place; its metadata stay."""
    tensors, metadata = read_tensors(path)
    change(tensors)
    write_tensors(path, tensors, metadata)


def put(name: str, tensor: Tensor) -> Change:
    def change(tensors: dict[str, Tensor]) -> None:
        tensors[name] = tensor

    return change


def drop(name: str) -> Change:
    def change(tensors: dict[str, Tensor]) -> None:
        del tensors[name]

    return change


def alter(name: str, altered: Callable[[Tensor], Tensor]) -> Change:
    def change(tensors: dict[str, Tensor]) -> None:
        tensors[name] = altered(tensors[name])

    return change


def not_a_number(tensor: Tensor) -> Tensor:
    tensor = tensor.clone()
    tensor.view(-1)[0] = float("nan")
    return tensor


def twice(tensor: Tensor) -> Tensor:
    return torch.cat([tensor, tensor])


class Trap:
    """Unpickled, it leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = str(trace)

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, (self.trace, "w")
