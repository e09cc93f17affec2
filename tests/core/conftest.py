"""Fixtures shared by the tests of the core."""

import pytest
import torch

from namerec.core.corpus.dataset import Dataset
from tests.core.references import unequal_dataset


@pytest.fixture(autouse=True)
def _an_untouched_generator():
    """Nothing in the core may need global draws."""
    before = torch.get_rng_state()
    yield
    torch.set_rng_state(before)


@pytest.fixture(scope="session")
def five_categories() -> Dataset:
    """Five categories of very different size, 200 names."""
    return unequal_dataset({"Ab": 90, "Cd": 50, "Ef": 30, "Gh": 20, "Ij": 10})
