"""Where runs that arrive are unpacked, beside the list; and that one at a time arrives."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from namerec.disk import UNFINISHED, own_folder, remove_debris
from namerec.errors import RunError

#: Its name among the runs.
_FOLDER = ".arriving"
#: Seconds to wait while another run is imported; the largest takes some ten.
LOCK_SECONDS = 120.0


@contextlib.contextmanager
def alone(root: Path) -> Iterator[None]:
    """While it lasts nobody else imports: two could choose one id, and lose each other's names."""
    path = own_folder(root / _FOLDER) / "lock"
    lock = FileLock(path, timeout=LOCK_SECONDS, thread_local=False)
    try:
        lock.acquire(poll_interval=0.02)
    except Timeout:
        raise RunError(
            f"Another import or restore has been running for {LOCK_SECONDS:,.0f} seconds, and only "
            "one runs at a time. Wait until it has finished, then try again."
        ) from None
    try:
        yield
    finally:
        try:
            with contextlib.suppress(OSError):
                path.unlink()  # whoever waits for it sees that it is gone, and makes another
        finally:
            lock.release()


@contextlib.contextmanager
def aside_of(root: Path) -> Iterator[Path]:
    """A folder beside the runs, for one that is being unpacked; nothing of it stays."""
    arriving = own_folder(root / _FOLDER)
    remove_debris(arriving)
    path = Path(tempfile.mkdtemp(UNFINISHED, ".", arriving))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
