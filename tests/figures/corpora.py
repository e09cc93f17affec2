"""Made-up corpora to draw."""

import numpy as np

from namerec.data.audit import CategoryCounts, SharedNames
from namerec.data.letters import FOLDED_LETTERS, LengthCounts, LetterCounts, Mark

LANGUAGES = ("Czech", "Irish", "Polish")
MARKUP = ("<script>", "<b>x</b>")


def counts(
    pairs: tuple[int, ...] = (30, 10, 108),
    repeats: tuple[int, ...] = (0, 2, 1892),
    categories: tuple[str, ...] = LANGUAGES,
) -> CategoryCounts:
    names = np.array(pairs, dtype=np.int64)
    return CategoryCounts(categories, names + np.array(repeats, dtype=np.int64), names)


def lengths(table: list[list[int]], categories: tuple[str, ...] = LANGUAGES) -> LengthCounts:
    longest = len(table[0]) if table else 0
    counted = np.array(table, dtype=np.int64).reshape(len(categories), longest)
    return LengthCounts(categories, np.arange(1, counted.shape[1] + 1), counted)


def letters(names: tuple[str, ...], categories: tuple[str, ...] = LANGUAGES) -> LetterCounts:
    """One name in lower case for each category."""
    table = [[name.count(letter) for letter in FOLDED_LETTERS] for name in names]
    counted = np.array(table, dtype=np.int64).reshape(len(categories), len(FOLDED_LETTERS))
    return LetterCounts(categories, FOLDED_LETTERS, counted)


def shared(table: list[list[int]], categories: tuple[str, ...] = LANGUAGES) -> SharedNames:
    """Names in both of two categories, off the diagonal; in all of one, on it."""
    counted = np.array(table, dtype=np.int64).reshape(len(categories), len(categories))
    several = int(np.triu(counted, 1).sum())
    return SharedNames(categories, ("Abel",) * several, (categories[:2],) * several, counted)


def mark(affix: str, names: int, others: int, z: float) -> Mark:
    return Mark(affix.strip("-"), affix.startswith("-"), names, 200, others, 1000, z / 10, z)
