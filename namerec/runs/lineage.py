"""Runs that go on from another one: with its weights, and with its history up to there.

    first.safetensors   the weights the run began with, and the optimizer's state if it was kept
    before.jsonl        what was recorded until then, counted from the first run of the lineage on

Both lie in the new run's own folder, so that it does not need the other one any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from torch import Tensor

from namerec.core.training.config import FREE_IN_BRANCH, RunConfig
from namerec.core.training.loop import InitialWeights, Progress
from namerec.core.training.records import EpochRecord, StepRecord
from namerec.disk import write_whole
from namerec.errors import ConfigError, RunError
from namerec.runs import metrics
from namerec.runs.fitting import check_moments, check_weights
from namerec.runs.folder import BEST, LAST, RunFolder
from namerec.runs.gaps import Gap, find_gap
from namerec.runs.metrics import Recorded
from namerec.runs.records import BranchPoint, RunInfo, RunStatus
from namerec.runs.tensors import read_tensors, with_prefix, write_tensors

FIRST, BEFORE = "first.safetensors", "before.jsonl"
#: Of a run that goes on from no other.
NOTHING_RECORDED = Recorded([], [])
#: Where a run can be gone on from: its best epoch, or the last one stored.
Point = Literal["best", "last"]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a new run takes over from another one.

    Attributes:
        branch_points: The new run's, the last of them the one at which it begins.
        weights: By name.
        moments: The optimizer's state, by name; empty if it is not taken over.
        steps: Records up to the branch point, counted from the first run of the lineage on.
        epochs: The same.
    """

    branch_points: tuple[BranchPoint, ...]
    weights: dict[str, Tensor]
    moments: dict[str, Tensor]
    steps: Sequence[StepRecord]
    epochs: Sequence[EpochRecord]


@dataclass(frozen=True, slots=True)
class History:
    """All that was recorded of a run and of what it goes on from, in one count.

    Attributes:
        branch_points: Where one run goes on from another, the oldest first.
        steps: Records, in order.
        epochs: Records, in order.
    """

    branch_points: tuple[BranchPoint, ...]
    steps: list[StepRecord]
    epochs: list[EpochRecord]


def branch_settings(config: RunConfig) -> RunConfig:
    """A run's settings for one that goes on from it: with its split, whatever seed is chosen."""
    held = {"split_seed": config.training.split_draw}
    training = config.training.model_copy(update=held)
    return config.model_copy(update={"training": training, "preset": "own"})


def branch_from(folder: RunFolder, point: Point, config: RunConfig, fingerprint: str) -> Origin:
    """Takes over a run's weights for another run.

    Raises:
        ConfigError: If the new run would have another network, other names or another split: names
            that are held out there were trained on here.
        RunError: If the run has no such weights, or its files are damaged.
    """
    info = folder.info()
    _ensure_same(info, config, fingerprint)
    moments: dict[str, Tensor] = {}
    progress: Progress | None = None
    if point == "last":
        if not (folder.path / LAST).exists():
            raise RunError(
                f"Run {folder.id} has no stored last epoch to continue from; pretrained and copied "
                "runs have none. Continue from its best epoch."
            )
        stored = folder.checkpoint()
        weights, progress, epoch = stored.weights, stored.progress, stored.progress.epoch
        if info.config.training.optimizer == config.training.optimizer:
            moments = {name: state for name, state in stored.resume.items() if name != "generator"}
    else:
        weights, epoch = folder.best_weights(), folder.status().best_epoch
        check_weights(weights, info, BEST)
    whole = history(folder)
    branch_point = _branch_point(folder, whole, epoch, progress, state_kept=bool(moments))
    return Origin(
        branch_points=(*info.branch_points, branch_point),
        weights=weights,
        moments=moments,
        steps=[record for record in whole.steps if record.step <= branch_point.step],
        epochs=[record for record in whole.epochs if record.step <= branch_point.step],
    )


def write_origin(folder: RunFolder, origin: Origin) -> None:
    """Stores what a new run takes over, before anything else of it.

    Raises:
        OSError: If the disk refuses.
    """
    tensors = {f"model.{name}": tensor for name, tensor in origin.weights.items()}
    tensors |= {f"resume.{name}": tensor for name, tensor in origin.moments.items()}
    write_tensors(folder.path / FIRST, tensors, {})
    records: list[StepRecord | EpochRecord] = [*origin.steps, *origin.epochs]
    in_order = sorted(records, key=lambda record: record.step)
    write_whole(folder.path / BEFORE, metrics.lines(in_order))


def gap(folder: RunFolder, status: RunStatus) -> Gap:
    """What is missing of the records of a run and of what it goes on from, in one count.

    Raises:
        RunError: If there are more than can be read.
    """
    branch_points = folder.info().branch_points
    before = metrics.read(folder.path / BEFORE) if branch_points else NOTHING_RECORDED
    return gap_in(branch_points, before, folder.recorded(), status.epoch)


