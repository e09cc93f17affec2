"""Somebody's zip of a run: looked at before it is believed, and unpacked aside within bounds."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

from pydantic import BaseModel

from namerec import formats
from namerec.data.text import listed
from namerec.data.zips import DAMAGE, METHODS, count_entries, is_encrypted, is_link
from namerec.disk import open_regular
from namerec.errors import RunError
from namerec.export.archive.bounds import MAX_RATIO, implied_by, implied_bytes
from namerec.export.archive.contents import (
    EARLIER_NAMES,
    MANIFEST,
    MAX_BYTES,
    MAX_FILES,
    MAX_MANIFEST_BYTES,
    NAMES,
    PackedFile,
    most_bytes,
    parsed_manifest,
)
from namerec.formats import NewerFormatError
from namerec.runs.folder import CONFIG, STATUS
from namerec.runs.records import RunInfo, RunStatus
from namerec.text import shown

_Record = TypeVar("_Record", bound=BaseModel)

_AGAIN = "If necessary, export the run again where it was trained."
#: Bytes unpacked in one go.
_CHUNK = 2**20


class RunZip:
    """A zip of a run that is open for reading; what it says of itself has been checked.

    Attributes:
        manifest: Its list of files, with settings and state as they will stand here.
    """

    def __init__(self, archive: zipfile.ZipFile, quoted: str, size: int) -> None:
        self._archive = archive
        self._quoted = quoted
        self._entries = _checked(archive.infolist(), quoted, size)
        content = self._archive.open(self._entries[MANIFEST]).read(MAX_MANIFEST_BYTES + 1)
        try:
            manifest = parsed_manifest(content)
        except RunError as error:
            raise RunError(f"{quoted} cannot be read here. {error}") from None
        self._files = {file.name: file for file in manifest.files}
        if len(self._files) != len(manifest.files) or set(self._files) != set(self._entries) - {
            MANIFEST
        }:
            raise ValueError("it holds other files than it lists")
        info, status = self._record(CONFIG, RunInfo), self._record(STATUS, RunStatus)
        self._check_sizes(info, status)
        self.manifest = manifest.settled(info, status)

    @property
    def size(self) -> int:
        """Bytes of all files, as it says of itself."""
        return sum(file.size for file in self._files.values())

    def names(self) -> bytes | None:
        """The table of names that came with the run, checked; None for none.

        Raises:
            RunError: If it is not what the list of files says.
        """
        name = NAMES if NAMES in self._files else EARLIER_NAMES
        return self._content(name) if name in self._files else None

    def unpack(self, folder: Path) -> None:
        """Writes the run's files, which its names are not, checked and flushed into a folder.

        Args:
            folder: An empty one.

        Raises:
            RunError: If one is not what the list of files says.
            OSError: If the disk refuses.
        """
        for name, packed in self._files.items():
            if name in (NAMES, EARLIER_NAMES):
                continue
            with (folder / name).open("xb") as file:
                for chunk in self._chunks(packed):
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())

    def _record(self, name: str, kind: type[_Record]) -> _Record:
        try:
            return formats.parsed(self._content(name), kind)
        except NewerFormatError as error:
            raise RunError(error.words(f"The run in {self._quoted}")) from None
        except ValueError:
            raise RunError(
                f"{self._quoted} does not hold a whole run, so nothing was imported: “{name}” "
                f"cannot be read, its content is damaged. {_AGAIN}"
            ) from None

    def _check_sizes(self, info: RunInfo, status: RunStatus) -> None:
        """Refuses files that are larger than the run's settings imply, still packed."""
        for name in self._files:
            size, most = self._entries[name].file_size, implied_bytes(name, info, status)
            if most is not None and size > most:
                raise RunError(
                    f"“{name}” in {self._quoted} takes {size:,} bytes, and "
                    f"{implied_by(name, info)} take at most {most:,}. It is not read. {_AGAIN}"
                )

    def _content(self, name: str) -> bytes:
        return b"".join(self._chunks(self._files[name]))

    def _chunks(self, packed: PackedFile) -> Iterator[bytes]:
        """A file's content, never more than is listed; its errors are never the disk's."""
        digest, left = hashlib.sha256(), packed.size
        with _damage_told(self._quoted), self._archive.open(self._entries[packed.name]) as entry:
            while chunk := entry.read(min(_CHUNK, left + 1)):
                left -= len(chunk)
                if left < 0:
                    break
                digest.update(chunk)
                yield chunk
        if left or digest.hexdigest() != packed.sha256:
            raise RunError(
                f"“{packed.name}” in {self._quoted} is not the file that was packed: its content "
                f"was changed after the export. Copy the zip again. {_AGAIN}"
            )


