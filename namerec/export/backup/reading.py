"""Somebody's backup: looked at, and every hash in it verified, before anything is written."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from namerec.data.text import listed
from namerec.data.zips import DAMAGE, count_entries, is_encrypted, is_link
from namerec.disk import open_regular
from namerec.errors import BackupError
from namerec.export.backup.contents import (
    MANIFEST,
    MAX_FILES,
    MAX_MANIFEST_BYTES,
    KeptFile,
    Manifest,
    can_be_kept,
    parsed_manifest,
)
from namerec.formats import NewerFormatError
from namerec.text import shown

#: Bytes read in one go.
_CHUNK = 2**20


class BackupZip:
    """A backup that is open for reading; all of it has been verified.

    Attributes:
        files: What is in it, in its order.
    """

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self._archive = archive
        self._entries = _checked(archive.infolist(), size)
        manifest = self._manifest()
        self.files = manifest.files
        listed_here = {file.path: file.size for file in self.files}
        there = {path: info.file_size for path, info in self._entries.items() if path != MANIFEST}
        if len(listed_here) != len(self.files) or listed_here != there:
            raise ValueError("it holds other files than it lists")
        for file in self.files:
            for _ in self.chunks(file):
                pass

    def chunks(self, file: KeptFile) -> Iterator[bytes]:
        """A file's content, verified again.

        Raises:
            BackupError: If it is not what the list says.
        """
        digest = hashlib.sha256()
        with _damage_told(), self._archive.open(self._entries[file.path]) as entry:
            while chunk := entry.read(_CHUNK):
                digest.update(chunk)
                yield chunk
        if digest.hexdigest() != file.sha256:
            raise BackupError(f"“{file.path}” in it was changed after the backup was made.")

    def _manifest(self) -> Manifest:
        if self._entries[MANIFEST].file_size > MAX_MANIFEST_BYTES:
            raise ValueError("its list of files is too large")
        return parsed_manifest(self._archive.read(self._entries[MANIFEST]))


@contextmanager
def opened(file: Path) -> Iterator[BackupZip]:
    """Opens a backup.

    Raises:
        BackupError: If it cannot be read, is no backup, damaged, or holds anything else.
    """
    quoted = f"“{shown(file.name)}”"
    try:
        source = open_regular(file)
    except OSError as error:
        raise BackupError(
            f"{quoted} cannot be read: {error.strerror or error}. Give the file that `namerec "
            "backup FILE` has made."
        ) from None
    with source:
        try:
            with _damage_told():
                # Weights may hold such a record's beginning by chance, once in 4 GB.
                if count_entries(source) > 2 * MAX_FILES:
                    raise BackupError(f"It has more than {MAX_FILES:,} entries.")
                backup = BackupZip(zipfile.ZipFile(source), source.seek(0, io.SEEK_END))
        except BackupError as error:
            raise BackupError(
                f"{quoted} cannot be restored, and nothing was written. {error} Use another copy "
                "of the backup."
            ) from None
        except NewerFormatError as error:
            raise BackupError(
                f"{quoted} cannot be restored, and nothing was written. {error.words('It')}"
            ) from None
        yield backup


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except NewerFormatError:
        raise
    except DAMAGE as error:
        raise BackupError(f"It is no backup, or it is damaged ({shown(str(error))}).") from None


def _checked(infos: list[zipfile.ZipInfo], size: int) -> dict[str, zipfile.ZipInfo]:
    """Refuses by what the archive says of itself, before anything of it is read."""
    names = [info.orig_filename for info in infos]
    entries = {name.casefold(): info for name, info in zip(names, infos, strict=True)}
    if MANIFEST not in names:
        raise BackupError(f"It is no backup: it lacks {MANIFEST}.")
    paths = [name for name in names if name != MANIFEST]
    for words, wrong in (
        ("paths that no backup has", [path for path in paths if not can_be_kept(path)]),
        ("links", [info.orig_filename for info in infos if is_link(info)]),
        ("encrypted files", [info.orig_filename for info in infos if is_encrypted(info)]),
        (
            "packed files, which no backup has",
            [info.orig_filename for info in infos if info.compress_type != zipfile.ZIP_STORED],
        ),
    ):
        if wrong:
            raise BackupError(f"It holds {words}: {listed(wrong)}.")
    if len(entries) != len(infos):
        raise BackupError("It holds files twice.")
    if sum(info.file_size for info in infos) > size:
        raise ValueError("its files overlap")  # one content would be written many times
    return dict(zip(names, infos, strict=True))
