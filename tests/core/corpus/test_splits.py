from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.protocols import PARTS, PROTOCOL_WORDS, PROTOCOLS
from namerec.core.corpus.splits import (
    COURSE_DRAWS,
    SPLITTERS,
    TEST_SHARE,
    VALIDATION_SHARE,
    Split,
    make_split,
)
from namerec.errors import DataError
from tests.core.references import unequal_dataset

# Few letters and few categories, so that duplicates, case variants and names that stand in several
# categories are common; two categories that always have enough names of their own.
NOISE = st.lists(
    st.tuples(st.text("abAB", min_size=1, max_size=4), st.sampled_from("ABCDE")), max_size=120
)
SEEDS = st.integers(0, 2**31 - 1)


def _dataset(noise: list[tuple[str, str]]) -> Dataset:
    own = [(f"{stem}{end}", stem.upper()) for stem in "yz" for end in ("", *"cdefghijk")]
    return Dataset.build("made up", [LabelledName(*line) for line in [*noise, *own]])


def _pairs(dataset: Dataset, indices: np.ndarray) -> list[tuple[str, int]]:
    return [(dataset.normalised(index), int(dataset.labels[index])) for index in indices]


def _folded(dataset: Dataset, indices: np.ndarray) -> set[str]:
    return {dataset.normalised(index).lower() for index in indices}


def _strata(dataset: Dataset) -> dict[str, int]:
    """The category each folded name counts for: the rarest it stands in, by distinct pairs."""
    pairs = set(_pairs(dataset, np.arange(len(dataset))))
    support = Counter(label for _, label in pairs)
    labels: dict[str, set[int]] = {}
    for name, label in pairs:
        labels.setdefault(name.lower(), set()).add(label)
    return {
        name: min(of_name, key=lambda label: (support[label], label))
        for name, of_name in labels.items()
    }


@given(NOISE, SEEDS)
def test_leak_free_puts_no_name_in_two_parts_whatever_its_case(noise, seed):
    dataset = _dataset(noise)
    split = make_split(dataset, "leak-free", seed)
    parts = [_folded(dataset, split.part(part)) for part in PARTS]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]


@given(NOISE, SEEDS)
def test_leak_free_holds_each_distinct_pair_of_name_and_category_exactly_once(noise, seed):
    dataset = _dataset(noise)
    split = make_split(dataset, "leak-free", seed)
    used = _pairs(dataset, np.concatenate([split.part(part) for part in PARTS]))
    assert len(used) == len(set(used))
    assert set(used) == set(_pairs(dataset, np.arange(len(dataset))))


@given(NOISE, SEEDS)
def test_leak_free_parts_have_their_shares_to_within_one_name_a_category(noise, seed):
    dataset = _dataset(noise)
    split = make_split(dataset, "leak-free", seed)
    strata = _strata(dataset)
    # Each stratum is rounded to whole names, and may have to give one more than its share, or may
    # have none to give: at most one name a stratum, and half a name of rounding at the end.
    tolerance = len(set(strata.values())) + 0.5
    for part, share in (("test", TEST_SHARE), ("validation", VALIDATION_SHARE)):
        got = len(_folded(dataset, split.part(part)))  # type: ignore[arg-type]
        assert abs(got - share * len(strata)) <= tolerance


@given(NOISE, SEEDS)
def test_leak_free_puts_every_category_of_three_names_in_every_part(noise, seed):
    dataset = _dataset(noise)
    split = make_split(dataset, "leak-free", seed)
    strata = _strata(dataset)
    of_part = [
        Counter(strata[name] for name in _folded(dataset, split.part(part))) for part in PARTS
    ]
    for stratum, size in Counter(strata.values()).items():
        train, validation, test = (counts[stratum] for counts in of_part)
        assert train >= 1
        assert validation >= (size >= 3)
        assert test >= (size >= 2)


def _many_small_and_one(singles: int, names_each: int, names: int) -> Dataset:
    """Many small categories, and after them in the alphabet one of `names` names."""
    lines = [
        LabelledName(
            f"q{'abcdefghij'[n // 10]}{'abcdefghij'[n % 10]}{'xyz'[m]}", f"Category {n:02}"
        )
        for n in range(singles)
        for m in range(names_each)
    ]
    letters = "abcdefghijklmnopqrst"
    one = [LabelledName(f"w{letters[n // 20]}{letters[n % 20]}", "Last") for n in range(names)]
    return Dataset.build("a long tail", [*lines, *one])


def test_many_categories_of_one_name_do_not_take_a_later_category_out_of_a_part():
    dataset = _many_small_and_one(100, 1, 3)
    split = make_split(dataset, "leak-free", 0)
    last = len(dataset.categories) - 1
    assert [int(dataset.support(split.part(part))[last]) for part in PARTS] == [1, 1, 1]


