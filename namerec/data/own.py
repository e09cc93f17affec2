"""Corpora of your own, kept in the data folder: `corpora/<id>.json` and a CSV table it refers to.

The id is the beginning of the dataset's fingerprint. So the same names are the same corpus however
often they are uploaded, and an upload brought again is found by the runs that were trained on it.

A table is called after its content, so that the description's renaming alone replaces a corpus.
"""

import contextlib
import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

from namerec import formats
from namerec.core.corpus.dataset import Dataset
from namerec.data.kept import ID, ID_DIGITS, PREFIX, TABLE_DIGITS, DamagedCorpus, OwnCorpus
from namerec.data.kept_table import as_table, from_table
from namerec.data.text import MAX_BYTES, read_bytes
from namerec.data.upload import Upload
from namerec.disk import UNFINISHED, is_debris, open_regular, write_whole
from namerec.errors import DataError
from namerec.formats import NewerFormatError
from namerec.settings import home
from namerec.text import shown

#: Most bytes of a description: 200 categories with long names, and all notices, many times over.
_MAX_DESCRIPTION_BYTES = 2**20
#: A table's name; the id is its first group.
_TABLE = re.compile(f"({ID.pattern})(?:-[0-9a-f]{{{TABLE_DIGITS}}})?[.]csv")


class NewerCorpusError(DataError):
    """A corpus that another version has kept, as this one cannot."""


