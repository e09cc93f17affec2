"""What a sweep has come to: its state, its trials, and its winner's scores over the seeds."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from statistics import mean, stdev

from namerec.cluster.folder import SweepFolder
from namerec.cluster.study import TrialResult, results
from namerec.core.tasks.sweep import SweepPlan
from namerec.errors import NamerecError
from namerec.runs.records import PartScores
from namerec.runs.store import RunStore


@dataclass(frozen=True, slots=True)
class OverSeeds:
    """A score of runs that differ in the seed alone.

    Attributes:
        values: One a run, 0..1.
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the runs."""
        return mean(self.values)

    @property
    def spread(self) -> float | None:
        """Sample standard deviation; None of a single run."""
        return stdev(self.values) if len(self.values) > 1 else None


@dataclass(frozen=True, slots=True)
class Winner:
    """The trial with the best mean validation accuracy.

    Attributes:
        trial: Which.
        run: Its run with the best validation accuracy.
        validation: Accuracies of its runs on validation names, at their best epochs.
        test: Accuracies on test names; None until they have been scored, which comes last.
        test_recall: Macro recalls on them.
        names: How many test names there are.
    """

    trial: TrialResult
    run: str
    validation: OverSeeds
    test: OverSeeds | None
    test_recall: OverSeeds | None
    names: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """A sweep at one moment.

    Attributes:
        name: Its name.
        plan: What is searched.
        state: *running*; *finished*, if it has its trials or its time is over; else *stopped*.
        trials: Those drawn, in order.
        seconds: That it has taken.
        winner: None until a trial is complete.
    """

    name: str
    plan: SweepPlan
    state: str
    trials: tuple[TrialResult, ...]
    seconds: float
    winner: Winner | None

    def count(self, state: str) -> int:
        """How many trials are in a state."""
        return sum(trial.state == state for trial in self.trials)


def outcome(folder: SweepFolder, store: RunStore) -> Outcome:
    """A sweep as it stands.

    Raises:
        RunError: If its files are damaged.
    """
    plan = folder.plan()
    running = folder.is_running()
    found, seconds = results(folder)
    trials = tuple(trial for trial in found if trial.state != "waiting")
    ended = sum(trial.state != "running" for trial in trials)
    over = ended >= plan.trials or seconds >= (plan.budget or math.inf)
    complete = [trial for trial in trials if trial.state == "complete"]
    best = max(complete, key=lambda trial: trial.score or 0.0, default=None)
    return Outcome(
        folder.name,
        plan,
        "running" if running else "finished" if over else "stopped",
        trials,
        seconds,
        None if best is None else _winner(best, store),
    )


def _winner(trial: TrialResult, store: RunStore) -> Winner:
    tested: list[PartScores] = []
    for run in trial.runs:
        with contextlib.suppress(NamerecError):  # deleted, or damaged
            scores = store.open(run).status().scores
            tested += [scores["test"]] if "test" in scores else []
    whole = len(tested) == len(trial.runs)
    return Winner(
        trial=trial,
        run=trial.runs[trial.scores.index(max(trial.scores))],
        validation=OverSeeds(trial.scores),
        test=OverSeeds(tuple(part.accuracy for part in tested)) if whole else None,
        test_recall=OverSeeds(tuple(part.macro_recall for part in tested)) if whole else None,
        names=tested[0].names if tested else 0,
    )
