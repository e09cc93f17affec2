"""Brings back what a backup has and the data folder lacks; what is there is never changed.

A run's folder is written aside and renamed into the list, so that it is there whole or not at all.
Killed at any moment, restoring again brings the rest.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from namerec.disk import flush_folder, open_regular, replacing
from namerec.errors import BackupError
from namerec.export.archive.aside import alone, aside_of
from namerec.export.backup.contents import KeptFile, can_be_kept, run_of, unit_of
from namerec.export.backup.reading import BackupZip, opened
from namerec.jobs.limits import check_disk
from namerec.runs.store import RunStore
from namerec.settings import settings


@dataclass(frozen=True, slots=True)
class Restored:
    """What has become of a backup: runs, by their ids, and the paths of other files.

    Attributes:
        restored: What was not here.
        same: What is here with the same content.
        different: What is here with other content, and stayed as it is.
    """

    restored: tuple[str, ...]
    same: tuple[str, ...]
    different: tuple[str, ...]


def restore(file: Path, home: Path) -> Restored:
    """Writes what a backup has and a data folder lacks.

    Args:
        file: The backup.
        home: The data folder; made if it is missing.

    Raises:
        BackupError: If the file is no whole backup, there is no room for it, or the disk refuses.
        JobError: If the data folder would be over its limit.
    """
    store = RunStore(home / "runs")
    with opened(file) as backup:
        try:
            with alone(store.root):
                return _restored(backup, home, store)
        except OSError as error:
            raise BackupError(
                f"The backup cannot be restored to {home}: {error.strerror or error}. Free some "
                "space, or set NAMEREC_HOME to a folder that can be written; then restore again. "
                "What is already restored is whole, and stays."
            ) from None


def _restored(backup: BackupZip, home: Path, store: RunStore) -> Restored:
    units: dict[str, list[KeptFile]] = {}
    for file in backup.files:
        units.setdefault(unit_of(file.path), []).append(file)
    here = {unit for unit in units if _is_here(home, unit, units[unit], store)}
    size = sum(file.size for unit in units if unit not in here for file in units[unit])
    check_disk(home, settings(), size)
    free = shutil.disk_usage(home).free
    if size > free:
        raise BackupError(
            f"What the backup has and {home} lacks takes {size:,} bytes, and {free:,} are "
            "free. Free some space, or set NAMEREC_HOME to a folder on another disk."
        )
    # Names before the runs that were trained on them.
    for unit in sorted(units.keys() - here, key=lambda unit: (run_of(unit) is not None, unit)):
        if run_of(unit) is None:
            _write_files(backup, home, units[unit])
        else:
            _write_run(backup, home / unit, units[unit], store)
    same = {unit for unit in here if _is_same(home, unit, units[unit])}
    return Restored(_words(units.keys() - here), _words(same), _words(here - same))


def _is_here(home: Path, unit: str, files: list[KeptFile], store: RunStore) -> bool:
    run = run_of(unit)
    if run is not None:
        return store.taken(run)
    # A corpus without its description, which is written last, is none.
    return (home / max(file.path for file in files)).exists()


def _is_same(home: Path, unit: str, files: list[KeptFile]) -> bool:
    """Whether what is here is what the backup has, file by file."""
    place = (home / files[0].path).parent
    try:
        paths = {(place / name).relative_to(home).as_posix() for name in os.listdir(place)}
        mine = {path for path in paths if can_be_kept(path) and unit_of(path) == unit}
        return mine == {file.path for file in files} and all(
            _sha256(home / file.path) == file.sha256 for file in files
        )
    except OSError:  # in the trash, or not to be read
        return False


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while chunk := file.read(2**20):
            digest.update(chunk)
    return digest.hexdigest()


def _write_run(backup: BackupZip, target: Path, files: list[KeptFile], store: RunStore) -> None:
    with aside_of(store.root) as aside:
        folder = aside / target.name
        folder.mkdir()
        for file in files:
            with (folder / file.path.rpartition("/")[2]).open("xb") as written:
                for chunk in backup.chunks(file):
                    written.write(chunk)
                written.flush()
                os.fsync(written.fileno())
        flush_folder(folder)
        target.parent.mkdir(exist_ok=True)  # the trash
        folder.rename(target)
    flush_folder(target.parent)


def _write_files(backup: BackupZip, home: Path, files: list[KeptFile]) -> None:
    # In alphabetical order a corpus's description comes after its table.
    for file in sorted(files, key=lambda file: file.path):
        path = home / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as written:
            for chunk in backup.chunks(file):
                written.write(chunk)


def _words(units: set[str]) -> tuple[str, ...]:
    return tuple(sorted(run_of(unit) or unit for unit in units))
