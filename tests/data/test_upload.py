"""A corpus of your own, from the bytes of an upload to a dataset."""

import contextlib
import csv
import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.data import upload as upload_module
from namerec.data.catalogue import load
from namerec.data.encodings import ENCODINGS
from namerec.data.preview import UploadChoices, preview_table
from namerec.data.table import DELIMITERS
from namerec.data.upload import MAX_UPLOAD_BYTES, Upload, encodings_to_choose, read_upload
from namerec.errors import DataError
from tests.data.zips import NAMES, link, zipped

TABLE = b"name,label\nPappas,Greek\nRitsos,Greek\nNovak,Czech\nCapek,Czech\n"


def pairs(upload: Upload) -> list[tuple[str, str]]:
    dataset = upload.dataset
    labels = [dataset.categories[label] for label in dataset.labels]
    return list(zip(dataset.names, labels, strict=True))


def refusal(raw: bytes, file_name: str = "names.csv", choices: UploadChoices | None = None) -> str:
    with pytest.raises(DataError) as failure:
        read_upload(raw, file_name, choices)
    assert str(failure.value).isprintable()
    assert len(str(failure.value)) < 2500
    return str(failure.value)


def table_of(*rows: tuple[str, ...], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


# -- archives


def test_an_archive_gives_one_category_a_file():
    upload = read_upload(zipped(NAMES), "my names.zip")
    assert pairs(upload) == [
        *[("Dvořák", "Czech"), ("Čapek", "Czech"), ("Novák", "Czech")],
        *[("Pappas", "Greek"), ("Ritsos", "Greek")],
    ]
    assert upload.dataset.title == "my names.zip"
    assert upload.notices == ()


def test_an_archive_of_a_folder_has_the_fingerprint_of_the_folder(tiny_folder):
    files = {f"tiny/{path.name}": path.read_bytes() for path in tiny_folder.iterdir()}
    assert read_upload(zipped(files), "tiny.zip").dataset.fingerprint == (
        load(str(tiny_folder)).fingerprint
    )


def test_a_category_is_the_files_name_as_text_and_no_path():
    upload = read_upload(
        zipped({"../../<b>Old  Greek.txt": b"Pappas\nRitsos\n", "C:\\x\\Czech.TXT": b"A\nB\n"}),
        "../../names.zip",
    )
    assert upload.dataset.categories == ("<b>Old Greek", "Czech")
    assert upload.dataset.title == "names.zip"


def test_files_of_one_name_in_several_folders_are_one_category():
    upload = read_upload(zipped({"a/X.txt": b"Pappas\n", "b/X.txt": b"Ritsos\n", **NAMES}), "n.zip")
    assert pairs(upload)[-2:] == [("Pappas", "X"), ("Ritsos", "X")]
    assert upload.notices == (
        "In several folders of the archive: “X.txt”. Files of the same name are one category.",
    )


def test_what_was_left_out_of_an_archive_is_told():
    raw = zipped([(link("Link.txt"), b"x"), ("Empty.txt", b"\n\n"), *NAMES.items()])
    assert read_upload(raw, "n.zip").notices == (
        "Left out: “Link.txt”. Links and devices are not followed.",
        "Left out: “Empty.txt”. They contain no names.",
    )


def test_a_nested_archive_called_a_text_file_is_refused_as_no_text():
    inner = zipped(NAMES)
    assert "“Greek.txt”" in refusal(zipped({**NAMES, "Greek.txt": inner}), "n.zip")


def test_a_chosen_encoding_is_that_of_the_files_that_are_not_utf8():
    raw = zipped({**NAMES, "Russian.txt": "Петров\nИванов\n".encode("cp1251")})
    assert "“Russian.txt” is not UTF-8 text" in refusal(raw, "n.zip")
    offered = {sample.encoding: sample.lines for sample in encodings_to_choose(raw, "n.zip")}
    assert offered["cp1251"] == ("Петров", "Иванов")
    upload = read_upload(raw, "n.zip", UploadChoices(encoding="cp1251"))
    assert pairs(upload)[0] == ("Dvořák", "Czech")
    assert pairs(upload)[-2:] == [("Петров", "Russian"), ("Иванов", "Russian")]


# -- tables


@pytest.mark.parametrize("file_name", ["n.csv", "n.tsv", "n.TAB", "n.txt"])
@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_a_table_is_read_whatever_separates_it(file_name, delimiter):
    raw = TABLE.replace(b",", delimiter.encode())
    assert pairs(read_upload(raw, file_name))[::2] == [("Pappas", "Greek"), ("Novak", "Czech")]


@pytest.mark.parametrize(
    "raw",
    [TABLE.replace(b"\n", b"\r\n"), TABLE.replace(b"\n", b"\r"), b"\xef\xbb\xbf" + TABLE],
    ids=["Windows", "old Mac", "byte order mark"],
)
def test_line_ends_and_a_byte_order_mark_do_not_matter(raw):
    expected = read_upload(TABLE, "n.csv").dataset
    assert read_upload(raw, "n.csv").dataset.fingerprint == expected.fingerprint


def test_quotes_hold_delimiters_quotes_and_line_ends():
    raw = table_of(
        ("name", "label"), ('O"Hara, Jr', "a"), ("Le\nBerre", "a"), ("x", "b"), ("y", "b")
    )
    assert pairs(read_upload(raw, "n.csv"))[:2] == [('O"Hara, Jr', "a"), ("Le Berre", "a")]


def test_names_that_look_like_missing_values_or_numbers_survive():
    names = ["NA", "None", "Null", "True", "nan", "inf", "False", "N/A", "1e5a"]
    rows = [(name, category) for name in names for category in ("NA", "None")]
    upload = read_upload(table_of(("name", "label"), *rows), "n.csv")
    assert pairs(upload) == rows
    files = {"NA.txt": "\n".join(names).encode(), "None.txt": "\n".join(names).encode()}
    assert pairs(read_upload(zipped(files), "n.zip")) == sorted(rows, key=lambda row: row[1])


def test_the_chosen_columns_count_not_the_headings():
    raw = table_of(
        ("name", "label", "who", "whence", "when"),
        *[("x", "y", f"Pappas{letter}", "Greek", "train") for letter in "ab"],
        *[("x", "y", f"Novak{letter}", "Czech", "test") for letter in "ab"],
    )
    chosen = UploadChoices(name_column=2, category_column=3, split_column=4)
    dataset = read_upload(raw, "n.csv", chosen).dataset
    assert dataset.names == ("Pappasa", "Pappasb", "Novaka", "Novakb")
    assert dataset.categories == ("Czech", "Greek")
    assert dataset.given_parts is not None
    assert dataset.given_parts.tolist() == [0, 0, 2, 2]
    unsplit = UploadChoices(name_column=2, category_column=3)
    assert read_upload(raw, "n.csv", unsplit).dataset.given_parts is None


def test_a_table_without_headings_loses_no_row():
    raw = TABLE.partition(b"\n")[2]
    preview = preview_table(raw, "n.csv", has_header=False)
    assert pairs(read_upload(raw, "n.csv", preview.choices))[0] == ("Pappas", "Greek")
    assert len(read_upload(raw, "n.csv", preview.choices).dataset) == 4


def test_any_task_fits():
    raw = table_of(
        ("First name", "Gender"), ("Maria", "f"), ("Eva", "f"), ("Jan", "m"), ("Ivo", "m")
    )
    assert read_upload(raw, "n.csv").dataset.categories == ("f", "m")


def test_rows_without_a_category_are_left_out_with_a_notice():
    raw = TABLE + b"Nobody,\nNoone, \n"
    upload = read_upload(raw, "n.csv")
    assert len(upload.dataset) == 4
    assert upload.notices == ("Left out: 2 rows without a category, the first on line 6.",)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (UploadChoices(), "No column of names was chosen or found. The columns of “names.csv” are"),
        (UploadChoices(name_column=0), "No column of categories was chosen"),
        (UploadChoices(name_column=0, category_column=2), "There is no column 3."),
        (UploadChoices(name_column=-1, category_column=1), "There is no column 0."),
        (UploadChoices(name_column=1, category_column=1), "One column was chosen twice"),
        (UploadChoices(name_column=0, category_column=1, split_column=0), "chosen twice"),
        (UploadChoices(encoding="utf-32"), "not a known encoding"),
        (UploadChoices(delimiter="ab"), "is not a column separator"),
    ],
)
def test_choices_that_make_no_sense_are_refused(choices, message):
    assert message in refusal(TABLE, choices=choices)


