"""One run's folder: the truth about the run.

    config.json              all that decides its numbers; written once
    status.json              how far it has come; replaced whole, and made anew where it is missing
    metrics.jsonl            a line a record, append-only; what is torn is left out
    metrics.torn-1.jsonl     the same as it was before damaged lines were left out for good
    last.safetensors         weights, optimizer and random state after the last stored epoch
    best.safetensors         the weights of the best epoch
    epoch-0004.safetensors   the weights after epochs 1, 2, 4, 8 ..., to look back on
    predictions.safetensors  the finished run's answers on the held-out names
    label.json               what people call it, see `runs.labels`
    lock                     held by whoever trains the run

and, in a run that goes on from another one, what `runs.lineage` tells of.

An epoch is stored in the order metrics, milestone, last, best, status, and reported only then.
Killed at any point in between, the run goes on from `last`: the lines of `metrics.jsonl` and the
milestone beyond it are taken back, and a `best` that is behind it is made from it.

The format that the JSON files say they are of counts for the others too, see `namerec.formats`.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import BaseModel, ValidationError

from namerec import formats
from namerec.core.corpus.protocols import Part
from namerec.core.evaluation.results import PredictedNames
from namerec.core.training.loop import Checkpoint, Progress, Resumed
from namerec.core.training.records import EpochRecord, StepRecord
from namerec.disk import UNFINISHED, append_flushed, keep_torn, read_at_most, write_whole
from namerec.errors import RunError
from namerec.formats import NewerFormatError
from namerec.runs import metrics, run_lock, stored_predictions
from namerec.runs.fitting import check_resume, check_weights
from namerec.runs.metrics import Recorded, too_large, unreadable
from namerec.runs.rebuilt import rebuilt_status
from namerec.runs.records import (
    ACTIVE_STATES,
    ProgressText,
    RunInfo,
    RunState,
    RunStatus,
)
from namerec.runs.tensors import read_metadata, read_tensors, with_prefix, write_tensors

BEST, LAST, PREDICTIONS = "best.safetensors", "last.safetensors", "predictions.safetensors"
METRICS, CONFIG, STATUS = "metrics.jsonl", "config.json", "status.json"
_MILESTONE = re.compile(r"epoch-([0-9]{4,9})\.safetensors")

#: Largest `config.json` or `status.json` read, bytes; they take some 2 kB, or 150 with the most
#: categories and the longest title. Hostile ones become objects of eighty times their size.
MAX_JSON_BYTES = 512 * 1024
#: Largest network whose milestones are kept, bytes of weights: a run of 1,000 epochs has ten of
#: them, which is 80 MB at this size; the pretrained presets' networks take 0.1 to 6 MB.
MAX_MILESTONE_BYTES = 8 * 1024**2

_Record = TypeVar("_Record", bound=BaseModel)


class NewerRunError(RunError):
    """A run of another version, of which this one knows too little to work with it."""


class RunFolder:
    """Reads and writes one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name

    # -- settings and state

    def info(self) -> RunInfo:
        """What the run is; its id is the folder's name, also where a person has renamed that.

        Raises:
            NewerRunError: If another version stored something that is not known here.
            RunError: If the file is missing or damaged.
        """
        return _known_whole(*self._info())

    def _info(self) -> tuple[RunInfo, str]:
        info, newer = _read(self.path / CONFIG, RunInfo)
        return info.model_copy(update={"id": self.id}), newer

    def write_info(self, info: RunInfo) -> None:
        """Stores what the run is."""
        write_whole(self.path / CONFIG, formats.content(info))

    def status(self) -> RunStatus:
        """How far the run has come, as stored; told by its other files if that is missing.

        Raises:
            NewerRunError: If another version stored something that is not known here.
            RunError: If the file is damaged.
        """
        return _known_whole(*self._status())

    def _status(self) -> tuple[RunStatus, str]:
        if (self.path / STATUS).exists() or not (self.path / CONFIG).exists():
            return _read(self.path / STATUS, RunStatus)
        return self._rebuilt_status(), ""

    def _rebuilt_status(self) -> RunStatus:
        info, progress, best_epoch = self.info(), Progress(), 0
        with contextlib.suppress(RunError):  # weights are not needed to list a run
            progress = self.progress()
        if (self.path / BEST).exists():
            with contextlib.suppress(RunError, KeyError, ValueError):
                best_epoch = int(read_metadata(self.path / BEST)["epoch"])
        return rebuilt_status(info, progress, best_epoch, self.metrics()[1], self.predictions())

    def write_status(self, status: RunStatus) -> None:
        """Stores how far the run has come."""
        write_whole(self.path / STATUS, formats.content(status))

    def listed(self) -> tuple[RunInfo, RunStatus, str]:
        """What the run is and how far it has come, as far as that is known here.

        Returns:
            Both, and why no more can be done with a run of another version, in sentences; empty
            for most.

        Raises:
            NewerRunError: If what is known here is not enough.
            RunError: If a file is missing or damaged.
        """
        (info, newer_info), (status, newer_status) = self._info(), self._status()
        return info, status, newer_info or newer_status

    def state(self, status: RunStatus) -> RunState:
        """The run's state, *interrupted* if it should be worked on and nobody is."""
        if status.state in ACTIVE_STATES and not self.is_locked():
            return "interrupted"
        return status.state

    # -- who works on it

    def lock(self) -> AbstractContextManager[Any]:
        """Holds the run, as `run_lock.hold`."""
        return run_lock.hold(self.path)

    def is_locked(self) -> bool:
        """Whether somebody holds the run now."""
        return run_lock.is_held(self.path)

    # -- epochs

    def epoch_writes(
        self, records: Iterable[StepRecord | EpochRecord], point: Checkpoint
    ) -> list[Callable[[], None]]:
        """The writes that store an epoch, to be called in order; see the module's text for it.

        One that fails with an OSError has changed nothing, and can be called again.
        """
        lines = metrics.lines(records)
        tensors = {f"model.{name}": tensor for name, tensor in point.weights.items()}
        tensors |= {f"resume.{name}": tensor for name, tensor in point.resume.items()}
        progress = {"progress": json.dumps(asdict(point.progress))}
        writes: list[Callable[[], None]] = [
            lambda: append_flushed(self.path / METRICS, lines),
            lambda: self._keep_milestone(point),
            lambda: write_tensors(self.path / LAST, tensors, progress),
        ]
        if point.best:
            writes.append(lambda: self._write_best(point.weights, point.progress.epoch))
        return writes

    def _write_best(self, weights: dict[str, torch.Tensor], epoch: int) -> None:
        write_tensors(self.path / BEST, weights, {"epoch": str(epoch)})

    def resumed(self) -> Resumed | None:
        """The checkpoint to go on from, or None if no epoch was finished.

        Metrics beyond the checkpoint and half-written files are cleared away first.

        Raises:
            RunError: If a file is damaged or does not fit the run's settings, or only the
                checkpoint is missing.
        """
        self.ensure_resumable()
        for debris in self.path.glob(f"*{UNFINISHED}"):
            debris.unlink(missing_ok=True)
        if not (self.path / LAST).exists():
            (self.path / METRICS).unlink(missing_ok=True)
            self._take_back_milestones(0)
            return None
        checkpoint = self.checkpoint()
        best = self._best_until(checkpoint)
        check_weights(best, self.info(), BEST)
        self._take_back_metrics(checkpoint.progress.step)
        self._take_back_milestones(checkpoint.progress.epoch)
        return Resumed(checkpoint, best)

    def ensure_resumable(self) -> None:
        """Refuses a run with other weights and no checkpoint: it would begin anew, over them.

        Those of the first epoch alone may lie there before the first checkpoint does.

        Raises:
            RunError: If it is one.
        """
        if (self.path / LAST).exists():
            return
        missing = f"Run {self.id} cannot be resumed: its “{LAST}” is missing."
        if (self.path / BEST).exists():
            raise RunError(
                f"{missing} Its best weights are intact. Branch from its best epoch, or put the "
                "file back from a copy."
            )
        if any(epoch > 1 for epoch in self.milestones()):
            kept = ", ".join(map(str, self.milestones()))
            raise RunError(
                f"{missing} Weights of epochs {kept} are still there, and would be lost. Put the "
                "file back from a copy, or train a new run with the same settings."
            )

    def checkpoint(self) -> Checkpoint:
        """What was stored after the last epoch, as it lies there.

        Raises:
            RunError: If there is none, it is damaged, or it does not fit the run's settings.
        """
        info = self.info()
        tensors, metadata = read_tensors(self.path / LAST)
        checkpoint = Checkpoint(
            progress=self._progress(metadata),
            weights=with_prefix(tensors, "model."),
            resume=with_prefix(tensors, "resume."),
            best=False,
        )
        check_weights(checkpoint.weights, info, LAST)
        check_resume(checkpoint.resume, info, LAST)
        return checkpoint

    def progress(self) -> Progress:
        """Where the checkpoint stands; at the very beginning if there is none.

        Raises:
            RunError: If the file is damaged.
        """
        if not (self.path / LAST).exists():
            return Progress()
        return self._progress(read_metadata(self.path / LAST))

    def _progress(self, metadata: dict[str, str]) -> Progress:
        try:
            text = ProgressText.model_validate_json(metadata["progress"])
        except (KeyError, ValidationError):
            raise RunError(
                f"“{LAST}” of run {self.id} does not say where training stands. "
                "Train the run again."
            ) from None
        return Progress(**text.model_dump())

    def _best_until(self, checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
        """The best weights up to a checkpoint; stored if the run was killed before they were."""
        progress = checkpoint.progress
        if progress.best_epoch < progress.epoch:
            return read_tensors(self.path / BEST)[0]
        self._write_best(checkpoint.weights, progress.epoch)
        return checkpoint.weights

    def metrics(self) -> tuple[list[StepRecord], list[EpochRecord]]:
        """All stored records; what is torn or damaged is left out.

        Raises:
            RunError: If there are more than can be read.
        """
        recorded = self.recorded()
        return recorded.steps, recorded.epochs

    def recorded(self) -> Recorded:
        """The same, and how much is damaged.

        Raises:
            RunError: As `metrics`.
        """
        return metrics.read(self.path / METRICS)

    def _take_back_metrics(self, step: int) -> None:
        path = self.path / METRICS
        kept = metrics.kept(path, reported=step, most=step)
        if kept.damaged:
            keep_torn(path)
        write_whole(path, kept.content)

    # -- looking back

    def _keep_milestone(self, point: Checkpoint) -> None:
        epoch = point.progress.epoch
        doubled = epoch.bit_count() == 1  # 1, 2, 4, 8 ...: most changes early on
        size = sum(tensor.nbytes for tensor in point.weights.values())
        if doubled and size <= MAX_MILESTONE_BYTES:
            file = self.path / milestone_file(epoch)
            write_tensors(file, point.weights, {"epoch": str(epoch)})

    def _take_back_milestones(self, epoch: int) -> None:
        for beyond in self.milestones():
            if beyond > epoch:
                (self.path / milestone_file(beyond)).unlink(missing_ok=True)

    def milestones(self) -> list[int]:
        """The epochs whose weights were kept to look back on, in rising order.

        Empty for runs of versions that kept none, and of networks over `MAX_MILESTONE_BYTES`.
        """
        named = (_MILESTONE.fullmatch(file.name) for file in self.path.glob("epoch-*.safetensors"))
        epochs = sorted({int(found[1]) for found in named if found} - {0})
        return [epoch for epoch in epochs if (self.path / milestone_file(epoch)).is_file()]

    def milestone_weights(self, epoch: int) -> dict[str, torch.Tensor]:
        """The weights after one of `milestones()`.

        Raises:
            RunError: If they were not kept, are damaged, or do not fit the run's settings.
        """
        file = milestone_file(epoch)
        if not (self.path / file).is_file():
            kept = ", ".join(map(str, self.milestones())) or "none"
            raise RunError(
                f"Run {self.id} has no stored weights of epoch {epoch}. Stored epochs: "
                f"{kept}. Choose one of these, or its best epoch."
            )
        weights = read_tensors(self.path / file)[0]
        check_weights(weights, self.info(), file)
        return weights

    # -- results

    def best_weights(self) -> dict[str, torch.Tensor]:
        """The weights of the best epoch.

        Raises:
            RunError: If no epoch was finished, or the file is damaged.
        """
        if not (self.path / BEST).exists():
            raise RunError(
                f"Run {self.id} has not finished an epoch yet, so there is no network to show. "
                "Wait for its first epoch, or resume the run."
            )
        return read_tensors(self.path / BEST)[0]

    def write_predictions(self, predictions: dict[Part, PredictedNames]) -> None:
        """Stores a finished run's answers."""
        stored_predictions.write(self.path / PREDICTIONS, predictions)

    def predictions(self) -> dict[Part, PredictedNames]:
        """The stored answers by part; empty for an unfinished run.

        Raises:
            RunError: If the file is damaged.
        """
        if not (self.path / PREDICTIONS).exists():
            return {}
        return stored_predictions.read(self.path / PREDICTIONS, self.info())


def milestone_file(epoch: int) -> str:
    """Name of the file with the weights after an epoch."""
    return f"epoch-{epoch:04d}.safetensors"


def _known_whole(record: _Record, newer: str) -> _Record:
    if newer:
        raise NewerRunError(newer)
    return record


def _read(path: Path, kind: type[_Record]) -> tuple[_Record, str]:
    """What stands in a file, and in sentences why that may not be all; mostly empty."""
    try:
        return formats.parsed(_content(path, MAX_JSON_BYTES), kind), ""
    except NewerFormatError as error:
        words = error.words(f"Run {path.parent.name}")
        if not isinstance(error.record, kind):
            raise NewerRunError(words) from None
        return error.record, words
    except ValueError:
        raise unreadable(path, "its content is damaged") from None


def _content(path: Path, most_bytes: int) -> bytes:
    try:
        content = read_at_most(path, most_bytes)
    except OSError as error:
        raise unreadable(path, error.strerror or type(error).__name__) from None
    if content is None:
        raise too_large(path, most_bytes)
    return content
