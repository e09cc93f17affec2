"""You against the network: what a round's answers come to, and whether that says anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from namerec.core.evaluation.contrast import McNemar, mcnemar
from namerec.core.tasks.quiz import Question, QuizPool

#: A difference that chance makes more often than this says nothing about who is better.
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class QuizScore:
    """What a round, or as much of it as has been answered, came to. All but shares in names.

    Attributes:
        names: Answered.
        you: That you got right.
        network: That the network got right.
        only_you: That you got right and the network wrong.
        only_network: The other way round.
        guessing: Share that blind guesses get right on average, 0..1 (0 without names).
        as_good_by_guessing: Chance that blind guesses get as many right as you, or more, 0..1.
        test: McNemar's, of you against the network.
    """

    names: int
    you: int
    network: int
    only_you: int
    only_network: int
    guessing: float
    as_good_by_guessing: float
    test: McNemar


def score(asked: Sequence[Question], given: Sequence[int | None]) -> QuizScore:
    """Scores answers.

    Args:
        asked: The questions.
        given: Your answers, of the first questions or all; None for "I don't know", which is wrong.
    """
    asked = asked[: len(given)]
    you = [answer in one.right for one, answer in zip(asked, given, strict=True)]
    network = [one.network in one.right for one in asked]
    only_you = sum(mine and not its for mine, its in zip(you, network, strict=True))
    only_network = sum(its and not mine for mine, its in zip(you, network, strict=True))
    guesses = [one.guessing for one in asked]
    return QuizScore(
        names=len(asked),
        you=sum(you),
        network=sum(network),
        only_you=only_you,
        only_network=only_network,
        guessing=sum(guesses) / max(len(guesses), 1),
        as_good_by_guessing=_at_least(sum(you), guesses),
        test=mcnemar(only_you, only_network),
    )


def _at_least(hits: int, chances: Sequence[float]) -> float:
    """Chance of so many hits or more among independent tries, each with a chance of its own."""
    numbers = np.ones(1)  # chance of 0, 1, ... hits so far
    for chance in chances:
        numbers = np.convolve(numbers, [1 - chance, chance])
    return min(1.0, float(numbers[hits:].sum()))


def fewest_to_tell() -> int:
    """So many names that only one of the two gets right tell them apart at `LEVEL`, and no fewer.

    If the other one has none.
    """
    return next(names for names in count(1) if mcnemar(names, 0).p_value < LEVEL)


@dataclass(frozen=True, slots=True)
class Tally:
    """Names with the same right categories, in a round.

    Attributes:
        right: Indices of the categories, one or more; any of them is right.
        names: How many.
        you: Of these, how many you got right.
        network: How many the network did.
    """

    right: tuple[int, ...]
    names: int
    you: int
    network: int


def tallies(asked: Sequence[Question], given: Sequence[int | None]) -> tuple[Tally, ...]:
    """The score by category, those that have names; a name of several categories counts apart.

    Args:
        asked: The questions.
        given: Your answers to all of them, None for "I don't know".
    """
    groups: dict[tuple[int, ...], list[int]] = {}
    for place, one in enumerate(asked):
        groups.setdefault(one.right, []).append(place)
    return tuple(
        Tally(
            right=right,
            names=len(places),
            you=sum(given[place] in right for place in places),
            network=sum(asked[place].network in right for place in places),
        )
        for right, places in sorted(groups.items())
    )


@dataclass(frozen=True, slots=True)
class PoolScore:
    """How good the network is on all names that a round may ask.

    Attributes:
        names: How many.
        share: Of them that it gets right, 0..1.
        mean_over_categories: The mean of that share over the categories, 0..1: what it would get
            right on endlessly many names drawn evenly.
    """

    names: int
    share: float
    mean_over_categories: float


def network_on_all(pool: QuizPool) -> PoolScore:
    """Scores the network on a pool of one name or more; any true category is right."""
    hits = pool.right[np.arange(len(pool)), pool.log_probabilities.argmax(axis=1)]
    support = pool.right.sum(axis=0)
    recalls = (pool.right & hits[:, None]).sum(axis=0)[support > 0] / support[support > 0]
    return PoolScore(len(pool), float(hits.mean()), float(recalls.mean()))
