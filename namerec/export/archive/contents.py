"""What a packed run consists of: its files, how large each may be, and the list of them.

manifest.json   the other files, each with its size and SHA-256
names.table     the names it was trained on, if they are a person's own, as a CSV table
and the files of `runs.folder`, `runs.lineage` and `runs.labels`, all without a folder
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import namerec
from namerec import formats
from namerec.core.tasks.memory_task import is_memory_task
from namerec.data import catalogue, kept, text
from namerec.disk import read_at_most
from namerec.errors import RunError
from namerec.runs import labels, metrics, tensors
from namerec.runs.folder import (
    BEST,
    CONFIG,
    LAST,
    MAX_JSON_BYTES,
    METRICS,
    PREDICTIONS,
    STATUS,
    RunFolder,
    milestone_file,
)
from namerec.runs.labels import LABEL, NO_LABEL, read_label
from namerec.runs.lineage import BEFORE, FIRST
from namerec.runs.records import ACTIVE_STATES, Count, RunId, RunInfo, RunStatus
from namerec.text import shown

#: Of the zip; a newer one is told from damage by it. The second holds files that say their format.
FORMAT = 2
MANIFEST = "manifest.json"
#: Not called a table that spreadsheets open by themselves: cells that begin with “=” stand in it
#: as they are. Earlier zips call it so.
NAMES, EARLIER_NAMES = "names.table", "names.csv"
#: Most bytes of all files together: twice the largest run that can be trained.
MAX_BYTES = 2 * 1024**3
#: Most files: the named ones, and a milestone for each doubling of a billion epochs.
MAX_FILES = 48
#: Largest manifest read, bytes: 48 files take 8 kB.
MAX_MANIFEST_BYTES = 64 * 1024

_BOUNDS = {
    MANIFEST: MAX_MANIFEST_BYTES,
    CONFIG: MAX_JSON_BYTES,
    STATUS: MAX_JSON_BYTES,
    METRICS: metrics.MAX_BYTES,
    BEFORE: metrics.MAX_BYTES,
    BEST: tensors.MAX_BYTES,
    LAST: tensors.MAX_BYTES,
    FIRST: tensors.MAX_BYTES,
    PREDICTIONS: tensors.MAX_BYTES,
    LABEL: labels.MAX_BYTES,
    NAMES: text.MAX_BYTES,
    EARLIER_NAMES: text.MAX_BYTES,
}


class PackedFile(BaseModel):
    """One file: its size in bytes, and what its content must hash to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(max_length=100)]
    size: Count
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]

    @staticmethod
    def of(name: str, content: bytes) -> PackedFile:
        """Describes a file."""
        digest = hashlib.sha256(content).hexdigest()
        return PackedFile(name=name, size=len(content), sha256=digest)


class _Newest(BaseModel):
    """What every manifest says, however new: `FORMAT` of the version that packed it, and which."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Annotated[int, Field(ge=1, le=10**6)]
    namerec: Annotated[str, Field(max_length=40)]


class Manifest(_Newest):
    """`manifest.json`.

    Attributes:
        run: The run's id where it was packed.
        files: All others, in their order.
    """

    run: RunId
    files: Annotated[tuple[PackedFile, ...], Field(min_length=1, max_length=MAX_FILES)]

    @staticmethod
    def of(run: str, files: tuple[PackedFile, ...]) -> Manifest:
        """Describes what this version packs."""
        return Manifest(format=FORMAT, namerec=namerec.__version__, run=run, files=files)

    def content(self) -> bytes:
        """As it stands in the zip."""
        return self.model_dump_json(indent=2).encode() + b"\n"

    def of_the_run(self) -> dict[str, str]:
        """What makes the run what it is: SHA-256 by file, without its label and its names."""
        beside = (LABEL, NAMES, EARLIER_NAMES)
        return {file.name: file.sha256 for file in self.files if file.name not in beside}

    def settled(self, info: RunInfo, status: RunStatus) -> Manifest:
        """The same with `config.json` and `status.json` as they will stand where it arrives."""
        contents = {CONFIG: config_content(info, self.run), STATUS: status_content(status)}
        files = tuple(
            PackedFile.of(file.name, contents[file.name]) if file.name in contents else file
            for file in self.files
        )
        return self.model_copy(update={"files": files})


def most_bytes(name: str) -> int | None:
    """How large a file may be; None if it is no file of a packed run."""
    digits = name.removeprefix("epoch-").removesuffix(".safetensors")
    if digits.isdecimal() and len(digits) <= 9 and int(digits) > 0:
        return tensors.MAX_BYTES if name == milestone_file(int(digits)) else None
    return _BOUNDS.get(name)


def is_own(reference: str) -> bool:
    """Whether a corpus is a person's own, so that another computer does not have it."""
    return reference not in (catalogue.BUNDLED, catalogue.TUTORIAL) and not is_memory_task(
        reference
    )


