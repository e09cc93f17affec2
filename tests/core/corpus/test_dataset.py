import numpy as np
import pytest

from namerec.core.corpus.alphabet import encode
from namerec.core.corpus.dataset import CATEGORY_BOUNDS, Dataset, LabelledName
from namerec.errors import DataError

LINES = [
    LabelledName("Żak", "Polish"),
    LabelledName("O’Neill", "Irish"),
    LabelledName("zak", "Czech"),
    LabelledName("Żak", "Polish"),
    LabelledName("42", "Polish"),
    LabelledName("Anna", "Czech"),
    LabelledName("Ann", "Irish"),
]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return Dataset.build("a few", LINES)


def test_categories_are_in_alphabetical_order_and_labels_point_at_them(dataset):
    assert dataset.categories == ("Czech", "Irish", "Polish")
    assert dataset.labels.tolist() == [2, 1, 0, 2, 0, 1]
    assert dataset.labels.dtype == np.int64


def test_names_are_kept_as_written_with_their_duplicates(dataset):
    assert dataset.names == ("Żak", "O’Neill", "zak", "Żak", "Anna", "Ann")
    assert len(dataset) == 6
    assert dataset.title == "a few"


def test_names_are_encoded_with_zeros_beyond_their_length(dataset):
    assert dataset.letters.dtype == np.uint8
    assert dataset.letters.shape == (6, 7)
    assert dataset.lengths.tolist() == [3, 7, 3, 3, 4, 3]
    for row, length, name in zip(
        dataset.letters,
        dataset.lengths,
        ["Zak", "O'Neill", "zak", "Zak", "Anna", "Ann"],
        strict=True,
    ):
        assert row[:length].tolist() == encode(name).tolist()
        assert not row[length:].any()


def test_a_name_can_be_read_back_in_the_alphabet(dataset):
    assert [dataset.normalised(index) for index in range(6)] == [
        "Zak",
        "O'Neill",
        "zak",
        "Zak",
        "Anna",
        "Ann",
    ]


def test_lines_without_a_letter_are_set_aside(dataset):
    assert dataset.unreadable == (LabelledName("42", "Polish"),)


@pytest.mark.parametrize("name", ["...", "'", " , ", "–.–"])
def test_a_line_that_could_not_be_typed_as_a_name_is_no_name_of_a_corpus_either(name):
    built = Dataset.build("with noise", [*LINES, LabelledName(name, "Irish")])
    assert len(built) == 6
    assert built.unreadable[-1] == LabelledName(name, "Irish")


def test_keys_are_equal_exactly_for_one_name_in_any_case(dataset):
    keys = dataset.keys()
    assert keys.tolist() == [b"zak", b"o'neill", b"zak", b"zak", b"anna", b"ann"]


def test_support_counts_names_of_all_categories_even_those_without_any(dataset):
    assert dataset.support().tolist() == [2, 2, 2]
    assert dataset.support(np.array([0, 3, 1])).tolist() == [0, 1, 2]


def test_a_batch_holds_the_names_asked_for_in_their_order(dataset):
    names, labels = dataset.batch(np.array([5, 1, 0, 5]))
    assert labels.tolist() == [1, 1, 2, 1]
    assert len(names) == 4
    assert names.batch_sizes == (4, 4, 4, 1, 1, 1, 1)
    ends = names.letters[names.last]
    assert ends.tolist() == encode("nlkn").tolist()


def test_the_width_of_a_name_of_64_letters_fits():
    longest = Dataset.build("long", [LabelledName("x" * 90, "A"), LabelledName("y", "B")])
    assert longest.lengths.tolist() == [64, 1]
    assert longest.normalised(0) == "x" * 64


