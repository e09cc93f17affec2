"""Runs to look into: trained once, copied for every test."""

import os
import shutil

import pytest

from namerec.runs.folder import RunFolder
from namerec.runs.store import RunStore
from tests.conftest import tiny_config
from tests.runs.references import Solo


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    """Whether and when files are flushed is what `test_atomic.py` is about; here it only costs."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(scope="session")
def solo(tiny_dataset) -> Solo:
    """A custom LSTM's run of three epochs."""
    return Solo(tiny_config(), tiny_dataset)


@pytest.fixture
def store(tmp_path) -> RunStore:
    """A store of its own, without pretrained runs."""
    return RunStore(tmp_path / "runs", pretrained=None)


@pytest.fixture(scope="session")
def _templates(solo, tmp_path_factory) -> tuple[RunFolder, RunFolder]:
    store = RunStore(tmp_path_factory.mktemp("templates"), pretrained=None)
    return solo.store(store), solo.store(store, epochs=2)


def _copied(template: RunFolder, store: RunStore) -> RunFolder:
    store.root.mkdir(parents=True, exist_ok=True)
    return RunFolder(shutil.copytree(template.path, store.root / template.id))


@pytest.fixture
def finished(_templates, store) -> RunFolder:
    """A finished run in the store."""
    return _copied(_templates[0], store)


@pytest.fixture
def stopped(_templates, store) -> RunFolder:
    """A run in the store that was stopped after two of three epochs."""
    return _copied(_templates[1], store)
