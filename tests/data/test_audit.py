from itertools import combinations

import numpy as np
import pytest
from hypothesis import given

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.splits import Split, make_split
from namerec.data import catalogue
from namerec.data.audit import (
    CategoryPair,
    category_counts,
    ceilings,
    changes,
    leak,
    shared_names,
)
from tests.data.test_names import CORPORA, LINES, corpus, with_two_categories


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return corpus(*LINES)


def split_of(train: list[int], test: list[int]) -> Split:
    return Split("raw", 0, np.array(train), np.array([], dtype=np.int64), np.array(test))


def test_repeats_are_the_lines_beyond_the_distinct_pairs(dataset):
    counts = category_counts(dataset)
    assert counts.categories == ("Czech", "Dutch", "Polish")
    assert counts.lines.tolist() == [4, 1, 3]
    assert counts.pairs.tolist() == [3, 1, 1]
    assert counts.repeats.tolist() == [1, 0, 2]


def test_names_in_several_categories_are_found_whatever_their_case():
    shared = shared_names(
        corpus(("Abel", "P"), ("ABEL", "Q"), ("Bo", "P"), ("bo", "Q"), ("Bo", "R"), ("Cy", "R"))
    )
    assert shared.names == ("Bo", "Abel")
    assert shared.where == (("P", "Q", "R"), ("P", "Q"))
    assert shared.counts.tolist() == [[2, 2, 1], [2, 2, 1], [1, 1, 2]]


def test_pairs_of_categories_are_listed_with_the_most_shared_names_first():
    shared = shared_names(
        corpus(("A", "P"), ("A", "Q"), ("B", "Q"), ("B", "R"), ("C", "Q"), ("C", "R"))
    )
    assert shared.pairs() == [CategoryPair("Q", "R", 2, 3, 2), CategoryPair("P", "Q", 1, 1, 3)]


@given(CORPORA)
def test_shared_counts_are_those_of_the_categories_sets_of_names(lines):
    dataset = with_two_categories(lines)
    shared = shared_names(dataset)
    names = [
        {
            dataset.normalised(line).lower()
            for line in np.flatnonzero(dataset.labels == label).tolist()
        }
        for label in range(len(dataset.categories))
    ]
    assert shared.counts.tolist() == [[len(one & other) for other in names] for one in names]
    several = set().union(*(one & other for one, other in combinations(names, 2)))
    assert {name.lower() for name in shared.names} == several
    assert len(shared.names) == len(several)


def test_a_corpus_without_shared_names_shares_none(tiny_dataset):
    shared = shared_names(tiny_dataset)
    assert shared.names == ()
    assert shared.where == ()
    assert shared.pairs() == []


def test_lines_that_normalising_changed_are_listed_with_the_reason():
    found = changes(
        corpus(("Żak", "Polish"), ("Groß", "German"), ("Ou-Yang", "Polish"), ("Bo", "German"))
    )
    assert [line[:3] for line in found.lines] == [
        ("Żak", "Zak", "Polish"),
        ("Groß", "Gross", "German"),
        ("Ou-Yang", "OuYang", "Polish"),
    ]
    assert found.lines[0].how == "Read as “Zak”: 1 mark taken off."
    assert found.per_category.tolist() == [1, 2]
    assert (found.without_marks, found.romanised, found.shortened) == (1, 1, 1)
    assert found.left_out == (("-", 1),)


def test_a_character_is_counted_once_in_a_line_that_it_is_left_out_of():
    found = changes(corpus(("A-B-C/D", "P"), ("E-F", "Q"), ("X" * 70, "Q")))
    assert found.left_out == (("-", 2), ("/", 1))
    assert found.shortened == 3
    assert len(found.lines[2].letters) == 64


def test_a_corpus_in_plain_letters_is_not_changed(tiny_dataset):
    found = changes(tiny_dataset)
    assert (found.lines, found.left_out) == ((), ())
    assert found.per_category.tolist() == [0, 0, 0]


def test_the_ceiling_answers_each_spelling_with_its_most_frequent_category():
    once_more = corpus(("Abel", "P"), ("Abel", "P"), ("Abel", "P"), ("Abel", "Q"), ("Bo", "Q"))
    assert ceilings(once_more) == (4 / 5, 2 / 3)


def test_upper_and_lower_case_are_different_spellings_to_the_ceiling():
    assert ceilings(corpus(("Abel", "P"), ("abel", "Q"))) == (1, 1)


def test_a_leak_is_a_test_name_that_was_trained_on_whatever_its_case():
    dataset = corpus(("Abel", "P"), ("ABEL", "P"), ("Abel", "Q"), ("Bo", "Q"), ("Abel", "P"))
    found = leak(dataset, split_of([0], [1, 2, 3, 4]))
    assert (found.rows, found.seen_names, found.seen_pairs) == (4, 3, 2)
    assert (found.part, found.protocol) == ("test", "raw")


def test_nothing_leaks_from_the_leak_free_split_and_everything_in_the_report_protocol(dataset):
    many = corpus(*LINES, *((f"{a}{b}", "Dutch") for a in "bcdefgh" for b in "aeiou"))
    for part in ("validation", "test"):
        found = leak(many, make_split(many, "leak-free", 3), part)
        assert found.rows > 0
        assert found.seen_names == found.seen_pairs == 0
    report = leak(many, make_split(many, "course", 3))
    assert report.rows == report.seen_names == report.seen_pairs == 10_000


def test_the_bundled_corpus_adds_up():
    dataset = catalogue.load("bundled")
    counts, shared = category_counts(dataset), shared_names(dataset)
    assert counts.lines.sum() == len(dataset)
    best = ceilings(dataset)
    # A name in k categories costs k - 1 of the distinct pairs; some spellings differ in case only.
    lost = sum(len(where) - 1 for where in shared.where)
    assert best.pairs == pytest.approx(1 - lost / counts.pairs.sum(), abs=1e-4)
    assert 0.9 < best.pairs < best.lines < 1
    assert changes(dataset).per_category.sum() == len(changes(dataset).lines)
