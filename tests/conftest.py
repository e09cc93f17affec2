"""Fixtures shared by all tests: tiny datasets, and a home that is not the user's own."""

import gc
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Before PyTorch and NumPy are imported, and for processes that tests start: tiny networks are
# fastest on one thread; several that wait for each other on a busy machine take ten times as long.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.networks.config import ModelConfig
from namerec.core.training.config import RunConfig, TrainConfig
from namerec.jobs import cores
from namerec.settings import Settings, settings, variable

ROOT = Path(__file__).resolve().parent.parent

# The same examples on every machine and in every run, however slow it is.
examples.register_profile(
    "ours",
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
examples.load_profile("ours")

# Three made-up languages that a network of eight units tells apart in a second.
_STEMS = ("bak", "dor", "fen", "gil", "hum", "jas", "kel", "lom", "mir", "nap", "pol", "ras")
_ENDINGS = {"Alphan": "ovic", "Betan": "ssen", "Gamman": "aki"}


@pytest.fixture(scope="module", autouse=True)
def _quick_collections():
    """The manager collects garbage after every job, and what is there before a module is none."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory, monkeypatch):
    """No test reads or writes the user's runs, caches or settings."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("NAMEREC_HOME", str(home / "runs"))
    monkeypatch.setenv("NAMEREC_CACHE", str(home / "cache"))
    monkeypatch.delenv("NAMEREC_NAMES_DIR", raising=False)
    monkeypatch.setattr(cores, "cores", lambda: 2)  # trainings in the test's own process
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
    settings.cache_clear()


def tiny_lines() -> list[LabelledName]:
    """72 names in three categories, all distinct."""
    return [
        LabelledName((stem + middle + ending).capitalize(), category)
        for category, ending in _ENDINGS.items()
        for stem in _STEMS
        for middle in ("a", "u")
    ]


@pytest.fixture(scope="session")
def tiny_dataset() -> Dataset:
    return Dataset.build("tiny", tiny_lines())


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory) -> Path:
    """The tiny dataset as a folder of text files."""
    folder: Path = tmp_path_factory.mktemp("names")
    for category in _ENDINGS:
        names = [line.name for line in tiny_lines() if line.category == category]
        (folder / f"{category}.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    return folder


def tiny_config(kind: str = "custom_lstm", **training: object) -> RunConfig:
    """Settings that train in well under a second."""
    settings = {"epochs": 3, "batch_size": 16, "learning_rate": 0.02} | training
    return RunConfig(
        model=ModelConfig(kind=kind, hidden_size=8),  # type: ignore[arg-type]
        training=TrainConfig(**settings),  # type: ignore[arg-type]
    )


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """A full disk: no file of this process may grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
