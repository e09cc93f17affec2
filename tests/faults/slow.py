"""What takes too long for every run of the tests: rows of a table, each measured on demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One thing that must hold.

    Attributes:
        name: What is typed to ask for it alone.
        claim: What must hold, in words.
        measure: Causes it for real and says what was measured; raises AssertionError, with what
            was measured, if the claim does not hold.
    """

    name: str
    claim: str
    measure: Callable[[], str]


def report(rows: Sequence[Row]) -> bool:
    """Measures row by row and prints each, when it is known, as a row of a Markdown table.

    Returns:
        Whether everything holds.
    """
    print("| what must hold | measured | holds |\n|---|---|---|", flush=True)
    results = [_print(row) for row in rows]
    return all(results)


def _print(row: Row) -> bool:
    try:
        measured, holds = row.measure(), True
    except AssertionError as error:
        measured, holds = str(error) or "not said", False
    words = measured.replace("|", "\\|").replace("\n", " ")
    print(f"| {row.claim} | {words} | {'yes' if holds else '**no**'} |", flush=True)
    return holds
