"""What all who read somebody's zip archive share: to count, look and read before trusting it.

Nothing here unpacks more than it is asked for, or touches a path that an archive names.
"""

import stat
import struct
import zipfile
import zlib
from typing import BinaryIO

#: Methods that give no more than they are asked for at a time; the others (bzip2, LZMA) unpack a
#: whole block at once.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: What reading damaged archives has been seen to raise.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(RuntimeError, ValueError, OverflowError, LookupError),
)

#: What begins each entry in a zip's directory, also in that of a zip within the zip.
_DIRECTORY_RECORD = b"PK\x01\x02"
#: Bits of an entry's flags: encrypted, strongly encrypted, directory encrypted.
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
#: Bytes that are looked at in one go.
CHUNK = 2**20


def count_entries(file: BinaryIO) -> int:
    """Counts an archive's entries before `zipfile` makes an object of each.

    Whatever the archive's end says about their number, there is one such record for every entry
    that can be read.

    Args:
        file: The archive; it is read to its end.

    Raises:
        OSError: If it cannot be read.
    """
    found, before = 0, b""
    while chunk := file.read(CHUNK):
        looked_at = before + chunk
        found += looked_at.count(_DIRECTORY_RECORD)
        before = looked_at[-len(_DIRECTORY_RECORD) + 1 :]  # a record's beginning may be cut
    return found


def is_encrypted(info: zipfile.ZipInfo) -> bool:
    """Whether an entry needs a password."""
    return bool(info.flag_bits & _ENCRYPTED)


def is_link(info: zipfile.ZipInfo) -> bool:
    """Whether an entry would be a link or a device, were it unpacked."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    return kind not in (0, stat.S_IFREG) and not info.is_dir()
