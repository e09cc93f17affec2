"""What is missing of a run's records: torn lines, and epochs that none tells of.

Weights, checkpoints, answers and scores are other files. A run with a gap is shown, exported,
imported and resumed as any other, and says what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from namerec.text import count, counted, listed

#: Stretches of missing epochs that are told one by one.
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing.

    Attributes:
        epochs: Stretches of epochs without a record: the first and the last of each.
        lines: Lines that could not be read.
    """

    epochs: tuple[tuple[int, int], ...] = ()
    lines: int = 0

    def __bool__(self) -> bool:
        return bool(self.epochs or self.lines)

    @property
    def words(self) -> str:
        """What is missing and what is not, in sentences; empty for nothing."""
        if not self:
            return ""
        parts = [f"{counted(self.lines, 'damaged line')} left out"] if self.lines else []
        if self.epochs:
            told = [
                f"{first:,}" if first == last else f"{first:,} to {last:,}"
                for first, last in self.epochs[:_MOST_TOLD]
            ]
            if more := len(self.epochs) - len(told):
                told.append(f"{count(more)} more stretches")
            one = len(self.epochs) == 1 and self.epochs[0][0] == self.epochs[0][1]
            parts.insert(0, f"no record of {'epoch' if one else 'epochs'} {listed(told)}")
        return (
            f"The records of this run have a gap: {', '.join(parts)}. Its weights and scores are "
            "stored apart from them and are not affected."
        )


#: Of a run whose records are whole.
NO_GAP = Gap()


def find_gap(epochs: Iterable[int], done: int, lines: int) -> Gap:
    """What is missing.

    Args:
        epochs: Those that there are records of.
        done: Epochs that are done.
        lines: Lines that could not be read.
    """
    missing, before = [], 0
    for epoch in [*sorted({epoch for epoch in epochs if 0 < epoch <= done}), done + 1]:
        if epoch > before + 1:
            missing.append((before + 1, epoch - 1))
        before = epoch
    return Gap(tuple(missing), lines)
