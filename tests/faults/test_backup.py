"""Backups and restorings that are killed, or meet a full disk: whole or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from namerec.errors import BackupError
from namerec.export.backup.making import back_up
from namerec.export.backup.restoring import restore
from namerec.runs.store import RunStore
from tests.conftest import ROOT
from tests.export.backup.conftest import (
    _no_pretrained_runs,
    _templates,
    data,
    finished,
    kept,
    solo,
    stopped,
    store,
)
from tests.faults.test_disk_full import MOST, _no_waiting_for_the_disk, disk, small_disk
from tests.runs.references import assert_no_debris, assert_sentence

__all__ = [
    "_no_pretrained_runs",
    "_no_waiting_for_the_disk",
    "_templates",
    "data",
    "disk",
    "finished",
    "small_disk",
    "solo",
    "stopped",
    "store",
]


def test_killed_at_any_flush_there_is_no_half_backup_and_no_half_run(data, tmp_path_factory):
    scratch = tmp_path_factory.mktemp("scratch")
    command = [sys.executable, "-m", "tests.faults.backups", str(data), str(scratch)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=240)
    expected = kept(data)
    runs = {run.name for run in (data / "runs").iterdir()}
    backups, restored = (_in_order(scratch, what) for what in ("backup", "restore"))
    # One flush of the file and one of its folder; the last of each has come to its end.
    assert [(folder / "backup.zip").exists() for folder in backups] == [False, True, True]
    assert len(restored) > len(expected)
    for number, folder in enumerate(restored):
        home = folder / "data"
        whole = {run.id for run in RunStore(home / "runs").summaries()}
        assert whole == {path.name for path in home.glob("runs/2*")} <= runs
        found = _without_arriving(home)
        assert found == {name: expected[name] for name in found}
        # The next one brings the rest, whatever was left.
        back = restore(scratch / "whole.zip", home)
        assert bool(back.restored) == (number < len(restored) - 2)
        assert back.different == ()
        assert _without_arriving(home) == expected


def _without_arriving(home: Path) -> dict[str, bytes]:
    """What a data folder keeps, without what was being written aside."""
    return {name: content for name, content in kept(home).items() if ".arriving" not in name}


def _in_order(scratch: Path, what: str) -> list[Path]:
    return sorted(scratch.glob(f"{what}-*"), key=lambda path: int(path.name.partition("-")[2]))


def test_on_a_full_disk_there_is_no_backup_and_what_was_restored_is_whole(data, disk):
    folder, room = disk
    there = folder / "there"
    there.mkdir()
    (data / "memory_task.json").write_text(" " * 2 * MOST)
    whole = data.with_name("whole.zip")
    back_up(data, whole)
    room.fill()
    with pytest.raises(BackupError, match=room.said) as caught:
        back_up(data, there / "backup.zip")
    assert_sentence(caught.value, "The backup cannot be written")
    assert list(there.iterdir()) == []
    with pytest.raises(BackupError) as caught:
        restore(whole, there)
    assert_sentence(caught.value, "Free some space")
    assert_no_debris(there)
    expected = kept(data)
    found = kept(there)
    assert found == {name: expected[name] for name in found}
    room.clear()
    restore(whole, there)
    assert kept(there) == expected
