"""Names as the table that they are kept in: CSV in UTF-8, as written, in their order."""

import csv
import io

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.protocols import PARTS
from namerec.data.table import parse_table

_HEADER = ("name", "category", "split")


def as_table(dataset: Dataset) -> bytes:
    """A dataset as a table; duplicates are kept."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    columns: list[list[str]] = [
        list(dataset.names),
        [dataset.categories[label] for label in dataset.labels],
    ]
    if dataset.given_parts is not None:
        columns.append([PARTS[part] for part in dataset.given_parts])
    writer.writerow(_HEADER[: len(columns)])
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode()


def from_table(raw: bytes, title: str) -> Dataset:
    """Reads what `as_table` wrote.

    Raises:
        DataError: If it is no such table.
    """
    return Dataset.build(title, parse_table(raw, title))
