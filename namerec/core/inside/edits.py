"""Small edits of a name: every one of one letter.

An edit replaces, deletes or inserts one letter. Names keep their capitals where they stand: a
replacement takes the case of the letter that it replaces, and a capital is handed on to the letter
that comes to stand in its place.
"""

import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from namerec.core.corpus.alphabet import normalise

Kind = Literal["replace", "delete", "insert"]

#: What may be put into a name, as lower-case letters; the two marks only between letters.
REPLACEMENTS = string.ascii_lowercase + "' "
_MARKS = frozenset("' ")


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
