"""A table of names: a CSV or TSV file with a name, a category and perhaps a split column."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from namerec.core.corpus.dataset import LabelledName
from namerec.core.corpus.protocols import Part
from namerec.data.text import checked_category, checked_name, decode, opened_text, read_bytes
from namerec.errors import DataError
from namerec.text import shown

#: Headings that are recognised, compared case-insensitively; of several, the first listed counts.
NAME_COLUMNS = (
    *("name", "surname", "word", "text"),
    *("first name", "first_name", "firstname", "last name", "last_name", "lastname"),
)
CATEGORY_COLUMNS = (
    *("category", "label", "language", "class", "nationality", "country"),
    *("gender", "sex", "lang"),
)
SPLIT_COLUMNS = ("split", "part", "set", "fold")

#: What a split column may say, compared case-insensitively.
SPLIT_VALUES: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "held-out": "test",
}

#: Extensions of files that are separated by tabs before anything else.
TAB_EXTENSIONS = frozenset({".tsv", ".tab"})
#: What may stand between two cells, the most usual first, and what screens call it.
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
#: Characters among which a table's headings are looked for.
_BEGINNING = 65_536
#: Most headings listed in a message.
_MAX_LISTED = 12


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the columns of names, categories and parts stand in a row, counted from 0."""

    name: int
    category: int
    split: int | None = None


def read_table(path: Path) -> list[LabelledName]:
    """Reads a CSV or TSV file. Its columns are found as in `parse_table`.

    Raises:
        DataError: If the file cannot be read or is no such table.
    """
    return parse_table(read_bytes(path), path.name)


def parse_table(raw: bytes, file_name: str) -> list[LabelledName]:
    """The names of a table. Every cell is text: “NA”, “None” and “True” are surnames too.

    Args:
        raw: Its content, UTF-8, separated by one of `DELIMITERS`; the first line that is not
            blank names the columns: the first of `NAME_COLUMNS` that is there, of
            `CATEGORY_COLUMNS`, and of `SPLIT_COLUMNS` if there is one.
        file_name: Its name, for messages; `.tsv` and `.tab` speak for tabs.

    Returns:
        One record a line, in the file's order; an empty name stays an empty name, an empty cell
        in the split column is no part.

    Raises:
        DataError: If it is not UTF-8, a column is missing or there twice, a line has too few or
            too many cells or no category, or the split column says something unknown.
    """
    text = decode(raw, file_name)
    return list(_parsed(text, text, file_name))


def table_lines(path: Path) -> Iterator[LabelledName]:
    """The names of a table of any size, as they are read; otherwise as `read_table`."""
    with opened_text(path, newline="") as file:
        beginning = file.read(_BEGINNING)
        file.seek(0)
        yield from _parsed(file, beginning, path.name)


def _parsed(text: str | TextIO, beginning: str, file_name: str) -> Iterator[LabelledName]:
    title = f"“{shown(file_name)}”"
    delimiter = guessed_delimiter(beginning, title, file_name)
    rows = rows_of(text, delimiter, title)
    _, header = next(rows, (0, []))
    if not header:
        raise DataError(f"{title} is empty. Its first line must name the columns.")
    name_at = _column(header, NAME_COLUMNS, "names", title)
    category_at = _column(header, CATEGORY_COLUMNS, "categories", title)
    taken = {name_at, category_at}
    split_at = None
    if places(header, SPLIT_COLUMNS, taken):
        split_at = _column(header, SPLIT_COLUMNS, "parts of the split", title, taken)
    yield from labelled(rows, len(header), Columns(name_at, category_at, split_at), title)


def labelled(
    rows: Iterable[tuple[int, list[str]]], width: int, columns: Columns, title: str
) -> Iterator[LabelledName]:
    """The names in rows of a table.

    Args:
        rows: As `rows_of` gives them, without the headings.
        width: Cells that each row must have.
        columns: Where in a row to look.
        title: The table's name, for messages.

    Raises:
        DataError: As `parse_table`.
    """
    for number, row in rows:
        where = f"line {number:,} of {title}"
        if len(row) != width:
            raise DataError(
                f"There are {len(row):,} cells in {where}, but {width:,} columns. Put names that "
                "contain the separator in double quotes."
            )
        yield LabelledName(
            checked_name(row[columns.name], where),
            checked_category(row[columns.category], where),
            None if columns.split is None else _part(row[columns.split], where),
        )


def rows_of(text: str | TextIO, delimiter: str, title: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the number of the line it begins on."""
    lines = io.StringIO(text, newline="") if isinstance(text, str) else text
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            said = str(error).replace(f"'{delimiter}'", DELIMITERS.get(delimiter, delimiter))
            raise DataError(
                f"{title} is not a table from line {number:,} on: {said}. Check the double quotes "
                "there; a double quote within quotes is written twice."
            ) from error
        if any(cell.strip() for cell in row):
            yield number, row


def guessed_delimiter(text: str, title: str, file_name: str) -> str:
    """The separator under which the heading says most: first needed columns, then any columns."""

    def columns(delimiter: str) -> tuple[int, int]:
        try:
            _, header = next(rows_of(text, delimiter, title), (0, []))
        except DataError:
            return 0, 0
        needed = (NAME_COLUMNS, CATEGORY_COLUMNS)
        return sum(bool(places(header, headings)) for headings in needed), len(header)

    tabs_first = Path(file_name).suffix.lower() in TAB_EXTENSIONS
    return max(sorted(DELIMITERS, key="\t".__ne__) if tabs_first else DELIMITERS, key=columns)


def places(
    header: Sequence[str], synonyms: Sequence[str], taken: Set[int] = frozenset()
) -> list[int]:
    """Where a column stands: empty if it is missing, several places if it is there twice."""
    headings = [cell.strip().casefold() for cell in header]
    for heading in synonyms:
        found = [at for at, cell in enumerate(headings) if cell == heading and at not in taken]
        if found:
            return found
    return []


def _column(
    header: Sequence[str],
    synonyms: Sequence[str],
    content: str,
    title: str,
    taken: Set[int] = frozenset(),
) -> int:
    found = places(header, synonyms, taken)
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"“{shown(cell.strip())}”" for cell in header[:_MAX_LISTED])
    more = f" and {len(header) - _MAX_LISTED:,} more" if len(header) > _MAX_LISTED else ""
    if found:
        raise DataError(
            f"{title} has {len(found)} columns called “{shown(header[found[0]].strip())}”. "
            "Rename all but one of them."
        )
    raise DataError(
        f"{title} has no column of {content} (looked for: {', '.join(synonyms)}). Its first line "
        f"names these columns: {listed}{more}. Rename one of them, or upload the file on the "
        "Dataset page and choose its columns there."
    )


def _part(cell: str, where: str) -> Part | None:
    value = cell.strip().casefold()
    if not value:
        return None
    if value not in SPLIT_VALUES:
        raise DataError(
            f"The split column has “{shown(cell.strip())}” in {where}. Allowed are "
            f"{', '.join(SPLIT_VALUES)}."
        )
    return SPLIT_VALUES[value]
