import pytest

from namerec.core.evaluation.many import MOST_NAMES
from namerec.data.encodings import UTF_8
from namerec.data.name_list import MAX_LIST_BYTES, encodings_of_list, read_list
from namerec.errors import DataError, NameInputError


def read(text: str, file_name: str = "names.csv", encoding: str = UTF_8) -> list[tuple[int, str]]:
    names = read_list(text.encode(encoding), file_name, encoding)
    assert not names.unreadable
    return [(line.number, line.name.original) for line in names.lines]


def test_every_line_of_a_text_file_is_a_name_whatever_stands_in_it():
    assert read('\ufeffname\nGarcía, María\n\n"Bo"\r\nLi', "list.txt") == [
        (1, "name"),
        (2, "García, María"),
        (4, '"Bo"'),
        (5, "Li"),
    ]


@pytest.mark.parametrize(
    ("text", "file_name"),
    [
        ("id,Surname,country\n1,Li,x\n2,Bo,y\n", "names.csv"),
        ("Surname;id\nLi;1\nBo;2\n", "C:\\lists\\names.CSV"),
        ("id\tsurname\n1\tLi\n2\tBo\n", "names.tsv"),
    ],
)
def test_of_a_table_the_column_headed_name_is_read(text, file_name):
    assert read(text, file_name) == [(2, "Li"), (3, "Bo")]


def test_without_such_a_heading_the_first_column_is_read_and_the_first_row_counts():
    assert read("Li,China\nBo,China\n") == [(1, "Li"), (2, "Bo")]
    assert read('"Garcia, Maria"\n"Bo"\n') == [(1, "Garcia, Maria"), (2, "Bo")]


def test_a_row_of_another_width_is_listed_and_loses_nothing():
    names = read_list(b"name,id\nLi,1\nGarcia, Maria,2\nBo\n", "names.csv", UTF_8)
    assert [line.name.letters for line in names.lines] == ["Li"]
    why = "the first row 2; put names that contain the separator in double quotes."
    assert names.unreadable == (
        (3, "Garcia, Maria, 2", f"It has 3 cells, {why}"),
        (4, "Bo", f"It has 1 cell, {why}"),
    )


def test_a_file_of_windows_is_read_in_the_encoding_that_is_chosen():
    raw = "name\nMüller\nNuñez\n".encode("cp1252")
    offered = encodings_of_list(raw, "names.csv")
    western = next(sample for sample in offered if sample.encoding == "cp1252")
    assert western.lines == ("Müller", "Nuñez")
    names = read_list(raw, "names.csv", "cp1252")
    assert [line.name.original for line in names.lines] == ["Müller", "Nuñez"]
    assert encodings_of_list("Müller".encode(), "names.txt") == ()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"a" * (MAX_LIST_BYTES + 1), "2,097,153 bytes; at most 2,097,152 are"),
        (b" \n\n", "is empty"),
        (b"PK\x03\x04abc", "not text in any known encoding"),
    ],
)
def test_what_is_no_list_is_refused_plainly(raw, words):
    with pytest.raises(DataError, match=words):
        encodings_of_list(raw, "/tmp/names.csv")


def test_too_many_or_no_names_are_refused_with_their_number():
    rows = b"name,id\n" + b"Li,1\n" * MOST_NAMES
    assert len(read_list(rows, "names.csv", UTF_8).lines) == MOST_NAMES
    with pytest.raises(NameInputError, match="10,001 names were given"):
        read_list(rows + b"Li\n", "names.csv", UTF_8)
    with pytest.raises(NameInputError, match="No name was given"):
        read_list(b"name,id\n", "names.csv", UTF_8)
