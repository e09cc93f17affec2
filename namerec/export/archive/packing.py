"""Packs a run as one zip, with which it can be imported and resumed on another computer."""

from __future__ import annotations

import contextlib
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator

from namerec.data.kept_table import as_table
from namerec.errors import DataError, RunError
from namerec.export.archive.bounds import MAX_RATIO
from namerec.export.archive.contents import (
    MANIFEST,
    MAX_BYTES,
    NAMES,
    Manifest,
    PackedFile,
    is_own,
    most_bytes,
    run_files,
)
from namerec.export.source import MadeFile, Source
from namerec.runs.folder import RunFolder
from namerec.runs.lineage import gap

#: When all files of a zip were made, as it says: equal files give equal zips.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
#: Rights of an unpacked file: its owner may change it, everybody may read it.
_RIGHTS = 0o100644 << 16


def zip_files(source: Source) -> list[MadeFile]:
    """Packs a run, with its names if they are a person's own.

    Equal runs give equal bytes.

    Raises:
        RunError: If it is being trained, or a file of it is missing, damaged or too large.
    """
    names, words = _names(source)
    with _still(source.folder):
        files = dict(run_files(source.folder, source.run.id))
    if names is not None:
        files[NAMES] = names
    size = sum(map(len, files.values()))
    if size > MAX_BYTES:
        raise RunError(
            f"Run {source.run.id} takes {size:,} bytes; at most {MAX_BYTES:,} are packed. Copy its "
            f"folder {source.folder.path} instead."
        )
    described = tuple(PackedFile.of(name, content) for name, content in files.items())
    manifest = Manifest.of(source.run.id, described).content()
    content = zipped([(MANIFEST, manifest), *files.items()])
    if missing := gap(source.folder, source.run.status):
        words = f"{words} {missing.words}"
    return [MadeFile(f"{source.run.id}.zip", content, words)]


@contextlib.contextmanager
def _still(folder: RunFolder) -> Iterator[None]:
    """While it is read nobody trains it, or the files would be of several epochs."""
    if folder.status().state in ("finished", "diverged"):
        yield
        return
    try:
        held = folder.lock()
    except OSError as error:
        raise RunError(
            f"Run {folder.id} cannot be locked while it is read: {error.strerror}. Make its folder "
            f"{folder.path} writable."
        ) from None
    with held:
        yield


def _names(source: Source) -> tuple[bytes | None, str]:
    """The names to pack, if any, and a sentence on where they are."""
    if not is_own(source.run.info.config.training.dataset):
        return None, "The corpus is not in it, because every namerec has it or can download it."
    try:
        table = as_table(source.dataset)
    except DataError as error:
        return None, f"The names are not in it. {error}"
    if len(table) > (most_bytes(NAMES) or 0):
        return None, "The names are not in it, because they are too large. Copy their files too."
    return table, f"The {len(source.dataset):,} names that it was trained on are in it too."


def zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip of files, names and contents; equal files give equal zips."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in files:
            info = zipfile.ZipInfo(name, _NO_TIME)
            info.create_system, info.external_attr = 3, _RIGHTS
            packs = _packs(name, content)
            info.compress_type = zipfile.ZIP_DEFLATED if packs else zipfile.ZIP_STORED
            archive.writestr(info, content)
    return written.getvalue()


def _packs(name: str, content: bytes) -> bool:
    """Whether a file is packed, and not stored as it is."""
    if name.endswith(".safetensors"):  # weights hardly get smaller, and take long to try
        return False
    # The confusion matrices of many categories, mostly zeros, would pack as a bomb does.
    return 2 * len(content) <= MAX_RATIO * len(zlib.compress(content, 1))
