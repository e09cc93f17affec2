"""A folder of text files: `<Category>.txt`, one name a line."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from namerec.core.corpus.dataset import LabelledName
from namerec.data.text import (
    MAX_BYTES,
    checked_category,
    checked_name,
    decode,
    opened_text,
    read_bytes,
)
from namerec.errors import DataError
from namerec.text import shown


def read_folder(folder: Path) -> list[LabelledName]:
    """Reads all names of a folder, file by file in alphabetical order.

    Args:
        folder: Holds one UTF-8 text file a category. README files, hidden files, folders and
            files that do not end in `.txt` are left out.

    Returns:
        Names in the files' order, duplicates kept, blank lines skipped.

    Raises:
        DataError: If it is no folder, has no text files, or one of them cannot be read.
    """
    names: list[LabelledName] = []
    held = 0
    for path in text_files(folder):
        raw = read_bytes(path)
        held += len(raw)
        if held > MAX_BYTES:
            raise DataError(
                f"The text files in “{shown(folder.name)}” hold more than {MAX_BYTES // 2**20} MiB "
                "together. Give a smaller corpus."
            )
        names += names_in(raw, path.name)
    return names


def folder_lines(folder: Path) -> Iterator[LabelledName]:
    """The names of a folder of any size, as they are read; otherwise as `read_folder`."""
    for path in text_files(folder):
        with opened_text(path, newline=None) as file:
            yield from names_in_text(file, path.name)


def names_in(raw: bytes, file_name: str) -> list[LabelledName]:
    """The names of one `<Category>.txt`.

    Args:
        raw: Its content, UTF-8; lines may end in LF, CRLF or CR.
        file_name: Its name, which gives the category.

    Returns:
        One record a line that is not blank.

    Raises:
        DataError: If it is not UTF-8, a line is no name, or its name is no category.
    """
    return list(names_in_text(decode(raw, file_name), file_name))


def names_in_text(text: str | TextIO, file_name: str) -> Iterator[LabelledName]:
    """The names of one `<Category>.txt` that is decoded already; otherwise as `names_in`."""
    quoted = f"“{shown(file_name)}”"
    category = checked_category(Path(file_name).stem, f"the file name {quoted}")
    lines = io.StringIO(text, newline=None) if isinstance(text, str) else text
    for number, line in enumerate(lines, start=1):
        if name := checked_name(line, f"line {number:,} of {quoted}"):
            yield LabelledName(name, category)


def is_names_file(file_name: str) -> bool:
    """Whether a file of this name holds the names of a category."""
    path = Path(file_name)
    return (
        path.suffix.lower() == ".txt"
        and not path.name.startswith(".")
        and path.stem.lower() != "readme"
    )


def text_files(folder: Path) -> list[Path]:
    """The files of a folder that hold names, in alphabetical order.

    Raises:
        DataError: If it is no folder, or has none.
    """
    try:
        if not folder.is_dir():
            raise DataError(
                f"“{shown(str(folder))}” is not a folder. Give a folder with one text file a "
                "category, or a CSV file."
            )
        paths = sorted(
            path for path in folder.iterdir() if is_names_file(path.name) and not path.is_dir()
        )
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise DataError(
            f"The folder “{shown(str(folder))}” cannot be read: {reason}. "
            "Check that you may read it."
        ) from error
    if not paths:
        raise DataError(
            f"The folder “{shown(str(folder))}” has no text files of names. Put one file a "
            "category into it, for example Greek.txt, with one name a line."
        )
    return paths
