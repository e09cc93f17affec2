"""A dataset: names with categories, encoded once, and batches of it without work per name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from namerec.core.corpus.alphabet import LETTERS, encode, normalise
from namerec.core.corpus.packing import PackedNames, pack
from namerec.core.corpus.protocols import Part
from namerec.errors import DataError

#: Categories a dataset may have. Fewer is no task, more no longer fits a confusion matrix.
CATEGORY_BOUNDS = (2, 200)


@dataclass(frozen=True, slots=True)
class LabelledName:
    """One line of a corpus: a name as written, its category, and its part if the source says so."""

    name: str
    category: str
    part: Part | None = None


@dataclass(frozen=True, eq=False)
class Dataset:
    """Names and categories, encoded.

    Attributes:
        title: Where the names come from, for screens.
        categories: In alphabetical order.
        names: As written in the source, one a line, duplicates kept.
        letters: Letter indices, uint8, 0..56, zero beyond a name's length, (names, longest).
        lengths: Letters in each name, uint8, (names,): 1..64, and more in generated sequences.
        labels: Index of each name's category, int64, (names,).
        given_parts: Index into `results.PARTS`, int8, (names,), or None if the source names none.
        unreadable: Lines left out because no letter of them could be read.
        fingerprint: SHA-256 of names as read, categories and parts: two datasets with the same
            fingerprint train the same networks.
    """

    title: str
    categories: tuple[str, ...]
    names: tuple[str, ...] = field(repr=False)
    letters: np.ndarray = field(repr=False)
    lengths: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    given_parts: np.ndarray | None = field(repr=False)
    unreadable: tuple[LabelledName, ...] = field(repr=False)
    fingerprint: str

    def __len__(self) -> int:
        return len(self.names)

    def normalised(self, index: int) -> str:
        """The name at an index in the letters of the alphabet."""
        return "".join(LETTERS[i] for i in self.letters[index, : self.lengths[index]])

    def spellings(self) -> np.ndarray:
        """Each name's letters as bytes, (names,): equal spellings are equal names."""
        return self._as_bytes(LETTERS)

    def keys(self) -> np.ndarray:
        """Each name's letters in lower case, as bytes, (names,): equal keys are one name."""
        return self._as_bytes(LETTERS.lower())

    def _as_bytes(self, letters: str) -> np.ndarray:
        text = np.frombuffer(letters.encode(), dtype=np.uint8)[self.letters]
        text[np.arange(text.shape[1])[None, :] >= self.lengths[:, None]] = 0
        return np.ascontiguousarray(text).view(f"S{text.shape[1]}")[:, 0]

    def support(self, indices: np.ndarray | None = None) -> np.ndarray:
        """Number of names of each category, (categories,), of all names or of some."""
        labels = self.labels if indices is None else self.labels[indices]
        return np.bincount(labels, minlength=len(self.categories))

    def batch(self, indices: np.ndarray) -> tuple[PackedNames, Tensor]:
        """The names at some indices, packed, and their labels, int64, (B,)."""
        lengths = self.lengths[indices]
        letters = self.letters[indices, : int(lengths.max())]
        return pack(letters, lengths), torch.from_numpy(self.labels[indices])

    def with_categories(self, categories: tuple[str, ...]) -> Dataset:
        """The same names with labels that count in another order of categories.

        Args:
            categories: Of a network, say; every category of this dataset is among them.

        Raises:
            DataError: If a category of this dataset is not among them.
        """
        strangers = sorted(set(self.categories) - set(categories))
        if strangers:
            raise DataError(
                f"“{self.title}” has {len(strangers)} categories that the network does not know "
                f"({', '.join(strangers[:5])}{', …' if len(strangers) > 5 else ''}). It knows "
                f"{', '.join(categories[:20])}. Evaluate it on names of these categories."
            )
        numbers = np.array([categories.index(category) for category in self.categories])
        return replace(self, categories=categories, labels=numbers[self.labels])

    @staticmethod
    def build(title: str, lines: Iterable[LabelledName]) -> Dataset:
        """Encodes a corpus.

        Args:
            title: Where the names come from.
            lines: Names with categories, in the source's order.

        Raises:
            DataError: If there are too few or too many categories, or some lines name a part of
                the split and some do not.
        """
        kept: list[LabelledName] = []
        unreadable: list[LabelledName] = []
        encoded: list[bytes] = []
        for line in lines:
            letters = normalise(line.name).letters
            if any(letter.isalpha() for letter in letters):
                kept.append(line)
                encoded.append(letters.encode("ascii"))
            else:
                unreadable.append(line)
        categories = tuple(sorted({line.category for line in kept}))
        least, most = CATEGORY_BOUNDS
        if not least <= len(categories) <= most:
            raise DataError(
                f"“{title}” has {len(categories):,} categories with readable names; "
                f"{least} to {most} are allowed. Give names of at least two categories, each "
                "with its own file or its own value in the category column."
            )
        number = {category: index for index, category in enumerate(categories)}
        labels = np.array([number[line.category] for line in kept], dtype=np.int64)
        lengths = np.array([len(name) for name in encoded], dtype=np.uint8)
        width = int(lengths.max())
        padded = np.array(encoded, dtype=f"S{width}").view(np.uint8).reshape(-1, width)
        parts = _given_parts(title, kept)
        digest = hashlib.sha256("\n".join(categories).encode())
        for array in (padded, labels, parts):
            digest.update(b"" if array is None else f"{array.shape}".encode() + array.tobytes())
        table = np.zeros(256, dtype=np.uint8)
        table[np.frombuffer(LETTERS.encode(), dtype=np.uint8)] = encode(LETTERS)
        return Dataset(
            title=title,
            categories=categories,
            names=tuple(line.name for line in kept),
            letters=table[padded],
            lengths=lengths,
            labels=labels,
            given_parts=parts,
            unreadable=tuple(unreadable),
            fingerprint=digest.hexdigest(),
        )


def _given_parts(title: str, lines: Sequence[LabelledName]) -> np.ndarray | None:
    order = {"train": 0, "validation": 1, "test": 2, None: -1}
    parts = np.array([order[line.part] for line in lines], dtype=np.int8)
    if (parts == -1).all():
        return None
    if (parts == -1).any():
        raise DataError(
            f"In “{title}” {int((parts == -1).sum()):,} of {len(parts):,} names have no part. "
            "Give every name one of train, validation, test, or leave the column out."
        )
    return parts
