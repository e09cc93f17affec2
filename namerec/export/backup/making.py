"""Makes a backup, also while runs are trained.

A run's files are opened together, at one moment between two writes; what is written afterwards is
not in what was opened, since files are replaced and never changed. So a run in training is in the
backup as a kill at that moment would have left it, which is what resuming it needs.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from namerec.disk import UNFINISHED, is_debris, open_regular, replacing
from namerec.errors import BackupError
from namerec.export.backup.contents import (
    DEEPEST,
    MANIFEST,
    MAX_FILES,
    TRASH,
    KeptFile,
    Manifest,
    can_be_kept,
    is_passing,
    run_of,
    unit_of,
)

#: When all files of a zip were made, as it says: equal files give equal zips.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
#: How often the files of a run are looked at, to find a moment between two writes. Opening them
#: takes a fraction of a millisecond, and an epoch's storing several.
_LOOKS = 1000
#: Bytes read in one go.
_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup has.

    Attributes:
        runs: Ids of the runs in it, those in the trash too.
        files: Number of all files.
        size: Bytes of all of them.
        left_out: Paths in the data folder that are none of namerec's, and not in it.
    """

    runs: tuple[str, ...]
    files: int
    size: int
    left_out: tuple[str, ...]


def back_up(home: Path, file: Path, *, trash: bool = False) -> Backup:
    """Writes all that is kept in a data folder into one file, whole or not at all.

    Args:
        home: The data folder.
        file: The backup; it does not exist.
        trash: Whether deleted runs that can be brought back are in it too.

    Raises:
        BackupError: If there is nothing to keep, the file is there already or in the data folder,
            something cannot be read, or the disk refuses.
    """
    if file.exists() or file.resolve().is_relative_to(home.resolve()):
        where = "is in the data folder" if not file.exists() else "already exists"
        raise BackupError(f"“{file}” {where}, so nothing was written. Give another file.")
    units, left_out = _units(home, trash)
    kept: list[KeptFile] = []
    try:
        for left in file.parent.glob(f"{file.name}.*{UNFINISHED}"):  # by programs that were killed
            if is_debris(left):
                left.unlink(missing_ok=True)
        with replacing(file) as written, zipfile.ZipFile(written, "w") as archive:
            for unit, folder in units.items():
                kept += _store(archive, home, unit, folder)
            if not kept:
                raise BackupError(f"There is nothing to back up in {home}. Is it the data folder?")
            if len(kept) > MAX_FILES:
                raise BackupError(
                    f"The data folder has {len(kept):,} files; a backup has at most {MAX_FILES:,}. "
                    "Copy the folder instead, or delete runs that are no longer needed."
                )
            content = Manifest(files=tuple(kept)).model_dump_json().encode()
            with _entry(archive, MANIFEST, len(content)) as entry:
                entry.write(content)
    except OSError as error:
        raise BackupError(
            f"The backup cannot be written to {file}: {error.strerror or error}. Free some space, "
            "or give a file in another folder."
        ) from None
    runs = sorted({run for one in kept if (run := run_of(unit_of(one.path))) is not None})
    return Backup(tuple(runs), len(kept), sum(one.size for one in kept), tuple(left_out))


def _units(home: Path, trash: bool) -> tuple[dict[str, str], list[str]]:
    """What is copied at one moment each, with its folder; and the paths of what is left out."""
    found: dict[str, str] = {}
    left_out: list[str] = []
    # As the lab does, it follows links: a folder of many runs may lie on another disk.
    for folder, folders, files in os.walk(home, followlinks=True):
        place = Path(folder).relative_to(home)
        below = {name: (place / name).as_posix() for name in (*folders, *files)}
        wanted = [name for name in sorted(folders) if not is_passing(below[name])]
        if not trash:
            wanted = [name for name in wanted if below[name] != f"runs/{TRASH}"]
        folders[:] = wanted if len(place.parts) < DEEPEST else []
        for path in sorted(below[name] for name in files):
            if _is_kept(home, path):
                found[unit_of(path)] = place.as_posix()
            elif not is_passing(path):
                left_out.append(path)
    return found, left_out


def _store(archive: zipfile.ZipFile, home: Path, unit: str, folder: str) -> Iterator[KeptFile]:
    """Puts what belongs together into the zip, as it is at one moment; nothing if it has gone."""
    with ExitStack() as opened:
        for path, (file, size) in _at_one_moment(home, unit, folder, opened).items():
            digest = hashlib.sha256()
            with _entry(archive, path, size) as entry:
                for chunk in _chunks(file, home / path, size):
                    digest.update(chunk)
                    entry.write(chunk)
            yield KeptFile(path=path, size=size, sha256=digest.hexdigest())


def _at_one_moment(
    home: Path, unit: str, folder: str, opened: ExitStack
) -> dict[str, tuple[BinaryIO, int]]:
    """Opens the files of a unit, by path; with each its size at that moment."""

    def seen() -> dict[str, tuple[int, ...]]:
        """By path what changes whenever a file does."""
        paths: list[str] = []
        with suppress(FileNotFoundError):  # removed, or moved into the trash
            paths = sorted((Path(folder) / name).as_posix() for name in os.listdir(home / folder))
        mine = [path for path in paths if _is_kept(home, path) and unit_of(path) == unit]
        return {path: _identity(os.stat(home / path)) for path in mine}

    for _ in range(_LOOKS):
        opened.close()
        try:
            before = seen()
            files = {path: opened.enter_context(open_regular(home / path)) for path in before}
        except FileNotFoundError:  # one was replaced or removed at this moment
            continue
        except OSError as error:
            raise _unreadable(Path(error.filename or home / folder), error) from None
        same = {path: _identity(os.fstat(file.fileno())) for path, file in files.items()}
        if before == same == seen():
            return {path: (file, before[path][1]) for path, file in files.items()}
    raise BackupError(f"The files in {home / folder} change all the time. Back up again later.")


def _is_kept(home: Path, path: str) -> bool:
    leads_nowhere = (home / path).is_symlink() and not (home / path).exists()
    return can_be_kept(path) and not leads_nowhere


def _identity(found: os.stat_result) -> tuple[int, ...]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _chunks(file: BinaryIO, path: Path, left: int) -> Iterator[bytes]:
    """So many bytes of a file."""
    try:
        while left and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk
    except OSError as error:
        raise _unreadable(path, error) from None
    if left:
        raise BackupError(
            f"“{path}” became shorter while it was read, so there is no backup. If the disk of the "
            "data folder is full, free some space; then back up again."
        )


def _unreadable(path: Path, error: OSError) -> BackupError:
    return BackupError(
        f"“{path}” cannot be read: {error.strerror or error}. Make it readable, or move it out of "
        "the data folder; then back up again."
    )


@contextmanager
def _entry(archive: zipfile.ZipFile, path: str, size: int) -> Iterator[IO[bytes]]:
    """A new entry of the zip, to write."""
    info = zipfile.ZipInfo(path, _NO_TIME)
    info.file_size = size  # so that a large one gets the longer header
    with archive.open(info, "w") as entry:
        yield entry
