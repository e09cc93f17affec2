"""Who won a race: by accuracy, and whether by more than chance; by seconds, and at what cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from namerec.core.evaluation.contrast import AskedNames, Contrast, contrast
from namerec.core.evaluation.results import PredictedNames, Scores
from namerec.core.training.records import EpochRecord

#: Share of the best validation accuracy of the race that all are timed to.
NEARLY = 0.9
#: A lead that equally good networks would have more often than this is called no lead.
LEAST_CHANCE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Entrant:
    """What one network of a race came to.

    Attributes:
        title: The network.
        state: Of its run, such as `finished` or `diverged`.
        epochs: Its epoch records so far.
        test: Its scores on the test part, once finished.
        answers: To the same names, once finished.
        seconds: Of its own training.
        names_per_second: Training names per second.
        parameters: Trainable numbers.
    """

    title: str
    state: str
    epochs: Sequence[EpochRecord] = field(repr=False)
    test: Scores | None
    answers: PredictedNames | None = field(repr=False)
    seconds: float
    names_per_second: float
    parameters: int


@dataclass(frozen=True, slots=True, eq=False)
class Lead:
    """How far the winner is ahead of another one.

    Attributes:
        other: Of whom.
        points: Difference in accuracy, in points of a hundred, 0 or more.
        names: Who is right on which names; None if their answers are not there.
    """

    other: str
    points: float
    names: Contrast | None

    @property
    def beyond_chance(self) -> bool | None:
        """Whether equally good networks would hardly differ by so much; None if unknown."""
        return None if self.names is None else self.names.test.p_value < LEAST_CHANCE


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a network reached the accuracy that all are timed to.

    Attributes:
        title: The network.
        epoch: After which epoch; 0 for never.
        seconds: After how many of its own seconds.
    """

    title: str
    epoch: int
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What a race came to.

    Attributes:
        ranking: Who finished, the most accurate on the test part first.
        leads: Of the first over the others that finished, in that order.
        best_on_the_way: The highest validation accuracy of anybody at any time, 0..1.
        target: The accuracy that all are timed to, 0..1.
        arrivals: When they reached it, the quickest first, who never did last.
        unfinished: Who did not finish.
    """

    ranking: tuple[Entrant, ...]
    leads: tuple[Lead, ...]
    best_on_the_way: float
    target: float
    arrivals: tuple[Arrival, ...]
    unfinished: tuple[Entrant, ...]


def judge(
    entrants: Sequence[Entrant], asked: AskedNames, spellings: np.ndarray | None = None
) -> Verdict:
    """Judges a race.

    Args:
        entrants: Who took part.
        asked: What their answers are answers to; the same for all.
        spellings: Of all names of the dataset, as in `contrast.contrast`.
    """
    ranking = sorted(
        (entrant for entrant in entrants if entrant.test is not None), key=_merit, reverse=True
    )
    leads = [_lead(ranking[0], other, asked, spellings) for other in ranking[1:]]
    accuracies = [record.validation_accuracy for entrant in entrants for record in entrant.epochs]
    best = max(accuracies, default=0.0)
    arrivals = [_arrival(entrant, NEARLY * best) for entrant in entrants]
    arrivals.sort(key=lambda arrival: (arrival.epoch == 0, arrival.seconds))
    return Verdict(
        ranking=tuple(ranking),
        leads=tuple(leads),
        best_on_the_way=best,
        target=NEARLY * best,
        arrivals=tuple(arrivals),
        unfinished=tuple(entrant for entrant in entrants if entrant.test is None),
    )


def _merit(entrant: Entrant) -> tuple[float, float]:
    assert entrant.test is not None  # noqa: S101 - only the finished are ranked
    return entrant.test.accuracy, entrant.test.macro_recall


def _lead(first: Entrant, other: Entrant, asked: AskedNames, spellings: np.ndarray | None) -> Lead:
    names = None
    if first.answers is not None and other.answers is not None:
        names = contrast(other.answers, asked, first.answers, asked, spellings=spellings)
    return Lead(other.title, 100 * (_merit(first)[0] - _merit(other)[0]), names)


def _arrival(entrant: Entrant, target: float) -> Arrival:
    for record in entrant.epochs:
        if record.validation_accuracy >= target:
            return Arrival(entrant.title, record.epoch, record.seconds)
    return Arrival(entrant.title, 0, 0.0)
