"""The store that the command line uses, and a run in it."""

from pathlib import Path

import pytest

from namerec.data import catalogue
from namerec.runs.folder import RunFolder
from namerec.runs.store import RunStore
from tests.conftest import tiny_config
from tests.runs.references import Solo, offer_pretrained


@pytest.fixture(autouse=True)
def _no_pretrained_runs(monkeypatch):
    offer_pretrained(monkeypatch, None)


@pytest.fixture
def store() -> RunStore:
    """The store that the command line uses."""
    return RunStore()


@pytest.fixture
def trained(store: RunStore, tiny_folder: Path) -> Solo:
    """A run of the tiny folder, as it was trained."""
    return Solo(tiny_config(dataset=str(tiny_folder)), catalogue.load(str(tiny_folder)))


@pytest.fixture
def run(store: RunStore, trained: Solo) -> RunFolder:
    """The same, stored."""
    return trained.store(store)
