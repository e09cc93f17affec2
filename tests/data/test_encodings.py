"""Text in the encodings that people's files have, and the choice among them."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.data.encodings import ENCODINGS, SAMPLE_LINES, decode_as, is_utf8, samples
from namerec.errors import DataError

NAMES = {
    "cp1252": "Müller",
    "iso-8859-1": "Müller",
    "cp1250": "Dvořák",
    "iso-8859-2": "Dvořák",
    "cp1251": "Петров",
    "koi8-r": "Петров",
    "cp1253": "Παππάς",
    "cp1254": "Yıldız",
    "cp932": "佐藤",
    "euc_jp": "佐藤",
    "gb18030": "欧阳",
    "cp950": "歐陽",
    "cp949": "김철수",
    "utf-16": "Ömer",
    "utf-16-be": "Ömer",
}


def test_every_encoding_on_offer_is_one_that_python_has():
    assert [codecs.lookup(encoding).name for encoding in ENCODINGS]


@pytest.mark.parametrize(("encoding", "name"), NAMES.items())
def test_a_name_is_read_in_the_encoding_that_was_chosen(encoding, name):
    assert decode_as(f"Anna\n{name}\n".encode(encoding), "x.txt", encoding) == f"Anna\n{name}\n"


@pytest.mark.parametrize(("encoding", "name"), NAMES.items())
def test_the_right_encoding_is_among_those_that_are_offered(encoding, name):
    raw = f"Anna\n{name}\n".encode(encoding)
    assert not is_utf8(raw)
    offered = {sample.encoding: sample for sample in samples([raw])}
    assert name in offered[encoding].lines
    assert offered[encoding].title == ENCODINGS[encoding]
    assert "utf-8" not in offered


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_a_byte_order_mark_is_no_letter(mark, encoding):
    chosen = "utf-8" if encoding == "utf-8" else "utf-16"
    assert decode_as(mark + "Ömer".encode(encoding), "x.txt", chosen) == "Ömer"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "gb18030"])
def test_a_mark_written_as_a_letter_is_none_either(encoding):
    codec = "utf-16-le" if encoding == "utf-16" else encoding
    assert decode_as("\ufeffname".encode(codec), "x.csv", encoding) == "name"


def test_utf16_without_a_mark_is_little_endian_on_every_machine():
    assert decode_as("Ömer".encode("utf-16-le"), "x.txt", "utf-16") == "Ömer"


def test_the_most_usual_encoding_that_fits_comes_first():
    assert samples(["Müller\n".encode("utf-16")])[0].encoding == "utf-16"
    assert samples([b"M\xfcller\n"])[0].encoding == "cp1252"


def test_plain_letters_in_utf16_are_not_taken_for_utf8():
    raw = "Pappas\n".encode("utf-16-le")
    assert raw.decode("utf-8")
    assert not is_utf8(raw)
    with pytest.raises(DataError, match="NUL characters when it is read as UTF-8"):
        decode_as(raw, "x.txt", "utf-8")


def test_an_encoding_that_does_not_fit_is_told_with_the_byte():
    with pytest.raises(DataError, match=r"is not Western .* text: byte 2 of the file is 0x81"):
        decode_as(b"a\x81", "x.txt", "cp1252")


def test_an_encoding_that_is_not_on_offer_is_refused():
    for encoding in ("rot13", "zlib", "idna", "utf-7", "", "\ud800"):
        with pytest.raises(DataError, match=r"not a known encoding\. Allowed are utf-8, cp1252"):
            decode_as(b"Pappas", "x.txt", encoding)


def test_samples_show_the_lines_that_tell_encodings_apart():
    raw = b"Anna\r\n" * 1000 + b"M\xfcller\r\nOtto\r" + b"J\xe4ger\n" * 20
    (western,) = [sample for sample in samples([raw]) if sample.encoding == "cp1252"]
    assert western.lines == ("Müller", *["Jäger"] * (SAMPLE_LINES - 1))


def test_an_encoding_must_fit_all_files():
    fits = {sample.encoding for sample in samples([b"M\xfcller", b"a\x81b"])}
    assert "cp1252" not in fits
    assert "iso-8859-1" in fits


@given(raw=st.binary(max_size=100))
def test_samples_of_any_bytes_are_short_lines_that_can_be_shown(raw):
    for sample in samples([raw]):
        assert len(sample.lines) <= SAMPLE_LINES
        assert all(line.isprintable() and len(line) <= 120 for line in sample.lines)


@given(raw=st.binary(max_size=60), encoding=st.sampled_from([*ENCODINGS]))
def test_any_bytes_are_text_or_a_data_error(raw, encoding):
    try:
        text = decode_as(raw, "x.txt", encoding)
    except DataError:
        return
    assert "\0" not in text
    assert text.encode("utf-8").decode() == text
