"""A run's records as the charts of several runs draw them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from namerec.core.training.run_curves import Place, RunCurves, Stretch
from namerec.errors import NamerecError
from namerec.figures.training.overlay import OverlaidRun
from namerec.runs.measured import part_words
from namerec.ui.server.manager import manager

if TYPE_CHECKING:
    from namerec.core.training.config import TrainConfig
    from namerec.jobs.snapshot import JobSnapshot
    from namerec.runs.records import Joint
    from namerec.runs.store import RunSummary

_NOTHING = RunCurves(np.empty(0, dtype=np.int64), np.empty(0), (), ())


def overlaid(
    name: str,
    run: RunSummary,
    snapshot: JobSnapshot | None,
    training_names: int | None,
    beside: Mapping[str, RunSummary],
) -> OverlaidRun:
    """A run for the chart.

    Args:
        name: What the key calls it.
        run: Which.
        snapshot: What was recorded; None for nothing.
        training_names: Names in its training part; None if they are not known.
        beside: All runs of the chart, by letter.
    """
    held_out = part_words(run.info.config.training.protocol, "validation")
    if snapshot is None:
        return OverlaidRun(name, _NOTHING, held_out)
    line = snapshot.line()
    curves = RunCurves(
        line.series.step,
        line.series.loss,
        line.history,
        _stretches(line.joints, run.info.config.training),
        _now(snapshot, line.joints),
        training_names,
    )
    letters = {other.id: letter for letter, other in beside.items()}
    return OverlaidRun(name, curves, held_out, _marks(run.id, line.joints, letters))


def _marks(
    run_id: str, joints: tuple[Joint, ...], letters: Mapping[str, str]
) -> tuple[tuple[int, str], ...]:
    """Where one run of a line goes on from another, and in words which from which."""
    line = [*(joint.run for joint in joints), run_id]
    names = [letters.get(run, f"run {run}") for run in line]
    return tuple(
        (joint.step, f"{names[place + 1]} goes on from {names[place]}")
        for place, joint in enumerate(joints)
    )


def _now(snapshot: JobSnapshot, joints: tuple[Joint, ...]) -> Place | None:
    """Where training stands within an epoch; None where that cannot be told."""
    if not (snapshot.step and snapshot.steps):
        return None
    epoch = snapshot.epochs * snapshot.step / snapshot.steps
    before = joints[-1] if joints else None
    return Place(
        snapshot.step + (before.step if before else 0),
        epoch + (before.epoch if before else 0),
        snapshot.seconds + (before.seconds if before else 0.0),
    )


def _stretches(joints: tuple[Joint, ...], own: TrainConfig) -> tuple[Stretch, ...]:
    """The settings of a line of runs; a run that is gone counts as the one that goes on from it."""
    stretches = [Stretch(joints[-1].step if joints else 0, own)]
    for place in range(len(joints) - 1, -1, -1):
        after = joints[place - 1].step if place else 0
        stretches.insert(
            0, Stretch(after, _training_of(joints[place].run) or stretches[0].training)
        )
    return tuple(stretches)


def _training_of(run_id: str) -> TrainConfig | None:
    try:
        return manager().store.open(run_id).info().config.training
    except NamerecError:
        return None