def test_a_table_in_another_encoding_is_read_in_the_chosen_one():
    raw = "name;label\nPetr;x\nПетров;a\nИванов;a\nNovák;x\n".encode("utf-16")
    samples = encodings_to_choose(raw, "n.csv")
    assert samples[0].encoding == "utf-16"
    preview = preview_table(raw, "n.csv", encoding="utf-16")
    assert len(read_upload(raw, "n.csv", preview.choices).dataset) == 4


def test_utf8_leaves_nothing_to_choose():
    assert encodings_to_choose(TABLE, "n.csv") == ()
    assert encodings_to_choose(b"\xef\xbb\xbf" + TABLE, "n.csv") == ()
    assert encodings_to_choose(zipped(NAMES), "n.zip") == ()


def test_bytes_that_are_no_text_leave_nothing_to_choose_either():
    with pytest.raises(DataError, match="not text in any known encoding"):
        encodings_to_choose(b"\xff\0\0\0\xd8", "n.csv")


# -- limits


def test_an_upload_beyond_ten_megabytes_is_refused():
    blank = b" " * 1023 + b"\n"
    raw = (TABLE + blank * (MAX_UPLOAD_BYTES // len(blank)))[:MAX_UPLOAD_BYTES]
    assert len(read_upload(raw, "n.csv").dataset) == 4
    assert "at most 10 MiB are allowed" in refusal(raw + b"\n")
    assert "at most 10 MiB are allowed" in refusal(raw + b"\n", "n.zip")


def test_more_names_than_are_allowed_are_refused(monkeypatch):
    monkeypatch.setattr(upload_module, "MAX_NAMES", 4)
    assert len(read_upload(TABLE, "n.csv").dataset) == 4
    assert "has more than 4 names" in refusal(TABLE + b"One,Czech\n")
    assert "has more than 4 names" in refusal(zipped(NAMES), "n.zip")


@pytest.mark.parametrize(
    ("raw", "file_name", "message"),
    [
        (b"", "n.csv", "“n.csv” is empty. Give a zip archive"),
        (b"", "n.zip", "“n.zip” is empty"),
        (b"\n\n", "n.csv", "“n.csv” is empty"),
        (b"name,label\n", "n.csv", "“n.csv” contains no names"),
        (b"Pappas\nRitsos\n", "n.txt", "No column of categories"),
        (b"name,label\na,b,c\n", "n.csv", "3 cells in line 2 of “n.csv”, but 2 columns"),
        (b'name,label\n"a,b\n', "n.csv", "is not a table from line 2 on"),
        (b"name,label\nM\xfcller,a\n", "n.csv", "is not UTF-8 text: line 2, byte 13"),
        (b"name,label\n" + b"a" * 2000 + b",b\n", "n.csv", "has 2,000 characters"),
        (b"name,label,split\na,b,later\n", "n.csv", "0 categories with at least 2 distinct"),
        (zipped(NAMES), "n.xlsx", "is neither a zip archive nor a table"),
        (zipped(NAMES), "n.csv", "has the name of a table, but is a compressed file"),
        (b"%PDF", "n.pdf", "is neither a zip archive nor a table"),
        (TABLE, "names", "is neither a zip archive nor a table"),
        (TABLE, "n.zip", "is not a zip archive"),
        (zipped({"Greek.txt": b"Pappas\nRitsos\n"}), "n.zip", "has 1 category; 2 to 200"),
        (zipped({"A.txt": b"\n", "B.txt": b""}), "n.zip", "contains no names"),
        (zipped({"A\x01.txt": b"Pappas\n"}), "n.zip", "control characters"),
    ],
)
def test_what_cannot_be_read_is_told_with_a_reason(raw, file_name, message):
    assert message in refusal(raw, file_name)


def test_500_categories_are_refused_with_their_number():
    files = {f"C{number}.txt": b"Pappas\nRitsos\n" for number in range(500)}
    assert "has 500 categories; 2 to 200 are allowed" in refusal(zipped(files), "n.zip")
    rows = [(name, f"C{number}") for number in range(500) for name in ("Pappas", "Ritsos")]
    assert "has 500 categories; 2 to 200 are allowed" in refusal(table_of(("name", "label"), *rows))


def test_200_categories_are_allowed():
    files = {f"C{number}.txt": b"Pappas\nRitsos\n" for number in range(200)}
    assert len(read_upload(zipped(files), "n.zip").dataset.categories) == 200


def test_a_column_of_numbers_as_categories_is_told_as_what_it_is():
    rows = [(f"Name{number}x", str(number)) for number in range(3000)]
    message = refusal(table_of(("name", "label"), *rows))
    assert "has 0 categories with at least 2 distinct, readable names, and 3,000 without" in message
    assert "Check which column" in message


def test_a_category_with_fewer_than_two_distinct_names_is_left_out_with_a_notice():
    small = {"One.txt": b"Pappas\n", "Same.txt": b"PAPPAS\npappas\n", "Signs.txt": b"Pappas\n123\n"}
    upload = read_upload(zipped({**NAMES, **small}), "n.zip")
    assert upload.dataset.categories == ("Czech", "Greek")
    assert upload.notices == (
        "Left out: 3 of 5 categories, which have fewer than 2 distinct, readable names: “One”, "
        "“Same”, “Signs”.",
    )


def test_duplicates_are_kept_and_reported():
    raw = zipped({**NAMES, "Greek.txt": b"Pappas\nRitsos\npappas\nRITSOS\nRitsos\n"})
    upload = read_upload(raw, "n.zip")
    assert len(upload.dataset) == 8
    assert upload.notices == (
        "Duplicates: 3 of 8 lines repeat a name of their own category, “Ritsos” in “Greek” the "
        "most (3 lines). They are kept; the leak-free split uses each name once.",
    )


def test_lines_that_cannot_be_read_are_left_out_with_a_notice():
    upload = read_upload(TABLE + b"123,Greek\n,Greek\n", "n.csv")
    assert upload.dataset.unreadable == ()
    assert upload.notices == (
        "Left out: 2 lines that have no letter that can be read: “123”, “(empty)”.",
    )


def test_a_split_column_that_is_not_for_all_is_refused():
    raw = b"name,label,split\na,x,train\nb,x,\nc,y,test\nd,y,test\n"
    chosen = UploadChoices(name_column=0, category_column=1, split_column=2)
    assert "1 of 4 names have no part" in refusal(raw, choices=chosen)
    later = raw.replace(b"b,x,", b"b,x,later")
    assert "The split column has “later” in line 3" in refusal(later, choices=chosen)


def test_a_title_of_ones_own_is_taken_and_cut():
    assert read_upload(TABLE, "n.csv", title=" My names ").dataset.title == "My names"
    assert read_upload(TABLE, "n.csv", title=" ").dataset.title == "n.csv"
    assert len(read_upload(TABLE, "n.csv", title="x\n" * 500).dataset.title) == 120


# -- whatever comes


def dataset_or_data_error(raw: bytes, file_name: str, choices: UploadChoices | None) -> None:
    with contextlib.suppress(DataError):
        assert isinstance(encodings_to_choose(raw, file_name), tuple)
    try:
        upload = read_upload(raw, file_name, choices)
    except DataError as error:
        message = str(error)
    else:
        assert 2 <= len(upload.dataset.categories) <= 200
        assert upload.dataset.unreadable == ()
        message = "".join(upload.notices)
    assert message == "" or message.isprintable()


choices = st.none() | st.builds(
    UploadChoices,
    encoding=st.sampled_from([*ENCODINGS]) | st.text(max_size=5),
    delimiter=st.sampled_from([*DELIMITERS]) | st.text(max_size=2),
    has_header=st.booleans(),
    name_column=st.none() | st.integers(-2, 3),
    category_column=st.none() | st.integers(-2, 3),
    split_column=st.none() | st.integers(-2, 3),
)
cells = st.sampled_from(["name", "label", "split", "train", "test", "Pappas", "Řehoř", "", '"'])
tables = st.lists(st.lists(cells | st.text(max_size=5), max_size=4), max_size=8).map(
    lambda rows: "\n".join(",".join(row) for row in rows).encode("utf-8", "replace")
)


@given(
    raw=st.binary(max_size=200) | tables | tables.map(lambda table: TABLE + table),
    file_name=st.sampled_from(["n.csv", "n.tsv", "n.txt", "n.zip"]) | st.text(max_size=8),
    choices=choices,
)
def test_any_bytes_give_a_dataset_or_a_data_error(raw, file_name, choices):
    dataset_or_data_error(raw, file_name, choices)


@given(
    seed=st.integers(0, 2**32),
    edits=st.integers(1, 6),
    in_directory=st.booleans(),
    choices=st.none() | choices,
)
def test_any_damaged_archive_gives_a_dataset_or_a_data_error(seed, edits, in_directory, choices):
    chance = random.Random(seed)
    raw = bytearray(zipped({"Ělse.txt": b"Pappas\nRitsos\n", "README.txt": b"x", **NAMES}))
    directory = raw.index(b"PK\x01\x02")
    for _ in range(edits):
        at = chance.randrange(directory if in_directory else 0, len(raw))
        how = chance.random()
        if how < 0.6:
            raw[at] = chance.choice([0, 1, 255, chance.randrange(256)])
        elif how < 0.8:
            del raw[at : min(at + chance.randint(1, 20), len(raw) - 1)]
        else:
            raw[at:at] = chance.randbytes(chance.randint(1, 20))
    dataset_or_data_error(bytes(raw), "n.zip", choices)


@given(files=st.dictionaries(st.text(max_size=9).map("{}.txt".format), st.binary(max_size=30)))
def test_any_files_in_an_archive_give_a_dataset_or_a_data_error(files):
    try:
        raw = zipped(files)
    except (ValueError, IndexError):  # a name that no archive can hold
        return
    dataset_or_data_error(raw, "n.zip", None)
