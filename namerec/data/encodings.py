"""Text that is not UTF-8: the encodings on offer, and what the bytes would say in each.

Nothing is guessed. UTF-8 proves itself, since other text is hardly ever valid UTF-8 by chance;
every other encoding is somebody's choice, made on a preview.
"""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass

from namerec.data.text import decode
from namerec.errors import DataError
from namerec.text import shown

UTF_8 = "utf-8"
#: What may be chosen, and what screens call it. Of encodings that contain one another, the larger
#: one, as Windows writes it: cp932 for Shift_JIS, cp949 for EUC-KR, cp950 for Big5.
ENCODINGS = {
    UTF_8: "UTF-8",
    "cp1252": "Western European (Windows-1252)",
    "iso-8859-1": "Western European (ISO 8859-1, Latin-1)",
    "cp1250": "Central European (Windows-1250)",
    "iso-8859-2": "Central European (ISO 8859-2, Latin-2)",
    "cp1251": "Cyrillic (Windows-1251)",
    "koi8-r": "Cyrillic (KOI8-R)",
    "cp1253": "Greek (Windows-1253)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "cp1257": "Baltic (Windows-1257)",
    "cp1258": "Vietnamese (Windows-1258)",
    "cp874": "Thai (Windows-874)",
    "cp932": "Japanese (Shift_JIS)",
    "euc_jp": "Japanese (EUC-JP)",
    "gb18030": "Chinese, simplified (GB 18030, GBK)",
    "cp950": "Chinese, traditional (Big5)",
    "cp949": "Korean (EUC-KR)",
    "mac_roman": "Western European (old Mac)",
    "utf-16": "UTF-16 (“Unicode” in Windows programs)",
    "utf-16-be": "UTF-16, big-endian",
}
#: Lines in the preview of an encoding: enough to see that accents sit right.
SAMPLE_LINES = 5

_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class EncodingSample:
    """What some bytes say in one encoding.

    Attributes:
        encoding: A key of `ENCODINGS`.
        title: What screens call it.
        lines: Of the text, the first few that tell encodings apart; somebody's text, cut short.
    """

    encoding: str
    title: str
    lines: tuple[str, ...]


def is_utf8(raw: bytes) -> bool:
    """Whether bytes are UTF-8 text, with or without a byte order mark.

    Bytes with a NUL are not: they are UTF-16 of plain letters, or no text at all.
    """
    try:
        raw.decode(UTF_8)
    except UnicodeDecodeError:
        return False
    return b"\0" not in raw


def decode_as(raw: bytes, title: str, encoding: str) -> str:
    """Decodes in an encoding that somebody chose; a byte order mark is taken off.

    Args:
        raw: The bytes of a file.
        title: The file's name, for the message.
        encoding: A key of `ENCODINGS`.

    Raises:
        DataError: If it is not on offer, or the bytes are no text in it.
    """
    if encoding not in ENCODINGS:
        raise DataError(
            f"“{shown(encoding)}” is not a known encoding. Allowed are {', '.join(ENCODINGS)}."
        )
    text = decode(raw, title) if encoding == UTF_8 else _decode_other(raw, title, encoding)
    if "\0" in text:
        raise DataError(
            f"“{shown(title)}” holds NUL characters when it is read as {ENCODINGS[encoding]}, so "
            "it is in UTF-16, or is not a text file. Choose another encoding, or save it as UTF-8."
        )
    return text.removeprefix("\ufeff")


def samples(files: Sequence[bytes]) -> tuple[EncodingSample, ...]:
    """What files that are not UTF-8 say in each encoding in which all of them are text.

    Args:
        files: Their bytes; all are in one encoding.

    Returns:
        In the order of `ENCODINGS`; empty if the bytes are no text. Text in UTF-16 is hardly ever
        text in another one: nearly all have NUL characters then.
    """
    found = []
    for encoding in ENCODINGS:
        lines: list[str] = []
        try:
            for raw in files:
                lines += _telling_lines(decode_as(raw, "", encoding))
        except DataError:
            continue
        found.append(EncodingSample(encoding, ENCODINGS[encoding], tuple(lines[:SAMPLE_LINES])))
    return tuple(found)


def _decode_other(raw: bytes, title: str, encoding: str) -> str:
    # Without a mark Python would take the byte order of this machine.
    marked = encoding != "utf-16" or raw.startswith(_UTF_16_MARKS)
    try:
        return raw.decode(encoding if marked else "utf-16-le")
    except UnicodeDecodeError as error:
        raise DataError(
            f"“{shown(title)}” is not {ENCODINGS[encoding]} text: byte {error.start + 1:,} of the "
            f"file is 0x{raw[error.start]:02X}, which has no meaning there. Choose another "
            "encoding, or save the file as UTF-8."
        ) from error


def _telling_lines(text: str) -> list[str]:
    """The first lines with a letter beyond ASCII; if there are none, the first lines."""
    lines: list[str] = []
    at = 0
    while len(lines) < SAMPLE_LINES and (strange := _NOT_ASCII.search(text, at)):
        begin = max(text.rfind("\n", at, strange.start()), text.rfind("\r", at, strange.start()))
        ends = (text.find(mark, strange.start()) for mark in "\r\n")
        end = min((place for place in ends if place >= 0), default=len(text))
        lines.append(shown(text[max(at, begin + 1) : end].strip()))
        at = end
    return lines or [shown(line) for line in text[:2000].splitlines()[:SAMPLE_LINES]]