class OwnCorpora:
    """Keeps, lists, finds, loads and removes corpora of your own."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root if root is not None else home() / "corpora"

    def keep(self, upload: Upload) -> OwnCorpus:
        """Stores an upload; one with the same fingerprint is replaced, as its notices then say.

        Whenever the process is killed, the earlier corpus or the new one is there and whole.

        Raises:
            DataError: If the data folder cannot be written, or the names take too much room.
        """
        dataset = upload.dataset
        content = as_table(dataset)
        if len(content) > MAX_BYTES:
            raise DataError(
                f"The names and categories of “{dataset.title}” take {len(content) // 2**20:,} MiB "
                f"written out; at most {MAX_BYTES // 2**20} MiB are kept. Give the categories "
                "shorter names, or fewer names."
            )
        try:
            earlier: OwnCorpus | None = self.describe(dataset.fingerprint[:ID_DIGITS])
        except NewerCorpusError:
            raise
        except DataError:
            earlier = None
        replaced = () if earlier is None else (_replaced_words(earlier),)
        corpus = OwnCorpus(
            id=dataset.fingerprint[:ID_DIGITS],
            title=dataset.title,
            fingerprint=dataset.fingerprint,
            kept=datetime.now(UTC),
            names=len(dataset),
            categories=dataset.categories,
            has_split=dataset.given_parts is not None,
            table=hashlib.sha256(content).hexdigest()[:TABLE_DIGITS],
            csv_bytes=len(content),
            notices=(*upload.notices, *replaced),
        )
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self._sweep()  # before, as it may make the room; after, as the earlier table is unused
            # The description comes last: without it there is no corpus, or still the earlier one.
            write_whole(self.where(corpus), content)
            write_whole(self._path(corpus.id), formats.content(corpus))
            self._sweep()
        except OSError as error:
            raise DataError(
                f"The corpus cannot be stored in {self.root}: {error.strerror}. Free some space, "
                "or set NAMEREC_HOME to a folder that can be written."
            ) from error
        return corpus

    def entries(self) -> list[OwnCorpus | DamagedCorpus]:
        """All kept corpora, the newest first, damaged ones behind them. Reads no names."""
        readable: list[OwnCorpus] = []
        damaged: list[OwnCorpus | DamagedCorpus] = []
        for identity in self._ids():
            try:
                readable.append(self.describe(identity))
            except DataError as error:
                damaged.append(DamagedCorpus(identity, str(error)))
        return [*sorted(readable, key=lambda corpus: corpus.kept, reverse=True), *damaged]

    def find(self, fingerprint: str) -> OwnCorpus | None:
        """The kept corpus with a fingerprint, or None if it is gone or damaged."""
        with contextlib.suppress(DataError):
            corpus = self.describe(fingerprint[:ID_DIGITS])
            if corpus.fingerprint == fingerprint:
                return corpus
        return None

    def describe(self, identity: str) -> OwnCorpus:
        """What is known of a kept corpus.

        Raises:
            DataError: If there is none of that id, or its files are damaged.
        """
        if not ID.fullmatch(identity) or not self._path(identity).is_file():
            raise DataError(
                f"The corpus “{PREFIX}{shown(identity)}” is not, or no longer, on this computer. "
                "Upload the same names again, or choose another corpus."
            )
        try:
            corpus = self._description(identity)
            if corpus.id != identity:
                raise ValueError("it describes another corpus")
            if self.where(corpus).stat().st_size != corpus.csv_bytes:
                raise ValueError("its table of names is incomplete")
        except NewerFormatError as error:
            raise NewerCorpusError(error.words(f"The corpus “{PREFIX}{identity}”")) from None
        except (OSError, ValueError) as error:
            raise _damaged(identity, getattr(error, "strerror", None) or str(error)) from error
        return corpus

    def load(self, identity: str) -> Dataset:
        """Reads a kept corpus; its fingerprint is the one it was kept with.

        Raises:
            DataError: If there is none of that id, or its files are damaged.
        """
        corpus = self.describe(identity)
        try:
            dataset = from_table(read_bytes(self.where(corpus)), corpus.title)
        except DataError as error:
            raise _damaged(identity, "its table of names cannot be read") from error
        if dataset.fingerprint != corpus.fingerprint:
            raise _damaged(identity, "its names have changed since they were stored")
        return dataset

    def stamp(self, identity: str) -> str:
        """Changes whenever the files of a kept corpus do.

        Raises:
            DataError: If there is none of that id, or its files are damaged.
        """
        paths = (self.where(self.describe(identity)), self._path(identity))
        return ";".join(str(path.stat().st_mtime_ns) for path in paths)

    def where(self, corpus: OwnCorpus) -> Path:
        """The file that holds a kept corpus's names."""
        return self.root / corpus.table_name

    def remove(self, identity: str) -> None:
        """Removes a kept corpus, damaged or not. Runs trained on it stay, without their names.

        Raises:
            DataError: If there is none of that id, or the folder cannot be written.
        """
        if identity not in self._ids():
            self.describe(identity)
        try:
            self._path(identity).unlink(missing_ok=True)
            for table in self._tables().get(identity, []):
                table.unlink(missing_ok=True)
        except OSError as error:
            raise DataError(
                f"The corpus “{PREFIX}{identity}” cannot be removed from {self.root}: "
                f"{error.strerror}. Check that you may write there."
            ) from error

    def _ids(self) -> list[str]:
        try:
            names = sorted(path.stem for path in self.root.glob("*.json"))
        except OSError:
            return []
        return [name for name in names if ID.fullmatch(name)]

    def _path(self, identity: str) -> Path:
        return self.root / f"{identity}.json"

    def _description(self, identity: str) -> OwnCorpus:
        with open_regular(self._path(identity)) as file:
            content = file.read(_MAX_DESCRIPTION_BYTES + 1)
        try:
            return formats.parsed(content, OwnCorpus)
        except NewerFormatError:
            raise
        except ValueError as error:
            raise ValueError("its description is incomplete") from error

    def _tables(self) -> dict[str, list[Path]]:
        """All tables there are, by the id of their corpus."""
        found: dict[str, list[Path]] = {}
        for path in self.root.glob("*.csv"):
            if match := _TABLE.fullmatch(path.name):
                found.setdefault(match[1], []).append(path)
        return found

    def _sweep(self) -> None:
        """Removes unfinished files and the tables that no description refers to."""
        unused = list(self.root.glob(f"*{UNFINISHED}"))
        described = set(self._ids())
        for identity, tables in self._tables().items():
            if identity not in described:
                unused += tables
            elif len(tables) > 1:
                with contextlib.suppress(OSError, ValueError):  # what is damaged keeps its tables
                    used = self.where(self._description(identity))
                    unused += [table for table in tables if table != used]
        for path in unused:
            with contextlib.suppress(OSError):
                # Another process may be about to refer to one that is new.
                if is_debris(path):
                    path.unlink(missing_ok=True)


def _replaced_words(earlier: OwnCorpus) -> str:
    return (
        f"Replaced: “{shown(earlier.title)}”, stored since "
        f"{earlier.kept.astimezone():%Y-%m-%d %H:%M}: the same names, as the network reads them."
    )


def _damaged(identity: str, reason: str) -> DataError:
    return DataError(
        f"The corpus “{PREFIX}{identity}” is damaged: {shown(reason)}. Upload the same names "
        "again, which puts it right."
    )
