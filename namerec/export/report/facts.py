"""What a report tells of its runs, read and computed once: no words, and nothing drawn yet.

A finished run's scores, answers and curves lie in its folder. Only gradients, baselines and the
question which lines are one name need the corpus; without it, the reason stands in their place.
"""

from dataclasses import dataclass, field

import numpy as np

from namerec.core.corpus.protocols import Part, part_words
from namerec.core.evaluation.contrast import AskedNames, Contrast
from namerec.core.evaluation.results import ConfusionMatrix, PredictedNames
from namerec.core.inside.gradients import GradientNorms
from namerec.core.training.records import EpochRecord
from namerec.core.training.run_curves import RunCurves, Stretch
from namerec.export.about import lineage_epoch
from namerec.figures.training.curves import History
from namerec.runs.gaps import Gap
from namerec.runs.lineage import History as Lineage
from namerec.runs.records import BranchPoint, PartScores
from namerec.runs.summary import RunSummary


@dataclass(frozen=True, slots=True)
class Absent:
    """Something that is not there, and why, in a sentence."""

    reason: str


@dataclass(frozen=True, eq=False)
class Gradients:
    """A network's gradients through time, on the same names, where the run began and at its best.

    Attributes:
        before: With the weights that the run began with: drawn ones, or another run's.
        after: At its best epoch.
        names: Names measured on.
        available: Names of the validation part.
        mean_length: Letters of all names of the corpus on average.
        most_length: Letters of the longest.
    """

    before: GradientNorms = field(repr=False)
    after: GradientNorms = field(repr=False)
    names: int
    available: int
    mean_length: float
    most_length: int


@dataclass(frozen=True, eq=False)
class RunFacts:
    """One run.

    Attributes:
        name: What it is called in this report, by no other run of it.
        run: What it is, and how far it has come; texts of people in it are as they were put in.
        structure: The network as it is printed.
        lineage: All its records, those of the runs that it goes on from included.
        gap: What is missing of them.
        history: The same, for the curves, with the baselines that are known.
        scores: By part: what the finished run came to.
        answers: Its stored answers, by part.
        matrices: Counted from them; of an unfinished run that of its best epoch on the validation
            part. Texts of people are shown letter by letter.
        gradients: Through time.
        spellings: Of all names of the corpus, see `Dataset.spellings`.
    """

    name: str
    run: RunSummary
    structure: str = field(repr=False)
    lineage: Lineage = field(repr=False)
    gap: Gap
    history: History = field(repr=False)
    scores: dict[Part, PartScores]
    answers: dict[Part, PredictedNames] = field(repr=False)
    matrices: dict[Part, ConfusionMatrix] = field(repr=False)
    gradients: Gradients | Absent
    spellings: np.ndarray | Absent = field(repr=False)

    @property
    def part(self) -> Part:
        """What the run is judged by: test names once it is finished, validation names before."""
        return "test" if "test" in self.scores else "validation"

    @property
    def curves(self) -> RunCurves:
        """The same records, to be drawn along epochs."""
        stretches = (Stretch(0, self.run.info.config.training),)
        return RunCurves(self.history.step, self.history.loss, self.lineage.epochs, stretches)

    @property
    def best_epoch(self) -> int:
        """The epoch that scores are of, counted from the first run of its lineage on; 0: none."""
        return lineage_epoch(self.run.info, self.run.status.best_epoch)

    @property
    def branch_point(self) -> BranchPoint | None:
        """Where it goes on from another run; None if it began with weights of its own."""
        return self.lineage.branch_points[-1] if self.lineage.branch_points else None

    @property
    def best(self) -> EpochRecord | None:
        """The record of its best epoch, if there is one."""
        return self._record(self.best_epoch)

    @property
    def at_branch_point(self) -> EpochRecord | None:
        """The record of the epoch that it goes on after; None if it is lost or there is none."""
        return self._record(self.branch_point.epoch) if self.branch_point else None

    @property
    def best_before(self) -> EpochRecord | None:
        """The best epoch that led to where it goes on, by what the best one is chosen by."""
        began = self.branch_point.epoch if self.branch_point else 0
        before = [record for record in self.lineage.epochs if record.epoch <= began]
        return max(before, key=_order, default=None)

    @property
    def was_better_before(self) -> bool:
        """Whether an epoch that led to where it goes on was better than all of its own."""
        before, best = self.best_before, self.best
        return before is not None and best is not None and _order(before) > _order(best)

    @property
    def seconds(self) -> float:
        """Of training, those of the runs that it goes on from included."""
        return self.run.status.seconds + self.earlier_seconds

    @property
    def earlier_seconds(self) -> float:
        """Those of the runs that it goes on from, up to there."""
        return self.branch_point.seconds if self.branch_point else 0.0

    @property
    def asked(self) -> AskedNames:
        """Which names it was scored on: only runs that share them can be compared."""
        info, training = self.run.info, self.run.info.config.training
        return AskedNames(info.dataset.fingerprint, training.protocol, training.split_draw, "test")

    def on(self, part: Part) -> str:
        """What was measured on a part, in words."""
        return part_words(self.run.info.config.training.protocol, part)

    def _record(self, epoch: int) -> EpochRecord | None:
        return next((record for record in self.lineage.epochs if record.epoch == epoch), None)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two runs beside each other, by their places in the report.

    Attributes:
        a: The one.
        b: The other.
        contrast: Of their answers to the test names; why there is none.
    """

    a: int
    b: int
    contrast: Contrast | Absent


@dataclass(frozen=True, eq=False)
class ReportFacts:
    """All that a report tells: its runs, and what they give beside each other."""

    runs: tuple[RunFacts, ...]
    pairs: tuple[Pair, ...]


def _order(record: EpochRecord) -> tuple[float, float]:
    """What training chooses the best epoch by: accuracy, then loss, on the validation part."""
    return record.validation_accuracy, -record.validation_loss
