"""Large corpora, encoded once into a table on disk and read from there without a copy in memory.

    tables/<SHA-256 of the source>/names.npy, ends.npy, letters.npy ...   the dataset's arrays
    tables/<SHA-256 of the source>/table.json                             what else it holds

The system reads those pages of the arrays that are used, and processes share them. A table is made
aside and renamed once it is whole: one whose making was killed is never read and is made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from filelock import FileLock
from pydantic import BaseModel

from namerec.core.corpus.dataset import LINES_AT_ONCE, Dataset, LabelledName
from namerec.core.corpus.protocols import Part
from namerec.core.corpus.texts import Texts
from namerec.disk import UNFINISHED
from namerec.errors import DataError
from namerec.settings import cache_home

#: Changes when the same source would be encoded otherwise, or into other files.
_VERSION = b"1"
_TABLE = "table.json"
_READ_AT_ONCE = 1 << 20


class _About(BaseModel):
    categories: tuple[str, ...]
    fingerprint: str
    unreadable: tuple[tuple[str, str, Part | None], ...]


def load(
    title: str,
    files: Sequence[Path],
    lines: Callable[[], Iterable[LabelledName]],
    progress: Callable[[int], None] = lambda _: None,
    tables: Path | None = None,
) -> Dataset:
    """A large corpus, from its table; that is made first if it is not there.

    Args:
        title: As of `Dataset.build`.
        files: What the corpus is read from.
        lines: Reads it; called if there is no table.
        progress: Told how many lines have been encoded.
        tables: Where tables are kept; in the user's cache if None.

    Raises:
        DataError: If the corpus cannot be read, or its table not be stored.
    """
    tables = tables or cache_home() / "tables"
    try:
        folder = tables / _key(files)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):  # others that want the same wait, and find it made
            with contextlib.suppress(ValueError, EOFError, FileNotFoundError):
                return _opened(folder, title)
            _write(folder, Dataset.build(title, _counted(lines(), progress)))
            return _opened(folder, title)
    except OSError as error:
        raise DataError(
            f"The table of “{title}” cannot be kept in {tables}: {error.strerror or error}. "
            "Free some space, or set NAMEREC_CACHE to a folder on a larger disk."
        ) from error


def _key(files: Sequence[Path]) -> str:
    digest = hashlib.sha256(_VERSION)
    for path in files:
        digest.update(f"\0{path.name}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while piece := file.read(_READ_AT_ONCE):
                digest.update(piece)
    return digest.hexdigest()


def _counted(
    lines: Iterable[LabelledName], progress: Callable[[int], None]
) -> Iterator[LabelledName]:
    for number, line in enumerate(lines):
        if number % LINES_AT_ONCE == 0:
            progress(number)
        yield line


def _write(folder: Path, dataset: Dataset) -> None:
    aside = folder.with_name(folder.name + UNFINISHED)
    for debris in (aside, folder):  # of a making that was killed, or a table that was damaged
        shutil.rmtree(debris, ignore_errors=True)
    aside.mkdir()
    assert isinstance(dataset.names, Texts)  # noqa: S101 - for the type alone
    arrays = {
        "names": dataset.names.content,
        "ends": dataset.names.ends,
        "letters": dataset.letters,
        "lengths": dataset.lengths,
        "labels": dataset.labels,
        "parts": dataset.given_parts,
    }
    for name, array in arrays.items():
        if array is not None:
            with (aside / f"{name}.npy").open("wb") as file:
                np.save(file, array, allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())
    unreadable = tuple((line.name, line.category, line.part) for line in dataset.unreadable)
    about = _About(
        categories=dataset.categories, fingerprint=dataset.fingerprint, unreadable=unreadable
    )
    (aside / _TABLE).write_text(about.model_dump_json(), encoding="utf-8")
    aside.rename(folder)


def _opened(folder: Path, title: str) -> Dataset:
    """A table that is there.

    Raises:
        FileNotFoundError: If it is not.
        ValueError: If it is damaged; EOFError if a file of it is empty.
    """
    about = _About.model_validate_json((folder / _TABLE).read_bytes())

    def array(name: str) -> np.ndarray:
        mapped = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        return np.asarray(mapped)

    given = (folder / "parts.npy").exists()
    dataset = Dataset(
        title=title,
        categories=about.categories,
        names=Texts(array("names"), array("ends")),
        letters=array("letters"),
        lengths=array("lengths"),
        labels=array("labels"),
        given_parts=array("parts") if given else None,
        unreadable=tuple(LabelledName(*line) for line in about.unreadable),
        fingerprint=about.fingerprint,
    )
    sizes = {len(dataset), len(dataset.letters), len(dataset.lengths), len(dataset.labels)}
    if len(sizes) > 1:
        raise ValueError(f"the table in {folder} has columns of several lengths")
    return dataset
