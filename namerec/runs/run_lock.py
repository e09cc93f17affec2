"""Who works on a run: one at a time holds its folder's `lock`."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from namerec.errors import RunError

#: Seconds to wait for a run's lock, which everybody who asks `is_locked` holds for a moment.
LOCK_SECONDS = 0.5
#: The same when it is only asked, which every draw of a page does.
ASK_SECONDS = 0.004


def hold(run: Path) -> AbstractContextManager[Any]:
    """Holds a run; only one process and thread can, and the system frees it if they die.

    Raises:
        RunError: If somebody else holds it, or it has been removed.
    """
    lock = FileLock(run / "lock", timeout=LOCK_SECONDS, thread_local=False)
    try:
        _ensure_present(run)  # a lock would make the folder of a removed run anew
        held = lock.acquire(poll_interval=0.01)
    except Timeout:
        raise RunError(
            f"Run {run.name} is already being trained, here or by another namerec on the same data "
            "folder. Wait until it ends, or stop it there."
        ) from None
    try:
        _ensure_present(run)
    except RunError:  # removed while its lock was waited for
        lock.release()
        with contextlib.suppress(OSError):
            (run / "lock").unlink(missing_ok=True)
            run.rmdir()
        raise
    return held


def is_held(run: Path) -> bool:
    """Whether somebody holds a run now."""
    if not (run / "lock").exists():
        return False
    try:
        with FileLock(run / "lock", timeout=ASK_SECONDS, poll_interval=0.001, thread_local=False):
            return False
    except Timeout:
        return True
    except OSError:  # no file to hold: a folder, a link, or one that may not be opened
        return False


def _ensure_present(run: Path) -> None:
    if not (run / "config.json").exists():
        raise RunError(
            f"Run {run.name} has been removed, or its “config.json” has. Start a new run, or "
            "put its folder back from a copy."
        )
