"""The data folder, and files that are whole or not there.

They are written aside, flushed to the disk and renamed into place.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import platformdirs

#: Ending of a file that is still being written; anything so called is debris after a crash.
UNFINISHED = ".part"


def home() -> Path:
    """The data folder: `NAMEREC_HOME` if set, else the user's own by the system's convention."""
    given = os.environ.get("NAMEREC_HOME")
    return Path(os.path.expanduser(given)) if given else Path(platformdirs.user_data_dir("namerec"))


def write_whole(path: Path, content: bytes) -> None:
    """Replaces a file's content in one step; on any failure the old content stays.

    Args:
        path: The file; its folder exists.
        content: All of its new content.

    Raises:
        OSError: If the disk refuses; nothing of the attempt is left.
    """
    aside = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_native_id()}{UNFINISHED}")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def append_flushed(path: Path, content: bytes) -> None:
    """Adds to the end of a file and waits until it is on the disk.

    Raises:
        OSError: If the disk refuses; what was written of the content is cut off again.
    """
    created = not path.exists()
    # Without a buffer: one would hold what did not fit, and write it at the closing after all.
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        rest = memoryview(content)
        try:
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except BaseException:
            os.truncate(file.fileno(), before)
            raise
    if created:
        flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Makes renames and new names in a folder durable, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
