"""The preview of a table: what it shows, and what it takes the columns for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.data.encodings import ENCODINGS
from namerec.data.preview import MAX_COLUMNS, PREVIEW_ROWS, UploadChoices, preview_table
from namerec.data.table import DELIMITERS
from namerec.errors import DataError


def columns(text: str, **how: object) -> tuple[int | None, int | None, int | None]:
    choices = preview_table(text.encode(), "x.csv", **how).choices  # type: ignore[arg-type]
    return choices.name_column, choices.category_column, choices.split_column


def test_the_first_rows_are_shown_below_the_headings():
    rows = "".join(f"Pappas{number},Greek\n" for number in range(50))
    preview = preview_table(f"Name, Language \n{rows}".encode(), "x.csv")
    assert preview.header == ("Name", "Language")
    assert preview.rows == tuple((f"Pappas{number}", "Greek") for number in range(PREVIEW_ROWS))
    assert preview.choices == UploadChoices("utf-8", ",", True, 0, 1, None)


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_the_delimiter_is_found(delimiter):
    raw = f"id{delimiter}name{delimiter}label\n1{delimiter}O, H;|\t{delimiter}x\n"
    quoted = raw.replace("O, H;|\t", '"O, H;|\t"').encode()
    preview = preview_table(quoted, "x.csv")
    assert preview.choices.delimiter == delimiter
    assert preview.rows[0][0::2] == ("1", "x")


def test_where_two_delimiters_would_do_the_ending_of_the_name_decides():
    assert preview_table(b"a,b\tc\n", "x.csv").choices.delimiter == ","
    assert preview_table(b"a,b\tc\n", "x.tsv").choices.delimiter == "\t"


def test_a_table_without_headings_keeps_its_first_row():
    preview = preview_table(b"Pappas,Greek\nNovak,Czech\nRitsos,Greek\n", "x.csv", has_header=False)
    assert preview.header == ("column 1", "column 2")
    assert preview.rows[0] == ("Pappas", "Greek")
    assert preview.choices == UploadChoices("utf-8", ",", False, 0, 1, None)


def test_columns_are_recognised_by_their_headings():
    assert columns("split,language,word\ntrain,Greek,Pappas\n") == (2, 1, 0)
    assert columns("First Name,Sex\nMaria,f\n") == (0, 1, None)
    assert columns("set,name,label\n1,a,b\n") == (1, 2, None)


def test_columns_without_known_headings_are_taken_for_what_their_cells_say():
    rows = "".join(
        f"{number},{'m' if number % 2 else 'f'},Name{'abc'[number % 3] * number},dev\n"
        for number in range(1, 30)
    )
    assert columns(f"nr,g,who,use\n{rows}") == (2, 1, 3)
    assert columns(rows, has_header=False) == (2, 1, 3)


def test_what_cannot_be_guessed_is_left_to_the_user():
    assert columns("id,number\n1,2\n3,4\n") == (None, 0, None)
    assert columns("name\nPappas\n") == (0, None, None)


@pytest.mark.parametrize(("encoding", "name"), [("cp1251", "Петров"), ("utf-16", "Ömer")])
def test_a_preview_is_made_in_the_encoding_that_was_chosen(encoding, name):
    raw = f"name\tlanguage\n{name}\tx\n".encode(encoding)
    preview = preview_table(raw, "x.tsv", encoding=encoding)
    assert preview.rows == ((name, "x"),)
    assert preview.choices.encoding == encoding
    assert preview.choices.delimiter == "\t"


def test_rows_of_another_width_are_shown_as_wide_as_the_header():
    assert preview_table(b"name,label\na\nb,c,d\n", "x.csv").rows == (("a", ""), ("b", "c"))


def test_somebodys_text_is_cut_and_printable():
    preview = preview_table(f"na\x1bme,{'x' * 500}\n\x07,{'y' * 500}\n".encode(), "x.csv")
    for text in (*preview.header, *preview.rows[0]):
        assert len(text) <= 120
        assert text.isprintable()


@pytest.mark.parametrize(
    ("raw", "how", "message"),
    [
        (b"", {}, "“x.csv” is empty"),
        (b"\n\r\n  \n", {}, "“x.csv” is empty"),
        (b"name,label\nM\xfcller,x\n", {}, "is not UTF-8 text: line 2, byte 13"),
        (b"a;b\n", {"delimiter": "x"}, "is not a column separator. Allowed are comma"),
        (b"a;b\n", {"delimiter": ""}, "is not a column separator"),
        (b"a;b\n", {"encoding": "latin"}, "not a known encoding"),
        (b"," * MAX_COLUMNS + b"a\n", {}, "has 101 columns; at most 100 are allowed"),
        (b'name,label\n"a', {}, "is not a table from line 2 on"),
        (b'name\tlabel\n"a"b\tc\n', {}, "from line 2 on: tab expected after"),
    ],
)
def test_what_cannot_be_shown_is_told_with_a_reason(raw, how, message):
    with pytest.raises(DataError, match=message):
        preview_table(raw, "x.csv", **how)


@given(
    raw=st.binary(max_size=100)
    | st.text("na,m;e\t|\"'\n\rlabesplittraindevtest", max_size=80).map(str.encode),
    encoding=st.sampled_from([*ENCODINGS]),
    delimiter=st.sampled_from([None, *DELIMITERS]),
    has_header=st.booleans(),
)
def test_any_bytes_give_a_preview_or_a_data_error(raw, encoding, delimiter, has_header):
    try:
        preview = preview_table(
            raw, "x.csv", encoding=encoding, delimiter=delimiter, has_header=has_header
        )
    except DataError:
        return
    assert all(len(row) == len(preview.header) for row in preview.rows)
    chosen = [preview.choices.name_column, preview.choices.category_column]
    chosen = [column for column in [*chosen, preview.choices.split_column] if column is not None]
    assert len(set(chosen)) == len(chosen)
