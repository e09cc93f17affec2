"""What every reader of names shares: bounded and decoded text, checked names and categories."""

import stat
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from namerec.core.corpus.alphabet import MAX_TEXT
from namerec.errors import DataError
from namerec.text import shown

#: Most bytes of one file, and of all files of a folder together: some eight million names, four
#: hundred times the tutorial corpus, and what a laptop's memory still holds once encoded.
MAX_BYTES = 64 * 2**20
#: Longest category, in code points: what still fits beside a confusion matrix.
MAX_CATEGORY = 100
#: Each control character (Unicode's category Cc) as a blank: none of them is a part of a name.
_CONTROLS_AS_BLANKS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " ")


def read_bytes(path: Path) -> bytes:
    """Reads a regular file of at most `MAX_BYTES`.

    Raises:
        DataError: If it is not a regular file, cannot be opened, or is larger.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError(f"“{shown(path.name)}” is not a file. Give a text file of names.")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise DataError(
            f"“{shown(path.name)}” cannot be read: {reason}. "
            "Check that it is there and that you may read it."
        ) from error
    if len(raw) > MAX_BYTES:
        raise DataError(
            f"“{shown(path.name)}” is larger than {MAX_BYTES // 2**20} MiB, the most a file of "
            "names may have. Give a smaller part of it."
        )
    return raw


def listed(texts: Sequence[str], most: int = 5) -> str:
    """Somebody's texts in a row, quoted; of many, the first few and how many more there are."""
    quoted = ", ".join(f"“{shown(text)}”" for text in texts[:most])
    return f"{quoted} and {len(texts) - most:,} more" if len(texts) > most else quoted


def decode(raw: bytes, title: str) -> str:
    """Decodes UTF-8, with or without a byte order mark.

    Args:
        raw: The bytes of a file.
        title: The file's name, for the message.

    Raises:
        DataError: If the bytes are not UTF-8; says on which line and at which byte.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The codec counts from behind the byte order mark; `error.object` is what it counted in.
        line = error.object.count(b"\n", 0, error.start) + 1
        at = error.start + len(raw) - len(error.object) + 1
        raise DataError(
            f"“{shown(title)}” is not UTF-8 text: line {line:,}, byte {at:,} of the file is "
            f"0x{raw[at - 1]:02X}. Save it as UTF-8 and try again."
        ) from error


@contextmanager
def opened_text(path: Path, newline: str | None) -> Iterator[TextIO]:
    """A UTF-8 file of any size, to be read line by line; `newline` as of `open`.

    Raises:
        DataError: If it cannot be read or is not UTF-8, which is found out on the way.
    """
    try:
        with path.open(encoding="utf-8-sig", newline=newline) as file:
            yield file
    except UnicodeDecodeError as error:
        with path.open("rb") as raw:
            number = next((at for at, line in enumerate(raw, 1) if not _is_utf8(line)), 1)
        raise DataError(
            f"“{shown(path.name)}” is not UTF-8 text: see line {number:,}. Save it as UTF-8 and "
            "try again."
        ) from error
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise DataError(
            f"“{shown(path.name)}” cannot be read: {reason}. "
            "Check that it is there and that you may read it."
        ) from error


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def checked_name(text: str, where: str) -> str:
    """A name on one line, without control characters, of bounded length; empty stays empty.

    Blanks and control characters, however many, become one blank, and none around the name.

    Args:
        text: What the source holds.
        where: The place, for the message, for example `line 7 of “Greek.txt”`.

    Raises:
        DataError: If it is longer than any text that is looked at.
    """
    name = " ".join(text.translate(_CONTROLS_AS_BLANKS).split())
    if len(name) > MAX_TEXT:
        raise DataError(
            f"The name in {where} has {len(name):,} characters; at most {MAX_TEXT:,} are allowed. "
            "Check that each name is on a line of its own."
        )
    return name


def checked_category(text: str, where: str) -> str:
    """A category on one line, composed (NFC), without control characters.

    Args:
        text: What the source holds: a file's name without its ending, or a cell of a table.
        where: The place, for the message.

    Raises:
        DataError: If it is empty, longer than `MAX_CATEGORY`, or holds what cannot be shown.
    """
    category = unicodedata.normalize("NFC", " ".join(text.split()))
    if not category:
        raise DataError(f"There is no category in {where}. Give every name a category.")
    if len(category) > MAX_CATEGORY:
        raise DataError(
            f"The category in {where} has {len(category):,} characters; at most {MAX_CATEGORY} "
            "are allowed. Give it a shorter name."
        )
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in category):
        raise DataError(
            f"The category “{shown(category)}” in {where} contains control characters or bytes "
            "that are not text. Give it a name in letters."
        )
    return category
