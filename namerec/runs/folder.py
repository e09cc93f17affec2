"""One run's folder: the truth about the run.

    config.json              all that decides its numbers; written once
    status.json              how far it has come; replaced whole
    metrics.jsonl            a line a record, append-only; a torn last line is dropped
    last.safetensors         weights, optimizer and random state after the last stored epoch
    best.safetensors         the weights of the best epoch
    predictions.safetensors  the finished run's answers on the held-out names
    lock                     held by whoever trains the run

An epoch is stored in the order metrics, best, last, and reported only then. Killed at any point in
between, the run goes on from `last`, and the lines of `metrics.jsonl` beyond it are taken back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import torch
from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from namerec.core.results import PARTS, EpochRecord, Part, PredictedNames, StepRecord
from namerec.core.training import Checkpoint, Progress, Resumed
from namerec.errors import RunError
from namerec.runs.atomic import UNFINISHED, append_flushed, write_whole
from namerec.runs.records import ACTIVE_STATES, RunInfo, RunState, RunStatus
from namerec.runs.tensors import read_tensors, write_tensors

#: Largest JSON file read, bytes; a long run's metrics take 2 MB.
MAX_JSON_BYTES = 64 * 1024**2

_Record = TypeVar("_Record", bound=BaseModel)


class RunFolder:
    """Reads and writes one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name

    # -- settings and state

    def info(self) -> RunInfo:
        """What the run is.

        Raises:
            RunError: If the file is missing or damaged.
        """
        return _read(self.path / "config.json", RunInfo)

    def write_info(self, info: RunInfo) -> None:
        """Stores what the run is."""
        write_whole(self.path / "config.json", _json(info))

    def status(self) -> RunStatus:
        """How far the run has come, as stored.

        Raises:
            RunError: If the file is missing or damaged.
        """
        return _read(self.path / "status.json", RunStatus)

    def write_status(self, status: RunStatus) -> None:
        """Stores how far the run has come."""
        write_whole(self.path / "status.json", _json(status))

    def state(self, status: RunStatus) -> RunState:
        """The run's state, *interrupted* if it should be worked on and nobody is."""
        if status.state in ACTIVE_STATES and not self.is_locked():
            return "interrupted"
        return status.state

    # -- who works on it

    def lock(self) -> AbstractContextManager[Any]:
        """Holds the run; only one process and thread can, and the system frees it if they die.

        Raises:
            RunError: If somebody else holds it.
        """
        lock = FileLock(self.path / "lock", timeout=0, thread_local=False)
        try:
            return lock.acquire()
        except Timeout:
            raise RunError(
                f"Run {self.id} is being trained already, here or by another namerec on the same "
                "data folder. Wait until it ends, or stop it there."
            ) from None

    def is_locked(self) -> bool:
        """Whether somebody holds the run now."""
        if not (self.path / "lock").exists():
            return False
        try:
            with FileLock(self.path / "lock", timeout=0, thread_local=False):
                return False
        except Timeout:
            return True

    # -- epochs

    def store_epoch(self, records: Iterable[StepRecord | EpochRecord], point: Checkpoint) -> None:
        """Stores an epoch's records and its checkpoint; see the module's text for the order."""
        lines = [json.dumps(_as_line(record)) + "\n" for record in records]
        append_flushed(self.path / "metrics.jsonl", "".join(lines).encode())
        epoch = {"epoch": str(point.progress.epoch)}
        if point.best:
            write_tensors(self.path / "best.safetensors", point.weights, epoch)
        tensors = {f"model.{name}": tensor for name, tensor in point.weights.items()}
        tensors |= {f"resume.{name}": tensor for name, tensor in point.resume.items()}
        progress = {"progress": json.dumps(asdict(point.progress))}
        write_tensors(self.path / "last.safetensors", tensors, progress)

    def resumed(self) -> Resumed | None:
        """The checkpoint to go on from, or None if no epoch was finished.

        Metrics beyond the checkpoint and half-written files are cleared away first.

        Raises:
            RunError: If a file is damaged.
        """
        for debris in self.path.glob(f"*{UNFINISHED}"):
            debris.unlink(missing_ok=True)
        if not (self.path / "last.safetensors").exists():
            (self.path / "metrics.jsonl").unlink(missing_ok=True)
            return None
        tensors, metadata = read_tensors(self.path / "last.safetensors")
        try:
            values = json.loads(metadata["progress"])
            progress = Progress(**values | {"best_score": tuple(values["best_score"])})
        except (KeyError, TypeError, ValueError):
            raise RunError(
                f"“last.safetensors” of run {self.id} does not say where training stands. "
                "Train the run again."
            ) from None
        self._take_back_metrics(progress.step)
        best, _ = read_tensors(self.path / "best.safetensors")
        checkpoint = Checkpoint(
            progress=progress,
            weights=_with_prefix(tensors, "model."),
            resume=_with_prefix(tensors, "resume."),
            best=False,
        )
        return Resumed(checkpoint, best)

    def metrics(self) -> tuple[list[StepRecord], list[EpochRecord]]:
        """All stored records; a torn or damaged end is left out."""
        steps: list[StepRecord] = []
        epochs: list[EpochRecord] = []
        for line in self._metric_lines():
            record = _from_line(line)
            if isinstance(record, StepRecord):
                steps.append(record)
            elif isinstance(record, EpochRecord):
                epochs.append(record)
            else:
                break
        return steps, epochs

    def _metric_lines(self) -> list[bytes]:
        path = self.path / "metrics.jsonl"
        if not path.exists() or path.stat().st_size > MAX_JSON_BYTES:
            return []
        lines = path.read_bytes().split(b"\n")
        return lines[:-1]  # what follows the last line end is nothing, or torn

    def _take_back_metrics(self, step: int) -> None:
        kept = []
        for line in self._metric_lines():
            record = _from_line(line)
            if record is None or record.step > step:
                break
            kept.append(line + b"\n")
        write_whole(self.path / "metrics.jsonl", b"".join(kept))

    # -- results

    def best_weights(self) -> dict[str, torch.Tensor]:
        """The weights of the best epoch.

        Raises:
            RunError: If no epoch was finished, or the file is damaged.
        """
        if not (self.path / "best.safetensors").exists():
            raise RunError(
                f"Run {self.id} has not finished an epoch yet, so there is no network to look "
                "into. Wait for its first epoch, or go on with it."
            )
        return read_tensors(self.path / "best.safetensors")[0]

    def write_predictions(self, predictions: dict[Part, PredictedNames]) -> None:
        """Stores a finished run's answers."""
        tensors = {}
        for part, answers in predictions.items():
            tensors[f"{part}.indices"] = torch.from_numpy(answers.indices)
            tensors[f"{part}.labels"] = torch.from_numpy(answers.labels)
            tensors[f"{part}.log_probabilities"] = torch.from_numpy(answers.log_probabilities)
        write_tensors(self.path / "predictions.safetensors", tensors, {})

    def predictions(self) -> dict[Part, PredictedNames]:
        """The stored answers by part; empty for an unfinished run.

        Raises:
            RunError: If the file is damaged.
        """
        if not (self.path / "predictions.safetensors").exists():
            return {}
        tensors, _ = read_tensors(self.path / "predictions.safetensors")
        return {
            part: PredictedNames(
                tensors[f"{part}.indices"].numpy(),
                tensors[f"{part}.labels"].numpy(),
                tensors[f"{part}.log_probabilities"].numpy(),
            )
            for part in PARTS
            if f"{part}.indices" in tensors
        }


def _json(record: BaseModel) -> bytes:
    return record.model_dump_json(indent=2).encode() + b"\n"


def _read(path: Path, kind: type[_Record]) -> _Record:
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise RunError(f"“{path.name}” of run {path.parent.name} is too large to be read.")
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its content is damaged"
        raise RunError(
            f"“{path.name}” of run {path.parent.name} cannot be read: {reason}. "
            "Put the file back from a copy, or delete the run's folder."
        ) from None


def _as_line(record: StepRecord | EpochRecord) -> dict[str, Any]:
    kind = "step" if isinstance(record, StepRecord) else "epoch"
    return {"kind": kind, **asdict(record)}


def _from_line(line: bytes) -> StepRecord | EpochRecord | None:
    """The record of one line, or None if the line is damaged."""
    try:
        values = json.loads(line)
        kind = values.pop("kind")
        if kind == "step":
            return StepRecord(**values)
        rows = tuple(tuple(map(int, row)) for row in values.pop("validation_confusion"))
        return EpochRecord(**values, validation_confusion=rows)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _with_prefix(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
