import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from namerec.core.corpus.dataset import Dataset
from namerec.data import catalogue
from namerec.data.letters import (
    FOLDED_LETTERS,
    LEAST_Z,
    Mark,
    length_counts,
    letter_counts,
    log_odds_ratio,
    marks,
    telling,
)
from namerec.data.names import distinct_pairs
from tests.data.test_names import CORPORA, corpus, with_two_categories


@pytest.fixture(scope="module")
def bundled() -> Dataset:
    return catalogue.load("bundled")


def mark(affix: str, z: float = 5.0) -> Mark:
    return Mark(affix.strip("-"), affix.startswith("-"), 9, 10, 1, 10, 1.0, z)


def columns(*counts: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    names, of_names, others, of_others = (np.array([count]) for count in counts)
    return names, of_names, others, of_others


def test_a_name_counts_once_however_many_lines_it_has():
    dataset = corpus(("Anna", "P"), ("Anna", "P"), ("Bo", "P"), ("Óin", "Q"))
    lengths = length_counts(dataset)
    assert lengths.lengths.tolist() == [1, 2, 3, 4]
    assert lengths.counts.tolist() == [[0, 1, 0, 1], [0, 0, 1, 0]]
    assert lengths.shares().tolist() == [[0, 0.5, 0, 0.5], [0, 0, 1, 0]]
    letters = letter_counts(dataset)
    assert dict(zip(letters.letters, letters.counts[0].tolist(), strict=True)) == {
        **dict.fromkeys(FOLDED_LETTERS, 0), "a": 2, "n": 2, "b": 1, "o": 1,
    }  # fmt: skip


def test_letters_are_counted_in_one_case_with_blanks_and_marks():
    assert FOLDED_LETTERS == "abcdefghijklmnopqrstuvwxyz .,;'"
    counts = letter_counts(corpus(("De LA O'Do", "P"), ("x", "Q")))
    found = dict(zip(counts.letters, counts.counts[0].tolist(), strict=True))
    assert {letter: count for letter, count in found.items() if count} == {
        "d": 2, "e": 1, " ": 2, "l": 1, "a": 1, "o": 2, "'": 1,
    }  # fmt: skip
    assert counts.shares()[0].sum() == pytest.approx(1)
    assert counts.shares()[0, 0] == 0.1


@given(CORPORA)
def test_lengths_and_letters_are_what_counting_name_by_name_gives(lines):
    dataset = with_two_categories(lines)
    lengths, letters = length_counts(dataset), letter_counts(dataset)
    pairs = [(dataset.normalised(i), int(dataset.labels[i])) for i in distinct_pairs(dataset)]
    by_length = Counter((label, len(name)) for name, label in pairs)
    by_letter = Counter((label, letter) for name, label in pairs for letter in name.lower())
    for label in range(len(dataset.categories)):
        assert lengths.counts[label].tolist() == [
            by_length[label, length] for length in lengths.lengths.tolist()
        ]
        assert letters.counts[label].tolist() == [
            by_letter[label, letter] for letter in FOLDED_LETTERS
        ]


def test_a_category_without_names_has_shares_of_nothing():
    counts = length_counts(corpus(("Bo", "P"), ("An", "Q")).with_categories(("A", "P", "Q")))
    assert counts.shares().tolist() == [[0, 0], [0, 1], [0, 1]]


def test_the_log_odds_ratio_is_that_of_the_paper_worked_by_hand():
    # 30 of 100 names against 10 of 300: pooled 0.1, so a prior of 50 expects 5 with and 45 without.
    ratio, z = log_odds_ratio(*columns(30, 100, 10, 300), prior_names=50)
    by_hand = math.log(35 / (70 + 45)) - math.log(15 / (290 + 45))
    assert ratio[0] == pytest.approx(by_hand)
    assert z[0] == pytest.approx(by_hand / math.sqrt(1 / 35 + 1 / 15))


def test_what_all_names_or_none_have_marks_nothing():
    ratio, z = log_odds_ratio(
        np.array([5, 0]), np.array([5, 5]), np.array([9, 0]), np.array([9, 9]), prior_names=10
    )
    assert ratio.tolist() == z.tolist() == [0, 0]


def test_known_beginnings_and_endings_mark_their_languages(bundled):
    found = dict(zip(bundled.categories, marks(bundled), strict=True))
    strongest = {language: [m.affix for m in found[language][:12]] for language in found}
    for affix, language in (
        ("-ov", "Russian"), ("-ski", "Polish"), ("o'-", "Irish"), ("mac-", "Scottish"),
        ("-ulos", "Greek"), ("-ez", "Spanish"), ("al-", "Arabic"),
    ):  # fmt: skip
        assert affix in strongest[language]
    assert found["Russian"][0].affix == "-ov"


def test_a_mark_tells_how_many_names_have_it_inside_and_outside():
    lines = [(f"{stem}ov", "P") for stem in "bcdfghjklmnpqrstvwxz"]
    lines += [(f"{stem}en", "Q") for stem in "bcdfghjklmnpqrstvwxz"]
    found = marks(corpus(*lines, *lines, ("Yov", "Q"), ("Al", "Q")))
    (strongest, *_) = found[0]
    assert strongest.affix == "-ov"
    assert strongest[:6] == ("ov", True, 20, 20, 1, 22)
    assert found[1][0].affix == "-en"
    assert found[1][0][:6] == ("en", True, 20, 22, 0, 20)
    ratio, z = log_odds_ratio(*columns(20, 20, 1, 22), prior_names=21)
    assert (strongest.log_odds, strongest.z) == pytest.approx((ratio[0], z[0]))


def test_marks_do_not_tell_upper_from_lower_case():
    lines = [(f"{stem}{end}", "P") for stem in "bcdfghjklmnp" for end in ("ov", "OV", "Ov")]
    lines += [(f"{stem}{end}", "Q") for stem in "bcdfghjklmnp" for end in ("en", "at", "ig")]
    strongest = marks(corpus(*lines))[0][0]
    assert (strongest.affix, strongest.names) == ("-ov", 36)


def test_every_mark_is_counted_right_and_is_more_frequent_in_its_category(bundled):
    names = [bundled.normalised(line).lower() for line in distinct_pairs(bundled)]
    labels = bundled.labels[distinct_pairs(bundled)]
    for label, of_category in enumerate(marks(bundled)):
        assert [m.z for m in of_category] == sorted((m.z for m in of_category), reverse=True)
        for m in of_category[::25]:
            has = np.array([
                name.endswith(m.letters) if m.at_end else name.startswith(m.letters)
                for name in names
            ])  # fmt: skip
            enough = np.array([len(name) >= len(m.letters) for name in names])
            own = labels == label
            counted = (has & own, enough & own, has & ~own, enough & ~own)
            assert m[2:6] == tuple(int(mask.sum()) for mask in counted)
            assert m.names / m.of_names > m.others / m.of_others
            assert m.z >= LEAST_Z
            assert m.log_odds > 0


def test_categories_dealt_out_at_random_have_next_to_no_marks(bundled):
    labels = np.random.default_rng(5).permutation(bundled.labels)
    by_chance = sum(map(len, marks(replace(bundled, labels=labels))))
    assert by_chance < 0.02 * sum(map(len, marks(bundled)))


def test_a_corpus_of_single_letters_has_no_marks():
    assert marks(corpus(("A", "P"), ("B", "Q"))) == ((), ())


def test_of_marks_that_say_the_same_thing_only_the_strongest_is_telling():
    found = (mark("-ov", 9), mark("-kov", 8), mark("ko-", 7), mark("kov-", 6), mark("-ev", 5),
             mark("ov-", 4), mark("-v", 3))  # fmt: skip
    assert [m.affix for m in telling(found, 9)] == ["-ov", "ko-", "-ev", "ov-"]
    assert [m.affix for m in telling(found, 2)] == ["-ov", "ko-"]
    assert telling((), 3) == []
