from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.splits import make_split
from namerec.data.names import distinct_pairs, name_table

# Żak stands in Polish in three lines and two ways of writing, and in Czech in another case.
LINES = [
    ("Żak", "Polish"),
    ("zak", "Czech"),
    ("Anna", "Czech"),
    ("Zak", "Polish"),
    ("Żak", "Polish"),
    ("Anna", "Czech"),
    ("ANNA", "Czech"),
    ("Zak", "Dutch"),
]
#: Few letters in two cases and with marks, so that equal names of all kinds are common.
CORPORA = st.lists(
    st.tuples(st.text("aAáb", min_size=1, max_size=3), st.sampled_from("PQR")), max_size=60
)


def corpus(*lines: tuple[str, str]) -> Dataset:
    return Dataset.build("made up", [LabelledName(*line) for line in lines])


def with_two_categories(lines: list[tuple[str, str]]) -> Dataset:
    return corpus(*lines, ("Ypsilon", "P"), ("Ypsilanti", "Q"))


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return corpus(*LINES)


def test_a_pair_is_a_spelling_with_a_category_however_it_is_written(dataset):
    assert distinct_pairs(dataset).tolist() == [0, 1, 2, 6, 7]


def test_the_table_has_every_pair_once_in_the_order_of_the_source(dataset):
    table = name_table(dataset)
    assert table.letters == ("Zak", "zak", "Anna", "ANNA", "Zak")
    assert table.category == ("Polish", "Czech", "Czech", "Czech", "Dutch")
    assert table.lines.tolist() == [3, 1, 2, 1, 1]


def test_the_table_keeps_every_way_a_name_is_written(dataset):
    assert name_table(dataset).written == ("Żak / Zak", "zak", "Anna", "ANNA", "Zak")


def test_the_table_tells_the_other_categories_of_a_name_whatever_its_case(dataset):
    assert name_table(dataset).others == (
        ("Czech", "Dutch"),
        ("Dutch", "Polish"),
        (),
        (),
        ("Czech", "Polish"),
    )


@given(CORPORA)
def test_the_table_is_what_counting_line_by_line_gives(lines):
    dataset = with_two_categories(lines)
    table = name_table(dataset)
    spelled = [
        (dataset.normalised(line), dataset.categories[dataset.labels[line]])
        for line in range(len(dataset))
    ]
    pairs = list(zip(table.letters, table.category, strict=True))
    assert pairs == list(dict.fromkeys(spelled))
    assert table.lines.tolist() == [Counter(spelled)[pair] for pair in pairs]
    for (letters, own), written, others in zip(pairs, table.written, table.others, strict=True):
        ways = [name for name, pair in zip(dataset.names, spelled, strict=True)
                if pair == (letters, own)]  # fmt: skip
        assert written == " / ".join(dict.fromkeys(ways))
        everywhere = {category for name, category in pairs if name.lower() == letters.lower()}
        assert others == tuple(sorted(everywhere - {own}))


def test_the_distinct_pairs_are_what_the_leak_free_split_deals_out(tiny_dataset):
    twice = corpus(
        *[(name, tiny_dataset.categories[label])
          for name, label in zip(tiny_dataset.names, tiny_dataset.labels, strict=True)] * 2
    )  # fmt: skip
    split = make_split(twice, "leak-free", 1)
    dealt = sorted([*split.train, *split.validation, *split.test])
    assert dealt == distinct_pairs(twice).tolist() == list(range(72))
