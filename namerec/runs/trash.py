"""Deleted runs that can be brought back: `runs/.trash/<id>`, whole as they were.

A run is moved there and back by one renaming, so that it is at one place or at the other whenever
the process is killed. The folder's own time of change is when it was deleted; one that lies in the
future, since the clock was set back, is put to now when next a run is deleted. What lies there
counts for the data folder's size as anything else does, until the trash is emptied.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path

from namerec.disk import UNFINISHED, own_folder
from namerec.runs.records import is_run_id

#: Days that a deleted run can be brought back at least.
DAYS = 30
_DAY = 86_400.0


class Trash:
    """The deleted runs of a folder of runs."""

    def __init__(self, runs: Path) -> None:
        self.path = runs / ".trash"

    def where(self, identity: str) -> Path:
        """Where a run lies once it is deleted."""
        return self.path / identity

    def __contains__(self, identity: str) -> bool:
        return is_run_id(identity) and self.where(identity).is_dir()

    def put(self, run: Path) -> None:
        """Moves a run here; the caller holds its lock, and there is none of that id here.

        Raises:
            OSError: If the folder cannot be changed; then the run is where it was.
        """
        own_folder(self.path)
        now = time.time_ns()
        os.utime(run, ns=(now, now))  # before, as the time goes with the folder
        run.rename(self.where(run.name))

    def ids(self) -> list[str]:
        """What lies here, the most recently deleted first."""
        return [identity for _, identity in sorted(self._times(), reverse=True)]

    def empty(self, days: float = 0) -> None:
        """Removes for good what was deleted so many days ago or earlier; all of it by default.

        Killed in the middle of it, no half of a run is left to bring back.

        Raises:
            OSError: If the folder cannot be changed.
        """
        if self.path.exists():
            own_folder(self.path)
        now = time.time_ns()
        for deleted, identity in self._times():
            if not days or now - deleted >= days * _DAY * 1e9:
                self.where(identity).rename(self.path / f".{identity}{UNFINISHED}")
            elif deleted > now:  # the clock was set back since: its days begin anew
                with contextlib.suppress(FileNotFoundError):
                    os.utime(self.where(identity), ns=(now, now))
        for aside in self.path.glob(f".*{UNFINISHED}"):
            shutil.rmtree(aside, ignore_errors=True)

    def _times(self) -> list[tuple[int, str]]:
        """When each run was deleted, nanoseconds since 1970, and its id."""
        found: list[tuple[int, str]] = []
        with contextlib.suppress(FileNotFoundError), os.scandir(self.path) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):  # brought back at this moment
                    if is_run_id(entry.name) and entry.is_dir(follow_symlinks=False):
                        found.append((entry.stat().st_mtime_ns, entry.name))
        return found
