"""Ways to ask a job manager, and to give it limits."""

import pytest

from namerec.core.corpus.dataset import Dataset
from namerec.jobs.manager import JobManager
from namerec.jobs.snapshot import JobSnapshot
from namerec.runs.folder import RunFolder
from namerec.settings import settings, variable
from tests.conftest import tiny_config
from tests.jobs.fakes import wait_until


def start(manager: JobManager, dataset: Dataset, **training: object) -> str:
    return manager.start(tiny_config(**training), dataset)  # type: ignore[arg-type]


def snapshot_of(manager: JobManager, run_id: str) -> JobSnapshot:
    snapshot = manager.snapshot(run_id)
    assert snapshot is not None
    return snapshot


def state_of(manager: JobManager, run_id: str) -> str:
    return snapshot_of(manager, run_id).state


def wait_for_epoch(manager: JobManager, run_id: str, epoch: int) -> None:
    wait_until(lambda: snapshot_of(manager, run_id).epoch == epoch)


def files(folder: RunFolder) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.path.iterdir()}


def allow(monkeypatch: pytest.MonkeyPatch, **limits: object) -> None:
    for name, value in limits.items():
        monkeypatch.setenv(variable(name), str(value))
    settings.cache_clear()
