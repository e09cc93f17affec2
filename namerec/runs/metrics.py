"""Records of training as lines of JSON: append-only, what is torn or damaged is left out."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError

from namerec.core.training.records import EpochRecord, StepRecord
from namerec.disk import open_regular
from namerec.errors import RunError
from namerec.runs.records import EpochLine, GapLine, StepLine

#: Largest file read, bytes: 1,000 epochs with a confusion matrix of 200 categories take 120 MB; a
#: usual run's take less than 2.
MAX_BYTES = 256 * 1024**2
#: Longest line, bytes: the confusion matrix of 200 categories takes 120 kB.
MAX_LINE_BYTES = 512 * 1024
#: Damaged lines after which no more are read: what is behind so many is no run's.
MOST_DAMAGED = 1000

_LINES: TypeAdapter[StepLine | EpochLine | GapLine] = TypeAdapter(
    Annotated[StepLine | EpochLine | GapLine, Field(discriminator="kind")]
)
#: What else can be done about a file that the others tell of.
_REBUILT = " Or move it away: it is then made anew from the run's other files."
#: What a line says; None if it is damaged.
_Read = StepRecord | EpochRecord | GapLine | None


class Recorded(NamedTuple):
    """What a file holds.

    Attributes:
        steps: Records, in order.
        epochs: Records, in order.
        damaged: Lines that could not be read, now or when the file was written anew.
    """

    steps: list[StepRecord]
    epochs: list[EpochRecord]
    damaged: int = 0


class Kept(NamedTuple):
    """What of a file is to be kept.

    Attributes:
        content: Its readable lines, and one of kind *gap* in place of those that are not.
        damaged: Lines that are left out, gaps of earlier times not counted.
    """

    content: bytes
    damaged: int


def lines(records: Iterable[StepRecord | EpochRecord]) -> bytes:
    """Records as they stand in the file."""
    return "".join(json.dumps(_as_line(record)) + "\n" for record in records).encode()


def read(path: Path) -> Recorded:
    """All records of a file; none if there is no such file. What cannot be read is left out.

    Raises:
        RunError: If there are more than can be read.
    """
    steps: list[StepRecord] = []
    epochs: list[EpochRecord] = []
    damaged = 0
    for line, record in _read_lines(path):
        if isinstance(record, StepRecord):
            steps.append(record)
        elif isinstance(record, EpochRecord):
            epochs.append(record)
        elif record is not None:
            damaged += record.lines
        elif line.endswith(b"\n"):  # else it is still being written, or was when it was killed
            damaged += 1
    return Recorded(steps, epochs, damaged)


def kept(path: Path, reported: int, most: float = math.inf) -> Kept:
    """What of a file is kept where it is written anew, or packed.

    Args:
        path: The file.
        reported: The step up to which records were reported: what is torn behind that was never
            whole, and is no loss.
        most: The step up to which records are kept.

    Raises:
        RunError: If there is more than can be read.
    """
    content: list[bytes] = []
    torn = damaged = last = 0
    for line, record in _read_lines(path):
        if record is None:
            torn += 1
            continue
        if not isinstance(record, GapLine):
            if record.step > most:
                break
            if isinstance(record, EpochRecord):  # the last of its epoch
                last = record.step
        if torn:
            content.append(_gap(torn))
            damaged, torn = damaged + torn, 0
        content.append(line)
    if torn and last < reported:
        content.append(_gap(torn))
        damaged += torn
    return Kept(b"".join(content), damaged)


def too_large(path: Path, most_bytes: int) -> RunError:
    """The error of a run's file that is not read because of its size."""
    return unreadable(path, f"it is too large, at most {most_bytes:,} bytes are read")


def unreadable(path: Path, reason: str) -> RunError:
    """The error of a run's file that cannot be read."""
    return RunError(
        f"“{path.name}” of run {path.parent.name} cannot be read: {reason}. Put the file back from "
        f"a copy.{_REBUILT if path.name == 'status.json' else ''}"
    )


def _gap(number: int) -> bytes:
    return GapLine(kind="gap", lines=number).model_dump_json().encode() + b"\n"


def _read_lines(path: Path) -> Iterator[tuple[bytes, _Read]]:
    """Line by line, each with what it says; None for what is damaged.

    Of an endless line, parts; behind very many damaged lines, nothing.
    """
    if not path.exists():
        return
    damaged = 0
    try:
        with open_regular(path) as file:
            if os.fstat(file.fileno()).st_size > MAX_BYTES:
                raise too_large(path, MAX_BYTES)
            while damaged < MOST_DAMAGED and (line := file.readline(MAX_LINE_BYTES)):
                record = _from_line(line) if line.endswith(b"\n") else None
                damaged += record is None
                yield line, record
    except OSError as error:
        raise unreadable(path, error.strerror or type(error).__name__) from None


def _as_line(record: StepRecord | EpochRecord) -> dict[str, Any]:
    kind = "step" if isinstance(record, StepRecord) else "epoch"
    return {"kind": kind, **asdict(record)}


def _from_line(line: bytes) -> _Read:
    """What one line says, or None if it is damaged."""
    try:
        values = _LINES.validate_json(line)
    except ValidationError:
        return None
    if isinstance(values, GapLine):
        return values
    record = StepRecord if isinstance(values, StepLine) else EpochRecord
    return record(**values.model_dump(exclude={"kind"}))
