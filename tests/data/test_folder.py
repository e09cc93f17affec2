"""Folders of text files, as people really have them."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.data import folder as folder_module
from namerec.data import text as text_module
from namerec.data.folder import is_names_file, names_in, read_folder
from namerec.errors import DataError


def test_each_file_is_a_category_and_each_line_a_name(tmp_path):
    (tmp_path / "Greek.txt").write_text("Pappas\nRitsos\n", encoding="utf-8")
    (tmp_path / "Czech.txt").write_text("Dvořák\nČapek\nDvořák\n", encoding="utf-8")
    assert read_folder(tmp_path) == [
        LabelledName("Dvořák", "Czech"),
        LabelledName("Čapek", "Czech"),
        LabelledName("Dvořák", "Czech"),
        LabelledName("Pappas", "Greek"),
        LabelledName("Ritsos", "Greek"),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"Pappas\r\nRitsos\r\n",
        b"Pappas\rRitsos",
        b"\xef\xbb\xbfPappas\nRitsos",
        b"\n\n  Pappas \t\n   \nRitsos\n\n",
    ],
    ids=["CRLF", "CR", "byte order mark", "blanks"],
)
def test_line_ends_marks_and_blanks_do_not_matter(raw):
    assert [line.name for line in names_in(raw, "Greek.txt")] == ["Pappas", "Ritsos"]


def test_names_that_look_like_missing_values_are_names():
    raw = b"NA\nNone\nNull\nnan\nTrue\n"
    assert [line.name for line in names_in(raw, "X.txt")] == ["NA", "None", "Null", "nan", "True"]


def test_only_text_files_of_names_are_read(tmp_path):
    for name in ("README.txt", "Readme.md", ".hidden.txt", "notes.md", "names.csv"):
        (tmp_path / name).write_bytes(b"\xff not for reading")
    (tmp_path / "Folder.txt").mkdir()
    (tmp_path / "Greek.TXT").write_text("Pappas")
    assert read_folder(tmp_path) == [LabelledName("Pappas", "Greek")]
    assert not is_names_file("README.txt")


def test_a_file_name_in_two_unicode_forms_is_one_category():
    assert names_in(b"Garc", "Espan\u0303ol.txt")[0].category == "Espa\u00f1ol"


def test_something_else_than_a_folder_is_named(tmp_path):
    for path in (tmp_path / "nowhere", tmp_path / ("x" * 300)):
        with pytest.raises(DataError, match=r"is not a folder|cannot be read"):
            read_folder(path)


def test_a_folder_without_text_files_says_what_to_put_into_it(tmp_path):
    with pytest.raises(DataError, match=r"no text files of names\. Put one file a category"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"Pappas\nM\xfcller\n", "line 2, byte 9 of the file is 0xFC"),
        (b"\xef\xbb\xbfPappas\nM\xfcller\n", "line 2, byte 12 of the file is 0xFC"),
        ("Pappas".encode("utf-16"), "line 1, byte 1 of the file is 0xFF"),
    ],
)
def test_a_file_that_is_not_utf8_is_told_with_line_and_byte(tmp_path, raw, place):
    (tmp_path / "German.txt").write_bytes(raw)
    with pytest.raises(DataError, match=f"“German.txt” is not UTF-8 text: {place}"):
        read_folder(tmp_path)


def test_a_file_that_cannot_be_opened_is_named(tmp_path):
    (tmp_path / "Greek.txt").symlink_to(tmp_path / "gone.txt")
    with pytest.raises(DataError, match=r"“Greek\.txt” cannot be read: No such file"):
        read_folder(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "Greek.txt")
    with pytest.raises(DataError, match=r"“Greek\.txt” is not a file"):
        read_folder(tmp_path)


def test_a_file_name_that_is_no_text_is_an_error_and_can_be_printed(tmp_path):
    (tmp_path / os.fsdecode(b"Gr\xe9co.txt")).write_text("Pappas")
    with pytest.raises(DataError, match="not text") as failure:
        read_folder(tmp_path)
    str(failure.value).encode()


def test_a_file_beyond_the_bound_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(text_module, "MAX_BYTES", 10)
    (tmp_path / "Greek.txt").write_bytes(b"a" * 11)
    with pytest.raises(DataError, match=r"“Greek\.txt” is larger than"):
        read_folder(tmp_path)


def test_files_beyond_the_bound_together_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_module, "MAX_BYTES", 10)
    for name in ("Greek.txt", "Czech.txt"):
        (tmp_path / name).write_bytes(b"a" * 6)
    with pytest.raises(DataError, match="hold more than"):
        read_folder(tmp_path)


def test_an_endless_line_is_no_name():
    with pytest.raises(DataError, match=r"line 2 of “Greek\.txt” has 1,025 characters"):
        names_in(b"Pappas\n" + b"a" * 1025, "Greek.txt")


def test_an_endless_file_name_is_no_category():
    with pytest.raises(DataError, match="at most 100 are allowed"):
        names_in(b"Pappas", "x" * 101 + ".txt")


@given(raw=st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8")))
def test_any_bytes_give_a_dataset_or_a_data_error(raw):
    try:
        names = names_in(raw, "Greek.txt")
        dataset = Dataset.build("any bytes", [LabelledName("Novak", "Czech"), *names])
    except DataError:
        return
    assert set(dataset.categories) == {"Czech", "Greek"}
    assert len(dataset) + len(dataset.unreadable) == len(names) + 1


@given(file_name=st.text(max_size=120))
def test_any_file_name_gives_a_category_or_a_data_error(file_name):
    try:
        (line,) = names_in(b"Pappas\n", file_name)
    except DataError:
        return
    assert line.category.encode()
