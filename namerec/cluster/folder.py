"""A sweep on disk: `sweeps/NAME/` in the data folder.

    plan.json      what is searched, and for how long; replaced whole when more is asked for
    journal.jsonl  Optuna's own: an operation a line, append-only
    lock           held by whoever carries the sweep on

Its runs lie among all others, each with the sweep's name and its trial's number. Only JSON is read.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import ValidationError

from namerec.core.tasks.sweep import SweepPlan
from namerec.disk import read_at_most, write_whole
from namerec.errors import JobError, RunError
from namerec.runs.records import is_run_id
from namerec.settings import home
from namerec.text import shown

_PLAN, JOURNAL, _LOCK = "plan.json", "journal.jsonl", "lock"
#: Largest plan that is read, bytes; they take some 2 kB.
_MOST_PLAN = 512 * 1024
#: Longest name of a sweep: it stands in each of its runs.
_LONGEST_NAME = 60
#: Seconds to wait for the lock, which everybody who asks `is_running` holds for a moment.
_LOCK_SECONDS, _ASK_SECONDS = 0.5, 0.004


class SweepFolder:
    """Reads and writes one sweep's files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name

    @property
    def journal(self) -> Path:
        """Where Optuna keeps what was asked and told."""
        return self.path / JOURNAL

    def plan(self) -> SweepPlan:
        """What is searched.

        Raises:
            RunError: If the file is missing or damaged.
        """
        words = f"“{_PLAN}” of sweep {self.name} cannot be read"
        advice = "Put the file back from a copy, or delete the sweep's folder."
        try:
            content = read_at_most(self.path / _PLAN, _MOST_PLAN)
            if content is None:
                raise RunError(f"{words}: it is too large. {advice}")
            return SweepPlan.model_validate_json(content)
        except OSError as error:
            raise RunError(f"{words}: {error.strerror}. {advice}") from None
        except ValidationError:
            raise RunError(f"{words}: its content is damaged. {advice}") from None

    def write_plan(self, plan: SweepPlan) -> None:
        """Stores what is searched.

        Raises:
            RunError: If the folder cannot be written.
        """
        try:
            write_whole(self.path / _PLAN, plan.model_dump_json(indent=2).encode() + b"\n")
        except OSError as error:
            raise RunError(
                f"Sweep {self.name} cannot be stored in {self.path}: {error.strerror}. Free some "
                "space, or set NAMEREC_HOME to a folder that can be written."
            ) from None

    def hold(self) -> AbstractContextManager[Any]:
        """Holds the sweep; only one process and thread can, and the system frees it if they die.

        What a killed one left half done in the journal is cleared away.

        Raises:
            JobError: If somebody else holds it.
        """
        lock = FileLock(self.path / _LOCK, timeout=_LOCK_SECONDS, thread_local=False)
        try:
            held = lock.acquire(poll_interval=0.01)
        except Timeout:
            raise JobError(
                f"Sweep {self.name} is already being carried out, here or by another namerec on "
                "the same data folder. Wait until it ends, or stop it there."
            ) from None
        self._heal()
        return held

    def is_running(self) -> bool:
        """Whether somebody carries the sweep on now."""
        path = self.path / _LOCK
        if not path.exists():
            return False
        try:
            with FileLock(path, timeout=_ASK_SECONDS, poll_interval=0.001, thread_local=False):
                return False
        except Timeout:
            return True
        except OSError:
            return False

    def _heal(self) -> None:
        """Takes back a torn last line, and Optuna's own lock on the file that nobody holds now."""
        Path(f"{self.journal}.lock").unlink(missing_ok=True)
        if not self.journal.exists():
            return
        content = self.journal.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(self.journal, whole)


def sweeps_folder() -> Path:
    """Where all sweeps lie."""
    return home() / "sweeps"


def all_sweeps() -> list[SweepFolder]:
    """All sweeps, the newest first."""
    found: list[tuple[float, Path]] = []
    with contextlib.suppress(FileNotFoundError):
        for path in sweeps_folder().iterdir():
            with contextlib.suppress(OSError):  # no sweep, or just being made
                if is_run_id(path.name):
                    found.append(((path / _PLAN).stat().st_mtime, path))
    return [SweepFolder(path) for _, path in sorted(found, reverse=True)]


def open_sweep(name: str) -> SweepFolder:
    """Finds a sweep by its name.

    Raises:
        RunError: If there is none.
    """
    if is_run_id(name) and (sweeps_folder() / name / _PLAN).is_file():
        return SweepFolder(sweeps_folder() / name)
    raise RunError(
        f"There is no sweep “{shown(name)}”. `python -m namerec sweep list` and the Sweep page "
        "show which there are."
    )


def create_sweep(plan: SweepPlan, name: str = "") -> SweepFolder:
    """Makes a new sweep's folder.

    Args:
        plan: What is searched.
        name: What it is called; empty for the network, when, and four digits drawn at random.

    Raises:
        RunError: If it cannot be called that, or the data folder cannot be written.
    """
    if name and not (is_run_id(name) and len(name) <= _LONGEST_NAME):
        raise RunError(
            f"A sweep cannot be called “{shown(name)}”: use up to {_LONGEST_NAME} letters, digits, "
            "hyphens and underscores, a letter or digit first."
        )
    if not name:
        now = datetime.now(UTC).astimezone()
        name = f"{now:%Y%m%d-%H%M%S}-{plan.base.model.kind}-{secrets.token_hex(2)}"
    folder = SweepFolder(sweeps_folder() / name)
    try:
        folder.path.mkdir(parents=True)
    except FileExistsError:
        raise RunError(
            f"There is a sweep “{name}” already. Choose another name, or resume it with: "
            f"python -m namerec sweep resume {name}"
        ) from None
    except OSError as error:
        raise RunError(
            f"The sweep cannot be stored in {folder.path}: {error.strerror}. Free some space, or "
            "set NAMEREC_HOME to a folder that can be written."
        ) from None
    try:
        folder.write_plan(plan)
    except RunError:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return folder
