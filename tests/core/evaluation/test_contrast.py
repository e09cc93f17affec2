from dataclasses import replace
from math import comb, erfc, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.evaluation.contrast import (
    FEWEST_FOR_CHI_SQUARE,
    AskedNames,
    contrast,
    contrast_words,
    mcnemar,
)
from namerec.core.evaluation.results import PredictedNames
from namerec.errors import NamerecError

ASKED = AskedNames("f" * 64, "leak-free", 0, "test")


def answers(indices: list[int], labels: list[int], guesses: list[int]) -> PredictedNames:
    logs = np.full((len(indices), 3), -5.0, dtype=np.float32)
    logs[np.arange(len(indices)), guesses] = -0.1
    return PredictedNames(np.array(indices), np.array(labels), logs)


def made(only_a: int, only_b: int, both: int = 1) -> tuple[PredictedNames, PredictedNames]:
    names = only_a + only_b + both
    right_a = [0] * only_a + [1] * only_b + [0] * both
    right_b = [1] * only_a + [0] * only_b + [0] * both
    labels = [0] * names
    return answers(list(range(names)), labels, right_a), answers(
        list(range(names)), labels, right_b
    )


def test_names_are_told_apart_by_who_gets_them_right():
    a = answers([10, 11, 12, 13], [0, 1, 2, 0], [0, 1, 0, 1])
    b = answers([13, 12, 11, 10], [0, 2, 1, 0], [1, 2, 1, 2])
    result = contrast(a, ASKED, b, ASKED)
    assert result.only_a.tolist() == [10]
    assert result.only_b.tolist() == [12]
    assert result.both.tolist() == [11]
    assert result.neither.tolist() == [13]
    assert (result.names, result.left_out) == (4, 0)


@given(st.data())
def test_every_common_name_is_in_one_group_as_in_a_plain_loop(data):
    labels = data.draw(st.lists(st.integers(0, 2), min_size=12, max_size=12))
    runs = []
    for _ in range(2):
        indices = data.draw(st.lists(st.integers(0, 11), min_size=1, max_size=20))
        guess = data.draw(st.lists(st.integers(0, 2), min_size=12, max_size=12))
        runs.append((indices, guess))
    common = sorted(set(runs[0][0]) & set(runs[1][0]))
    given_answers = [
        answers(indices, [labels[i] for i in indices], [guess[i] for i in indices])
        for indices, guess in runs
    ]
    if not common:
        with pytest.raises(NamerecError, match="have none in common"):
            contrast(given_answers[0], ASKED, given_answers[1], ASKED)
        return
    result = contrast(given_answers[0], ASKED, given_answers[1], ASKED)
    right = [[i for i in common if guess[i] == labels[i]] for _, guess in runs]
    assert result.only_a.tolist() == [i for i in right[0] if i not in right[1]]
    assert result.only_b.tolist() == [i for i in right[1] if i not in right[0]]
    assert result.both.tolist() == [i for i in right[0] if i in right[1]]
    assert result.neither.tolist() == [i for i in common if i not in right[0] + right[1]]
    assert result.names == len(common)
    assert result.left_out == len(set(runs[0][0]) ^ set(runs[1][0]))


def test_names_that_one_of_the_two_was_not_asked_are_left_out_and_counted():
    a = answers([1, 2, 3], [0, 0, 0], [0, 0, 0])
    b = answers([3, 4], [0, 0], [1, 0])
    result = contrast(a, ASKED, b, ASKED)
    assert result.only_a.tolist() == [3]
    assert (result.names, result.left_out) == (1, 3)


def test_a_name_drawn_twice_counts_once():
    a = answers([7, 7, 8], [0, 0, 1], [0, 0, 1])
    b = answers([7, 8, 8], [0, 1, 1], [2, 1, 1])
    result = contrast(a, ASKED, b, ASKED)
    assert result.only_a.tolist() == [7]
    assert result.both.tolist() == [8]


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, fingerprint="0" * 64),
        replace(ASKED, protocol="raw"),
        replace(ASKED, seed=1),
        replace(ASKED, part="validation"),
    ],
)
def test_answers_to_other_names_are_refused(other):
    a, b = made(1, 2)
    with pytest.raises(NamerecError, match="Only answers to the same names"):
        contrast(a, ASKED, b, other)


