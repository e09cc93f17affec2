"""Your own corpus: a zip of `<Category>.txt` files, or a table with columns of your choice.

From an upload's bytes to a dataset, in memory; no file is touched and no path in it is used.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.data.archive import unpack
from namerec.data.cleaning import remarks, without_small_categories
from namerec.data.encodings import UTF_8, EncodingSample, decode_as, is_utf8, samples
from namerec.data.folder import names_in_text
from namerec.data.preview import UploadChoices, open_table, preview_table
from namerec.data.table import TAB_EXTENSIONS, Columns, labelled
from namerec.data.text import listed
from namerec.errors import DataError
from namerec.text import shown

#: Most bytes of an upload: fifty tutorial corpora, and a moment over any line.
MAX_UPLOAD_BYTES = 10 * 2**20
#: Most names of an upload, fifty tutorial corpora: what a laptop encodes in ten to twenty seconds.
MAX_NAMES = 1_000_000

_TABLES = (".csv", *sorted(TAB_EXTENSIONS), ".txt")
_ZIP_BEGINNING = b"PK\x03\x04"

Kind = Literal["archive", "table"]


@dataclass(frozen=True, eq=False)
class Upload:
    """What was read from an upload.

    Attributes:
        dataset: Its names. `unreadable` is empty: such lines are left out and told in a notice.
        notices: Sentences on what was left out and why, and on what may surprise.
    """

    dataset: Dataset
    notices: tuple[str, ...]


def kind_of(raw: bytes, file_name: str) -> Kind:
    """Whether an upload is an archive or a table, by its name's ending.

    Raises:
        DataError: If it is neither, empty, or too large.
    """
    base = _base(file_name)
    title = f"“{shown(base)}”"
    allowed = (
        "Give a zip archive with one text file a category (Greek.txt, one name a line), or a "
        "table as CSV or TSV; a spreadsheet program saves one with “Save as”."
    )
    if len(raw) > MAX_UPLOAD_BYTES:
        raise DataError(
            f"{title} has {len(raw) / 2**20:,.1f} MiB; at most {MAX_UPLOAD_BYTES // 2**20} MiB are "
            "allowed. Give a smaller corpus, or load it by its path: --dataset PATH."
        )
    if not raw:
        raise DataError(f"{title} is empty. {allowed}")
    ending = PurePosixPath(base).suffix.lower()
    if ending == ".zip":
        return "archive"
    if ending not in _TABLES:
        raise DataError(f"{title} is neither a zip archive nor a table. {allowed}")
    if raw.startswith(_ZIP_BEGINNING):
        raise DataError(f"{title} has the name of a table, but is a compressed file. {allowed}")
    return "table"


def encodings_to_choose(raw: bytes, file_name: str) -> tuple[EncodingSample, ...]:
    """What an upload that is not UTF-8 says in each encoding that it may be in.

    Returns:
        Samples to choose from; empty if it is UTF-8 and there is nothing to choose.

    Raises:
        DataError: If it is too large or no archive, or is text in none of the encodings.
    """
    if kind_of(raw, file_name) == "archive":
        files = [file.raw for file in unpack(raw, _base(file_name))[0]]
    else:
        files = [raw]
    strange = [content for content in files if not is_utf8(content)]
    if not strange:
        return ()
    if offered := samples(strange):
        return offered
    raise DataError(
        f"“{shown(_base(file_name))}” is not text in any known encoding. Save it as UTF-8 text and "
        "try again."
    )


def read_upload(
    raw: bytes, file_name: str, choices: UploadChoices | None = None, *, title: str | None = None
) -> Upload:
    """Reads a corpus of your own.

    Args:
        raw: The upload's bytes.
        file_name: Its name; of a path only the last part is looked at.
        choices: How to read it, exactly; None for UTF-8 and the columns that `preview_table`
            guesses.
        title: What the corpus is to be called, or None for the file's name.

    Returns:
        Its names in 2 to 200 categories of at least 2 distinct names each, duplicates
        kept, and what was left out.

    Raises:
        DataError: If it cannot be read as names with categories, or exceeds a limit.
    """
    base = _base(file_name)
    if kind_of(raw, file_name) == "archive":
        encoding = UTF_8 if choices is None else choices.encoding
        lines, notices = _archive_lines(raw, base, encoding)
    else:
        choices = preview_table(raw, base).choices if choices is None else choices
        lines, notices = _table_lines(raw, base, choices)
    lines = without_small_categories(lines, shown(base), notices)
    dataset = Dataset.build(shown((title or "").strip() or base), lines)
    notices += remarks(dataset)
    return Upload(replace(dataset, unreadable=()), tuple(notices))


def _base(file_name: str) -> str:
    return re.split(r"[/\\]", file_name)[-1]


def _archive_lines(raw: bytes, base: str, encoding: str) -> tuple[list[LabelledName], list[str]]:
    files, notices = unpack(raw, base)
    lines: list[LabelledName] = []
    empty: list[str] = []
    for file in files:
        text = decode_as(file.raw, file.file_name, UTF_8 if is_utf8(file.raw) else encoding)
        before = len(lines)
        lines += _bounded(names_in_text(text, file.file_name), base, before)
        if len(lines) == before:
            empty.append(file.file_name)
    if empty:
        notices.append(f"Left out: {listed(empty)}. They contain no names.")
    counts = Counter(file.file_name for file in files)
    if again := [file_name for file_name, count in counts.items() if count > 1]:
        notices.append(
            f"In several folders of the archive: {listed(again)}. Files of the same name are one "
            "category."
        )
    return lines, notices


def _table_lines(
    raw: bytes, base: str, choices: UploadChoices
) -> tuple[list[LabelledName], list[str]]:
    table = open_table(raw, base, choices.encoding, choices.delimiter, choices.has_header)
    title = f"“{shown(base)}”"
    columns = _columns(choices, table.header, title)
    blank: list[int] = []

    def with_category() -> Iterator[tuple[int, list[str]]]:
        for number, row in table.rows:
            if len(row) == len(table.header) and not row[columns.category].strip():
                blank.append(number)
            else:
                yield number, row

    found = labelled(with_category(), len(table.header), columns, title)
    lines = list(_bounded(found, base, 0))
    notices: list[str] = []
    if blank:
        notices.append(
            f"Left out: {len(blank):,} rows without a category, the first on line {blank[0]:,}."
        )
    return lines, notices


def _columns(choices: UploadChoices, header: list[str], title: str) -> Columns:
    """The chosen columns, checked.

    Raises:
        DataError: If names or categories have none, one is not there, or is chosen twice.
    """
    given = [choices.name_column, choices.category_column, choices.split_column]
    there = f"The columns of {title} are {listed(header, 12)}."
    if choices.name_column is None or choices.category_column is None:
        missing = "names" if choices.name_column is None else "categories"
        raise DataError(
            f"No column of {missing} was chosen or found. {there} Choose one for the names and "
            "another for the categories."
        )
    chosen = [column for column in given if column is not None]
    for column in chosen:
        if not 0 <= column < len(header):
            raise DataError(f"There is no column {column + 1:,}. {there} Choose one of these.")
    if len(set(chosen)) < len(chosen):
        raise DataError(
            f"One column was chosen twice. {there} Choose a different column for the names, the "
            "categories and the split."
        )
    return Columns(choices.name_column, choices.category_column, choices.split_column)


def _bounded(lines: Iterable[LabelledName], base: str, before: int) -> Iterator[LabelledName]:
    for number, line in enumerate(lines, start=before + 1):
        if number > MAX_NAMES:
            raise DataError(
                f"“{shown(base)}” has more than {MAX_NAMES:,} names, the most that are allowed. "
                "Give a smaller part of it."
            )
        yield line
