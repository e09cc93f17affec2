"""What a report tells of its runs, read and computed once: no words, and nothing drawn yet.

A finished run's scores, answers and curves lie in its folder. Only gradients, baselines and the
question which lines are one name need the corpus; without it, the reason stands in their place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.protocols import Part
from namerec.core.evaluation.contrast import AskedNames, Contrast, contrast
from namerec.core.evaluation.results import ConfusionMatrix, PredictedNames
from namerec.core.evaluation.scores import confusion
from namerec.core.inside.gradients import GradientNorms, gradient_norms
from namerec.core.inside.name_samples import sample
from namerec.core.networks.models import describe
from namerec.core.training.records import EpochRecord
from namerec.core.training.run_curves import RunCurves, Stretch
from namerec.errors import DataError, NamerecError, RunError
from namerec.export.about import NAMES_GONE, lineage_epoch
from namerec.export.report.document import said
from namerec.export.source import Source
from namerec.figures.base.words import BASELINE_LINES
from namerec.figures.training.curves import History
from namerec.jobs.baselines import Baselines
from namerec.jobs.local import local_baselines
from namerec.runs.lineage import History as Lineage
from namerec.runs.lineage import history as lineage_of
from namerec.runs.measured import part_words
from namerec.runs.networks import BEFORE_TRAINING, load_network
from namerec.runs.records import BranchPoint, PartScores
from namerec.runs.store import RunSummary

#: Most runs of one report: as many as there are colours that can be told apart on one figure.
MOST_RUNS = 8
_CEILING_LINE = "label ceiling"
#: Longest title of a run, in letters, where it stands for the run.
_LONGEST_TITLE = 40


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


def report_facts(sources: Sequence[Source]) -> ReportFacts:
    """Reads and computes all that a report tells.

    Args:
        sources: One run or several.

    Raises:
        RunError: If there are none, too many, or one cannot be read.
    """
    if not 1 <= len(sources) <= MOST_RUNS:
        raise RunError(
            f"A report is made of 1 to {MOST_RUNS} runs; {len(sources)} were given. Choose some."
        )
    runs = tuple(map(_run_facts, sources, _names([source.run for source in sources])))
    pairs = tuple(
        Pair(a, b, _contrast(runs[a], runs[b])) for a, b in combinations(range(len(runs)), 2)
    )
    return ReportFacts(runs, pairs)


def run_facts(source: Source) -> RunFacts:
    """The same of one run."""
    return report_facts([source]).runs[0]


def _order(record: EpochRecord) -> tuple[float, float]:
    """What training chooses the best epoch by: accuracy, then loss, on the validation part."""
    return record.validation_accuracy, -record.validation_loss


def _names(runs: Sequence[RunSummary]) -> list[str]:
    """A title that a person gave, and the network; with the run's id where several are the same."""
    names = []
    for run in runs:
        network, title = run.info.config.model.title, run.label.title
        names.append(f"{said(title, _LONGEST_TITLE)}, {network}" if title else network)
    return [
        name if names.count(name) == 1 else f"{name}, run {run.id}"
        for name, run in zip(names, runs, strict=True)
    ]


def _run_facts(source: Source, name: str) -> RunFacts:
    info = source.run.info
    lineage = lineage_of(source.folder)
    answers = source.folder.predictions()
    try:
        corpus: Dataset | Absent = source.dataset
    except DataError:
        corpus = Absent(f"Its {NAMES_GONE}.")
    return RunFacts(
        name=name,
        run=source.run,
        structure=describe(info.config.model, len(info.dataset.categories)),
        lineage=lineage,
        history=_history(source, lineage, corpus),
        scores=dict(source.run.status.scores),
        answers=answers,
        matrices=_matrices(source, answers),
        gradients=_gradients(source, corpus),
        spellings=corpus if isinstance(corpus, Absent) else corpus.spellings(),
    )


def _history(source: Source, lineage: Lineage, corpus: Dataset | Absent) -> History:
    protocol = source.run.info.config.training.protocol
    history = History.of(
        lineage.steps,
        lineage.epochs,
        protocol=protocol,
        held_out=part_words(protocol, "validation"),
        baselines=() if isinstance(corpus, Absent) else _baselines(source, corpus),
    )
    branch_points = tuple(
        (branch_point.step, f"went on from epoch {branch_point.epoch}")
        for branch_point in lineage.branch_points
    )
    return replace(history, branch_points=branch_points)


def _baselines(source: Source, corpus: Dataset) -> tuple[tuple[str, float], ...]:
    """Those that were computed once, on validation names; none are computed here."""
    training = source.run.info.config.training
    known: Baselines = local_baselines().known(corpus, training.protocol, training.split_draw)
    lines = [
        (words, known.scores[kind].accuracy["validation"])
        for kind, words in BASELINE_LINES.items()
        if kind in known.scores
    ]
    if "validation" in known.ceiling:
        lines.append((_CEILING_LINE, known.ceiling["validation"]))
    return tuple(lines)


def _matrices(source: Source, answers: dict[Part, PredictedNames]) -> dict[Part, ConfusionMatrix]:
    info, best = source.run.info, source.run.status.best_epoch
    protocol, categories = info.config.training.protocol, info.dataset.categories
    counts = {part: confusion(given, categories) for part, given in answers.items()}
    if not counts:
        for epoch in source.folder.metrics()[1]:
            if epoch.epoch == best and len(epoch.validation_confusion) == len(categories):
                counts["validation"] = np.array(epoch.validation_confusion, dtype=np.int64)
    shown = tuple(said(category) for category in categories)
    return {
        part: ConfusionMatrix(counted, shown, part, protocol) for part, counted in counts.items()
    }


def _gradients(source: Source, corpus: Dataset | Absent) -> Gradients | Absent:
    if isinstance(corpus, Absent):
        return corpus
    try:
        part = source.split.validation
        model = source.model
        indices = sample(model, part)
        before = load_network(source.folder, BEFORE_TRAINING).model
        return Gradients(
            before=gradient_norms(before, corpus, indices),
            after=gradient_norms(model, corpus, indices),
            names=len(indices),
            available=len(part),
            mean_length=float(corpus.lengths.mean()),
            most_length=int(corpus.lengths.max()),
        )
    except NamerecError as error:
        return Absent(str(error))


def _contrast(a: RunFacts, b: RunFacts) -> Contrast | Absent:
    for facts in (a, b):
        if "test" not in facts.answers:
            return Absent(f"{facts.name} is not finished, so it has no answers to test names.")
    if a.asked != b.asked:
        return Absent("They were not asked the same names.")
    if isinstance(a.spellings, Absent):
        return Absent(f"Their {NAMES_GONE}.")
    try:
        return contrast(
            a.answers["test"], a.asked, b.answers["test"], b.asked, spellings=a.spellings
        )
    except NamerecError as error:
        return Absent(str(error))
