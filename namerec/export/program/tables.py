"""What lies beside a run's program: names, the run's curve, and the weights it may begin with."""

import io
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.protocols import PARTS, holds_out
from namerec.core.corpus.splits import Split
from namerec.core.networks.models import build
from namerec.core.training.loop import InitialWeights
from namerec.core.training.records import EpochRecord
from namerec.export.source import MadeFile, Source
from namerec.export.spreadsheet import as_csv
from namerec.runs.lineage import initial_weights

NAMES, CURVE, FIRST = "names.csv", "run_curve.csv", "first.npz"

_OF_EPOCH = (
    "epoch",
    "step",
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
    "validation_macro_recall",
)


def tables(source: Source) -> list[MadeFile]:
    """The files that a run's program reads.

    Raises:
        DataError: If the run's names are no longer there.
        RunError: If its files are damaged.
    """
    _, epochs = source.folder.metrics()
    files = [
        MadeFile(NAMES, _bytes(_names(source.dataset, source.split))),
        MadeFile(CURVE, _bytes(_curve(epochs))),
    ]
    initial = initial_weights(source.folder)
    if initial is not None:
        files.append(MadeFile(FIRST, _first_weights(source, initial)))
    return files


def _names(dataset: Dataset, split: Split) -> pd.DataFrame:
    """All names in the corpus's order, each with its part; *label* is its category's number.

    The training part of every protocol is in the corpus's order too, so that no other order has to
    be told. Under the course protocol a name is in several parts, and often: how often, by part.
    """
    table = pd.DataFrame(
        {
            "name": dataset.names,
            "read": [dataset.normalised(index) for index in range(len(dataset))],
            "category": [dataset.categories[label] for label in dataset.labels.tolist()],
            "label": dataset.labels,
        }
    )
    times = {part: np.bincount(split.part(part), minlength=len(dataset)) for part in PARTS}
    if not holds_out(split.protocol):
        return table.assign(**{str(part): counts for part, counts in times.items()})
    of_name = np.full(len(dataset), "", dtype=object)
    for part, counts in times.items():
        of_name[counts > 0] = part
    return table.assign(part=of_name)


def _curve(epochs: Iterable[EpochRecord]) -> pd.DataFrame:
    """What the run measured after each of its own epochs."""
    rows = [[getattr(epoch, name) for name in _OF_EPOCH] for epoch in epochs]
    return pd.DataFrame(rows, columns=list(_OF_EPOCH))


def _bytes(table: pd.DataFrame) -> bytes:
    # A lone surrogate in a name, which no file can hold, becomes a question mark.
    return as_csv(table).encode(errors="replace")


def _first_weights(source: Source, initial: InitialWeights) -> bytes:
    """Weights by the number of the parameter, and what the optimizer remembered of each."""
    info = source.run.info
    order = build(info.config.model, len(info.dataset.categories)).named_parameters()
    arrays: dict[str, Any] = {
        f"weight.{number}": initial.weights[name].numpy() for number, (name, _) in enumerate(order)
    }
    arrays |= {f"optimizer.{name}": tensor.numpy() for name, tensor in initial.moments.items()}
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()
