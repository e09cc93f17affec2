"""What a backup consists of: a zip of the data folder's files, and a list of them.

backup.json   the other entries, each with its size in bytes and its SHA-256
and the files by their paths in the data folder: `runs/<id>/<file>`, `corpora/<file>` and so on

Nothing in it is packed, so that it unpacks to its own size and to no more. Weights hardly get
smaller.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import namerec
from namerec.disk import UNFINISHED
from namerec.formats import NewerFormatError
from namerec.runs.records import Count, is_run_id
from namerec.text import shown

#: Of the zip; a newer one is told from damage by it.
FORMAT = 1
MANIFEST = "backup.json"
#: Most files: those of ten thousand runs.
MAX_FILES = 200_000
#: Largest list of them that is read, bytes; an entry takes some 170.
MAX_MANIFEST_BYTES = 64 * 2**20
#: Deepest path, folders and file, without the trash's own folder.
DEEPEST = 4
#: A folder's or file's name, the same on every system: no path, nothing hidden, nothing that
#: Windows would read otherwise.
_NAME = re.compile(
    r"(?!(?i:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[0-9A-Za-z_][0-9A-Za-z._-]{0,119}(?<!\.)"
)
_RUNS, TRASH = "runs", ".trash"
_LOCK = re.compile(r"(?:.+\.)?lock")
#: First characters of a kept corpus's files, which belong together: its id.
_CORPUS = 16


class KeptFile(BaseModel):
    """One file: where it lies in the data folder, its size in bytes, and its SHA-256."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Annotated[str, Field(max_length=500)]
    size: Count
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """`backup.json`.

    Attributes:
        format: `FORMAT` of the version that made it.
        namerec: That version.
        files: All others, in their order.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Annotated[int, Field(ge=1, le=10**6)] = FORMAT
    namerec: Annotated[str, Field(max_length=40)] = namerec.__version__
    files: Annotated[tuple[KeptFile, ...], Field(max_length=MAX_FILES)]


def parsed_manifest(content: bytes) -> Manifest:
    """Reads a list of files.

    Raises:
        ValueError: If it is damaged.
        NewerFormatError: If it is that of a newer version.
    """
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError:
        raise ValueError("its list of files is damaged") from None
    if manifest.format != FORMAT:
        reason = f"it reads formats up to {FORMAT}, not {manifest.format}"
        raise NewerFormatError(shown(manifest.namerec), reason)
    return manifest


def is_passing(path: str) -> bool:
    """Whether a file or folder of the data folder says nothing of the data.

    The log, what is hidden or unfinished, and who holds what at the moment.
    """
    *folders, name = parts = _without_trash(path)
    return (
        "logs" in (*folders[:1], path)
        or any(part.startswith(".") for part in parts)
        or name.endswith(UNFINISHED)
        or _LOCK.fullmatch(name) is not None
    )


def can_be_kept(path: str) -> bool:
    """Whether a file's path in the data folder is one that a backup has: never one outside."""
    parts = _without_trash(path)
    if is_passing(path.lower()) or not 1 <= len(parts) <= DEEPEST:
        return False
    if not all(map(_NAME.fullmatch, parts)):
        return False
    is_run = parts[0] == _RUNS and len(parts) == 3 and is_run_id(parts[1])
    return is_run or parts[0].lower() != _RUNS


def _without_trash(path: str) -> list[str]:
    """The parts of a path; those of a deleted run are as if it were in the list."""
    parts = path.split("/")
    return [_RUNS, *parts[2:]] if parts[:2] == [_RUNS, TRASH] else parts


def unit_of(path: str) -> str:
    """What a file is brought back with, or not at all: its run's folder, or its kept corpus."""
    folder, _, name = path.rpartition("/")
    if path.startswith(f"{_RUNS}/"):
        return folder
    return f"{folder}/{name[:_CORPUS]}" if folder == "corpora" else path


def run_of(unit: str) -> str | None:
    """The id of a unit that is a run, in the list or in the trash."""
    return unit.rpartition("/")[2] if unit.startswith(f"{_RUNS}/") else None
