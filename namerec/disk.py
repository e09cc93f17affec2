"""Files that are whole or not there.

They are written aside, flushed to the disk and renamed into place.
"""

import errno
import os
import shutil
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

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


def keep_torn(path: Path) -> None:
    """Copies a damaged file beside itself, as `metrics.torn-1.jsonl`, before it is replaced.

    Raises:
        OSError: If it is no file, or the disk refuses.
    """
    number = 1
    while (aside := path.with_name(f"{path.stem}.torn-{number}{path.suffix}")).exists():
        number += 1
    shutil.copyfile(path, aside)


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


@contextmanager
def alone(lock: Path, seconds: float = 10.0) -> Iterator[None]:
    """While it lasts, nobody else is inside with the same lock, in this process or another.

    What is stored is read, changed and written inside, so that no change is lost.

    Args:
        lock: A file, made when needed; its content says nothing.
        seconds: To wait for it. Whoever changes a small file has it for a moment.

    Raises:
        OSError: If somebody else has it for so long, or the folder cannot be written.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = FileLock(lock, timeout=seconds, poll_interval=0.005, thread_local=False)
    try:
        held.acquire()
    except Timeout:
        raise OSError(errno.EBUSY, "another namerec is changing it", str(lock)) from None
    try:
        yield
    finally:
        held.release()


def flush_folder(folder: Path) -> None:
    """Makes renames and new names in a folder durable, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def own_folder(path: Path) -> Path:
    """Makes a folder that nothing but the lab uses, if it is missing.

    Raises:
        OSError: If it cannot be made, or is a link: what is swept in it would be somebody else's.
    """
    if path.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, f"{path} is a link, which must be removed first")
    path.mkdir(parents=True, exist_ok=True)
    return path


def existing(folder: Path) -> Path:
    """A folder, or what of its parents is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder, or in what it would be made in."""
    there = existing(folder)
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def unwritable(what: str, folder: Path, variable: str) -> str:
    """A sentence for a folder in which no file can be made; empty if one can.

    Args:
        what: What lies there.
        folder: Which; it need not be there yet.
        variable: What sets it.
    """
    if is_writable(folder):
        return ""
    return (
        f"The {what} folder {folder} cannot be written. Change its owner or its permissions, or "
        f"set {variable} to another folder."
    )


def debris(folder: Path) -> Iterator[Path]:
    """What killed programs left unfinished in a folder and below: files, and folders aside."""
    for parent, folders, files in os.walk(folder):
        aside = [name for name in folders if name.startswith(".") and name.endswith(UNFINISHED)]
        folders[:] = [name for name in folders if name not in aside]
        for name in aside + [name for name in files if name.endswith(UNFINISHED)]:
            path = Path(parent, name)
            if is_debris(path):
                yield path


def remove_debris(folder: Path) -> list[Path]:
    """Removes what killed programs left unfinished; what it has removed."""
    removed = []
    for path in debris(folder):
        with suppress(OSError):
            path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)
            removed.append(path)
    return removed


def is_debris(path: Path) -> bool:
    """Whether an unfinished file was left by a killed program, and is not just being written."""
    try:
        # Of the future it is if the clock was set back since.
        return abs(time.time() - path.lstat().st_mtime) > _DEBRIS_AGE
    except OSError:  # renamed into its place, or removed, since the folder was read
        return False
