"""Backups and restorings that are killed: `python -m tests.faults.backups DATA SCRATCH`.

Kills (-9) one after the other: at the first time that something is flushed to the disk, at the
second, and so on, until one comes to its end. What each leaves lies in `SCRATCH/<what>-<number>`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from namerec.export.backup.making import back_up
from namerec.export.backup.restoring import restore


def main() -> None:
    """See the module's text."""
    data, scratch = map(Path, sys.argv[1:])
    _until_one_ends(scratch, "backup", lambda folder: back_up(data, folder / "backup.zip"))
    file = scratch / "whole.zip"
    back_up(data, file)
    _until_one_ends(scratch, "restore", lambda folder: restore(file, folder / "data"))


def _until_one_ends(scratch: Path, what: str, work: Callable[[Path], object]) -> None:
    flushes = 0
    while True:
        flushes += 1
        folder = scratch / f"{what}-{flushes}"
        folder.mkdir()
        if _ends(lambda folder=folder: work(folder), flushes):  # type: ignore[misc]
            return


def _ends(work: Callable[[], object], flushes: int) -> bool:
    """Whether it comes to its end, in a process that is killed at a flush."""
    child = os.fork()
    if child == 0:
        left, flush = iter(range(flushes - 1)), os.fsync

        def flush_or_die(descriptor: int) -> None:
            if next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
            flush(descriptor)

        os.fsync = flush_or_die  # type: ignore[assignment]
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return not os.WIFSIGNALED(status)


if __name__ == "__main__":
    main()
