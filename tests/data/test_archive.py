"""Zip archives of text files: every limit met for real, and nothing of a path ever used."""

import contextlib
import io
import struct
import time
import tracemalloc
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.data.archive import MAX_ENTRIES, MAX_UNPACKED_BYTES, NamesFile, unpack
from namerec.errors import DataError
from tests.data.zips import (
    CHECKSUM,
    FLAGS,
    NAMES,
    PACKED,
    UNPACKED,
    claiming,
    link,
    many_entries,
    zipped,
)


def names_of(raw: bytes) -> list[str]:
    return [file.file_name for file in unpack(raw, "names.zip")[0]]


def refusal(raw: bytes) -> str:
    with pytest.raises(DataError) as failure:
        unpack(raw, "names.zip")
    assert str(failure.value).isprintable()
    return str(failure.value)


@pytest.fixture
def nothing_may_be_unpacked(monkeypatch):
    really = zipfile.ZipFile.open

    def refuse(archive, name, mode="r", **how):
        if mode == "r":
            raise AssertionError("an entry was opened")
        return really(archive, name, mode, **how)

    monkeypatch.setattr(zipfile.ZipFile, "open", refuse)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_each_text_file_is_given_byte_for_byte_in_order_of_names(method):
    files = [NamesFile(name, content) for name, content in NAMES.items()]
    assert unpack(zipped(dict(reversed(NAMES.items())), method), "names.zip") == (files, [])


