"""A store, plans of tiny trainings, and an executor that waits for the sweep to look."""

import contextlib
import threading
from collections.abc import Generator

import pytest

from namerec.cluster.folder import open_sweep
from namerec.cluster.study import results
from namerec.core.tasks.sweep import Choices, Range, SweepPlan
from namerec.core.training.loop import Plan
from namerec.core.training.records import EpochRecord
from namerec.jobs.executors import LocalExecutor, StreamRecord
from namerec.runs.folder import RunFolder
from namerec.runs.records import Trial
from namerec.runs.store import RunStore
from tests.conftest import tiny_config
from tests.jobs.conftest import managed, manager
from tests.runs.conftest import _no_waiting_for_the_disk

__all__ = ["_no_waiting_for_the_disk", "managed", "manager"]

#: Rates of which the first learns nothing and the second all.
RATES = Choices(values=(1e-6, 0.05))


def tiny_plan(**changes: object) -> SweepPlan:
    """Trials of a network of eight units, three epochs each."""
    rate = Range(low=0.01, high=0.1, log=True)
    space = {"learning_rate": rate, "num_layers": Range(low=1, high=2)}
    values = {"base": tiny_config(), "space": space, "trials": 3, "prune": "none"}
    return SweepPlan.checked(**(values | changes))  # type: ignore[arg-type]


class Watched(LocalExecutor):
    """Trains for real; after each epoch it waits until the sweep has reported it, or ends it."""

    def stream(self, run: RunFolder) -> Generator[StreamRecord]:
        trial = run.info().trial
        assert trial is not None
        tick = threading.Event()
        with contextlib.closing(super().stream(run)) as stream:
            for record in stream:
                if isinstance(record, Plan):
                    layout = record
                yield record
                while isinstance(record, EpochRecord) and not _reported(trial, record.epoch):
                    tick.wait(0.005)
                    yield layout  # which changes nothing, so that it follows orders


def _reported(trial: Trial, epoch: int) -> bool:
    found = results(open_sweep(trial.sweep))[0][trial.number]
    return found.state != "running" or len(found.epochs) >= epoch


@pytest.fixture
def store() -> RunStore:
    """The one over the data folder in which the sweeps lie."""
    return RunStore(pretrained=None)
