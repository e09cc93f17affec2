"""A file with names alone, to be answered: one name a line, or a table with a column of them."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from namerec.core.evaluation.many import NameList, UnreadableLine, name_list, numbered
from namerec.data.encodings import EncodingSample, decode_as, is_utf8, samples
from namerec.data.preview import open_table
from namerec.data.table import NAME_COLUMNS, TAB_EXTENSIONS, places
from namerec.errors import DataError
from namerec.text import counted, shown

#: Most bytes of a file: two hundred for each of the most names that are answered.
MAX_LIST_BYTES = 2 * 2**20
#: Endings of tables; every other file has one name a line.
TABLE_ENDINGS = (".csv", *sorted(TAB_EXTENSIONS))
LIST_ENDINGS = (*TABLE_ENDINGS, ".txt")

_PACKED_BEGINNING = b"PK\x03\x04"


def encodings_of_list(raw: bytes, file_name: str) -> tuple[EncodingSample, ...]:
    """What a file that is not UTF-8 says in each encoding that it may be in.

    Returns:
        Samples to choose from; empty if it is UTF-8 and there is nothing to choose.

    Raises:
        DataError: If it is too large, empty, or text in none of the encodings.
    """
    title = f"“{shown(_base(file_name))}”"
    if len(raw) > MAX_LIST_BYTES:
        raise DataError(
            f"{title} has {len(raw):,} bytes; at most {MAX_LIST_BYTES:,} are allowed. "
            "Give the list in smaller parts."
        )
    if not raw.strip():
        raise DataError(f"{title} is empty. Give a text file with one name a line, or a CSV.")
    if not raw.startswith(_PACKED_BEGINNING):
        if is_utf8(raw):
            return ()
        if offered := samples([raw]):
            return offered
    raise DataError(
        f"{title} is not text in any known encoding. Save it as UTF-8 text or CSV; a spreadsheet "
        "program does so with “Save as”."
    )


def read_list(raw: bytes, file_name: str, encoding: str) -> NameList:
    """Reads the names of a file.

    Of a table the first column that is headed as one of `NAME_COLUMNS` is read; if there is none,
    the first column, and the first row is a name like all others.

    Args:
        raw: Its bytes, of a size that `encodings_of_list` lets pass.
        file_name: Its name; by its ending it is a table or not.
        encoding: A key of `encodings.ENCODINGS`.

    Returns:
        The names. A row with more or fewer cells than the first is unreadable: which of them is the
        name, nobody knows.

    Raises:
        DataError: If it is no text in that encoding, or no table.
        NameInputError: If it has no name, or too many.
    """
    base = _base(file_name)
    if PurePosixPath(base).suffix.lower() not in TABLE_ENDINGS:
        return name_list(numbered(decode_as(raw, base, encoding)))
    odd: list[UnreadableLine] = []
    return name_list(list(_column(raw, base, encoding, odd)), odd)


def _column(
    raw: bytes, base: str, encoding: str, odd: list[UnreadableLine]
) -> Iterator[tuple[int, str]]:
    """The names in a table with the numbers of their lines; odd rows are put aside."""
    table = open_table(raw, base, encoding, None, has_header=False)
    width = len(table.header)
    at: int | None = None
    for number, row in table.rows:
        if at is None:
            headed = places(row, NAME_COLUMNS)
            at = headed[0] if headed else 0
            if headed:
                continue
        if len(row) == width:
            yield number, row[at]
        else:
            cells = counted(len(row), "cell")
            why = (
                f"It has {cells}, the first row {width:,}; put names that contain the separator in "
                "double quotes."
            )
            odd.append(UnreadableLine(number, shown(", ".join(row)), why))


def _base(file_name: str) -> str:
    return re.split(r"[/\\]", file_name)[-1]
