"""What the names of each category look like: lengths, letters, beginnings and endings.

Every distinct pair of a spelling and a category counts once (`names.distinct_pairs`), so that a
name that stands in a corpus forty times is one name, not forty. Upper and lower case are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from namerec.core.corpus.alphabet import LETTERS
from namerec.data.names import distinct_pairs

if TYPE_CHECKING:
    from namerec.core.corpus.dataset import Dataset

#: The letters that differ when case does not count, in the alphabet's order.
FOLDED_LETTERS = "".join(dict.fromkeys(LETTERS.lower()))
#: Letters in the beginnings and endings that are counted, fewest and most.
NGRAM_LENGTHS = (2, 4)
#: Most weight of the prior, in names: each group is taken to have so many more of them, whose
#: beginnings and endings are those of the whole corpus. It keeps what a few names of a small
#: category have from standing out by chance. In a corpus whose average category has fewer names,
#: their number is the weight.
PRIOR_NAMES = 500
#: Least z of a mark. Thousands of beginnings and endings are compared; with the categories of the
#: tutorial corpus dealt out to its names at random, fewer than ten reach it, with the true ones
#: over a thousand do.
LEAST_Z = 3.5

_FOLDED = np.array([FOLDED_LETTERS.index(letter) for letter in LETTERS.lower()], dtype=np.int64)
_BITS = (len(FOLDED_LETTERS) - 1).bit_length()  # of a letter in the number of an n-gram


@dataclass(frozen=True, slots=True, eq=False)
class LengthCounts:
    """How long the names of each category are.

    Attributes:
        categories: Their names.
        lengths: In letters, 1 to the longest, int64, (lengths,).
        counts: Distinct names of each length, int64, (categories, lengths).
    """

    categories: tuple[str, ...]
    lengths: np.ndarray
    counts: np.ndarray

    def shares(self) -> np.ndarray:
        """Shares of each category's names, 0..1, (categories, lengths)."""
        return _row_shares(self.counts)


@dataclass(frozen=True, slots=True, eq=False)
class LetterCounts:
    """How often the names of each category have each letter.

    Attributes:
        categories: Their names.
        letters: `FOLDED_LETTERS`, in the order of the columns.
        counts: Occurrences in distinct names, int64, (categories, letters).
    """

    categories: tuple[str, ...]
    letters: str
    counts: np.ndarray

    def shares(self) -> np.ndarray:
        """Shares of all letters of each category's names, 0..1, (categories, letters)."""
        return _row_shares(self.counts)


class Mark(NamedTuple):
    """A beginning or an ending that is more frequent in one category than in all the others.

    Attributes:
        letters: In lower case.
        at_end: Whether it is an ending.
        names: Distinct names of the category that have it.
        of_names: Distinct names of the category that are long enough to have one.
        others: Distinct names of the other categories that have it.
        of_others: Distinct names of the other categories that are long enough.
        log_odds: Log-odds ratio of the category to the others, in nats, above 0.
        z: The same over its standard error.
    """

    letters: str
    at_end: bool
    names: int
    of_names: int
    others: int
    of_others: int
    log_odds: float
    z: float

    @property
    def affix(self) -> str:
        """The letters with a hyphen where the name goes on: `-ski`, `mac-`."""
        return f"-{self.letters}" if self.at_end else f"{self.letters}-"


def length_counts(dataset: Dataset) -> LengthCounts:
    """How long the names of each category are."""
    pairs = distinct_pairs(dataset)
    longest = int(dataset.lengths.max())
    lengths = dataset.lengths[pairs].astype(np.int64)
    counts = _table(dataset.labels[pairs], lengths - 1, len(dataset.categories), longest)
    return LengthCounts(dataset.categories, np.arange(1, longest + 1), counts)


def letter_counts(dataset: Dataset) -> LetterCounts:
    """How often the names of each category have each letter."""
    pairs = distinct_pairs(dataset)
    lengths = dataset.lengths[pairs]
    within = np.arange(dataset.letters.shape[1])[None, :] < lengths[:, None]
    letters = _FOLDED[dataset.letters[pairs][within]]
    labels = np.repeat(dataset.labels[pairs], lengths)
    counts = _table(labels, letters, len(dataset.categories), len(FOLDED_LETTERS))
    return LetterCounts(dataset.categories, FOLDED_LETTERS, counts)


def marks(dataset: Dataset) -> tuple[tuple[Mark, ...], ...]:
    """The beginnings and endings that mark each category against all the others.

    For each length and each side the n-grams of the names are draws from a multinomial
    distribution, one a name. A category's log-odds of an n-gram are compared with those of all
    other categories together, under a Dirichlet prior that expects in both what the whole corpus
    has, and are divided by their standard error.

    Source: Monroe, Colaresi and Quinn, "Fightin' Words: Lexical Feature Selection and Evaluation
    for Identifying the Content of Political Conflict", Political Analysis 16 (2008), 372-403:
    equations 16 (log-odds ratio), 20 (its variance), 22 (z), 23 (informative prior).

    Returns:
        For each category, in their order, all marks with a z of `LEAST_Z` or more, strongest first.
    """
    found: list[list[Mark]] = [[] for _ in dataset.categories]
    for label, mark in _all_marks(dataset):
        found[label].append(mark)
    return tuple(tuple(sorted(of_category, key=lambda mark: -mark.z)) for of_category in found)