@pytest.mark.parametrize(
    "path",
    [
        *("Greek.txt", "names/Greek.txt", "/etc/Greek.txt", "../../../../tmp/Greek.txt"),
        *("C:\\Windows\\Greek.txt", "..\\..\\Greek.txt", "names/../Greek.txt", "./Greek.txt"),
    ],
)
def test_of_a_path_only_the_last_part_is_looked_at_and_nothing_is_written(
    path, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert names_of(zipped({path: b"Pappas\n"})) == ["Greek.txt"]
    assert list(tmp_path.iterdir()) == []


def test_folders_hidden_files_and_what_macos_adds_are_passed_over_silently():
    extras = [
        *("names/", "__MACOSX/names/._Greek.txt", "__MACOSX/Other.txt", ".DS_Store"),
        *("names/.hidden.txt", ".git/Notes.txt"),
    ]
    raw = zipped({**dict.fromkeys(extras, b""), **NAMES})
    files, notices = unpack(raw, "names.zip")
    assert [file.file_name for file in files] == ["Czech.txt", "Greek.txt"]
    assert notices == []


def test_what_is_no_text_file_of_names_is_left_out_with_a_notice():
    raw = zipped({"README.txt": b"Hello", "a/names.csv": b"x", "picture.png": b"\x89", **NAMES})
    files, notices = unpack(raw, "names.zip")
    assert len(files) == 2
    assert notices == [
        "Left out: “README.txt”, “names.csv”, “picture.png”. Only text files called "
        "<Category>.txt are read, and no README."
    ]


def test_an_archive_within_the_archive_is_not_opened():
    raw = zipped({"inner.zip": zipped(NAMES), "Greek.txt": b"Pappas\n"})
    files, notices = unpack(raw, "names.zip")
    assert [file.file_name for file in files] == ["Greek.txt"]
    assert notices == ["Left out: “inner.zip”. Archives within the archive are not opened."]


def test_a_link_is_not_read_as_names():
    raw = zipped([(link("Passwords.txt"), b"/etc/passwd"), ("Greek.txt", b"Pappas\n")])
    files, notices = unpack(raw, "names.zip")
    assert [file.file_name for file in files] == ["Greek.txt"]
    assert notices == ["Left out: “Passwords.txt”. Links and devices are not followed."]


def test_a_file_name_in_utf8_is_read_whether_or_not_the_archive_says_so():
    raw = zipped({"Español.txt": b"Garcia\n"})
    assert names_of(raw) == ["Español.txt"]
    silent = raw.replace(struct.pack("<H", 0x800), b"\0\0")
    assert silent != raw
    assert names_of(silent) == ["Español.txt"]


def test_an_archive_without_text_files_says_what_to_put_into_it():
    assert "has no text files of names. Put one file a category" in refusal(zipped({"a.csv": b""}))
    assert "has no text files of names" in refusal(zipped({}))


@pytest.mark.parametrize("flag", [0x0001, 0x0040, 0x2000])
def test_encrypted_entries_are_refused(flag, nothing_may_be_unpacked):
    raw = claiming(zipped(NAMES), 1, FLAGS, flag, "H")
    assert "has encrypted entries (“Greek.txt”), which are not read" in refusal(raw)


def test_a_bomb_is_refused_before_it_is_read(nothing_may_be_unpacked):
    raw = zipped({"Greek.txt": b"a" * 10 * 2**20})
    assert len(raw) < 20_000
    message = refusal(raw)
    assert "“Greek.txt” in “names.zip” unpacks to 10,485,760 bytes from" in message
    assert "at most 200 for one are allowed" in message


def test_a_file_that_packs_well_but_not_like_a_bomb_is_read():
    content = b"Pappas Nikolaos\n" * 500
    raw = zipped({"Greek.txt": content})
    assert 40 < len(content) / len(raw) < 200
    assert unpack(raw, "names.zip")[0][0].raw == content


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_read(nothing_may_be_unpacked):
    half = (b"%07d\n" * 1000) % tuple(range(1000)) * 1700
    raw = zipped({"A.txt": half, "B.txt": half})
    assert 2 * len(half) > MAX_UNPACKED_BYTES
    assert "unpacks to 25.9 MiB; at most 20 MiB are allowed" in refusal(raw)


def test_entries_left_out_count_towards_what_is_unpacked():
    raw = claiming(zipped({"film.bin": b"x" * 100, **NAMES}), 0, UNPACKED, 30 * 2**20)
    assert "at most 20 MiB are allowed" in refusal(raw)


@pytest.mark.parametrize("checksum_fits", [False, True])
def test_an_entry_that_unpacks_to_more_than_it_says_takes_no_more_memory_than_it_says(
    checksum_fits,
):
    content = bytes(range(97, 117)) * 2**20  # 20 MiB
    raw = claiming(zipped({"Greek.txt": content, "Czech.txt": b"Novak\n"}), 0, UNPACKED, 1000)
    if checksum_fits:
        raw = claiming(raw, 0, CHECKSUM, zlib.crc32(content[:1000]))
    tracemalloc.start()
    with contextlib.suppress(DataError):
        files, _ = unpack(raw, "names.zip")
        assert files[1].raw == content[:1000]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20 + 3 * len(raw)


def test_an_entry_that_unpacks_to_less_than_it_says_is_damaged():
    raw = claiming(zipped(NAMES), 0, UNPACKED, 1000)
    assert "it is damaged (Czech.txt has another size than it says)" in refusal(raw)


def test_a_packed_size_that_is_a_lie_is_an_error_and_no_wait():
    raw = claiming(zipped(NAMES), 0, PACKED, 2**32 - 2)
    with contextlib.suppress(DataError):
        unpack(raw, "names.zip")


def test_100_000_entries_are_refused_within_a_second(nothing_may_be_unpacked):
    raw = many_entries(100_000)
    began = time.process_time()
    message = refusal(raw)
    assert time.process_time() - began < 1
    assert "has 100,000 entries (those of archives within it counted); at most 1,000" in message


def test_entries_are_counted_not_believed():
    """The archive's end says that there is one; its directory has 100,000."""
    raw = bytearray(many_entries(100_000))
    struct.pack_into("<2H", raw, len(raw) - 22 + 8, 1, 1)
    assert len(zipfile.ZipFile(io.BytesIO(many_entries(1500))).infolist()) == 1500
    assert "has 100,000 entries" in refusal(bytes(raw))


def test_as_many_entries_as_are_allowed_are_read():
    raw = zipped({f"C{number}.txt": b"Pappas\n" for number in range(MAX_ENTRIES)})
    assert len(names_of(raw)) == MAX_ENTRIES
    raw = zipped({f"C{number}.txt": b"Pappas\n" for number in range(MAX_ENTRIES + 1)})
    assert "has 1,001 entries" in refusal(raw)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_whole_blocks_at_once_are_refused(method):
    assert f"is compressed by method {method}; only stored and deflated" in refusal(
        zipped(NAMES, method)
    )


@pytest.mark.parametrize(
    "raw", [b"", b"PK", b"PK\x03\x04", b"Pappas\n", b"\x1f\x8b" + b"x" * 90, zipped(NAMES)[:-30]]
)
def test_what_is_no_archive_is_told_so(raw):
    assert "is not a zip archive, or it is damaged" in refusal(raw)


def test_an_entry_whose_checksum_does_not_fit_is_damage():
    assert "it is damaged (Bad CRC-32" in refusal(claiming(zipped(NAMES), 0, CHECKSUM, 1))


paths = st.text(max_size=20) | st.sampled_from(
    ["Greek.txt", "../Greek.txt", "a\\b.txt", "\0.txt", ".txt", "/", "__MACOSX/a.txt", "x" * 200]
)


@given(files=st.lists(st.tuples(paths, st.binary(max_size=40)), max_size=5))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_whatever_the_entries_are_called_no_file_name_has_a_path(files):
    try:
        raw = zipped([(path, content) for path, content in files])
    except (ValueError, IndexError):  # a name that no archive can hold
        return
    with contextlib.suppress(DataError):
        for file in unpack(raw, "names.zip")[0]:
            assert not {"/", "\\"} & set(file.file_name)
            assert file.file_name.lower().endswith(".txt")
