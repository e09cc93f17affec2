"""You against the network: which names a round asks, and in which order.

A name is what its letters are in lower case. It may stand in a corpus with several categories; then
each of them is right, for both players.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from namerec.core.evaluation.results import PredictedNames

if TYPE_CHECKING:
    from namerec.core.corpus.dataset import Dataset
    from namerec.core.corpus.splits import Split

#: How names are drawn: categories in turn, or every distinct name alike.
Draw = Literal["evenly", "natural"]
DRAWS: tuple[Draw, ...] = ("evenly", "natural")
#: Options of a question made easier.
FEW_OPTIONS = 4
#: Of the network's ranking, so many are told.
_TOLD = 3


@dataclass(frozen=True, slots=True, eq=False)
class QuizPool:
    """The distinct names that a round may ask.

    Attributes:
        indices: Each name's first line of those the network was asked, into the dataset, int64,
            ascending, (names,).
        right: Whether the name stands in the corpus with a category, bool, (names, categories).
        seen: Whether the name stands in the training part, bool, (names,).
        log_probabilities: The network's, float32, (names, categories).
    """

    indices: np.ndarray = field(repr=False)
    right: np.ndarray = field(repr=False)
    seen: np.ndarray = field(repr=False)
    log_probabilities: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.indices)


@dataclass(frozen=True, slots=True)
class Question:
    """One name to be answered. Categories are indices.

    Attributes:
        index: Of the name in the dataset.
        right: The categories that are right, ascending; one or more.
        options: What may be answered, ascending, so that their order tells nothing.
        ranked: The network's three most probable categories (two if there are no more) with their
            probabilities, 0..1, most probable first.
        seen: Whether the name stands in the network's training part.
    """

    index: int
    right: tuple[int, ...]
    options: tuple[int, ...]
    ranked: tuple[tuple[int, float], ...]
    seen: bool

    @property
    def network(self) -> int:
        """The network's answer, which is always among the options."""
        return self.ranked[0][0]

    @property
    def guessing(self) -> float:
        """Chance that an option taken blindly is right, 0..1."""
        return len(set(self.right) & set(self.options)) / len(self.options)


def quiz_pool(dataset: Dataset, split: Split, answers: PredictedNames) -> QuizPool:
    """The distinct names that a network was asked, with what is right and what it says.

    Args:
        dataset: The names.
        split: Theirs.
        answers: The network's, on a part of the split.
    """
    names = np.unique(dataset.keys(), return_inverse=True)[1]
    indices, first = np.unique(answers.indices, return_index=True)
    once = np.sort(np.unique(names[indices], return_index=True)[1])
    indices, rows = indices[once], first[once]
    place = np.full(len(dataset), -1)  # of a name among those asked
    place[names[indices]] = np.arange(len(indices))
    lines = np.flatnonzero(place[names] >= 0)
    right = np.zeros((len(indices), len(dataset.categories)), dtype=bool)
    right[place[names[lines]], dataset.labels[lines]] = True
    seen = np.isin(names[indices], names[split.train])
    return QuizPool(indices, right, seen, answers.log_probabilities[rows])


def drawn(pool: QuizPool, names: int, draw: Draw, seed: int) -> np.ndarray:
    """Which names of a pool a round asks, in its order: no name twice, the same for a seed.

    Args:
        pool: To draw from.
        names: How many; fewer if the pool has no more.
        draw: Evenly: categories take turns, in an order that is new each time around, and each
            gives one of its names; those that have none left are passed over. Naturally: every
            name of the pool alike.
        seed: Of the draw.

    Returns:
        Places in the pool, int64.
    """
    generator = np.random.default_rng([seed, 0x9012])
    if draw == "natural":
        return generator.permutation(len(pool))[:names]
    waiting = {
        category: generator.permutation(np.flatnonzero(pool.right[:, category])).tolist()
        for category in np.flatnonzero(pool.right.any(axis=0)).tolist()
    }
    taken: dict[int, None] = {}
    while waiting and len(taken) < names:
        for category in generator.permutation(list(waiting)).tolist():
            left = waiting[category]
            while left and left[-1] in taken:  # as a name of another category
                left.pop()
            if not left:
                del waiting[category]
            elif len(taken) < names:
                taken[left.pop()] = None
    return generator.permutation(np.array(list(taken), dtype=np.int64))


def questions(pool: QuizPool, places: Sequence[int], *, few: bool) -> tuple[Question, ...]:
    """The questions of a round.

    Args:
        pool: Of names.
        places: Which of them, in order.
        few: Whether the options are only a right category, the one that the network finds most
            probable, and the wrong ones that it finds most probable, `FEW_OPTIONS` together; all
            categories otherwise.
    """
    return tuple(_question(pool, place, few=few) for place in places)


def _question(pool: QuizPool, place: int, *, few: bool) -> Question:
    logs, right = pool.log_probabilities[place], pool.right[place]
    order = np.argsort(-logs, kind="stable")
    options = np.arange(len(order))
    if few:
        wrong = order[~right[order]][: FEW_OPTIONS - 1]
        options = np.sort(np.append(wrong, order[right[order]][0]))
    return Question(
        index=int(pool.indices[place]),
        right=tuple(np.flatnonzero(right).tolist()),
        options=tuple(options.tolist()),
        ranked=tuple((int(one), float(np.exp(logs[one]))) for one in order[:_TOLD]),
        seen=bool(pool.seen[place]),
    )