def config_content(info: RunInfo, identity: str) -> bytes:
    """A run's `config.json` on whatever computer.

    A person's own names are referred to by what is in them: a path says nothing elsewhere, and
    tells of the computer that it was on. Those it was started in a race with are not there.
    """
    if is_own(info.config.training.dataset):
        reference = kept.PREFIX + info.dataset.fingerprint[: kept.ID_DIGITS]
        training = info.config.training.model_copy(update={"dataset": reference})
        config = info.config.model_copy(update={"training": training})
        info = info.model_copy(update={"config": config})
    return formats.content(info.model_copy(update={"id": identity, "race": ""}))


def status_content(status: RunStatus) -> bytes:
    """A run's `status.json` where nobody works on it."""
    if status.state in ACTIVE_STATES:
        status = status.model_copy(update={"state": "stopped"})
    return formats.content(status)


def run_files(folder: RunFolder, identity: str) -> Iterator[tuple[str, bytes]]:
    """A run's files as they are packed, one at a time: names and contents.

    Args:
        folder: The run's; nobody changes it meanwhile.
        identity: What it is to be called.

    Raises:
        RunError: If one is missing, damaged or too large.
    """
    info, status = folder.info(), folder.status()
    yield CONFIG, config_content(info, identity)
    yield STATUS, status_content(status)
    label = read_label(folder.path)
    if label != NO_LABEL:
        yield LABEL, formats.content(label)
    milestones = [milestone_file(epoch) for epoch in folder.milestones()]
    # Without damaged lines: they stay where they are, and a gap is told in their place.
    if info.branch_points:
        yield BEFORE, metrics.kept(folder.path / BEFORE, info.branch_points[-1].step).content
        yield FIRST, _content(folder.path / FIRST)
    if status.epoch or (folder.path / METRICS).exists():
        yield METRICS, metrics.kept(folder.path / METRICS, status.step).content
    for name in (BEST, LAST, PREDICTIONS, *milestones):
        if (folder.path / name).exists():
            yield name, _content(folder.path / name)


def parsed_manifest(content: bytes) -> Manifest:
    """Reads a manifest.

    Raises:
        ValueError: If it is damaged.
        RunError: If it is that of a newer version.
    """
    try:
        newest = _Newest.model_validate_json(content)
        if newest.format <= FORMAT:
            return Manifest.model_validate_json(content)
    except ValidationError:
        raise ValueError("its list of files is damaged") from None
    raise RunError(
        f"It was packed by namerec {shown(newest.namerec)} in format {newest.format}, and namerec "
        f"{namerec.__version__} reads formats up to {FORMAT}. Use namerec {shown(newest.namerec)}."
    )


def _content(path: Path) -> bytes:
    most = most_bytes(path.name) or 0
    try:
        content = read_at_most(path, most)
    except OSError as error:
        raise metrics.unreadable(path, error.strerror or type(error).__name__) from None
    if content is None:
        raise metrics.too_large(path, most)
    return content
