"""A run's records as the charts of several runs draw them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from namerec.core.corpus.protocols import part_words
from namerec.core.training.run_curves import Place, RunCurves, Stretch
from namerec.errors import NamerecError
from namerec.figures.training.overlay import OverlaidRun
from namerec.ui.server.manager import manager

if TYPE_CHECKING:
    from namerec.core.training.config import TrainConfig
    from namerec.jobs.snapshot import JobSnapshot
    from namerec.runs.records import BranchPoint
    from namerec.runs.summary import RunSummary

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
    lineage = snapshot.lineage()
    curves = RunCurves(
        lineage.series.step,
        lineage.series.loss,
        lineage.history,
        _stretches(lineage.branch_points, run.info.config.training),
        _now(snapshot, lineage.branch_points),
        training_names,
    )
    letters = {other.id: letter for letter, other in beside.items()}
    return OverlaidRun(name, curves, held_out, _marks(run.id, lineage.branch_points, letters))


def _marks(
    run_id: str, branch_points: tuple[BranchPoint, ...], letters: Mapping[str, str]
) -> tuple[tuple[int, str], ...]:
    """Where one run of a line goes on from another, and in words which from which."""
    lineage = [*(branch_point.run for branch_point in branch_points), run_id]
    names = [letters.get(run, f"run {run}") for run in lineage]
    return tuple(
        (branch_point.step, f"{names[place + 1]} continues from {names[place]}")
        for place, branch_point in enumerate(branch_points)
    )


def _now(snapshot: JobSnapshot, branch_points: tuple[BranchPoint, ...]) -> Place | None:
    """Where training stands within an epoch; None where that cannot be told."""
    if not (snapshot.step and snapshot.steps):
        return None
    epoch = snapshot.epochs * snapshot.step / snapshot.steps
    before = branch_points[-1] if branch_points else None
    return Place(
        snapshot.step + (before.step if before else 0),
        epoch + (before.epoch if before else 0),
        snapshot.seconds + (before.seconds if before else 0.0),
    )


def _stretches(branch_points: tuple[BranchPoint, ...], own: TrainConfig) -> tuple[Stretch, ...]:
    """The settings of a line of runs; a run that is gone counts as the one that goes on from it."""
    stretches = [Stretch(branch_points[-1].step if branch_points else 0, own)]
    for place in range(len(branch_points) - 1, -1, -1):
        after = branch_points[place - 1].step if place else 0
        stretches.insert(
            0, Stretch(after, _training_of(branch_points[place].run) or stretches[0].training)
        )
    return tuple(stretches)


def _training_of(run_id: str) -> TrainConfig | None:
    try:
        return manager().store.open(run_id).info().config.training
    except NamerecError:
        return None
