"""The names of a corpus, each pair once: what the audit counts, and a table to search.

Four things are called a name; everything here says which it means:

- a **line**: one row of the source, as written there, repeats kept;
- a **spelling**: the line normalised to the alphabet, upper and lower case told apart: what a
  network reads (`Dataset.spellings`);
- a **pair**: a spelling with a category. Lines of one spelling and category are one pair, however
  they are written in the source. The distinct pairs are what the leak-free split deals out;
- a **folded name**: the spelling in lower case (`Dataset.keys`), which the leak-free split keeps in
  one part.

Lines of which nothing could be read are none of these; they are in `Dataset.unreadable`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from namerec.core.corpus.dataset import Dataset

#: Between the ways in which one pair is written in the source.
WAYS_OF_WRITING = " / "


@dataclass(frozen=True, slots=True, eq=False)
class NameTable:
    """One row for each distinct pair, in the order of the source.

    Attributes:
        written: As in the source; ways of writing that normalise to the same letters are all
            there, separated by `WAYS_OF_WRITING`.
        letters: The spelling.
        category: The pair's category.
        lines: Number of lines of the pair, int64, (pairs,).
        others: The other categories in which the folded name stands, in their order.
    """

    written: tuple[str, ...] = field(repr=False)
    letters: tuple[str, ...] = field(repr=False)
    category: tuple[str, ...] = field(repr=False)
    lines: np.ndarray = field(repr=False)
    others: tuple[tuple[str, ...], ...] = field(repr=False)


def distinct_pairs(dataset: Dataset) -> np.ndarray:
    """Index of the first line of each distinct pair, int64, (pairs,), in rising order."""
    return np.sort(np.unique(with_label(dataset.spellings(), dataset), return_index=True)[1])


def name_table(dataset: Dataset) -> NameTable:
    """A row for each distinct pair: to be searched, so nothing of the source's text is missing."""
    _, first, pair_of_line, lines = np.unique(
        with_label(dataset.spellings(), dataset),
        return_index=True, return_inverse=True, return_counts=True,
    )  # fmt: skip
    written: list[list[str]] = [[dataset.names[line]] for line in first.tolist()]
    repeated = np.flatnonzero(first[pair_of_line] != np.arange(len(dataset)))
    for line, pair in zip(repeated.tolist(), pair_of_line[repeated].tolist(), strict=True):
        if dataset.names[line] not in written[pair]:
            written[pair].append(dataset.names[line])
    order = np.argsort(first)
    labels = dataset.labels[first[order]].tolist()
    categories_of = categories_of_shared(dataset)
    return NameTable(
        written=tuple(WAYS_OF_WRITING.join(written[pair]) for pair in order.tolist()),
        letters=tuple(dataset.spellings()[first[order]].astype(str).tolist()),
        category=tuple(dataset.categories[label] for label in labels),
        lines=lines[order].astype(np.int64),
        others=tuple(
            tuple(dataset.categories[other] for other in categories_of.get(key, ()) if other != own)
            for key, own in zip(dataset.keys()[first[order]].tolist(), labels, strict=True)
        ),
    )


def with_label(names: np.ndarray, dataset: Dataset) -> np.ndarray:
    """A number for each line, equal where both the name and the category are, int64, (lines,)."""
    numbers = np.unique(names, return_inverse=True)[1]
    return np.asarray(numbers * len(dataset.categories) + dataset.labels)


def categories_of_shared(dataset: Dataset) -> dict[bytes, list[int]]:
    """The labels, in rising order, of each folded name that stands in several categories."""
    keys, numbers = np.unique(dataset.keys(), return_inverse=True)
    size = len(dataset.categories)
    pairs = np.unique(numbers * size + dataset.labels)
    several = np.bincount(pairs // size)[pairs // size] > 1
    found: dict[bytes, list[int]] = {}
    for pair in pairs[several].tolist():
        found.setdefault(bytes(keys[pair // size]), []).append(pair % size)
    return found
