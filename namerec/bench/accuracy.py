"""Accuracies side by side: runs, their averages, the baselines, and runs with weaker priors.

Everything is fitted on training names and chosen on validation names; test names are only scored.
"""

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.protocols import Part, Sampling
from namerec.core.corpus.splits import Split
from namerec.core.evaluation.baselines import BASELINE_KINDS, BASELINE_TITLES, fit, label_ceiling
from namerec.core.evaluation.combining import averaged, learned_prior, reweighted
from namerec.core.evaluation.results import PredictedNames, Scores
from namerec.core.evaluation.scores import score

#: Prior strengths that are tried on validation names.
PRIOR_STRENGTHS_TRIED = np.linspace(1, 0, 41)
#: The baseline that networks are mixed with: the most accurate one.
PARTNER = "regression"

Answers = dict[Part, PredictedNames]
#: A mean, and the standard deviation where there is more than one value.
MeanAndSpread = tuple[float, float | None]


@dataclass(frozen=True, slots=True)
class Contestant:
    """A run: its label (equal for runs that differ in the seed alone), answers and cost.

    Attributes:
        label: What it is.
        answers: On validation and test names.
        sampling: How it drew its training names, which made its prior.
        seconds: Of training.
        parameters: Trainable numbers.
    """

    label: str
    answers: Answers
    sampling: Sampling
    seconds: float
    parameters: int


@dataclass(frozen=True, slots=True)
class Row:
    """Something that was scored on one split.

    Attributes:
        label: What it is.
        scores: On validation and test; None for the ceiling.
        accuracy: On test, 0..1.
        seconds: Of training, of one run; None where nothing was trained that has a time.
        parameters: Of one run.
    """

    label: str
    scores: dict[Part, Scores] | None
    accuracy: float
    seconds: float | None = None
    parameters: int | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """Rows of the same label over several splits; spreads are standard deviations.

    Attributes:
        label: What was scored.
        count: How many runs or splits the mean is over.
        accuracy: Mean and spread on test.
        macro_recall: The same; None for the ceiling.
        validation_accuracy: The same.
        seconds: Mean of one run's training.
        parameters: Of one run.
    """

    label: str
    count: int
    accuracy: MeanAndSpread
    macro_recall: MeanAndSpread | None
    validation_accuracy: MeanAndSpread | None
    seconds: float | None
    parameters: int | None


def rows_of_split(
    dataset: Dataset,
    split: Split,
    contestants: Sequence[Contestant],
    most_lost: float,
    say: Callable[[str], None],
) -> Iterator[Row]:
    """Scores all there is to score on one split.

    Args:
        dataset: The names.
        split: Of the dataset.
        contestants: Runs on that split.
        most_lost: Share of validation names, 0..1, that may be lost when priors are made even for
            the sake of macro recall.
        say: Takes a line about what is being fitted.
    """

    def scored(label: str, answers: Answers, run: Contestant | None = None) -> Row:
        scores = {part: score(answered, split, part) for part, answered in answers.items()}
        cost = (run.seconds, run.parameters) if run else (None, None)
        return Row(label, scores, scores["test"].accuracy, *cost)

    baselines: dict[str, Answers] = {}
    for kind in BASELINE_KINDS:
        say(f"{BASELINE_TITLES[kind]}, split {split.seed}")
        fitted = fit(kind, dataset, split.train)
        baselines[kind] = {
            part: fitted.answers(split.part(part)) for part in ("validation", "test")
        }
        yield scored(BASELINE_TITLES[kind], baselines[kind])
    yield Row("Label ceiling", None, label_ceiling(dataset, split.test))
    for label, runs in _by_label(contestants).items():
        for run in runs:
            yield scored(label, run.answers, run)
        sets = [("", [run.answers]) for run in runs]
        if len(runs) > 1:
            sets.append((f", average of {len(runs)}", [run.answers for run in runs]))
        for words, members in sets:
            together = _averaged(members)
            if words:
                yield scored(f"{label}{words}", together)
            mixed = _averaged([together, baselines[PARTNER]])
            yield scored(f"{label}{words}, and regression", mixed)
            prior = learned_prior(dataset, split.train, runs[0].sampling)
            for name, answers in ((words, together), (f"{words}, and regression", mixed)):
                even = _weakened(answers, prior, split, most_lost)
                yield scored(f"{label}{name}, weaker priors", even)


def _by_label(contestants: Iterable[Contestant]) -> dict[str, list[Contestant]]:
    result: dict[str, list[Contestant]] = {}
    for contestant in contestants:
        result.setdefault(contestant.label, []).append(contestant)
    return result


def _averaged(members: Sequence[Answers]) -> Answers:
    return {part: averaged([member[part] for member in members]) for part in members[0]}


def _weakened(answers: Answers, prior: np.ndarray, split: Split, most_lost: float) -> Answers:
    """Answers with the prior strength that gives the best macro recall on validation names.

    Only where no more than `most_lost` of their accuracy is given up for it.
    """
    asked = answers["validation"]
    least = score(asked, split, "validation").accuracy - most_lost
    best, chosen = -1.0, 1.0
    for prior_strength in PRIOR_STRENGTHS_TRIED.tolist():
        scores = score(reweighted(asked, prior, prior_strength), split, "validation")
        if scores.accuracy >= least and scores.macro_recall > best:
            best, chosen = scores.macro_recall, prior_strength
    return {part: reweighted(answered, prior, chosen) for part, answered in answers.items()}


def summarised(rows: Iterable[Row]) -> list[Summary]:
    """Means and spreads of the rows that have the same label, in the order they came."""
    by_label: dict[str, list[Row]] = {}
    for row in rows:
        by_label.setdefault(row.label, []).append(row)
    return [_summary(label, alike) for label, alike in by_label.items()]


def _summary(label: str, rows: list[Row]) -> Summary:
    scored = [row.scores for row in rows if row.scores is not None]
    seconds = [row.seconds for row in rows if row.seconds is not None]
    return Summary(
        label=label,
        count=len(rows),
        accuracy=_mean_and_spread([row.accuracy for row in rows]),
        macro_recall=_mean_and_spread([s["test"].macro_recall for s in scored]) if scored else None,
        validation_accuracy=(
            _mean_and_spread([s["validation"].accuracy for s in scored]) if scored else None
        ),
        seconds=statistics.fmean(seconds) if seconds else None,
        parameters=rows[0].parameters,
    )


def _mean_and_spread(values: list[float]) -> MeanAndSpread:
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None
