"""Files that are whole or not there.

They are written aside, flushed to the disk and renamed into place.
"""

import errno
import os
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

#: Ending of a file that is still being written; anything so called is debris after a crash.
UNFINISHED = ".part"
#: Seconds from which what is unfinished was left by a killed program: no download, upload or import
#: takes so long.
_DEBRIS_AGE = 3600.0


def open_regular(path: Path) -> BinaryIO:
    """Opens a file for reading, without a wait for a pipe and nothing of a device.

    Raises:
        OSError: If there is none, it cannot be read, or it is not a regular file.
    """
    # Where a system has no such flag, opening a pipe by its name does not wait.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def read_at_most(path: Path, most_bytes: int) -> bytes | None:
    """All of a regular file; None if it is larger than that, of which no more is read.

    Raises:
        OSError: As `open_regular`.
    """
    with open_regular(path) as file:
        content = file.read(most_bytes + 1)
    return content if len(content) <= most_bytes else None


def write_whole(path: Path, content: bytes) -> None:
    """Replaces a file's content in one step; on any failure the old content stays.

    Args:
        path: The file; its folder exists.
        content: All of its new content.

    Raises:
        OSError: If the disk refuses; nothing of the attempt is left.
    """
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """The same for content that is written piece by piece: in place once the block has ended.

    Raises:
        OSError: As `write_whole`.
    """
    aside = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_native_id()}{UNFINISHED}")
    try:
        with aside.open("wb") as file:
            yield file
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


def is_debris(path: Path) -> bool:
    """Whether an unfinished file was left by a killed program, and is not just being written."""
    try:
        # Of the future it is if the clock was set back since.
        return abs(time.time() - path.lstat().st_mtime) > _DEBRIS_AGE
    except OSError:  # renamed into its place, or removed, since the folder was read
        return False
