"""The app under AppTest."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from namerec.data import catalogue
from namerec.jobs import baselines, local
from namerec.jobs.manager import JobManager
from namerec.runs.store import RunStore
from namerec.ui.server.manager import baseline_keeper, manager
from tests.jobs.fakes import HeldBackExecutor
from tests.ui.lab import whole

#: What baselines score here; fitting them takes half a minute, and has tests of its own.
SOME_SCORES = baselines.BaselineScores(
    accuracy={"validation": 0.5, "test": 0.4}, macro_recall={"validation": 0.3, "test": 0.2}
)


@pytest.fixture
def held_back(monkeypatch: pytest.MonkeyPatch) -> HeldBackExecutor:
    """What the lab's manager trains with: no run goes beyond its first epoch until it is told."""
    executor = HeldBackExecutor(catalogue.load)
    monkeypatch.setattr(local, "local_manager", lambda: JobManager(RunStore(), executor))
    return executor


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The app, with a manager of its own over an empty data folder, and baselines at once."""
    monkeypatch.setattr(baselines, "measured", lambda *given: SOME_SCORES)
    manager.clear()
    baseline_keeper.clear()
    yield whole(monkeypatch)
    manager().shutdown()
    manager.clear()
    baseline_keeper.clear()
