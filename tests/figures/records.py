"""Made-up results to draw."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from namerec.core.corpus.protocols import Protocol
from namerec.core.evaluation.results import ConfusionMatrix
from namerec.core.inside.trace import GateTrace
from namerec.core.networks.kinds import KINDS, ModelKind
from namerec.core.training.records import EpochRecord, StepRecord
from namerec.figures.training.curves import History

HELD_OUT = "validation names, leak-free split"


def epoch(number: int, loss: float) -> EpochRecord:
    return EpochRecord(
        epoch=number,
        step=number * 10,
        train_loss=loss + 0.1,
        train_accuracy=0.4,
        validation_loss=loss,
        validation_accuracy=0.5,
        validation_macro_recall=0.25,
        validation_confusion=((1, 0), (0, 1)),
        seconds=1.0,
        names_per_second=1000.0,
        best=True,
    )


def history(
    steps: int = 20,
    epochs: int = 2,
    *,
    protocol: Protocol = "leak-free",
    held_out: str = HELD_OUT,
    baselines: tuple[tuple[str, float], ...] = (),
) -> History:
    records = [StepRecord(s, s / 10, 3 / s, 1.0, 0.004) for s in range(1, steps + 1)]
    passes = [epoch(number, 1 / number) for number in range(1, epochs + 1)]
    return History.of(records, passes, protocol=protocol, held_out=held_out, baselines=baselines)


def matrix(counts: ArrayLike, categories: Sequence[str] = ()) -> ConfusionMatrix:
    counted = np.array(counts, dtype=np.int64)
    names = categories or [f"Language {i}" for i in range(len(counted))]
    return ConfusionMatrix(counted, tuple(names))


def trace(
    letters: str = "Anna", *, units: int = 3, layers: int = 1, kind: ModelKind = "custom_lstm"
) -> GateTrace:
    """Values that say where they stand: 100 * letter + 10 * layer + unit, in thousandths."""
    length = len(letters)
    place = np.add.outer(
        np.add.outer(100 * np.arange(length), 10 * np.arange(layers)), np.arange(units)
    )
    values = (place / 1000).astype(np.float32)
    probabilities = np.full((length, 3), 1 / 3, dtype=np.float32)
    symbols = [symbol.name for symbol in KINDS[kind].symbols]
    return GateTrace(
        letters, dict.fromkeys(symbols, values), probabilities, ("Czech", "Dutch", "Irish"), kind
    )
