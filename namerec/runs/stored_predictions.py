"""A finished run's answers on the held-out names, as they are stored."""

from __future__ import annotations

from pathlib import Path

import torch

from namerec.core.corpus.protocols import PARTS, Part
from namerec.core.evaluation.results import PredictedNames
from namerec.errors import RunError
from namerec.runs.fitting import check_predictions
from namerec.runs.records import RunInfo
from namerec.runs.tensors import read_tensors, write_tensors

#: Of `core.results.PredictedNames`, in its order.
_COLUMNS = ("indices", "labels", "log_probabilities")


def write(file: Path, predictions: dict[Part, PredictedNames]) -> None:
    """Stores answers by part."""
    tensors = {
        f"{part}.{name}": torch.from_numpy(getattr(answers, name))
        for part, answers in predictions.items()
        for name in _COLUMNS
    }
    write_tensors(file, tensors, {})


def read(file: Path, info: RunInfo) -> dict[Part, PredictedNames]:
    """The stored answers by part.

    Raises:
        RunError: If the file is damaged, or does not fit the run.
    """
    tensors, _ = read_tensors(file)
    present = [part for part in PARTS if f"{part}.indices" in tensors]
    try:
        if tensors.keys() != {f"{part}.{name}" for part in present for name in _COLUMNS}:
            raise KeyError
        result = {
            part: PredictedNames(*(tensors[f"{part}.{name}"].numpy() for name in _COLUMNS))
            for part in present
        }
    except (KeyError, TypeError):  # TypeError: a type that numpy does not have
        raise RunError(
            f"“{file.name}” of run {info.id} is damaged. Train the run again, or put the file "
            "back from a copy."
        ) from None
    for answered in result.values():
        check_predictions(answered, info, file.name)
    return result