def test_answers_that_disagree_about_the_categories_are_refused():
    a, b = answers([1, 2], [0, 1], [0, 1]), answers([1, 2], [0, 2], [0, 1])
    with pytest.raises(NamerecError, match="disagree about the categories"):
        contrast(a, ASKED, b, ASKED)
    wider = replace(a, log_probabilities=np.zeros((2, 4), dtype=np.float32))
    with pytest.raises(NamerecError, match="disagree about the categories"):
        contrast(a, ASKED, wider, ASKED)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemars_test_is_that_of_the_formulas(only_a, only_b):
    test = mcnemar(only_a, only_b)
    names = only_a + only_b
    if names < FEWEST_FOR_CHI_SQUARE:
        tail = sum(comb(names, k) for k in range(min(only_a, only_b) + 1)) / 2**names
        assert test.method == "exact"
        assert test.statistic == min(only_a, only_b)
        assert test.p_value == pytest.approx(min(1.0, 2 * tail))
    else:
        square = max(abs(only_a - only_b) - 1, 0) ** 2 / names
        assert test.method == "chi-square"
        assert test.statistic == pytest.approx(square)
        assert test.p_value == pytest.approx(erfc(sqrt(square / 2)))
    assert test.p_value == mcnemar(only_b, only_a).p_value


def test_the_exact_test_gives_way_at_twenty_five_names():
    assert mcnemar(4, 20).method == "exact"
    assert mcnemar(5, 20).method == "chi-square"


def test_mcnemars_test_worked_out_by_hand():
    assert mcnemar(59, 6).statistic == pytest.approx((59 - 6 - 1) ** 2 / 65)
    assert mcnemar(59, 6).statistic == pytest.approx(41.6)
    assert mcnemar(30, 30).p_value == 1
    assert mcnemar(1, 4).p_value == pytest.approx(2 * (1 + 5) / 32)


def test_a_contrast_is_told_in_a_plain_sentence():
    a, b = made(31, 52, both=17)
    assert contrast_words(contrast(a, ASKED, b, ASKED), "A", "B") == (
        "Of 100 names that both were asked, B is right on 52 names that A gets wrong, and A on 31 "
        "that B gets wrong. Between equally good networks, a difference this large happens by "
        "chance in 2.8 % of cases (McNemar's test)."
    )


@pytest.mark.parametrize(
    ("only_a", "only_b", "said"),
    [
        (0, 0, "Of 1 name that both were asked, RNN and LSTM get the same ones right."),
        (3, 3, ": no difference (McNemar's test)."),
        (1, 0, "Of 2 names that both were asked, LSTM is right on 0 names"),
        (0, 1, "LSTM is right on 1 name that RNN gets wrong, and RNN on 0"),
        (2, 1, "in 100 % of cases"),
        (0, 6, "in 3.1 % of cases"),
        (300, 10, "in fewer than 0.01 % of cases"),
        (
            1200,
            1000,
            "LSTM is right on 1\u202f000 names that RNN gets wrong, and RNN on 1\u202f200",
        ),
        (1200, 1000, "Of 2\u202f201 names that both were asked"),
    ],
)
def test_sentences_of_few_and_of_many_names(only_a, only_b, said):
    a, b = made(only_a, only_b)
    assert said in contrast_words(contrast(a, ASKED, b, ASKED), "RNN", "LSTM")


def test_lines_of_one_name_and_category_count_once():
    """Fourteen lines of one name are one name that a gets right and b wrong, not fourteen."""
    indices, labels = np.arange(16), np.array([0] * 14 + [1, 1])
    spellings = np.array([b"aa"] * 14 + [b"aa", b"bb"])

    def answers(said: list[int]) -> PredictedNames:
        probabilities = np.full((16, 2), 0.2)
        probabilities[np.arange(16), said] = 0.8
        return PredictedNames(indices, labels, np.log(probabilities).astype(np.float32))

    asked = AskedNames("f" * 64, "raw", 0, "test")
    found = contrast(answers([0] * 16), asked, answers([1] * 16), asked, spellings=spellings)
    assert found.only_a.tolist() == [0]
    assert found.only_b.tolist() == [14, 15]
    assert (found.names, found.left_out) == (3, 0)