def gap_in(branch_points: Sequence[BranchPoint], before: Recorded, own: Recorded, done: int) -> Gap:
    """The same of records that have been read.

    Args:
        branch_points: The run's.
        before: Recorded of what it goes on from.
        own: Recorded of itself.
        done: Its own epochs that are done.
    """
    first = branch_points[-1].epoch if branch_points else 0
    earlier = {record.epoch for record in before.epochs if record.epoch <= first}
    epochs = earlier | {record.epoch + first for record in own.epochs}
    return find_gap(epochs, first + done, before.damaged + own.damaged)


def initial_weights(folder: RunFolder) -> InitialWeights | None:
    """What a run begins with, or None if it draws its own weights.

    Raises:
        RunError: If the file is missing, damaged or does not fit the run's settings.
    """
    info = folder.info()
    if not info.branch_points:
        return None
    tensors, _ = read_tensors(folder.path / FIRST)
    weights = with_prefix(tensors, "model.")
    moments = with_prefix(tensors, "resume.")
    check_weights(weights, info, FIRST)
    if info.branch_points[-1].state_kept:
        check_moments(moments, info, FIRST)
    return InitialWeights(weights, moments)


def history(folder: RunFolder) -> History:
    """All records of a run, those from before its branch points included.

    Raises:
        RunError: If there are more than can be read.
    """
    steps, epochs = folder.metrics()
    branch_points = folder.info().branch_points
    if not branch_points:
        return History((), steps, epochs)
    before = metrics.read(folder.path / BEFORE)
    return History(
        branch_points,
        [*before.steps, *_steps_after(steps, branch_points[-1])],
        [*before.epochs, *(counted_on(record, branch_points[-1]) for record in epochs)],
    )


def _steps_after(records: list[StepRecord], branch_point: BranchPoint) -> list[StepRecord]:
    """A run's own records, counted from the first run of its lineage on."""
    return [
        replace(
            record, step=record.step + branch_point.step, epoch=record.epoch + branch_point.epoch
        )
        for record in records
    ]


def counted_on(record: EpochRecord, branch_point: BranchPoint) -> EpochRecord:
    """An epoch of a run that branched off, counted from the first run of its lineage on."""
    return replace(
        record,
        step=record.step + branch_point.step,
        epoch=record.epoch + branch_point.epoch,
        seconds=record.seconds + branch_point.seconds,
    )


def _branch_point(
    folder: RunFolder, whole: History, epoch: int, progress: Progress | None, state_kept: bool
) -> BranchPoint:
    """One of a run's own epochs in the count of its lineage.

    Args:
        folder: The run's.
        whole: Its records; those of the epoch can be among the damaged ones.
        epoch: In the run's own count.
        progress: What the checkpoint says, if it is of that epoch.
        state_kept: Whether the optimizer's state is taken over.

    Raises:
        RunError: If nothing tells of that epoch.
    """
    before = whole.branch_points[-1] if whole.branch_points else None
    place = epoch + (before.epoch if before else 0)
    found = next((record for record in whole.epochs if record.epoch == place), None)
    if found is not None:
        step, seconds = found.step, found.seconds
    elif progress is not None:
        step = progress.step + (before.step if before else 0)
        seconds = progress.seconds + (before.seconds if before else 0.0)
    else:
        raise RunError(
            f"Run {folder.id} has no record of epoch {epoch}, its best one, so no run can continue "
            "from there. Continue from its last epoch, or put “metrics.jsonl” back from a copy."
        )
    return BranchPoint(
        run=folder.id, epoch=place, step=step, seconds=seconds, state_kept=state_kept
    )


def _ensure_same(info: RunInfo, config: RunConfig, fingerprint: str) -> None:
    ours, theirs = info.config.model, config.model
    different = sorted(
        name
        for name in type(ours).model_fields
        if name not in FREE_IN_BRANCH and getattr(ours, name) != getattr(theirs, name)
    )
    if different:
        values = ", ".join(f"{name} is {getattr(ours, name)}" for name in different)
        raise ConfigError(
            f"A run that continues from {info.id} must have the same network: there {values}. Use "
            "the same value, or train a new network."
        )
    if info.dataset.fingerprint != fingerprint:
        raise ConfigError(
            f"Run {info.id} was trained on “{info.dataset.title}”. A run that continues from it "
            "must be trained on the same names, or it could be scored on names that it was "
            "trained on."
        )
    was, wanted = info.config.training, config.training
    if (was.protocol, was.split_draw) != (wanted.protocol, wanted.split_draw):
        raise ConfigError(
            f"Run {info.id} has the {was.protocol} split of seed {was.split_draw}. A run that "
            f"continues from it must keep that split (split_seed={was.split_draw}), or it could be "
            "scored on names that it was trained on."
        )
