"""Records of training as lines of JSON: append-only, a torn or damaged end is left out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from namerec.core.training.records import EpochRecord, StepRecord
from namerec.disk import open_regular
from namerec.errors import RunError
from namerec.runs.records import EpochLine, StepLine

#: Largest file read, bytes: 1,000 epochs with a confusion matrix of 200 categories take 120 MB; a
#: usual run's take less than 2.
MAX_BYTES = 256 * 1024**2
#: Longest line, bytes: the confusion matrix of 200 categories takes 120 kB.
MAX_LINE_BYTES = 512 * 1024

_LINES: TypeAdapter[StepLine | EpochLine] = TypeAdapter(
    Annotated[StepLine | EpochLine, Field(discriminator="kind")]
)


def lines(records: Iterable[StepRecord | EpochRecord]) -> bytes:
    """Records as they stand in the file."""
    return "".join(json.dumps(_as_line(record)) + "\n" for record in records).encode()


def read(path: Path) -> tuple[list[StepRecord], list[EpochRecord]]:
    """All records of a file; none if there is no such file.

    Raises:
        RunError: If there are more than can be read.
    """
    steps: list[StepRecord] = []
    epochs: list[EpochRecord] = []
    for line in _whole_lines(path):
        record = _from_line(line)
        if isinstance(record, StepRecord):
            steps.append(record)
        elif isinstance(record, EpochRecord):
            epochs.append(record)
        else:
            break
    return steps, epochs


def until(path: Path, step: int) -> bytes:
    """The beginning of a file: what was recorded up to a step.

    Raises:
        RunError: If there is more than can be read.
    """
    kept = []
    for line in _whole_lines(path):
        record = _from_line(line)
        if record is None or record.step > step:
            break
        kept.append(line + b"\n")
    return b"".join(kept)


def too_large(path: Path, most_bytes: int) -> RunError:
    """The error of a run's file that is not read because of its size."""
    return unreadable(path, f"it is too large, at most {most_bytes:,} bytes are read")


def unreadable(path: Path, reason: str) -> RunError:
    """The error of a run's file that cannot be read."""
    return RunError(
        f"“{path.name}” of run {path.parent.name} cannot be read: {reason}. "
        "Put the file back from a copy, or delete the run's folder."
    )


def _whole_lines(path: Path) -> Iterator[bytes]:
    """Line by line, so that what is behind a damaged one is never read."""
    if not path.exists():
        return
    try:
        with open_regular(path) as file:
            if os.fstat(file.fileno()).st_size > MAX_BYTES:
                raise too_large(path, MAX_BYTES)
            while (line := file.readline(MAX_LINE_BYTES)).endswith(b"\n"):
                yield line[:-1]  # what follows the last line end is nothing, or torn
    except OSError as error:
        raise unreadable(path, error.strerror or type(error).__name__) from None


def _as_line(record: StepRecord | EpochRecord) -> dict[str, Any]:
    kind = "step" if isinstance(record, StepRecord) else "epoch"
    return {"kind": kind, **asdict(record)}


def _from_line(line: bytes) -> StepRecord | EpochRecord | None:
    """The record of one line, or None if the line is damaged."""
    try:
        values = _LINES.validate_json(line)
    except ValidationError:
        return None
    record = StepRecord if isinstance(values, StepLine) else EpochRecord
    return record(**values.model_dump(exclude={"kind"}))
