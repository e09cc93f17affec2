"""How good a run is as far as it is known, and on which names that was measured."""

from __future__ import annotations

from typing import NamedTuple

from namerec.core.corpus.protocols import part_words
from namerec.runs.records import RunInfo, RunStatus


class Measured(NamedTuple):
    """The score of a run in a list; shares are 0..1.

    Attributes:
        accuracy: None if it has no finished epoch.
        macro_recall: The same on the same names; None as long as the run is not finished.
        names: How many; None as long as the run is not finished.
        on: What they are, as `core.splits.Split.words` says; empty if nothing was measured.
    """

    accuracy: float | None
    macro_recall: float | None
    names: int | None
    on: str


def measured(info: RunInfo, status: RunStatus) -> Measured:
    """The test score of a finished run, else the best one on validation so far."""
    protocol = info.config.training.protocol
    if (test := status.scores.get("test")) is not None:
        words = part_words(test.protocol, "test")
        return Measured(test.accuracy, test.macro_recall, test.names, words)
    if status.validation_accuracy is None:
        return Measured(None, None, None, "")
    return Measured(status.validation_accuracy, None, None, part_words(protocol, "validation"))
