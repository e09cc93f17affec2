"""An uploaded table before it is read: its first rows, and what its columns seem to be."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from namerec.core.corpus.dataset import CATEGORY_BOUNDS
from namerec.data.encodings import UTF_8, decode_as
from namerec.data.table import (
    CATEGORY_COLUMNS,
    DELIMITERS,
    NAME_COLUMNS,
    SPLIT_COLUMNS,
    SPLIT_VALUES,
    guessed_delimiter,
    places,
    rows_of,
)
from namerec.errors import DataError
from namerec.text import shown

#: Rows shown: enough to tell the columns apart, few enough to stand above the choices.
PREVIEW_ROWS = 8
#: Most columns of a table; more is no table of names, and no screen could show it.
MAX_COLUMNS = 100
#: Rows from which the columns are guessed: every category of a usual table is among them.
_GUESS_ROWS = 1000


@dataclass(frozen=True, slots=True)
class UploadChoices:
    """How an upload is to be read; for an archive the encoding alone counts.

    Attributes:
        encoding: A key of `ENCODINGS`. In an archive it is that of the files that are not UTF-8.
        delimiter: What stands between cells, a key of `DELIMITERS`.
        has_header: Whether the first row names the columns.
        name_column: Where the names stand, counted from 0, or None as long as nobody said.
        category_column: Where the categories stand, or None as long as nobody said.
        split_column: Where train, validation or test stands, or None to split later.
    """

    encoding: str = UTF_8
    delimiter: str = ","
    has_header: bool = True
    name_column: int | None = None
    category_column: int | None = None
    split_column: int | None = None


@dataclass(frozen=True, slots=True)
class TablePreview:
    """The beginning of a table.

    Attributes:
        header: The columns' headings, “column 1” and so on where there are none; somebody's text,
            cut short.
        rows: The first rows below the headings, cut short likewise, each as wide as the header.
        choices: What the preview was made with, and the columns as guessed: those that say by
            their headings or their cells what they hold.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    choices: UploadChoices


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A table that is read row by row: its headings as they stand, and its numbered rows."""

    header: list[str]
    rows: Iterator[tuple[int, list[str]]]
    delimiter: str


def preview_table(
    raw: bytes,
    file_name: str,
    *,
    encoding: str = UTF_8,
    delimiter: str | None = None,
    has_header: bool = True,
) -> TablePreview:
    """Shows the beginning of a table and guesses its columns.

    Args:
        raw: Its content, of a size that `upload.kind_of` lets pass.
        file_name: Its name, for messages and the guess of the delimiter.
        encoding: A key of `ENCODINGS`.
        delimiter: A key of `DELIMITERS`, or None to guess it.
        has_header: Whether the first row names the columns.

    Raises:
        DataError: If it is empty, no text in that encoding, or no table.
    """
    table = open_table(raw, file_name, encoding, delimiter, has_header)
    width = len(table.header)
    sample = [(row + [""] * width)[:width] for _, row in itertools.islice(table.rows, _GUESS_ROWS)]
    name, category, split = _guess(table.header if has_header else [""] * width, sample)
    return TablePreview(
        header=tuple(shown(heading.strip()) for heading in table.header),
        rows=tuple(tuple(shown(cell.strip()) for cell in row) for row in sample[:PREVIEW_ROWS]),
        choices=UploadChoices(encoding, table.delimiter, has_header, name, category, split),
    )


def open_table(
    raw: bytes, file_name: str, encoding: str, delimiter: str | None, has_header: bool
) -> OpenTable:
    """Begins to read a table; arguments and errors as for `preview_table`."""
    title = f"“{shown(file_name)}”"
    text = decode_as(raw, file_name, encoding)
    if delimiter is None:
        delimiter = guessed_delimiter(text, title, file_name)
    elif delimiter not in DELIMITERS:
        raise DataError(
            f"“{shown(delimiter)}” is not a column separator. Allowed are "
            f"{', '.join(DELIMITERS.values())}."
        )
    rows = rows_of(text, delimiter, title)
    first = next(rows, None)
    if first is None:
        raise DataError(
            f"{title} is empty. Give a table with a column of names and one of categories."
        )
    header = first[1]
    if len(header) > MAX_COLUMNS:
        raise DataError(
            f"{title} has {len(header):,} columns; at most {MAX_COLUMNS} are allowed. Keep only "
            "the columns of the names and the categories."
        )
    if has_header:
        return OpenTable(header, rows, delimiter)
    numbered = [f"column {number}" for number in range(1, len(header) + 1)]
    return OpenTable(numbered, itertools.chain([first], rows), delimiter)


def _guess(
    header: Sequence[str], sample: Sequence[Sequence[str]]
) -> tuple[int | None, int | None, int | None]:
    """The columns of names, categories and parts: by heading, else by what stands in them."""
    cells = [[row[at].strip() for row in sample] for at in range(len(header))]
    distinct = [len({cell.casefold() for cell in column} - {""}) for column in cells]
    least, most = CATEGORY_BOUNDS
    name = _first(places(header, NAME_COLUMNS))
    category = _first(places(header, CATEGORY_COLUMNS, {name} if name is not None else set()))
    taken = {at for at in (name, category) if at is not None}
    parts = {at for at, column in enumerate(cells) if at not in taken and _are_parts(column)}
    split = _first([at for at in places(header, SPLIT_COLUMNS, taken) if at in parts])
    if split is None:
        split = _first(sorted(parts))
    free = [at for at in range(len(header)) if at not in taken and at != split]
    if name is None:
        worded = [at for at in free if _are_words(cells[at])]
        name = max(worded, key=lambda at: distinct[at], default=None)
    if category is None:
        few = [at for at in free if at != name and least <= distinct[at] <= most]
        category = min(few, key=lambda at: distinct[at], default=None)
    return name, category, split


def _first(found: Sequence[int]) -> int | None:
    return found[0] if found else None


def _are_parts(column: Sequence[str]) -> bool:
    return bool(column) and all(cell.casefold() in SPLIT_VALUES for cell in column)


def _are_words(column: Sequence[str]) -> bool:
    """Whether at least half of the cells hold letters."""
    return 2 * sum(any(map(str.isalpha, cell)) for cell in column) >= max(len(column), 1)