def test_labels_can_count_in_a_networks_order_of_categories(dataset):
    known = ("Polish", "Greek", "Czech", "Irish")
    other = dataset.with_categories(known)
    assert other.categories == known
    assert [known[label] for label in other.labels] == [
        dataset.categories[label] for label in dataset.labels
    ]
    assert other.support().tolist() == [2, 0, 2, 2]
    assert other.names == dataset.names
    assert dataset.labels.tolist() == [2, 1, 0, 2, 0, 1]


def test_categories_that_a_network_does_not_know_are_named_beside_those_it_does(dataset):
    with pytest.raises(
        DataError, match=r"“a few” has 2 categories .*\(Czech, Irish\)\. It knows Polish, Greek\."
    ):
        dataset.with_categories(("Polish", "Greek"))


@pytest.mark.parametrize("count", [0, 1, 201])
def test_too_few_or_too_many_categories_are_refused_with_what_is_allowed(count):
    lines = [LabelledName("Ann", f"Category {number}") for number in range(count)]
    with pytest.raises(DataError, match=rf"“odd” has {count} categories .*; 2 to 200 are allowed"):
        Dataset.build("odd", lines)


@pytest.mark.parametrize("count", CATEGORY_BOUNDS)
def test_the_bounds_themselves_are_allowed(count):
    lines = [LabelledName("Ann", f"Category {number}") for number in range(count)]
    assert len(Dataset.build("even", lines).categories) == count


def test_a_category_without_a_readable_name_is_none():
    lines = [LabelledName("Ann", "A"), LabelledName("Bo", "B"), LabelledName("123", "C")]
    assert Dataset.build("some", lines).categories == ("A", "B")


def test_parts_given_by_the_source_are_kept():
    lines = [
        LabelledName("Ann", "A", "test"),
        LabelledName("7", "A", "test"),
        LabelledName("Bo", "B", "train"),
        LabelledName("Cy", "B", "validation"),
    ]
    parts = Dataset.build("given", lines).given_parts
    assert parts is not None
    assert parts.tolist() == [2, 0, 1]
    assert Dataset.build("none", LINES).given_parts is None


def test_a_split_column_with_gaps_is_refused_and_the_gaps_are_counted():
    lines = [LabelledName("Ann", "A", "test"), LabelledName("Bo", "B"), LabelledName("Cy", "B")]
    with pytest.raises(
        DataError, match=r"In “gaps” 2 of 3 names have no part\. .*validation, test"
    ):
        Dataset.build("gaps", lines)


def _fingerprint(*lines: tuple[str, str], part: str | None = None) -> str:
    built = [LabelledName(name, category, part) for name, category in lines]  # type: ignore[arg-type]
    return Dataset.build("fingerprints", built).fingerprint


def test_a_fingerprint_does_not_depend_on_title_or_spelling_that_reads_alike():
    assert Dataset.build("one", LINES).fingerprint == Dataset.build("two", LINES).fingerprint
    assert _fingerprint(("Żak", "A"), ("Bo", "B")) == _fingerprint(("Zak", "A"), ("Bo", "B"))


def test_a_fingerprint_changes_with_everything_that_training_reads():
    base = (("Ann", "A"), ("Bo", "B"))
    prints = [
        _fingerprint(*base),
        _fingerprint(*base, part="train"),
        _fingerprint(*base, part="test"),
        _fingerprint(("Ann", "A"), ("bo", "B")),
        _fingerprint(("Ann", "B"), ("Bo", "A")),
        _fingerprint(("Ann", "A"), ("Bo", "C")),
        _fingerprint(("Bo", "B"), ("Ann", "A")),
        _fingerprint(*base, ("Bo", "B")),
        _fingerprint(*base, ("Bo", "A")),
    ]
    assert len(set(prints)) == len(prints)


def test_a_fingerprint_knows_where_one_name_ends():
    two = _fingerprint(("abcdefghijklmnop", "A"), ("qrstuvwx", "B"))
    three = _fingerprint(("abcdefgh", "A"), ("ijklmnop", "A"), ("qrstuvwx", "B"))
    assert two != three
