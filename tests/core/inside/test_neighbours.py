import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.process import cdist

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.splits import make_split
from namerec.core.inside import neighbours
from namerec.core.inside.neighbours import Neighbour, TrainingNames, under_both

WORDS = st.text(alphabet="abAB '", min_size=1, max_size=7).filter(
    lambda text: any(letter.isalpha() for letter in text)
)


def edits(one: str, other: str) -> int:
    """The edit distance, row by row (Wagner and Fischer, 1974)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        previous, row = row, [i]
        for j, b in enumerate(other, 1):
            row.append(min(previous[j] + 1, row[-1] + 1, previous[j - 1] + (a != b)))
    return row[-1]


def corpus(*lines: tuple[str, str]) -> Dataset:
    return Dataset.build("made up", [LabelledName(*line) for line in lines])


MIXED = corpus(
    ("Ross", "Scottish"),
    ("ROSS", "English"),
    ("Rossi", "Italian"),
    ("Ross", "English"),
    ("Moss", "English"),
    ("Ruß", "German"),
    ("Röss", "German"),
    ("Kim", "Korean"),
    ("Kim", "Vietnamese"),
)


def everything(dataset: Dataset) -> TrainingNames:
    return TrainingNames.of(dataset, np.arange(len(dataset)))


def test_a_name_in_several_categories_is_one_neighbour_with_all_of_them():
    (found,) = everything(MIXED).nearest(["ross"], most=4)
    assert found == [
        Neighbour("Ross", ("English", "German", "Scottish"), 0),
        Neighbour("Rossi", ("Italian",), 1),
        Neighbour("Ruß", ("German",), 1),
        Neighbour("Moss", ("English",), 1),
    ]


def test_of_equally_near_names_the_same_first_letter_comes_first_and_then_the_alphabet():
    names = everything(
        corpus(*((name, "Ab") for name in ("Cap", "bAt", "Ban", "Dan")), ("Xx", "Cd"))
    )
    (found,) = names.nearest(["Bap"], most=9)
    assert [(near.name, near.distance) for near in found] == [
        ("Ban", 1), ("bAt", 1), ("Cap", 1), ("Dan", 2), ("Xx", 3),
    ]  # fmt: skip


def test_only_the_training_part_counts():
    train = np.array([7, 3, 2])  # Kim as Korean, Ross as English, Rossi
    names = TrainingNames.of(MIXED, train)
    assert names.keys == ("kim", "ross", "rossi")
    assert names.names == ("Kim", "Ross", "Rossi")
    assert names.categories == (("Korean",), ("English",), ("Italian",))
    assert [near.name for near in names.nearest(["Moss"])[0]] == ["Ross", "Rossi", "Kim"]


def test_a_name_is_written_as_in_its_first_line_whatever_the_order_of_the_part():
    assert TrainingNames.of(MIXED, np.array([1, 3, 0])).names == ("Ross",)
    assert TrainingNames.of(MIXED, np.array([3, 1])).names == ("ROSS",)


def test_in_the_leak_free_split_no_held_out_name_is_its_own_neighbour(tiny_dataset):
    split = make_split(tiny_dataset, "leak-free", 0)
    names = TrainingNames.of(tiny_dataset, split.train)
    found = names.nearest([tiny_dataset.names[index] for index in split.test], most=1)
    assert all(near[0].distance > 0 for near in found)
    trained_on = names.nearest([tiny_dataset.names[index] for index in split.train], most=1)
    assert all(near[0].distance == 0 for near in trained_on)


@given(st.lists(st.tuples(WORDS, st.sampled_from("PQR")), min_size=1, max_size=25), WORDS,
       st.integers(1, 30))  # fmt: skip
def test_neighbours_are_those_of_the_plain_recurrence(lines, asked, most):
    dataset = corpus(*lines, ("a", "P"), ("b", "Q"))
    (found,) = everything(dataset).nearest([asked], most)
    key = " ".join(asked.split()).lower()
    spelled = [" ".join(name.split()) for name in dataset.names]
    ranked = sorted({(edits(key, n.lower()), n.lower()[:1] != key[:1], n.lower()) for n in spelled})
    assert [near.distance for near in found] == [distance for distance, _, _ in ranked[:most]]
    for near, (_, _, expected) in zip(found, ranked, strict=False):
        assert " ".join(near.name.split()).lower() == expected
        same = [place for place, name in enumerate(spelled) if name.lower() == expected]
        assert near.name == dataset.names[same[0]]
        assert near.categories == tuple(
            sorted({dataset.categories[dataset.labels[place]] for place in same})
        )


def test_names_are_read_as_those_of_a_dataset_are():
    near = everything(MIXED).nearest(["  RÖSSI ", "Russ", "李"], most=1)
    assert near[0] == [Neighbour("Rossi", ("Italian",), 0)]
    assert near[1] == [Neighbour("Ruß", ("German",), 0)]
    assert near[2][0].name == "Kim"


@pytest.mark.parametrize("text", ["", "   ", "'.", "\U0001f600"])
def test_a_text_without_a_letter_has_no_neighbours(text):
    assert everything(MIXED).nearest([text, "Kim"], most=1) == [
        [],
        [Neighbour("Kim", ("Korean", "Vietnamese"), 0)],
    ]


def test_of_no_names_there_are_no_neighbours():
    assert everything(MIXED).nearest([]) == []
    assert TrainingNames((), (), ()).nearest(["Kim"]) == [[]]


@pytest.mark.parametrize("most_pairs", [1, 12, 13, 1000])
def test_no_more_pairs_are_held_than_allowed_and_each_name_gets_its_own(monkeypatch, most_pairs):
    names = everything(MIXED)
    asked = ["Kim", "Ross", "Moss", "?", "Ruß"] * 3
    expected = [names.nearest([name], 2)[0] for name in asked]
    pairs = []

    def counted(queries, choices, **settings):
        pairs.append(len(queries) * len(choices))
        return cdist(queries, choices, **settings)

    monkeypatch.setattr(neighbours, "cdist", counted)
    monkeypatch.setattr(neighbours, "MOST_PAIRS", most_pairs)
    assert names.nearest(asked, 2) == expected
    assert max(pairs) <= max(most_pairs, len(names.keys))  # one name is always looked at whole
    assert sum(pairs) == len(asked) * len(names.keys)


def test_names_that_stand_under_both_categories_of_a_cell():
    number = MIXED.categories.index
    every = np.arange(len(MIXED))
    both = under_both(MIXED, every, number("Scottish"), number("English"))
    assert both.tolist() == [True, True, False, True, False, False, True, False, False]
    assert under_both(MIXED, np.array([0]), number("Scottish"), number("Korean")).tolist() == [
        False
    ]
    assert under_both(MIXED, np.array([8, 7]), number("Korean"), number("Vietnamese")).all()


def test_nothing_on_the_diagonal_is_beyond_winning():
    assert not under_both(MIXED, np.arange(len(MIXED)), 0, 0).any()
    assert under_both(MIXED, np.empty(0, dtype=np.int64), 0, 1).shape == (0,)
