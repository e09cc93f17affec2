"""What a corpus holds, and what is wrong with it: repeats, shared names, changed letters, leaks.

Lines, spellings, pairs and folded names are what `namerec.data.names` says they are.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from namerec.core.corpus.alphabet import normalise
from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.protocols import Part
from namerec.core.corpus.splits import Split
from namerec.core.evaluation.baselines import label_ceiling
from namerec.data.names import categories_of_shared, distinct_pairs, with_label


@dataclass(frozen=True, slots=True, eq=False)
class CategoryCounts:
    """How many names each category has.

    Attributes:
        categories: Their names.
        lines: Lines of each, int64, (categories,).
        pairs: Distinct spellings of each, int64, (categories,).
    """

    categories: tuple[str, ...]
    lines: np.ndarray
    pairs: np.ndarray

    @property
    def repeats(self) -> np.ndarray:
        """Lines of each category that only say again what another line says, (categories,)."""
        return np.asarray(self.lines - self.pairs)


class CategoryPair(NamedTuple):
    """Two categories that share folded names: how many, and how many each has in all."""

    first: str
    second: str
    shared: int
    of_first: int
    of_second: int


@dataclass(frozen=True, slots=True, eq=False)
class SharedNames:
    """The folded names that stand in several categories.

    Attributes:
        categories: All categories of the dataset.
        names: Each folded name once, as its first line spells it; in most categories first.
        where: The categories of each, in their order.
        counts: Folded names in both of two categories, int64, (categories, categories); the
            diagonal is the number of distinct folded names of a category.
    """

    categories: tuple[str, ...]
    names: tuple[str, ...] = field(repr=False)
    where: tuple[tuple[str, ...], ...] = field(repr=False)
    counts: np.ndarray = field(repr=False)

    def pairs(self) -> list[CategoryPair]:
        """The pairs of categories that share names, most shared names first."""
        found = [
            CategoryPair(
                self.categories[one],
                self.categories[other],
                int(self.counts[one, other]),
                int(self.counts[one, one]),
                int(self.counts[other, other]),
            )
            for one, other in np.argwhere(np.triu(self.counts, k=1))
        ]
        return sorted(found, key=lambda pair: -pair.shared)


class ChangedLine(NamedTuple):
    """A line as written, its spelling, its category, and what normalising did, in a sentence."""

    name: str
    letters: str
    category: str
    how: str


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """The lines whose spelling differs from what is written. One line may count under several.

    Attributes:
        lines: Each of them, in the order of the source.
        per_category: Their number in each category, int64, (categories,).
        without_marks: Lines that lost an accent or another mark that no letter stands for.
        romanised: Lines with characters that were written in Latin letters instead.
        shortened: Lines with characters left out, because the alphabet has nothing for them or
            because the name was too long.
        left_out: The characters for which the alphabet has nothing, and in how many lines each
            was left out, most frequent first.
    """

    lines: tuple[ChangedLine, ...] = field(repr=False)
    per_category: np.ndarray
    without_marks: int
    romanised: int
    shortened: int
    left_out: tuple[tuple[str, int], ...]


class Ceilings(NamedTuple):
    """The best accuracy of anyone who answers one category per spelling, 0..1.

    On all lines, and on the distinct pairs.
    """

    lines: float
    pairs: float


class Leak(NamedTuple):
    """How much of a part of a split stands in its training part too.

    Attributes:
        part: Which part.
        protocol: The split protocol.
        rows: Rows of the part, repeats kept.
        seen_names: Rows whose folded name is in training, in whatever category.
        seen_pairs: Rows whose folded name is in training with the same category.
    """

    part: Part
    protocol: str
    rows: int
    seen_names: int
    seen_pairs: int


class SeenRows(NamedTuple):
    """Which rows of a split have their folded name in the training part, bool, (rows,) each.

    In whatever category (`names`), and with the row's own (`pairs`).
    """

    names: np.ndarray
    pairs: np.ndarray


def category_counts(dataset: Dataset) -> CategoryCounts:
    """How many lines and distinct pairs each category has."""
    pairs = dataset.support(distinct_pairs(dataset))
    return CategoryCounts(dataset.categories, dataset.support(), pairs)


def shared_names(dataset: Dataset) -> SharedNames:
    """The folded names that stand in several categories, and which categories share how many."""
    categories_of = categories_of_shared(dataset)
    _, once = np.unique(with_label(dataset.keys(), dataset), return_index=True)
    counts = np.diag(dataset.support(once))
    for labels in categories_of.values():
        for one in labels:
            for other in labels:
                counts[one, other] += one != other
    keys, first = np.unique(dataset.keys(), return_index=True)
    shared = sorted(categories_of, key=lambda key: (-len(categories_of[key]), key))
    lines = first[np.searchsorted(keys, np.array(shared, dtype=keys.dtype))]
    return SharedNames(
        categories=dataset.categories,
        names=tuple(dataset.normalised(line) for line in lines.tolist()),
        where=tuple(
            tuple(dataset.categories[label] for label in categories_of[key]) for key in shared
        ),
        counts=counts,
    )


def changes(dataset: Dataset) -> Changes:
    """The lines whose spelling differs from what is written, and why."""
    spelled = dataset.spellings().astype(str).tolist()
    changed = [
        line
        for line, (name, letters) in enumerate(zip(dataset.names, spelled, strict=True))
        if name != letters
    ]
    read = [normalise(dataset.names[line]) for line in changed]
    labels = dataset.labels[changed]
    return Changes(
        lines=tuple(
            ChangedLine(
                dataset.names[line], name.letters, dataset.categories[label], name.describe()
            )
            for line, name, label in zip(changed, read, labels.tolist(), strict=True)
        ),
        per_category=np.bincount(labels, minlength=len(dataset.categories)),
        without_marks=sum(name.marks_dropped > 0 for name in read),
        romanised=sum(bool(name.romanised) for name in read),
        shortened=sum(bool(name.dropped) or name.letters_cut > 0 for name in read),
        left_out=tuple(Counter(c for name in read for c in set(name.dropped)).most_common()),
    )


def ceilings(dataset: Dataset) -> Ceilings:
    """The best accuracy of anyone who answers one category per spelling."""
    everything = np.arange(len(dataset))
    return Ceilings(
        label_ceiling(dataset, everything), label_ceiling(dataset, distinct_pairs(dataset))
    )


def leak(dataset: Dataset, split: Split, part: Part = "test") -> Leak:
    """How many rows of a part have their folded name among the training rows."""
    rows = split.part(part)
    seen = seen_in_training(dataset, split, rows)
    return Leak(
        part=part,
        protocol=split.protocol,
        rows=len(rows),
        seen_names=int(seen.names.sum()),
        seen_pairs=int(seen.pairs.sum()),
    )


def seen_in_training(dataset: Dataset, split: Split, rows: np.ndarray) -> SeenRows:
    """Which rows, indices into the dataset (rows,), have their folded name in training too."""
    keys = dataset.keys()
    pairs = with_label(keys, dataset)
    return SeenRows(
        names=np.isin(keys[rows], keys[split.train]), pairs=np.isin(pairs[rows], pairs[split.train])
    )
