"""What is known of a corpus, computed once for each fingerprint. Torch is imported late."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import pandas as pd
import streamlit as st

from namerec.core.corpus.protocols import Protocol

if TYPE_CHECKING:
    from namerec.core.corpus.dataset import Dataset
    from namerec.core.corpus.splits import Split
    from namerec.data.audit import CategoryCounts, Ceilings, Changes, Leak, SharedNames
    from namerec.data.letters import LengthCounts, LetterCounts, Mark

#: Facts kept in memory at a time: some twelve of each of five corpora.
_KEPT = 60

_Fact = TypeVar("_Fact")


def counts(dataset: Dataset) -> CategoryCounts:
    """Lines and distinct names of each category."""
    from namerec.data.audit import category_counts

    return _once("counts", dataset, lambda: category_counts(dataset))


def lengths(dataset: Dataset) -> LengthCounts:
    """How long the names of each category are."""
    from namerec.data.letters import length_counts

    return _once("lengths", dataset, lambda: length_counts(dataset))


def letters(dataset: Dataset) -> LetterCounts:
    """How often the names of each category have each letter."""
    from namerec.data.letters import letter_counts

    return _once("letters", dataset, lambda: letter_counts(dataset))


def marks(dataset: Dataset) -> tuple[tuple[Mark, ...], ...]:
    """The beginnings and endings that mark each category."""
    from namerec.data import letters as of_letters

    return _once("marks", dataset, lambda: of_letters.marks(dataset))


def shared(dataset: Dataset) -> SharedNames:
    """The names that stand in several categories."""
    from namerec.data.audit import shared_names

    return _once("shared", dataset, lambda: shared_names(dataset))


def ceilings(dataset: Dataset) -> Ceilings:
    """The best accuracy of anyone who answers one category for a spelling."""
    from namerec.data import audit

    return _once("ceilings", dataset, lambda: audit.ceilings(dataset))


def changes(dataset: Dataset) -> Changes:
    """The lines whose spelling differs from what is written."""
    from namerec.data import audit

    return _once("changes", dataset, lambda: audit.changes(dataset))


def changed_lines(dataset: Dataset) -> pd.DataFrame:
    """The same as a table: columns `written`, `letters`, `category`, `how`."""
    found = changes(dataset)
    return _once("changed lines", dataset, lambda: _changed_lines(found))


def _changed_lines(found: Changes) -> pd.DataFrame:
    table = pd.DataFrame(found.lines, columns=["written", "letters", "category", "how"])
    # The sentence begins with the letters, which have a column of their own.
    table["how"] = [
        line.how.removeprefix(f"Read as “{line.letters}”: ").capitalize() for line in found.lines
    ]
    return table


def names(dataset: Dataset) -> pd.DataFrame:
    """A row for each distinct name of each category, in the order of the source.

    Returns:
        Columns `written`, `letters`, `category`, `lines`, `others` (categories, by commas); and
        `sought`, what a search looks through: written and letters, upper and lower case as one.
    """
    return _once("names", dataset, lambda: _names(dataset))


def _names(dataset: Dataset) -> pd.DataFrame:
    from namerec.data.names import name_table

    table = name_table(dataset)
    both = zip(table.written, table.letters, strict=True)
    return pd.DataFrame(
        {
            "written": table.written,
            "letters": table.letters,
            "category": table.category,
            "lines": table.lines,
            "others": [", ".join(others) for others in table.others],
            "sought": [f"{written}\n{read}".casefold() for written, read in both],
        }
    )


def split(dataset: Dataset, protocol: Protocol, seed: int) -> Split:
    """A split of the corpus.

    Raises:
        DataError: If the corpus is too small for it.
    """
    from namerec.core.corpus.splits import make_split

    return _once(f"split {protocol} {seed}", dataset, lambda: make_split(dataset, protocol, seed))


def leak(dataset: Dataset, protocol: Protocol, seed: int) -> Leak:
    """How many test rows of a split have their name in its training part.

    Raises:
        DataError: If the corpus is too small for the split.
    """
    from namerec.data import audit

    parts = split(dataset, protocol, seed)
    return _once(f"leak {protocol} {seed}", dataset, lambda: audit.leak(dataset, parts))


def _once(fact: str, dataset: Dataset, compute: Callable[[], _Fact]) -> _Fact:
    # A fingerprint is of the names as they are read; how they are written is no part of it.
    return _kept(fact, dataset.fingerprint, hash(dataset.names), compute)


@st.cache_resource(max_entries=_KEPT, show_spinner="Examining the names…")
def _kept(
    fact: str,  # noqa: ARG001 - the first three are what the cache goes by
    fingerprint: str,  # noqa: ARG001
    written: int,  # noqa: ARG001
    _compute: Callable[[], _Fact],
) -> _Fact:
    return _compute()
