"""What a person calls a run: `label.json` in its folder, beside what decides its numbers.

It can be changed at any time, also while the run is trained, and a run is whole without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from namerec.disk import read_at_most, write_whole
from namerec.errors import RunError

LABEL = "label.json"
#: Longest title, in code points: what still fits a table's cell and a chart's key.
MAX_TITLE = 100
#: Longest note, in code points: a page of text.
MAX_NOTE = 2000
#: Largest file read, bytes: four for each code point of the longest label.
MAX_BYTES = 16 * 1024
#: Not printable by Unicode, but parts of Persian words and of emoji.
_JOINERS = "\u200c\u200d"


def _is_line(character: str) -> bool:
    return character.isprintable() or character in _JOINERS


def _line(text: str) -> str:
    if not all(map(_is_line, text)):
        raise ValueError("it has characters that cannot be shown on one line")
    return text


def _lines(text: str) -> str:
    _line(text.replace("\n", ""))
    return text


class RunLabel(BaseModel):
    """What a person says of a run.

    Attributes:
        title: Its name, on one line; empty for none.
        note: What there is to remember of it, lines parted by a line feed; empty for none.
        pinned: Whether it is kept at the top of lists.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Annotated[str, Field(max_length=MAX_TITLE), AfterValidator(_line)] = ""
    note: Annotated[str, Field(max_length=MAX_NOTE), AfterValidator(_lines)] = ""
    pinned: bool = False

    @staticmethod
    def of(title: str = "", note: str = "", pinned: bool = False) -> RunLabel:
        """A label of texts as they were put in.

        Blanks and control characters, however many, become one blank, and none at the ends; a note
        keeps its lines. Characters that cannot be shown are left out.

        Raises:
            RunError: If a text is too long.
        """
        lines = [_tidy(line) for line in note.splitlines()]
        texts = {"title": _tidy(title), "note": "\n".join(lines).strip()}
        for name, most in (("title", MAX_TITLE), ("note", MAX_NOTE)):
            if len(texts[name]) > most:
                raise RunError(
                    f"This {name} has {len(texts[name]):,} characters; at most {most:,} are "
                    "allowed. Shorten it."
                )
        return RunLabel(**texts, pinned=pinned)


#: Of a run that nobody has said anything of.
NO_LABEL = RunLabel()


def _tidy(line: str) -> str:
    # Control characters are no parts of a text, but often stand between two.
    blanks = "".join(" " if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 else c for c in line)
    shown = "".join(c for c in blanks if c.isspace() or _is_line(c))
    return " ".join(shown.split())


def read_label(folder: Path) -> RunLabel:
    """A run's label; an empty one if there is none, or it is damaged."""
    try:
        content = read_at_most(folder / LABEL, MAX_BYTES)
        return NO_LABEL if content is None else RunLabel.model_validate_json(content)
    except (OSError, ValidationError):  # a title is not worth a run that cannot be opened
        return NO_LABEL


def write_label(folder: Path, label: RunLabel) -> None:
    """Replaces a run's label.

    Raises:
        OSError: If the disk refuses.
    """
    write_whole(folder / LABEL, label.model_dump_json(indent=2).encode() + b"\n")
