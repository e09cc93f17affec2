"""What would change a network's mind: small edits of a name, and what each does to the answer.

An edit replaces, deletes or inserts one letter. Names keep their capitals where they stand: a
replacement takes the case of the letter that it replaces, and a capital is handed on to the letter
that comes to stand in its place.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from namerec.core.alphabet import normalise
from namerec.core.prediction import PREDICTION_BATCH

Kind = Literal["replace", "delete", "insert"]

#: Normalised names -> probabilities of the categories, (names, categories).
Ask = Callable[[list[str]], np.ndarray]

#: What may be put into a name, as lower-case letters; the two marks only between letters.
REPLACEMENTS = string.ascii_lowercase + "' "
_MARKS = frozenset("' ")
#: Where no letter alone changes the answer: how many of the one-letter edits that harm it most are
#: edited once more.
BEAM = 8


@dataclass(frozen=True, slots=True)
class Edit:
    """One letter changed.

    Attributes:
        kind: What is done.
        place: Of the letter that is replaced or deleted, from 0; an insertion is made before it,
            or, at the name's length, after the last.
        letter: What is put in, in the case that it takes; empty for a deletion.
        stood: The letter that stood at the place; empty at the name's end.
    """

    kind: Kind
    place: int
    letter: str
    stood: str


@dataclass(frozen=True, slots=True)
class Variant:
    """A name that differs in an edit or two, and its answer.

    Attributes:
        edits: In the order in which they are made; places are those of the name at that time.
        letters: The name that results.
        answer: Index of its most probable category.
        probability: Of that category, 0..1.
        original: Probability of the category that was answered before the edits, 0..1.
        change: By how much that is more than before, -1..1.
    """

    edits: tuple[Edit, ...]
    letters: str
    answer: int
    probability: float
    original: float
    change: float


@dataclass(frozen=True, slots=True)
class Changes:
    """All one-letter edits of a name, and, where none changes the answer, some two-letter ones.

    Attributes:
        letters: The name as read.
        categories: Names of the categories.
        answer: Index of the category that is answered for it.
        probability: Of that category, 0..1.
        singles: Every one-letter edit; several may result in the same name.
        doubles: Two-letter edits, each resulting in a name of its own; empty where one letter
            changes the answer. Not all there are: see `two_letter_changes`.
    """

    letters: str
    categories: tuple[str, ...]
    answer: int
    probability: float
    singles: tuple[Variant, ...] = field(repr=False)
    doubles: tuple[Variant, ...] = field(repr=False)

    def flips(self) -> list[Variant]:
        """The smallest edits that change the answer, that of the surest new answer first.

        Each resulting name stands here once; with one edit if one is enough, else with two.
        """
        return self._flipping(self.singles) or self._flipping(self.doubles)

    def ranked(self) -> list[Variant]:
        """Each resulting name once: those with another answer, surest first, then most harmed."""
        variants = _once([*self.singles, *self.doubles])
        others = [variant for variant in variants if variant.answer == self.answer]
        return self._flipping(variants) + sorted(others, key=lambda variant: variant.original)

    def _flipping(self, variants: Sequence[Variant]) -> list[Variant]:
        flipped = [variant for variant in _once(variants) if variant.answer != self.answer]
        return sorted(flipped, key=lambda variant: (len(variant.edits), -variant.probability))


def changes(ask: Ask, categories: tuple[str, ...], letters: str) -> Changes:
    """Asks about every one-letter change of a name, and about two letters where one is not enough.

    Args:
        ask: The network, such as `prediction.probabilities` of a model.
        categories: Names of the columns of its answers.
        letters: A normalised name of one letter or more.
    """
    edits = list(one_letter_edits(letters))
    rows = _asked(ask, [letters, *(name for _, name in edits)])
    answer, probability = int(rows[0].argmax()), float(rows[0].max())

    def variant(made: tuple[Edit, ...], name: str, row: np.ndarray) -> Variant:
        best, original = int(row.argmax()), float(row[answer])
        return Variant(made, name, best, float(row[best]), original, original - probability)

    singles = tuple(
        variant((edit,), name, row) for (edit, name), row in zip(edits, rows[1:], strict=True)
    )
    doubles: tuple[Variant, ...] = ()
    if all(single.answer == answer for single in singles):
        pairs = list(two_letter_changes(letters, singles))
        rows = _asked(ask, [name for _, name in pairs])
        doubles = tuple(
            variant(made, name, row) for (made, name), row in zip(pairs, rows, strict=True)
        )
    return Changes(letters, categories, answer, probability, singles, doubles)


def one_letter_edits(letters: str) -> Iterator[tuple[Edit, str]]:
    """Every edit of one letter, and the name that results, which is always normalised.

    Left out is what normalising would write otherwise, what has no letter, and what is too long.

    Args:
        letters: A normalised name of one letter or more.
    """
    for edit, name in _all_edits(letters):
        tidy = normalise(name).letters == name != letters
        if tidy and any(letter.isalpha() for letter in name):
            yield edit, name


def two_letter_changes(
    letters: str, singles: Iterable[Variant], beam: int = BEAM
) -> Iterator[tuple[tuple[Edit, ...], str]]:
    """One-letter edits of the names that are the most harmful one-letter edits of a name.

    A beam search, not exhaustive: two edits that do harm only together may be missed.

    Args:
        letters: The name.
        singles: Its one-letter edits.
        beam: How many of them are edited once more.

    Yields:
        The two edits and the name that results, each name once, and none that is one edit away.
    """
    distinct = _once(singles)
    seen = {letters} | {variant.letters for variant in distinct}
    for first in sorted(distinct, key=lambda variant: variant.original)[:beam]:
        for second, name in one_letter_edits(first.letters):
            if name not in seen:
                seen.add(name)
                yield (*first.edits, second), name


def _all_edits(letters: str) -> Iterator[tuple[Edit, str]]:
    for place, here in enumerate(letters):
        before, after = letters[:place], letters[place + 1 :]
        yield Edit("delete", place, "", here), before + _like(here, after[:1]) + after[1:]
        for letter in REPLACEMENTS:
            if letter in _MARKS and not (before and after):
                continue
            put = _like(here, letter)
            yield Edit("replace", place, put, here), before + put + after
    for place in range(len(letters) + 1):
        before, after = letters[:place], letters[place:]
        for letter in REPLACEMENTS:
            if letter in _MARKS:
                if before and after:
                    yield Edit("insert", place, letter, after[:1]), before + letter + after
                continue
            put, moved = _inserted(letter, letters, place)
            yield Edit("insert", place, put, after[:1]), before + put + moved + after[1:]


def _like(model: str, letter: str) -> str:
    """A letter as a capital if it comes to stand where a capital stood, else as it is."""
    return letter.upper() if model.isupper() else letter


def _inserted(letter: str, letters: str, place: int) -> tuple[str, str]:
    """A letter put before a place, and the letter that stood there, in the cases they take."""
    shouted = len(letters) > 1 and letters.isupper()
    here, following = letters[place : place + 1], letters[place + 1 : place + 2]
    if not here.isalpha():
        return (letter.upper() if shouted else letter), here
    # A capital stays in front: SATO and Sato become XSATO and Xsato.
    shouted = shouted or following.isupper()
    return _like(here, letter), here if shouted else here.lower()


def _asked(ask: Ask, names: list[str]) -> np.ndarray:
    """Probabilities, (names, categories), each distinct name asked once, so many at a time."""
    distinct = list(dict.fromkeys(names))
    if not distinct:
        return np.empty((0, 0))
    rows = np.concatenate(
        [
            ask(distinct[begin : begin + PREDICTION_BATCH])
            for begin in range(0, len(distinct), PREDICTION_BATCH)
        ]
    )
    number = {name: index for index, name in enumerate(distinct)}
    return np.asarray(rows[[number[name] for name in names]])


def _once(variants: Iterable[Variant]) -> list[Variant]:
    """The first variant of each resulting name."""
    by_name: dict[str, Variant] = {}
    for variant in variants:
        by_name.setdefault(variant.letters, variant)
    return list(by_name.values())