@pytest.mark.parametrize(("singles", "names_each", "names"), [(60, 1, 28), (60, 3, 140)])
def test_a_category_gives_each_part_its_share_whatever_stands_before_it(singles, names_each, names):
    dataset = _many_small_and_one(singles, names_each, names)
    split = make_split(dataset, "leak-free", 0)
    last = len(dataset.categories) - 1
    assert abs(dataset.support(split.test)[last] - names / 7) <= 1
    assert abs(dataset.support(split.validation)[last] - names / 14) <= 1


def test_leak_free_shares_are_exact_where_they_come_out_even():
    dataset = unequal_dataset({"A": 140, "B": 70, "C": 14})
    split = make_split(dataset, "leak-free", 5)
    assert dataset.support(split.train).tolist() == [110, 55, 11]
    assert dataset.support(split.validation).tolist() == [10, 5, 1]
    assert dataset.support(split.test).tolist() == [20, 10, 2]


@pytest.mark.parametrize("protocol", ["leak-free", "raw"])
def test_what_rounding_leaves_of_one_category_the_next_ones_make_up_for(protocol):
    # 1.43 test names and 0.71 validation names of each category.
    dataset = unequal_dataset({f"Category {number:02}": 10 for number in range(20)})
    split = make_split(dataset, protocol, 0)
    assert abs(len(split.test) - 200 / 7) <= 1
    assert abs(len(split.validation) - 200 / 14) <= 6  # of each category, at least one
    assert set(dataset.support(split.test).tolist()) == {1, 2}


def test_a_name_in_several_categories_goes_to_one_part_with_all_of_them():
    lines = [LabelledName(name, "Common") for name in "abcdefghijklmnopqrstuvwxyz"]
    lines += [LabelledName(name.upper(), "Rare") for name in "abcdefgh"]
    dataset = Dataset.build("shared", lines)
    split = make_split(dataset, "leak-free", 0)
    for part in PARTS:
        names = _folded(dataset, split.part(part))
        rare = [name for name in names if name in "abcdefgh"]
        assert len(rare) >= 1  # eight of the rare category's own stratum
        assert len(split.part(part)) == len(names) + len(rare)


@given(NOISE, SEEDS)
def test_raw_uses_every_line_exactly_once(noise, seed):
    dataset = _dataset(noise)
    split = make_split(dataset, "raw", seed)
    used = np.concatenate([split.part(part) for part in PARTS])
    assert sorted(used.tolist()) == list(range(len(dataset)))
    tolerance = len(dataset.categories) + 0.5
    assert abs(len(split.test) - TEST_SHARE * len(dataset)) <= tolerance
    assert abs(len(split.validation) - VALIDATION_SHARE * len(dataset)) <= tolerance


def test_raw_leaks_where_lines_are_duplicated():
    lines = [LabelledName(name, "A") for name in "abcdefg" * 10] + [
        LabelledName(name, "B") for name in "tuvwxyz" * 10
    ]
    dataset = Dataset.build("doubled", lines)
    split = make_split(dataset, "raw", 0)
    assert _folded(dataset, split.test) <= _folded(dataset, split.train)


def test_report_trains_on_every_line(five_categories):
    split = make_split(five_categories, "course", 0)
    assert split.train.tolist() == list(range(len(five_categories)))
    assert len(split.test) == COURSE_DRAWS["test"]
    assert len(split.validation) == COURSE_DRAWS["validation"]


@pytest.mark.parametrize("part", ["test", "validation"])
def test_report_draws_categories_uniformly_and_names_uniformly_within(five_categories, part):
    indices = make_split(five_categories, "course", 11).part(part)
    draws = len(indices)
    five_sigma = 5 * np.sqrt(draws * 0.2 * 0.8)
    assert np.abs(five_categories.support(indices) - draws / 5).max() < five_sigma
    drawn = np.bincount(indices, minlength=len(five_categories))
    expected = draws / 5 / five_categories.support()[five_categories.labels]
    assert np.abs((drawn - expected) / np.sqrt(expected)).max() < 5


def _given_dataset(*columns: tuple[str, int]) -> Dataset:
    lines = unequal_dataset({"A": 60, "B": 60})
    parts = [part for part, count in columns for _ in range(count)]
    order = np.random.default_rng(2).permutation(120)
    return Dataset.build(
        "its own split",
        [
            LabelledName(lines.names[i], lines.categories[lines.labels[i]], part)  # type: ignore[arg-type]
            for i, part in zip(order, parts, strict=True)
        ],
    )


def test_given_obeys_the_column():
    dataset = _given_dataset(("train", 80), ("validation", 10), ("test", 30))
    split = make_split(dataset, "given", 3)
    assert split.train.tolist() == list(range(80))
    assert split.validation.tolist() == list(range(80, 90))
    assert split.test.tolist() == list(range(90, 120))


def test_given_without_a_validation_part_deals_one_from_the_training_part():
    dataset = _given_dataset(("train", 96), ("test", 24))
    split = make_split(dataset, "given", 3)
    assert split.test.tolist() == list(range(96, 120))
    assert sorted([*split.train, *split.validation]) == list(range(96))
    assert (dataset.support(split.validation) >= 1).all()


