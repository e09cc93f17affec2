"""When a network learns to tell two categories apart: from the epochs' validation matrices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from namerec.core.training.records import EpochRecord
from namerec.errors import NamerecError

#: Share of two categories' validation names up to which they count as told apart: one in twenty.
#: Pairs with fewer than twenty such names therefore need an epoch without any mistake.
SEPARATED_SHARE = 0.05

#: `apart`: never above `SEPARATED_SHARE`. `separated`: above at first or on the way, not at the
#: end. `mixed`: above it still in the last epoch.
PairState = Literal["apart", "separated", "mixed"]


@dataclass(frozen=True, slots=True)
class PairSeparation:
    """How two categories came apart. Shares are of both categories' validation names, 0..1.

    Attributes:
        first: The one category, first in the matrix.
        second: The other.
        names: Number of validation names of both together, at least 1.
        start: Share taken for the other of the two after the first epoch.
        end: The same after the last epoch.
        most: The same in the epoch where it was largest.
        state: Whether they were ever mixed up, and still are.
        epoch: First epoch from which on to the end the share stays at or below
            `SEPARATED_SHARE`; None unless `separated`.
    """

    first: str
    second: str
    names: int
    start: float
    end: float
    most: float
    state: PairState
    epoch: int | None


def checked_matrices(epochs: Sequence[EpochRecord], categories: Sequence[str]) -> None:
    """Refuses validation matrices that are not of these categories.

    Raises:
        NamerecError: If an epoch's matrix has another size.
    """
    size = len(categories)
    for record in epochs:
        rows = record.validation_confusion
        if len(rows) != size or any(len(row) != size for row in rows):
            raise NamerecError(
                f"The validation matrix of epoch {record.epoch} has {len(rows)} rows, but there "
                f"are {size} categories. Its run was trained on other names: choose these."
            )


def separations(epochs: Sequence[EpochRecord], categories: Sequence[str]) -> list[PairSeparation]:
    """How all pairs of categories came apart, in the order of the matrix.

    A pair's mutual confusion after an epoch is the share of both categories' validation names
    that are taken for the other of the two. Pairs without validation names are left out.

    Args:
        epochs: A run's epochs, in order; none gives no pairs.
        categories: Of the matrices' rows and columns.

    Raises:
        NamerecError: If a matrix is not of these categories.
    """
    checked_matrices(epochs, categories)
    if not epochs:
        return []
    size = len(categories)
    start = end = most = np.zeros((size, size))
    # Index of the epoch after the last one above the threshold; one epoch at a time, because
    # a thousand matrices of 200 categories are 320 MB.
    separated_at = np.zeros((size, size), dtype=np.int64)
    support = np.zeros(size, dtype=np.int64)
    for index, record in enumerate(epochs):
        counts = np.array(record.validation_confusion, dtype=np.int64).reshape(size, size)
        support = counts.sum(axis=1)
        names = support[:, None] + support[None, :]
        end = (counts + counts.T) / np.maximum(names, 1)
        start = end if index == 0 else start
        most = np.maximum(most, end)
        separated_at[end > SEPARATED_SHARE] = index + 1
    pairs = []
    for row, column in np.argwhere(np.triu(np.ones((size, size)), k=1)).tolist():
        names_of_both = int(support[row] + support[column])
        if names_of_both == 0:
            continue
        after = int(separated_at[row, column])
        state: PairState = (
            "apart" if after == 0 else "mixed" if after == len(epochs) else "separated"
        )
        pairs.append(
            PairSeparation(
                first=categories[row],
                second=categories[column],
                names=names_of_both,
                start=float(start[row, column]),
                end=float(end[row, column]),
                most=float(most[row, column]),
                state=state,
                epoch=epochs[after].epoch if state == "separated" else None,
            )
        )
    return pairs


def most_mixed(
    pairs: Sequence[PairSeparation], *, at: Literal["start", "end"], most: int = 10
) -> list[PairSeparation]:
    """The pairs most mixed up after the first or the last epoch, the worst first; none of 0."""
    mixed = [pair for pair in pairs if _share(pair, at) > 0]
    return sorted(mixed, key=lambda pair: -_share(pair, at))[:most]


def last_to_separate(pairs: Sequence[PairSeparation]) -> PairSeparation | None:
    """The pair that separates last, of several the most mixed up at its worst; None if none do."""
    separated = [pair for pair in pairs if pair.epoch is not None]
    return max(separated, key=lambda pair: (pair.epoch or 0, pair.most), default=None)


def separation_words(pair: PairSeparation, held_out: str) -> str:
    """How two categories came apart, in a plain sentence; their names go in as they are.

    Args:
        pair: The two.
        held_out: What the epochs' matrices were measured on, such as "validation names".
    """
    both = f"{pair.first} and {pair.second}"
    share = f"{100 * SEPARATED_SHARE:.0f} %"
    of_names = f"of their {pair.names:,} {held_out}"
    if pair.state == "apart":
        return f"{both} were never confused: at most {share} {of_names} in any epoch."
    if pair.state == "mixed":
        return (
            f"{both} never separate: after the last epoch {100 * pair.end:.1f} % {of_names} are "
            "still taken for the other."
        )
    return (
        f"{both} separate in epoch {pair.epoch}: from then on at most {share} {of_names} are "
        "taken for the other."
    )


def _share(pair: PairSeparation, at: Literal["start", "end"]) -> float:
    return pair.start if at == "start" else pair.end