def telling(marks: tuple[Mark, ...], most: int) -> list[Mark]:
    """The strongest marks that do not say the same thing twice.

    Where one ending contains another (-ov and -kov), or one beginning another, only the stronger
    is kept.

    Args:
        marks: Of one category, strongest first.
        most: Most marks to keep.
    """
    kept: list[Mark] = []
    for mark in marks:
        if len(kept) == most:
            break
        if not any(_contains(mark, other) or _contains(other, mark) for other in kept):
            kept.append(mark)
    return kept


def log_odds_ratio(
    names: np.ndarray,
    of_names: np.ndarray,
    others: np.ndarray,
    of_others: np.ndarray,
    *,
    prior_names: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds ratio of a feature in a group of names to that in all other names, and its z.

    Args:
        names: Names of the group that have the feature, (features,).
        of_names: Names of the group, (features,).
        others: Other names that have it, (features,).
        of_others: Other names, (features,).
        prior_names: Weight of the prior, in names, above 0.

    Returns:
        The ratio in nats and the ratio over its standard error, float64, (features,) each; both 0
        where all names have the feature, or none has.
    """
    pooled = (names + others) / np.maximum(of_names + of_others, 1)
    defined = (pooled > 0) & (pooled < 1)
    prior = prior_names * np.where(defined, pooled, 0.5)  # equation 23
    rest = prior_names - prior
    ratio = np.log((names + prior) / (of_names - names + rest)) - np.log(
        (others + prior) / (of_others - others + rest)
    )  # equation 16
    variance = 1 / (names + prior) + 1 / (others + prior)  # equation 20
    ratio = np.where(defined, ratio, 0.0)
    return ratio, ratio / np.sqrt(variance)  # equation 22


def _all_marks(dataset: Dataset) -> Iterator[tuple[int, Mark]]:
    pairs = distinct_pairs(dataset)
    folded, lengths = _FOLDED[dataset.letters[pairs]], dataset.lengths[pairs].astype(np.int64)
    shortest, longest = NGRAM_LENGTHS
    for length in range(shortest, longest + 1):
        enough = np.flatnonzero(lengths >= length)
        labels = dataset.labels[pairs[enough]]
        for at_end in (False, True):
            start = lengths[enough] - length if at_end else np.zeros(len(enough), dtype=np.int64)
            columns = start[:, None] + np.arange(length)
            ngrams = folded[enough[:, None], columns]  # (names, length)
            yield from _marks_among(ngrams, labels, len(dataset.categories), at_end=at_end)


def _marks_among(
    ngrams: np.ndarray, labels: np.ndarray, categories: int, *, at_end: bool
) -> Iterator[tuple[int, Mark]]:
    """The marks among n-grams of one length, (names, length), with the label of each name."""
    numbers = (ngrams << (_BITS * np.arange(ngrams.shape[1]))).sum(axis=1)
    # Only n-grams that a category has can mark it, so nothing as large as their product is made.
    cells, first, names = np.unique(
        numbers * categories + labels, return_index=True, return_counts=True
    )
    _, ngram_of_cell = np.unique(cells // categories, return_inverse=True)
    label_of_cell = cells % categories
    everywhere = np.bincount(ngram_of_cell, weights=names).astype(np.int64)[ngram_of_cell]
    of_names = np.bincount(labels, minlength=categories)[label_of_cell]
    others, of_others = everywhere - names, len(labels) - of_names
    prior_names = min(PRIOR_NAMES, len(labels) / categories)
    log_odds, z = log_odds_ratio(names, of_names, others, of_others, prior_names=prior_names)
    for cell in np.flatnonzero(z >= LEAST_Z).tolist():
        yield (
            int(label_of_cell[cell]),
            Mark(
                letters="".join(FOLDED_LETTERS[index] for index in ngrams[first[cell]]),
                at_end=at_end,
                names=int(names[cell]),
                of_names=int(of_names[cell]),
                others=int(others[cell]),
                of_others=int(of_others[cell]),
                log_odds=float(log_odds[cell]),
                z=float(z[cell]),
            ),
        )


def _contains(mark: Mark, other: Mark) -> bool:
    """Whether every name with one mark has the other too."""
    if mark.at_end != other.at_end:
        return False
    whole, part = mark.letters, other.letters
    return whole.endswith(part) if mark.at_end else whole.startswith(part)


def _table(rows: np.ndarray, columns: np.ndarray, height: int, width: int) -> np.ndarray:
    """How often each row and column come together, int64, (height, width)."""
    return np.bincount(rows * width + columns, minlength=height * width).reshape(height, width)


def _row_shares(counts: np.ndarray) -> np.ndarray:
    """Each row over its sum; rows of nothing stay 0."""
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
