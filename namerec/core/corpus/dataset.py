"""A dataset: names with categories, encoded once, and batches of it without work per name."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from namerec.core.corpus.alphabet import LETTERS, encode, normalise
from namerec.core.corpus.packing import PackedNames, pack
from namerec.core.corpus.protocols import PARTS, Part
from namerec.core.corpus.texts import Texts
from namerec.errors import DataError

#: Categories a dataset may have. Fewer is no task, more no longer fits a confusion matrix.
CATEGORY_BOUNDS = (2, 200)
#: Lines of a corpus that are Python objects at a time while it is read.
LINES_AT_ONCE = 65_536


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
        names: As written in the source, one a line, duplicates kept; each is made when it is
            asked for.
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
    names: Sequence[str] = field(repr=False)
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
        unreadable: list[LabelledName] = []
        number: dict[str, int] = {}
        pieces = [_Piece.of([], number)]
        coming = iter(lines)
        while read := list(itertools.islice(coming, LINES_AT_ONCE)):
            kept = []
            for line in read:
                read_as = normalise(line.name).letters
                if any(letter.isalpha() for letter in read_as):
                    kept.append((line, read_as.encode("ascii")))
                else:
                    unreadable.append(line)
            pieces.append(_Piece.of(kept, number))
        categories = tuple(sorted(number))
        least, most = CATEGORY_BOUNDS
        if not least <= len(categories) <= most:
            raise DataError(
                f"“{title}” has {len(categories):,} categories with readable names; "
                f"{least} to {most} are allowed. Give names of at least two categories, each "
                "with its own file or its own value in the category column."
            )
        lengths = np.concatenate([piece.lengths for piece in pieces])
        parts = _given_parts(title, np.concatenate([piece.parts for piece in pieces]))
        in_order = np.array([categories.index(category) for category in number], dtype=np.int64)
        labels = in_order[np.concatenate([piece.numbers for piece in pieces])]
        letters, fingerprint = _laid_out(pieces, lengths, categories, labels, parts)
        return Dataset(
            title=title,
            categories=categories,
            names=Texts.joined([piece.names for piece in pieces]),
            letters=letters,
            lengths=lengths,
            labels=labels,
            given_parts=parts,
            unreadable=tuple(unreadable),
            fingerprint=fingerprint,
        )


class _Piece(NamedTuple):
    """Some lines of a corpus, as arrays.

    Attributes:
        names: As written.
        spelled: Their letters as ASCII, one name behind the other, uint8, (letters,).
        lengths: Letters in each name, uint8, (names,).
        numbers: Each name's category, counted as they come, int32, (names,).
        parts: Index into `PARTS`, -1 where the source names none, int8, (names,).
    """

    names: Texts
    spelled: np.ndarray
    lengths: np.ndarray
    numbers: np.ndarray
    parts: np.ndarray

    @staticmethod
    def of(kept: Sequence[tuple[LabelledName, bytes]], number: dict[str, int]) -> _Piece:
        """Lines with their letters; categories not met before are added to `number`."""
        spelled = [letters for _, letters in kept]
        numbers = [number.setdefault(line.category, len(number)) for line, _ in kept]
        parts = [-1 if line.part is None else PARTS.index(line.part) for line, _ in kept]
        return _Piece(
            Texts.of(line.name for line, _ in kept),
            np.frombuffer(b"".join(spelled), dtype=np.uint8),
            np.array([len(letters) for letters in spelled], dtype=np.uint8),
            np.array(numbers, dtype=np.int32),
            np.array(parts, dtype=np.int8),
        )


def _laid_out(
    pieces: Sequence[_Piece],
    lengths: np.ndarray,
    categories: tuple[str, ...],
    labels: np.ndarray,
    parts: np.ndarray | None,
) -> tuple[np.ndarray, str]:
    """Letter indices, (names, longest), and the fingerprint of it all."""
    table = np.zeros(256, dtype=np.uint8)
    table[np.frombuffer(LETTERS.encode(), dtype=np.uint8)] = encode(LETTERS)
    letters = np.zeros((len(lengths), int(lengths.max())), dtype=np.uint8)
    digest = hashlib.sha256("\n".join(categories).encode())
    digest.update(f"{letters.shape}".encode())
    begin = 0
    for piece in pieces:
        within = np.arange(letters.shape[1]) < piece.lengths[:, None]
        padded = np.zeros(within.shape, dtype=np.uint8)
        padded[within] = piece.spelled
        digest.update(padded.data)
        letters[begin : begin + len(padded)] = table[padded]
        begin += len(padded)
    for array in (labels, parts):
        if array is not None:
            digest.update(f"{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
    return letters, digest.hexdigest()


def _given_parts(title: str, parts: np.ndarray) -> np.ndarray | None:
    if (parts == -1).all():
        return None
    if (parts == -1).any():
        raise DataError(
            f"In “{title}” {int((parts == -1).sum()):,} of {len(parts):,} names have no part. "
            "Give every name one of train, validation, test, or leave the column out."
        )
    return parts