@contextmanager
def opened(given: bytes | Path, title: str) -> Iterator[RunZip]:
    """Opens a zip of a run.

    Raises:
        RunError: If it is no zip of a run, is damaged, too large, encrypted, or holds anything
            else.
    """
    quoted = f"“{shown(title)}”"
    with _regular(given, quoted) as file:
        with _damage_told(quoted):
            found = count_entries(file)
            # Weights may hold such a record's beginning by chance, once in 4 GB.
            if found > 2 * MAX_FILES:
                raise RunError(
                    f"{quoted} has {found:,} entries; a packed run has at most {MAX_FILES}. "
                    f"{_AGAIN}"
                )
            run = RunZip(zipfile.ZipFile(file), quoted, file.seek(0, io.SEEK_END))
        yield run


@contextmanager
def _regular(given: bytes | Path, quoted: str) -> Iterator[BinaryIO]:
    try:
        file = io.BytesIO(given) if isinstance(given, bytes) else open_regular(given)
    except OSError as error:
        raise RunError(
            f"{quoted} cannot be read: {error.strerror or error}. Give the zip file that `namerec "
            "export RUN --to zip` has made."
        ) from None
    with file:
        size = file.seek(0, io.SEEK_END)
        if size > MAX_BYTES:
            raise RunError(_too_large(quoted, size))
        file.seek(0)
        yield file


@contextmanager
def _damage_told(quoted: str) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        raise RunError(
            f"{quoted} is not a zip of a run, or it is damaged ({shown(str(error))}). {_AGAIN}"
        ) from None


def _checked(infos: list[zipfile.ZipInfo], quoted: str, packed: int) -> dict[str, zipfile.ZipInfo]:
    """Refuses by what the archive says of itself, before anything of it is unpacked."""
    names = [info.orig_filename for info in infos]
    for words, wrong in (
        ("files that no run has", [name for name in names if most_bytes(name) is None]),
        ("files twice", sorted({name for name in names if names.count(name) > 1})),
        ("links", [info.orig_filename for info in infos if is_link(info)]),
        ("encrypted files", [info.orig_filename for info in infos if is_encrypted(info)]),
        (
            "files packed in another way than a run's are",
            [info.orig_filename for info in infos if info.compress_type not in METHODS],
        ),
        (
            "files that are too large",
            [name for name, info in zip(names, infos, strict=True) if _is_large(info)],
        ),
    ):
        if wrong:
            raise RunError(f"{quoted} holds {words}: {listed(wrong)}. It is not read. {_AGAIN}")
    missing = sorted({MANIFEST, CONFIG, STATUS} - set(names))
    if missing:
        raise RunError(f"{quoted} is not a zip of a run: it lacks {listed(missing)}. {_AGAIN}")
    size = sum(info.file_size for info in infos)
    if size > MAX_BYTES:
        raise RunError(_too_large(quoted, size))
    if sum(info.compress_size for info in infos) > packed:
        raise ValueError("its files overlap")  # one packed content would be unpacked many times
    for name, info in zip(names, infos, strict=True):
        if info.file_size > MAX_RATIO * info.compress_size:
            raise RunError(
                f"“{shown(name)}” in {quoted} unpacks to {info.file_size:,} bytes from "
                f"{info.compress_size:,}; at most {MAX_RATIO} for one are allowed. A run's files "
                f"do not pack that well. {_AGAIN}"
            )
    return dict(zip(names, infos, strict=True))


def _is_large(info: zipfile.ZipInfo) -> bool:
    return info.file_size > (most_bytes(info.orig_filename) or 0)


def _too_large(quoted: str, size: int) -> str:
    return (
        f"{quoted} takes {size:,} bytes; a packed run has at most {MAX_BYTES:,}. Copy the run's "
        "own folder into the “runs” folder here instead."
    )
