"""Disks that are full for real: the run is held, nothing of it is lost, and it goes on."""

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from namerec.errors import RunError
from namerec.jobs.manager import JobManager
from namerec.runs.folder import LAST, RunFolder
from namerec.runs.store import RunStore
from namerec.runs.tensors import read_tensors
from tests.conftest import tiny_config
from tests.jobs.fakes import LIMIT, HeldBackExecutor, wait_until
from tests.runs.references import Solo, as_bits, assert_holds_all, assert_no_debris, assert_sentence

#: Size of the small file system.
SIZE = "1m"
#: Bytes a file may have: what a run of sixty epochs soon goes beyond.
MOST = 40_000


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A folder on a file system of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"A file system of its own needs an administrator: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


class Ballast:
    """A file that takes all the room there is."""

    said = "No space left on device"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ballast"

    def fill(self) -> None:
        """Leaves not a byte."""
        with self._file.open("wb", buffering=0) as file:
            for size in (4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue

    def clear(self) -> None:
        """Gives the room back."""
        self._file.unlink(missing_ok=True)


class Limit:
    """A limit on the size of this process's files, as a quota sets one."""

    said = "File too large"

    def __init__(self) -> None:
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self) -> None:
        """No file may grow beyond the limit."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (MOST, self._before[1]))

    def clear(self) -> None:
        """Files may grow as before."""
        resource.setrlimit(resource.RLIMIT_FSIZE, self._before)


@pytest.fixture(params=["small disk", "limit"])
def disk(request, tmp_path) -> Iterator[tuple[Path, Ballast | Limit]]:
    """A folder, and what makes it full."""
    room: Ballast | Limit
    if request.param == "limit":
        folder, room = tmp_path, Limit()
    else:
        folder = request.getfixturevalue("small_disk")
        room = Ballast(folder)
    yield folder, room
    room.clear()


def test_a_run_is_held_while_the_disk_is_full_and_goes_on_when_there_is_room(
    disk, tiny_dataset, caplog
):
    folder, room = disk
    config = tiny_config(epochs=60)
    store = RunStore(folder / "runs", pretrained=None)
    executor = HeldBackExecutor(lambda reference: tiny_dataset, epoch=2)
    manager = JobManager(store, executor)
    try:
        run_id = manager.start(config, tiny_dataset)
        wait_until(lambda: _epoch(manager, run_id) == 2)
        room.fill()
        executor.go_on()
        _wait_until_held(manager, run_id)
        run = store.open(run_id)
        held = manager.snapshot(run_id)
        assert held is not None
        told = ("paused", held.message)  # to other processes, where there is room for so little
        found = run.state(run.status()), run.status().message
        assert found in ([told] if isinstance(room, Limit) else [told, ("running", "")])
        said = (f"The disk is full ({room.said})", run_id, "Free some space")
        assert_sentence(RunError(held.message), *said)
        assert_no_debris(run.path)

        before = _files(run)
        manager.proceed(run_id)
        wait_until(lambda: caplog.text.count("is held") == 2)
        _wait_until_held(manager, run_id)
        assert _files(run) == before

        solo = Solo(config, tiny_dataset)
        tensors, _ = read_tensors(run.path / LAST)
        point = solo.checkpoints[run.progress().epoch - 1]
        weights = {f"model.{name}": tensor for name, tensor in point.weights.items()}
        stored = {name: tensors[name] for name in weights}
        assert as_bits(stored) == as_bits(weights)
        assert _epoch(manager, run_id) <= run.progress().epoch < 60

        room.clear()
        manager.proceed(run_id)
        ended = manager.wait(run_id, LIMIT)
        assert (ended.state, ended.message) == ("finished", "")
        assert_holds_all(run, solo)
    finally:
        room.clear()
        manager.shutdown()


def _epoch(manager: JobManager, run_id: str) -> int:
    snapshot = manager.snapshot(run_id)
    return snapshot.epoch if snapshot else 0


def _wait_until_held(manager: JobManager, run_id: str) -> None:
    def held() -> bool:
        snapshot = manager.snapshot(run_id)
        assert snapshot is not None
        assert not snapshot.ended, snapshot.message
        return snapshot.state == "paused"

    wait_until(held)


def _files(run: RunFolder) -> dict[str, bytes]:
    """All that is stored of the run."""
    return {file.name: file.read_bytes() for file in run.path.iterdir() if file.name != "lock"}


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    """What is written meets the end of the room when it is written, not when it is flushed."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
