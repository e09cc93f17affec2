"""What the tests of training share: ways to read its records, and settings that change nothing."""

import copy
from typing import Any, TypeVar

import numpy as np
import pytest
import torch

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.splits import Split
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.core.networks.models import build
from namerec.core.networks.name_model import NameModel
from namerec.core.training import loop as training
from namerec.core.training.config import RunConfig
from namerec.core.training.loop import (
    Checkpoint,
    Record,
    Resumed,
)
from namerec.core.training.records import EpochRecord, FinalRecord, StepRecord
from tests.core.references import plain_answer

R = TypeVar("R", StepRecord, Checkpoint, EpochRecord, FinalRecord)

every_kind = pytest.mark.parametrize("kind", MODEL_KINDS)

# So small that float32 weights do not move: a run at this rate measures its own first weights.
STANDING_STILL: dict[str, Any] = {
    "optimizer": "sgd",
    "learning_rate": 1e-30,
    "schedule": "constant",
    "weight_decay": 0.0,
}


def records_of(records: list[Record], kind: type[R]) -> list[R]:
    return [record for record in records if isinstance(record, kind)]


def final_of(records: list[Record]) -> FinalRecord:
    assert isinstance(records[-1], FinalRecord)
    return records[-1]


def first_network(config: RunConfig, dataset: Dataset) -> NameModel:
    return build(config.model, len(dataset.categories), config.training.seed)


def log_probabilities(model: NameModel, dataset: Dataset, indices: np.ndarray) -> torch.Tensor:
    """Answers name by name from the plain loop, (names, categories)."""
    return torch.stack(
        [plain_answer(model, dataset.letters[i, : dataset.lengths[i]]) for i in indices]
    ).detach()


def trained_on(batches: list[np.ndarray], split: Split) -> list[np.ndarray]:
    """The batches of the training part; evaluation's are of the others, which are disjoint."""
    return [indices for indices in batches if np.isin(indices, split.train).all()]


def resumed_from(records: list[Record], number: int) -> Resumed:
    """What a store would give back of the first `number` checkpoints."""
    checkpoints = records_of(records, Checkpoint)[:number]
    best = [checkpoint for checkpoint in checkpoints if checkpoint.best][-1]
    return copy.deepcopy(Resumed(checkpoints[-1], best.weights))


def spoil_the_second_half(monkeypatch: pytest.MonkeyPatch) -> None:
    """Learning goes well for half of the steps and is then undone by enormous ones."""
    monkeypatch.setattr(training, "learning_rate", lambda _, done: 0.02 if done < 0.5 else 2.0)
