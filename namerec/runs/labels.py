"""What a person calls a run: `label.json` in its folder, beside what decides its numbers.

It can be changed at any time, also while the run is trained, and a run is whole without it. Who
changes it gives the fields that are to change: two who do so at once both find theirs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple, TypedDict

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from namerec import formats
from namerec.disk import alone, keep_torn, read_at_most, write_whole
from namerec.errors import RunError
from namerec.formats import NewerFormatError

LABEL = "label.json"
#: Beside the runs, and held by whoever changes a label of one of them.
LOCK = "labels.lock"
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


class LabelChanges(TypedDict, total=False):
    """The fields of a label that are to change, as they were typed."""

    title: str
    note: str
    pinned: bool


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

    def changed(self, changes: LabelChanges) -> RunLabel:
        """The same with some fields changed, tidied as by `of`.

        Raises:
            RunError: If a text is too long.
        """
        now = LabelChanges(title=self.title, note=self.note, pinned=self.pinned)
        return RunLabel.of(**(now | changes))

    def differing(self, other: RunLabel) -> set[str]:
        """The fields in which two labels differ."""
        return {
            name for name in RunLabel.model_fields if getattr(self, name) != getattr(other, name)
        }


class LabelChangedError(RunError):
    """A field that somebody else has changed since it was seen; nothing was stored."""


#: Of a run that nobody has said anything of.
NO_LABEL = RunLabel()


def _tidy(line: str) -> str:
    # Control characters are no parts of a text, but often stand between two.
    blanks = "".join(" " if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 else c for c in line)
    shown = "".join(c for c in blanks if c.isspace() or _is_line(c))
    return " ".join(shown.split())


def read_label(folder: Path) -> RunLabel:
    """A run's label; an empty one if there is none, or it is damaged."""
    return _stored(folder).label


class _Stored(NamedTuple):
    label: RunLabel
    newer: str = ""  # why another version alone may change it
    torn: bool = False


def _stored(folder: Path) -> _Stored:
    try:
        content = read_at_most(folder / LABEL, MAX_BYTES)
        if content is None:
            return _Stored(NO_LABEL, torn=True)
        return _Stored(formats.parsed(content, RunLabel))
    except FileNotFoundError:
        return _Stored(NO_LABEL)
    except NewerFormatError as error:
        known = error.record if isinstance(error.record, RunLabel) else NO_LABEL
        return _Stored(known, error.words(f"The label of run {folder.name}"))
    except (OSError, ValueError):  # a title is not worth a run that cannot be opened
        return _Stored(NO_LABEL, torn=True)


def change_label(folder: Path, changes: LabelChanges, seen: RunLabel | None = None) -> RunLabel:
    """Changes some fields of a run's label; the others stay as they are by now.

    A damaged label is kept beside the new one.

    Args:
        folder: The run's.
        changes: The fields, as they were typed.
        seen: The label that they were typed over; None to change it whatever it is.

    Returns:
        The label as it is now.

    Raises:
        LabelChangedError: If one of these fields is no longer as it was seen, nor as it is to be.
        RunError: If a text is too long, or another version stored what is not known here.
        OSError: If the disk refuses.
    """
    with alone(folder.parent / LOCK):
        now, newer, torn = _stored(folder)
        if newer:
            raise RunError(newer)
        wanted = now.changed(changes)
        lost = now.differing(wanted) & (now.differing(seen) if seen is not None else set())
        if lost:
            raise LabelChangedError(
                f"The {' and the '.join(sorted(lost))} of run {folder.name} have been changed by "
                "somebody else meanwhile, so nothing was stored. Look at that change, then save "
                "again."
            )
        if wanted != now:
            if torn:
                keep_torn(folder / LABEL)
            write_label(folder, wanted)
    return wanted


def write_label(folder: Path, label: RunLabel) -> None:
    """Replaces a run's label.

    Raises:
        OSError: If the disk refuses.
    """
    write_whole(folder / LABEL, formats.content(label))
