"""Zip archives as people make them, and as nobody should."""

import io
import struct
import zipfile
from collections.abc import Mapping

#: A small corpus as an archive holds it.
NAMES = {
    "Czech.txt": "Dvořák\nČapek\nNovák\n".encode(),
    "Greek.txt": b"Pappas\nRitsos\n",
}

_DIRECTORY_RECORD = b"PK\x01\x02"
#: Where these stand in a directory record, bytes from its beginning.
FLAGS, CHECKSUM, PACKED, UNPACKED = 8, 16, 20, 24


def zipped(
    files: Mapping[str, bytes] | list[tuple[str | zipfile.ZipInfo, bytes]],
    method: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """A zip archive of some files, by path."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for path, content in files.items() if isinstance(files, Mapping) else files:
            archive.writestr(path, content, method)
    return written.getvalue()


def link(path: str) -> zipfile.ZipInfo:
    """An entry that Unix would make a symbolic link of."""
    info = zipfile.ZipInfo(path)
    info.create_system = 3
    info.external_attr = 0o120777 << 16
    return info


def claiming(raw: bytes, entry: int, place: int, value: int, size: str = "I") -> bytes:
    """An archive whose directory says something else of one of its entries."""
    at = -1
    for _ in range(entry + 1):
        at = raw.index(_DIRECTORY_RECORD, at + 1)
    changed = bytearray(raw)
    struct.pack_into(f"<{size}", changed, at + place, value)
    return bytes(changed)


def many_entries(number: int) -> bytes:
    """An archive with many empty entries, made faster than `zipfile` could."""
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 33, 0, 0, 0, 5, 0) + b"a.txt"
    record = (
        struct.pack("<4s6H3I5H2I", _DIRECTORY_RECORD, 20, 20, 0, 0, 0, 33, *[0] * 3, 5, *[0] * 6)
        + b"a.txt"
    )
    directory = record * number
    count = min(number, 0xFFFF)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(local), 0)
    return local + directory + end
