"""The text files in an uploaded zip archive: read in memory, counted and measured beforehand.

Nothing is ever unpacked to disk, and of an entry's path only the last part is looked at, as text.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from namerec.data.folder import is_names_file
from namerec.data.text import listed
from namerec.data.zips import DAMAGE, METHODS, count_entries, is_encrypted, is_link
from namerec.errors import DataError
from namerec.text import shown

#: Most bytes of all entries together once unpacked: a hundred tutorial corpora.
MAX_UNPACKED_BYTES = 20 * 2**20
#: Most entries: five files for each of the 200 categories that a corpus may have.
MAX_ENTRIES = 1000
#: Most unpacked bytes for one packed byte of an entry. Names pack to a third or a fifth; what packs
#: two hundred times better is one line over and over, or a bomb.
MAX_RATIO = 200

#: Set if an entry's name is UTF-8; else it may be anything, and usually is UTF-8 all the same.
_NAME_IS_UTF8 = 0x0800
_ARCHIVES = (".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar")


@dataclass(frozen=True, slots=True)
class NamesFile:
    """A `<Category>.txt` out of an archive: its name without any path, and its bytes."""

    file_name: str
    raw: bytes


def unpack(raw: bytes, title: str) -> tuple[list[NamesFile], list[str]]:
    """The text files of names in a zip archive.

    Folders, hidden files and what macOS adds are passed over. Other files, links and archives
    within the archive are left out with a notice.

    Returns:
        The files, ordered by name, and a sentence on each kind of entry that was left out.

    Raises:
        DataError: If it is no zip archive, is damaged, too large, has too many entries, an
            encrypted one or one that is packed too well, or holds no text files of names.
    """
    quoted = f"“{shown(title)}”"
    entries = count_entries(io.BytesIO(raw))
    if entries > MAX_ENTRIES:
        raise DataError(
            f"{quoted} has {entries:,} entries (those of archives within it counted); at most "
            f"{MAX_ENTRIES:,} are allowed. Put the names of a category into one text file."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            infos = archive.infolist()
            _check(infos, quoted)
            wanted, notices = _sort_out(infos)
            return list(_read(archive, wanted, quoted)), notices
    except DAMAGE as error:
        raise DataError(
            f"{quoted} is not a zip archive, or it is damaged ({shown(str(error))}). Create it "
            "again: one text file a category, for example Greek.txt, one name a line."
        ) from error


def _check(infos: list[zipfile.ZipInfo], quoted: str) -> None:
    """Refuses by what the archive says of itself, before anything of it is unpacked."""
    encrypted = [_base_name(info) for info in infos if is_encrypted(info)]
    if encrypted:
        raise DataError(
            f"{quoted} has encrypted entries ({listed(encrypted)}), which are not read. Create the "
            "archive without a password."
        )
    unpacked = sum(info.file_size for info in infos)
    if unpacked > MAX_UNPACKED_BYTES:
        raise DataError(
            f"{quoted} unpacks to {unpacked / 2**20:,.1f} MiB; at most "
            f"{MAX_UNPACKED_BYTES // 2**20} MiB are allowed. Give a smaller corpus."
        )
    for info in infos:
        if info.file_size > MAX_RATIO * info.compress_size:
            raise DataError(
                f"“{shown(_base_name(info))}” in {quoted} unpacks to {info.file_size:,} bytes from "
                f"{info.compress_size:,}; at most {MAX_RATIO} for one are allowed. Lists of names "
                "do not compress that much: check what is in the file."
            )


def _sort_out(infos: list[zipfile.ZipInfo]) -> tuple[list[tuple[str, zipfile.ZipInfo]], list[str]]:
    """The entries to read, with their names, and sentences on the others."""
    wanted: list[tuple[str, zipfile.ZipInfo]] = []
    links: list[str] = []
    archives: list[str] = []
    others: list[str] = []
    for info in infos:
        base = _base_name(info)
        if not base or info.is_dir() or _is_hidden(info):
            continue
        if is_link(info):
            links.append(base)
        elif base.lower().endswith(_ARCHIVES):
            archives.append(base)
        elif is_names_file(base):
            wanted.append((base, info))
        else:
            others.append(base)
    notices = [
        f"Left out: {listed(names)}. {reason}"
        for names, reason in (
            (links, "Links and devices are not followed."),
            (archives, "Archives within the archive are not opened."),
            (others, "Only text files called <Category>.txt are read, and no README."),
        )
        if names
    ]
    return sorted(wanted, key=lambda entry: (entry[0], entry[1].filename)), notices


def _read(
    archive: zipfile.ZipFile, wanted: list[tuple[str, zipfile.ZipInfo]], quoted: str
) -> Iterator[NamesFile]:
    if not wanted:
        raise DataError(
            f"{quoted} has no text files of names. Put one file a category into it, for example "
            "Greek.txt, with one name a line; upload a table as it is, without a zip."
        )
    for base, info in wanted:
        if info.compress_type not in METHODS:
            raise DataError(
                f"“{shown(base)}” in {quoted} is compressed by method {info.compress_type}; only "
                "stored and deflated entries are read. Create the archive with your system's own "
                "zip program."
            )
        # What an entry says of its size may be a lie: no more is asked for than what it says, since
        # `zipfile` unpacks all that is asked for before it cuts it to size.
        with archive.open(info) as entry:
            content = entry.read(info.file_size + 1)
        if len(content) != info.file_size:
            raise zipfile.BadZipFile(f"{base} has another size than it says")
        yield NamesFile(base, content)


def _parts(info: zipfile.ZipInfo) -> list[str]:
    """An entry's name between the separators of any system. Text only, never a path to open."""
    name = info.orig_filename
    if not info.flag_bits & _NAME_IS_UTF8:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = info.orig_filename
    return re.split(r"[/\\]", name)


def _base_name(info: zipfile.ZipInfo) -> str:
    return _parts(info)[-1]


def _is_hidden(info: zipfile.ZipInfo) -> bool:
    return any(
        part == "__MACOSX" or (part.startswith(".") and part not in (".", ".."))
        for part in _parts(info)
    )
