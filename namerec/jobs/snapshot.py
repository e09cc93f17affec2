"""An immutable view of a job, for whoever looks on while it works."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from namerec.core.evaluation.results import Scores
from namerec.core.training.config import RunConfig
from namerec.core.training.records import EpochRecord, StepRecord
from namerec.errors import RunError
from namerec.runs import metrics
from namerec.runs.folder import RunFolder
from namerec.runs.gaps import NO_GAP, Gap
from namerec.runs.lineage import BEFORE, NOTHING_RECORDED, counted_on, gap_in
from namerec.runs.records import ACTIVE_STATES, RESUMABLE_STATES, BranchPoint, RunState
from namerec.runs.summary import RunSummary


@dataclass(frozen=True, slots=True, eq=False)
class StepSeries:
    """Step records as columns, each (records,); read only."""

    step: np.ndarray
    loss: np.ndarray
    gradient_norm: np.ndarray
    learning_rate: np.ndarray

    def __len__(self) -> int:
        return len(self.step)


class GrowingSeries:
    """Step records that only grow; a view of what is there costs nothing to take.

    Views share the columns' memory, whose filled part never changes.
    """

    def __init__(self) -> None:
        self._columns = np.empty((4, 256))
        self._filled = 0

    @staticmethod
    def holding(records: Iterable[StepRecord]) -> GrowingSeries:
        """A series of what is there already."""
        growing = GrowingSeries()
        for record in records:
            growing.add(record)
        return growing

    def add(self, record: StepRecord) -> None:
        """Adds one record."""
        if self._filled == self._columns.shape[1]:
            self._columns = np.concatenate([self._columns, np.empty_like(self._columns)], axis=1)
        self._columns[:, self._filled] = (
            record.step,
            record.loss,
            record.gradient_norm,
            record.learning_rate,
        )
        self._filled += 1

    def view(self) -> StepSeries:
        """What is there now."""
        columns = self._columns[:, : self._filled]
        columns.flags.writeable = False
        return StepSeries(*columns)

    @staticmethod
    def of(series: StepSeries) -> GrowingSeries:
        """A series that goes on from what another one holds."""
        growing = GrowingSeries()
        columns = (series.step, series.loss, series.gradient_norm, series.learning_rate)
        room = np.empty((4, max(256, 2 * len(series))))
        room[:, : len(series)] = columns
        growing._columns, growing._filled = room, len(series)
        return growing


@dataclass(frozen=True, slots=True, eq=False)
class Lineage:
    """What was recorded of runs that go on from one another, in one count.

    Attributes:
        branch_points: Where one of them goes on from another, the oldest first.
        series: Step records, counted from the beginning of the first run.
        history: Epoch records, counted likewise.
    """

    branch_points: tuple[BranchPoint, ...]
    series: StepSeries
    history: tuple[EpochRecord, ...]

    @staticmethod
    def of(
        branch_points: tuple[BranchPoint, ...],
        steps: Iterable[StepRecord],
        epochs: Iterable[EpochRecord],
    ) -> Lineage:
        """A line of records that are in its count."""
        return Lineage(branch_points, GrowingSeries.holding(steps).view(), tuple(epochs))


#: Of a run that goes on from no other.
NOTHING_BEFORE = Lineage.of((), (), ())


@dataclass(frozen=True, slots=True, eq=False)
class JobSnapshot:
    """A job at one moment.

    Attributes:
        run_id: The run it works on.
        config: Its settings.
        state: What it is doing.
        place: Its place in the queue, 1 for the next to start; 0 if it is not waiting.
        epochs: Epochs in all (0 until they are known).
        steps: Optimizer steps in all (0 until they are known).
        seconds: Seconds of training so far, pauses left out.
        remaining: Seconds still to go at the speed so far, None until it can be told.
        names_per_second: Over the last epoch; 0 before the first.
        series: Step records so far.
        history: Epoch records so far.
        scores: By part, once finished.
        message: Why it failed or is held, in a sentence.
        before: What the run goes on from; nothing for most. All other numbers are the run's own.
        gap: What is missing of the records, counted from the first run of its lineage on.
        race: The race it trains in now, with which it is paused; empty for none. A run that is
            taken up again, or looked at afterwards, is in none: its `RunInfo` remembers.
    """

    run_id: str
    config: RunConfig
    state: RunState
    place: int = 0
    epochs: int = 0
    steps: int = 0
    seconds: float = 0.0
    remaining: float | None = None
    names_per_second: float = 0.0
    series: StepSeries = field(default_factory=lambda: GrowingSeries().view(), repr=False)
    history: tuple[EpochRecord, ...] = field(default=(), repr=False)
    scores: tuple[Scores, ...] = ()
    message: str = ""
    before: Lineage = field(default=NOTHING_BEFORE, repr=False)
    gap: Gap = NO_GAP
    race: str = ""

    @property
    def step(self) -> int:
        """Optimizer steps done, as far as is recorded."""
        return int(self.series.step[-1]) if len(self.series) else 0

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return self.history[-1].epoch if self.history else 0

    @property
    def progress(self) -> float:
        """Share of all steps done, 0..1."""
        return min(self.step / self.steps, 1.0) if self.steps else 0.0

    @property
    def ended(self) -> bool:
        """Whether nobody works on it any more and nobody will by itself."""
        return self.state not in ACTIVE_STATES

    def lineage(self) -> Lineage:
        """What the run goes on from and its own records, in one count."""
        if not self.before.branch_points:
            return Lineage((), self.series, self.history)
        branch_point = self.before.branch_points[-1]
        earlier, own = self.before.series, self.series
        return Lineage(
            self.before.branch_points,
            StepSeries(
                np.concatenate([earlier.step, own.step + branch_point.step]),
                np.concatenate([earlier.loss, own.loss]),
                np.concatenate([earlier.gradient_norm, own.gradient_norm]),
                np.concatenate([earlier.learning_rate, own.learning_rate]),
            ),
            (*self.before.history, *(counted_on(record, branch_point) for record in self.history)),
        )


def stored_snapshot(run: RunSummary, folder: RunFolder) -> JobSnapshot:
    """A snapshot of a run that another process trains or nobody, from what it left on disk.

    Raises:
        RunError: If there are more metrics than can be read.
    """
    own = folder.recorded()
    last, seconds = _last_stored(run, folder)
    branch_points = run.info.branch_points
    before = metrics.read(folder.path / BEFORE) if branch_points else NOTHING_RECORDED
    return JobSnapshot(
        run_id=run.id,
        config=run.info.config,
        state=run.state,
        epochs=run.status.epochs,
        steps=run.status.steps,
        seconds=seconds,
        names_per_second=run.status.names_per_second,
        series=GrowingSeries.holding(step for step in own.steps if step.step <= last).view(),
        history=tuple(record for record in own.epochs if record.step <= last),
        scores=tuple(Scores(**scores.model_dump()) for scores in run.status.scores.values()),
        message=run.status.message or run.newer,
        before=Lineage.of(branch_points, before.steps, before.epochs)
        if branch_points
        else NOTHING_BEFORE,
        gap=gap_in(branch_points, before, own, run.status.epoch),
    )


def _last_stored(run: RunSummary, folder: RunFolder) -> tuple[int, float]:
    """The step that a run has come to, and after how many seconds of training.

    A run that can be gone on with stands where its checkpoint does: killed right after that was
    stored, the status is an epoch behind.
    """
    if run.state in RESUMABLE_STATES:
        try:
            progress = folder.progress()
        except RunError:
            pass  # who goes on with the run is told
        else:
            if progress.step:
                return progress.step, progress.seconds
    return run.status.step, run.status.seconds
