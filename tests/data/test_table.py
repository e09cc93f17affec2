"""Tables of names, as spreadsheets and other people's scripts write them."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.data.table import SPLIT_VALUES, parse_table, read_table
from namerec.errors import DataError


def parse(text: str, file_name: str = "names.csv") -> list[LabelledName]:
    return parse_table(text.encode("utf-8", "surrogatepass"), file_name)


def test_a_file_is_read_line_by_line(tmp_path):
    path = tmp_path / "names.csv"
    path.write_text("name,category,split\nPappas,Greek,train\nDvořák,Czech,test\n", "utf-8")
    assert read_table(path) == [
        LabelledName("Pappas", "Greek", "train"),
        LabelledName("Dvořák", "Czech", "test"),
    ]


@pytest.mark.parametrize("name", ["name", "Surname", "WORD", " text "])
@pytest.mark.parametrize(
    "category",
    ["category", "Label", "LANGUAGE", "class", "nationality", "country", "gender"],
)
def test_headings_are_recognised_in_any_case_and_order(name, category):
    expected = [LabelledName("Pappas", "Greek")]
    assert parse(f"{name},{category}\nPappas,Greek\n") == expected
    assert parse(f"id,{category},{name}\n1,Greek,Pappas\n") == expected


@pytest.mark.parametrize("split", ["split", "Part", "SET", "fold"])
def test_a_split_column_is_recognised(split):
    assert parse(f"name,label,{split}\nPappas,Greek,dev\n")[0].part == "validation"


@pytest.mark.parametrize(("value", "part"), SPLIT_VALUES.items())
def test_each_split_value_is_understood_in_any_case(value, part):
    assert parse(f"name,label,split\nPappas,Greek, {value.upper()} \n")[0].part == part


def test_an_empty_split_cell_is_no_part():
    assert parse("name,label,split\nPappas,Greek,\n")[0].part is None


def test_an_unknown_split_value_is_told_with_its_line():
    with pytest.raises(DataError, match=r"has “later” in line 4 of “names\.csv”\. Allowed are"):
        parse("name,label,split\nPappas,Greek,train\n\nRitsos,Greek,later\n")


@pytest.mark.parametrize("name", ["NA", "None", "Null", "nan", "True", "1e5", "007", "-", "N/A"])
def test_names_that_look_like_something_else_stay_text(name):
    assert parse(f"name,label\n{name},Some\n") == [LabelledName(name, "Some")]


@pytest.mark.parametrize("file_name", ["names.csv", "names.tsv", "names"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_found_whatever_the_extension_says(file_name, separator):
    text = f'label{separator}name\nGreek{separator}"Pappas, Jr;"\n'
    assert parse(text, file_name) == [LabelledName("Pappas, Jr;", "Greek")]


def test_a_heading_with_the_needed_columns_beats_one_with_more_columns():
    text = "name;label;a,b,c,d\nPappas;Greek;x\n"
    assert parse(text) == [LabelledName("Pappas", "Greek")]


def test_quotes_hold_separators_quotes_and_line_ends():
    text = 'name,label\r\n"O""Hara, Jr",Irish\r\n"Le\r\nBerre", "French"\r\n'
    assert parse(text) == [
        LabelledName('O"Hara, Jr', "Irish"),
        LabelledName("Le Berre", "French"),
    ]


@pytest.mark.parametrize(
    "between", ["\r", "\n", "\t", "\x00", " \x1b\x07 ", "\x7f", "\x85", "\u2028"]
)
def test_control_characters_within_a_name_are_one_blank(between):
    lines = parse(f'name,label\n"\x02Bob{between}=cmd|x\r",German\n')
    assert lines == [LabelledName("Bob =cmd|x", "German")]


@pytest.mark.parametrize("name", ["van der Berg", "O'Neill", "Müller-Łódź", "李小龍", "a\u200cb"])
def test_an_ordinary_name_is_kept_letter_for_letter(name):
    assert parse(f"name,label\n{name},German\n") == [LabelledName(name, "German")]


def test_blank_lines_and_rows_of_empty_cells_are_skipped():
    text = "\n\nname,label\n\nPappas,Greek\n,\n  , \n\n"
    assert parse(text) == [LabelledName("Pappas", "Greek")]


def test_a_name_that_is_missing_is_reported_as_unreadable_and_not_trained_on():
    lines = parse("name,label\nPappas,Greek\n,Greek\nNovak,Czech\n")
    dataset = Dataset.build("table", lines)
    assert dataset.names == ("Pappas", "Novak")
    assert dataset.unreadable == (LabelledName("", "Greek"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "“names.csv” is empty"),
        ("\n \n", "“names.csv” is empty"),
        ("id,label\n1,Greek\n", "no column of names .* these columns: “id”, “label”"),
        ("name,id\nPappas,1\n", "no column of categories .* these columns: “name”, “id”"),
        ("Pappas,Greek\nRitsos,Greek\n", "these columns: “Pappas”, “Greek”"),
        ("name,Name,label\na,b,c\n", "2 columns called “name”"),
        ("name,label,split,SPLIT\na,b,train,test\n", "2 columns called “split”"),
        ("name,label\nPappas,Greek\nRitsos\n", "1 cells in line 3 of “names.csv”, but 2 columns"),
        ("name,label\nPappas,Jr,Greek\n", "3 cells in line 2"),
        ("name,label\nPappas, \n", "no category in line 2"),
        ('name,label\nPappas,Greek\n"Ritsos,Greek\n', "from line 3 on: unexpected end of data"),
        ('name,label\n"Pap"pas,Greek\n', "from line 2 on"),
        (f"name,label\n{'a' * 2000},Greek\n", "line 2 of “names.csv” has 2,000 characters"),
        (f"name,label\nPappas,{'a' * 200}\n", "has 200 characters; at most 100"),
        ("name,label\nPappas,Gre\x00ek\n", "control characters"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text, message):
    with pytest.raises(DataError, match=message):
        parse(text)


def test_a_line_number_counts_the_lines_within_quotes():
    with pytest.raises(DataError, match="cells in line 4"):
        parse('name,label\n"Le\nBerre",French\nRitsos\n')


def test_a_table_that_is_not_utf8_is_told_with_line_and_byte():
    with pytest.raises(DataError, match=r"“names\.csv” is not UTF-8 text: line 2, byte 13"):
        parse_table(b"name,label\nM\xfcller,German\n", "names.csv")


def test_a_message_quotes_only_so_much_of_a_table():
    header = ",".join(["x" * 500] * 500)
    with pytest.raises(DataError, match="and 488 more") as failure:
        parse(f"{header}\n{header}\n")
    assert len(str(failure.value)) < 2500


cells = st.text(max_size=12) | st.sampled_from(["name", "label", "split", "train", "Pappas", '"'])
tables = st.lists(st.lists(cells, max_size=4), max_size=6)


def _written(table: list[list[str]], separator: str, quoting: bool) -> bytes:
    if not quoting:
        return "\n".join(separator.join(row) for row in table).encode("utf-8", "surrogatepass")
    text = io.StringIO()
    csv.writer(text, delimiter=separator, escapechar="\\").writerows(table)
    return text.getvalue().encode("utf-8", "surrogatepass")


@given(raw=st.binary(max_size=200))
def test_any_bytes_give_a_dataset_or_a_data_error(raw):
    _dataset_or_data_error(raw)


@given(
    table=tables,
    separator=st.sampled_from(",;\t"),
    quoting=st.booleans(),
    header=st.sampled_from([b"", b"name,label\n", b"name,label,split\n", b"text;class\n"]),
)
def test_any_table_gives_a_dataset_or_a_data_error(table, separator, quoting, header):
    _dataset_or_data_error(header + _written(table, separator, quoting))


def _dataset_or_data_error(raw: bytes) -> None:
    try:
        lines = parse_table(raw, "any.csv")
        dataset = Dataset.build("any bytes", lines)
    except DataError:
        return
    assert len(dataset) + len(dataset.unreadable) == len(lines)


labelled = st.tuples(
    st.text("abcDEF,;\t\"'äß- \n", min_size=1, max_size=12).map(str.strip).filter(bool),
    st.sampled_from(["Greek", "Old, Greek", 'The "Greek"', "Gr;eek"]),
    st.sampled_from(["train", "validation", "test"]),
)


@given(lines=st.lists(labelled, max_size=8), separator=st.sampled_from(",;\t"))
def test_what_the_csv_module_writes_is_read_back(lines, separator):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerows([("name", "label", "split"), *lines])
    assert parse(text.getvalue()) == [
        LabelledName(" ".join(name.split()), category, part) for name, category, part in lines
    ]