def test_the_validation_part_dealt_from_a_given_split_is_as_large_as_anywhere():
    names = unequal_dataset({"A": 280, "B": 140})
    parts = np.where(np.arange(420) % 7 == 0, "test", "train")
    lines = [
        LabelledName(name, names.categories[label], part)
        for name, label, part in zip(names.names, names.labels, parts, strict=True)
    ]
    dataset = Dataset.build("given", lines)
    # 1/14 of all names, out of the 6/7 that are not the test.
    split = make_split(dataset, "given", 0)
    assert dataset.support(split.validation).tolist() == [20, 10]


@given(NOISE, SEEDS)
def test_the_validation_part_dealt_from_a_given_split_leaks_nothing(noise, seed):
    made = _dataset(noise)
    lines = [
        LabelledName(name, made.categories[label], "test" if row % 5 == 0 else "train")
        for row, (name, label) in enumerate(zip(made.names, made.labels, strict=True))
    ]
    dataset = Dataset.build("given", lines)
    split = make_split(dataset, "given", seed)
    assert not _folded(dataset, split.train) & _folded(dataset, split.validation)
    assert split.test.tolist() == list(range(0, len(dataset), 5))
    assert len(split.train) + len(split.validation) + len(split.test) == len(dataset)


def test_given_asks_for_a_column_where_there_is_none(tiny_dataset):
    with pytest.raises(DataError, match=r"“tiny” has no split of its own\. Choose .*split column"):
        make_split(tiny_dataset, "given", 0)


def test_given_without_a_test_part_says_so():
    dataset = _given_dataset(("train", 100), ("validation", 20))
    with pytest.raises(DataError, match="too few for the test part of the given split"):
        make_split(dataset, "given", 0)


def test_given_without_a_training_part_says_so():
    dataset = _given_dataset(("validation", 100), ("test", 20))
    with pytest.raises(DataError, match="too few for the training part of the given split"):
        make_split(dataset, "given", 0)


@pytest.mark.parametrize(
    ("names", "part"),
    [(("Ann", "Bo"), "validation|test"), (("Ann", "Al", "Bo", "Bea"), "validation")],
)
@pytest.mark.parametrize("protocol", ["leak-free", "raw"])
def test_a_dataset_too_small_to_split_says_which_part_has_no_names(protocol, names, part):
    dataset = Dataset.build("few", [LabelledName(name, name[0]) for name in names])
    with pytest.raises(
        DataError, match=rf"“few” has {len(names)} names, .*({part}) part.*Give more"
    ):
        make_split(dataset, protocol, 0)


@pytest.mark.parametrize("protocol", ["leak-free", "raw", "course"])
def test_the_same_seed_gives_the_same_split_and_another_another(five_categories, protocol):
    first, again, other = (make_split(five_categories, protocol, seed) for seed in (4, 4, 5))
    for part in PARTS:
        assert first.part(part).tolist() == again.part(part).tolist()
    assert first.test.tolist() != other.test.tolist()
    assert first.validation.tolist() != other.validation.tolist()


def test_the_seed_decides_the_validation_part_dealt_from_a_given_split():
    dataset = _given_dataset(("train", 96), ("test", 24))
    seeds = [make_split(dataset, "given", seed).validation.tolist() for seed in (4, 4, 5)]
    assert seeds[0] == seeds[1] != seeds[2]


@pytest.mark.parametrize("protocol", ["leak-free", "raw", "course"])
def test_splitting_neither_reads_nor_moves_numpys_own_generator(tiny_dataset, protocol):
    before = np.random.get_state(legacy=False)
    first = make_split(tiny_dataset, protocol, 0)
    np.random.seed(1)
    second = make_split(tiny_dataset, protocol, 0)
    np.random.set_state(before)
    assert first.test.tolist() == second.test.tolist()


def test_every_protocol_has_a_splitter_and_words():
    assert list(SPLITTERS) == list(PROTOCOL_WORDS) == list(PROTOCOLS)


def test_a_split_says_what_its_numbers_were_measured_on():
    nothing = np.arange(0)
    leak_free = Split("leak-free", 0, nothing, nothing, nothing)
    assert leak_free.words("test") == "test names, leak-free split"
    assert leak_free.words("train") == "training names, leak-free split"
    report = Split("course", 0, nothing, nothing, nothing)
    drawn = "training names, drawn uniformly over categories"
    assert [report.words(part) for part in PARTS] == [
        "training names, each line once",
        drawn,
        drawn,
    ]


def test_parts_are_asked_for_by_their_words(tiny_dataset):
    split = make_split(tiny_dataset, "leak-free", 0)
    assert split.part("train") is split.train
    assert split.part("validation") is split.validation
    assert split.part("test") is split.test
    assert all(
        (indices == np.sort(indices)).all() and indices.dtype == np.int64
        for indices in (split.train, split.validation, split.test)
    )
    assert all(one < two for one, two in pairwise(split.train.tolist()))
