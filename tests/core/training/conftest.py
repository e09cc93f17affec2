"""Splits of small datasets, and the batches that they give out."""

from typing import Any

import numpy as np
import pytest

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.splits import Split, make_split


@pytest.fixture(scope="module")
def tiny_split(tiny_dataset) -> Split:
    return make_split(tiny_dataset, "leak-free", 0)


@pytest.fixture(scope="module")
def five_split(five_categories) -> Split:
    return make_split(five_categories, "leak-free", 0)


@pytest.fixture
def batches(monkeypatch, tiny_dataset) -> list[np.ndarray]:
    """The indices of every batch a dataset gives out, in order."""
    given: list[np.ndarray] = []
    original = Dataset.batch

    def spy(dataset: Dataset, indices: np.ndarray) -> Any:
        given.append(indices.copy())
        return original(dataset, indices)

    monkeypatch.setattr(Dataset, "batch", spy)
    return given
