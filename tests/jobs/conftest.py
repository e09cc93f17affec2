"""Runs to look into, and a manager that is shut down again."""

from collections.abc import Callable, Iterator

import pytest

from namerec.core.corpus.dataset import Dataset
from namerec.jobs.executors import Executor, LocalExecutor
from namerec.jobs.manager import JobManager
from namerec.runs.store import RunStore
from tests.jobs.fakes import FedExecutor, HeldBackExecutor
from tests.runs.conftest import (
    _no_waiting_for_the_disk,
    _templates,
    finished,
    solo,
    stopped,
    store,
)

__all__ = [
    "_no_waiting_for_the_disk",
    "_templates",
    "finished",
    "solo",
    "stopped",
    "store",
]


@pytest.fixture
def managed(store: RunStore) -> Iterator[Callable[..., JobManager]]:
    """Makes managers over the store, and shuts them down."""
    made: list[JobManager] = []

    def make(executor: Executor, most_running: int = 1) -> JobManager:
        made.append(JobManager(store, executor, most_running))
        return made[-1]

    yield make
    for manager in made:
        manager.shutdown()


@pytest.fixture
def manager(managed: Callable[..., JobManager], tiny_dataset: Dataset) -> JobManager:
    """A manager that trains for real, on the tiny dataset whatever it is asked for."""
    return managed(LocalExecutor(lambda reference: tiny_dataset))


@pytest.fixture
def held_back(tiny_dataset: Dataset) -> HeldBackExecutor:
    """Trains for real, on the tiny dataset, but no further than an epoch until it is told."""
    return HeldBackExecutor(lambda reference: tiny_dataset)


@pytest.fixture
def held_manager(managed: Callable[..., JobManager], held_back: HeldBackExecutor) -> JobManager:
    """A manager over it."""
    return managed(held_back)


@pytest.fixture
def fed() -> Iterator[FedExecutor]:
    """An executor that gives what the test feeds it."""
    executor = FedExecutor()
    yield executor
    executor.give_up()


@pytest.fixture
def fed_manager(managed: Callable[..., JobManager], fed: FedExecutor) -> JobManager:
    """A manager over it."""
    return managed(fed)
