"""What a network could have learned a name from: its nearest training names, and its namesakes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from namerec.core.corpus.alphabet import normalise
from namerec.core.corpus.dataset import Dataset

#: Pairs of a name and a training name compared at once: bounds the table of distances, which takes
#: a byte a pair. Fewer would make each call's reading of all training names felt.
MOST_PAIRS = 8_000_000


class Neighbour(NamedTuple):
    """A training name near another name.

    Attributes:
        name: As the first training line with it has it, upper and lower case as one.
        categories: All categories in which the training part has it, in their order.
        distance: Edit distance in letters: how many have to be inserted, left out or replaced.
            0 is the same name.
    """

    name: str
    categories: tuple[str, ...]
    distance: int


@dataclass(frozen=True, eq=False)
class TrainingNames:
    """The distinct names of a training part, ready to be compared with.

    Upper and lower case are as one, and names are compared in the letters of the alphabet.

    Attributes:
        keys: Each name's letters in lower case, in alphabetical order.
        names: Each as its first line in the training part has it.
        categories: Those of each in the training part, in their order.
    """

    keys: tuple[str, ...] = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    categories: tuple[tuple[str, ...], ...] = field(repr=False)

    @classmethod
    def of(cls, dataset: Dataset, train: np.ndarray) -> Self:
        """The distinct names of the training part; `train` int64, (names,)."""
        lines = np.sort(train)  # the first line first, in whatever order a split has them
        keys, first, key_of_line = np.unique(
            dataset.keys()[lines], return_index=True, return_inverse=True
        )
        pairs = np.unique(np.stack([key_of_line, dataset.labels[lines]], axis=1), axis=0)
        found: list[list[str]] = [[] for _ in keys]
        for key, label in pairs.tolist():
            found[key].append(dataset.categories[label])
        return cls(
            keys=tuple(key.decode("ascii") for key in keys.tolist()),
            names=tuple(dataset.names[line] for line in lines[first].tolist()),
            categories=tuple(map(tuple, found)),
        )

    def nearest(self, names: Sequence[str], most: int = 5) -> list[list[Neighbour]]:
        """The training names with the least edit distance from each of some names.

        Of equally distant ones, those with the same first letter come first, then the alphabet
        decides (upper and lower case as one).

        Source: the distance is Levenshtein's, "Binary codes capable of correcting deletions,
        insertions, and reversals", Soviet Physics Doklady 10(8), 1966.

        Args:
            names: Any texts; they are normalised as those of a dataset are.
            most: How many training names for each, 1 or more.

        Returns:
            For each name its neighbours, nearest first; none for a text without a letter.
        """
        keys = [normalise(name).letters.lower() for name in names]
        if not self.keys:
            return [[] for _ in keys]
        firsts = np.array([key[:1] for key in self.keys])
        batch = max(1, MOST_PAIRS // len(self.keys))
        found: list[list[Neighbour]] = []
        for begin in range(0, len(keys), batch):
            some = keys[begin : begin + batch]
            # Names have at most 64 letters, so a distance fits into a byte.
            distances = cdist(some, self.keys, scorer=Levenshtein.distance, dtype=np.uint8)
            found += [
                self._ranked(row, firsts != key[:1], most)
                if any(letter.isalpha() for letter in key)
                else []
                for key, row in zip(some, distances, strict=True)
            ]
        return found

    def _ranked(
        self, distances: np.ndarray, other_letter: np.ndarray, most: int
    ) -> list[Neighbour]:
        """The nearest of one name, from its distances to all and whose first letter is another."""
        size = len(self.keys)
        # One number holds distance, first letter and place in the alphabet, most important first.
        order = (2 * distances.astype(np.int64) + other_letter) * size + np.arange(size)
        most = min(most, size)
        nearest = np.sort(np.partition(order, most - 1)[:most]) % size
        return [
            Neighbour(self.names[place], self.categories[place], int(distances[place]))
            for place in nearest.tolist()
        ]


def under_both(dataset: Dataset, indices: np.ndarray, true: int, predicted: int) -> np.ndarray:
    """Which of some names stand under both categories of a cell, anywhere in the corpus.

    Such a name has an entry under each of the two, so who goes by the letters gets one of these
    entries wrong, whatever the answer. Upper and lower case are as one.

    Args:
        dataset: The corpus, of which every part counts: this is about the task, not about what a
            network was shown.
        indices: The names in the cell, int64, (names,).
        true: Index of the category they have.
        predicted: Index of the category they were taken for.

    Returns:
        Booleans, (names,); all False on the diagonal, where nothing is wrong.
    """
    if true == predicted:
        return np.zeros(len(indices), dtype=bool)
    keys = dataset.keys()
    asked = keys[indices]
    return np.asarray(
        np.isin(asked, keys[dataset.labels == true])
        & np.isin(asked, keys[dataset.labels == predicted])
    )
