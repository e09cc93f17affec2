"""What a stored JSON file says of itself: its format, and which namerec wrote it.

    {"format": 1, "namerec": "0.1.0", ...}

Files from before this was said are of format 1. A file of a newer version is told from a damaged
one: it says so, or it can be read but for fields that are not known here.
"""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

import namerec
from namerec.text import shown

#: Rises with every field, value or file that versions before it do not know.
FORMAT = 1
#: Unknown fields of one file that are looked at; no version will add so many.
_MOST_UNKNOWN = 50
#: Of these, the ones that are told, each at most so long.
_MOST_TOLD, _LONGEST_NAME = 3, 40
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+!-]{0,39}")

_Record = TypeVar("_Record", bound=BaseModel)


class NewerFormatError(ValueError):
    """A file that another version wrote, as this one cannot.

    Attributes:
        record: What is known here of it; None if that is not enough.
    """

    def __init__(self, version: str, reason: str, record: BaseModel | None = None) -> None:
        super().__init__(reason)
        self.version, self.reason, self.record = version, reason, record

    def words(self, what: str) -> str:
        """Who made something that has this file, and what to do.

        Args:
            what: The beginning of a sentence, such as “Run 1”; one thing.
        """
        ours = namerec.__version__
        if self.version in ("", ours):
            made, use = "another version of namerec", "the version that made it"
        else:
            made = use = f"namerec {self.version}"
        return f"{what} was made by {made}. This is namerec {ours}: {self.reason}. Use {use}."


def content(record: BaseModel, indent: int | None = 2) -> bytes:
    """A record as it is stored, indented by so many blanks or on one line."""
    said = {"format": FORMAT, "namerec": namerec.__version__}
    values = said | record.model_dump(mode="json")
    close = (",", ":") if indent is None else None
    text = json.dumps(values, indent=indent, separators=close, ensure_ascii=False)
    return text.encode() + b"\n"


def parsed(content: bytes, kind: type[_Record]) -> _Record:
    """Reads what `content` or an earlier version wrote.

    Raises:
        NewerFormatError: If another version wrote it, as this one cannot.
        ValueError: If it is damaged.
    """
    values = from_json(content)
    if not isinstance(values, dict):
        raise ValueError("it is no object")
    form, version = values.pop("format", 1), _version(values)
    values.pop("namerec", None)
    if type(form) is not int or form < 1:
        raise ValueError("its format is no number")
    newer = form > FORMAT
    try:
        record = kind.model_validate(values)
    except ValidationError as error:
        unknown = _unknown(error)
        known = _without(values, unknown, kind) if unknown else None
        if known is None and not newer and not _is_later(version):
            raise
        names = ", ".join(
            f"“{shown(str(where[-1]), _LONGEST_NAME)}”" for where in unknown[:_MOST_TOLD]
        )
        reason = f"it does not know {names}" if names else "it cannot read its files"
        raise NewerFormatError(version, reason, known) from None
    if newer:
        raise NewerFormatError(version, f"it reads formats up to {FORMAT}, not {form}", record)
    return record


def _version(values: dict[str, Any]) -> str:
    """The version that wrote a file; empty if it does not say so."""
    versions = values.get("versions")
    earlier = versions.get("namerec") if isinstance(versions, dict) else None
    said = values.get("namerec", earlier)
    return said if isinstance(said, str) and _VERSION.fullmatch(said) else ""


def _is_later(version: str) -> bool:
    ours, theirs = (
        [int(number) for number in re.findall(r"\d{1,9}", text)]
        for text in (namerec.__version__, version)
    )
    return theirs > ours


def _unknown(error: ValidationError) -> list[tuple[int | str, ...]]:
    """Where the fields stand that are not known; none if there are too many."""
    if error.error_count() > _MOST_UNKNOWN:
        return []
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return [problem["loc"] for problem in problems if problem["type"] == "extra_forbidden"]


def _without(
    values: dict[str, Any], unknown: list[tuple[int | str, ...]], kind: type[_Record]
) -> _Record | None:
    """What is left of a record without some fields; None if that is no record."""
    try:
        for *outer, name in unknown:
            inner: Any = values
            for key in outer:
                inner = inner[key]
            del inner[name]
        return kind.model_validate(values)
    except (LookupError, TypeError, ValidationError):
        return None
