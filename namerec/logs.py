"""The log: one bounded file, one JSON object a line, so that no text in it can forge a line.

What namerec's own loggers say at level *info* and above goes into `namerec.log`; warnings and
errors go to standard error besides, as they do without this module.
"""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from pythonjsonlogger.json import JsonFormatter

#: Name of the newest file; older ones end in `.1` and `.2`.
FILE = "namerec.log"
#: Bytes of one file: some 5,000 records with a traceback in ten of them, and an editor opens it.
MAX_BYTES = 2 * 1024**2
#: Older files kept: months of one person's use, and never more than 6 MiB together.
BACKUPS = 2
#: Longest message or traceback written, characters: a traceback of 100 frames takes half of it.
MAX_TEXT = 16_384

#: Seconds to wait while another process shifts the files, which takes a millisecond.
LOCK_SECONDS = 0.2

_setting_up = threading.Lock()
_run: ContextVar[str | None] = ContextVar("run", default=None)


def set_up(folder: Path) -> None:
    """Has the process log into a folder; asked again for the same folder, it does nothing.

    A folder that cannot be made or written costs the records, never the program.

    Args:
        folder: Where the files lie; made when there is something to write.
    """
    with _setting_up:
        ours = logging.getLogger("namerec")
        here = [handler for handler in ours.handlers if isinstance(handler, LogFile)]
        if any(handler.folder == folder for handler in here):
            return
        for handler in here:
            ours.removeHandler(handler)
            handler.close()
        ours.addHandler(LogFile(folder))
        if logging.lastResort is not None and logging.lastResort not in ours.handlers:
            ours.addHandler(logging.lastResort)
        ours.setLevel(logging.INFO)


@contextmanager
def for_run(run_id: str) -> Iterator[None]:
    """Whatever is logged inside, in this thread, carries the run's id."""
    token = _run.set(run_id)
    try:
        yield
    finally:
        _run.reset(token)


class LogFile(RotatingFileHandler):
    """The file; what it cannot write is lost without a word."""

    def __init__(self, folder: Path) -> None:
        # Opened at the first record, and again after every failure: a disk is not full for ever.
        super().__init__(
            folder / FILE, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="ascii", delay=True
        )
        self.folder = folder
        self.setFormatter(_JsonLine())

    def _open(self) -> TextIOWrapper:
        self.folder.mkdir(parents=True, exist_ok=True)
        return super()._open()

    def emit(self, record: logging.LogRecord) -> None:
        """See the base class."""
        self._follow()
        super().emit(record)

    def doRollover(self) -> None:  # noqa: N802
        """See the base class; of several processes on one folder only one shifts its files."""
        from filelock import FileLock, Timeout  # late: most processes never get here

        with suppress(Timeout), FileLock(self.folder / f"{FILE}.lock", timeout=LOCK_SECONDS):
            if not self._follow():
                super().doRollover()

    def _follow(self) -> bool:
        """Lets go of a file that another process has shifted or removed; whether there was one."""
        if self.stream is None:
            return False
        with suppress(OSError):
            if os.path.samestat(os.stat(self.baseFilename), os.fstat(self.stream.fileno())):
                return False
        with suppress(OSError):
            self.stream.close()
        self.stream = None
        return True

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Nobody is told: standard error has the warnings, and there is no better place."""

    def close(self) -> None:
        """See the base class; what a full disk has not taken is lost."""
        with suppress(OSError):
            super().close()


class _JsonLine(JsonFormatter):
    """A record as one line of ASCII: line ends and control characters of its texts are escaped."""

    def __init__(self) -> None:
        names = {"levelname": "level", "name": "logger", "exc_info": "exception"}
        super().__init__(["levelname", "name", "message"], timestamp="time", rename_fields=names)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Bounds the texts, and adds the run."""
        if (run := _run.get()) is not None:
            log_data["run"] = run
        return {
            name: _shortened(value) if isinstance(value, str) else value
            for name, value in log_data.items()
        }


def _shortened(text: str) -> str:
    """A text, or its two ends: a traceback's last lines say the most."""
    half = MAX_TEXT // 2
    return text if len(text) <= MAX_TEXT else f"{text[:half]} … {text[-half:]}"
