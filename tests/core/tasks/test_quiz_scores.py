"""What a round comes to, against slow counting."""

from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from namerec.core.tasks.quiz import Question, QuizPool
from namerec.core.tasks.quiz_scores import fewest_to_tell, network_on_all, score, tallies

few = settings(max_examples=30)
CATEGORIES = 4


@some.composite
def rounds(draw) -> tuple[list[Question], list[int | None]]:
    """Up to 5 questions with answers to them."""
    asked, given = [], []
    for index in range(draw(some.integers(0, 5))):
        right = sorted(draw(some.sets(some.integers(0, CATEGORIES - 1), min_size=1)))
        network = draw(some.integers(0, CATEGORIES - 1))
        options = tuple(range(CATEGORIES))
        asked.append(Question(index, tuple(right), options, ((network, 0.5),), False))
        given.append(draw(some.none() | some.integers(0, CATEGORIES - 1)))
    return asked, given


def two_sided(only_one: int, only_other: int) -> float:
    """The exact sign test: how often fair coins are at least as uneven."""
    tosses = only_one + only_other
    fewer = min(only_one, only_other)
    tail = sum(comb(tosses, heads) for heads in range(fewer + 1)) / 2**tosses
    return float(min(1.0, 2 * tail))


@few
@given(rounds())
def test_a_score_is_what_counting_name_by_name_gives(played):
    asked, given = played
    found = score(asked, given)
    you = [answer is not None and answer in one.right for one, answer in zip(*played, strict=True)]
    network = [one.ranked[0][0] in one.right for one in asked]
    assert found.names == len(asked)
    assert (found.you, found.network) == (sum(you), sum(network))
    assert found.only_you == sum(a and not b for a, b in zip(you, network, strict=True))
    assert found.only_network == sum(b and not a for a, b in zip(you, network, strict=True))
    assert found.test.p_value == pytest.approx(two_sided(found.only_you, found.only_network))
    # Every way to guess blindly, each as probable as the others.
    guesses = list(product(range(CATEGORIES), repeat=len(asked)))
    hits = [sum(g in one.right for g, one in zip(way, asked, strict=True)) for way in guesses]
    assert found.guessing * len(asked) == pytest.approx(np.mean(hits))
    assert found.as_good_by_guessing == pytest.approx(np.mean([n >= sum(you) for n in hits]))


@few
@given(rounds(), some.integers(0, 6))
def test_a_score_so_far_knows_only_the_names_answered(played, until):
    asked, given = played
    assert score(asked, given[:until]) == score(asked[:until], given[:until])


@few
@given(rounds())
def test_tallies_add_up_to_the_score_and_keep_names_of_several_categories_apart(played):
    asked, given = played
    found, rows = score(asked, given), tallies(asked, given)
    assert [row.right for row in rows] == sorted({one.right for one in asked})
    assert sum(row.names for row in rows) == found.names
    assert sum(row.you for row in rows) == found.you
    assert sum(row.network for row in rows) == found.network
    for row in rows:
        mine = [place for place, one in enumerate(asked) if one.right == row.right]
        assert row.names == len(mine)
        assert row.you == sum(given[place] in row.right for place in mine)
        assert row.network == sum(asked[place].ranked[0][0] in row.right for place in mine)


def test_six_names_right_for_one_alone_tell_two_players_apart():
    assert fewest_to_tell() == 6
    assert two_sided(6, 0) < 0.05 < two_sided(5, 0)


def test_the_network_on_all_names_is_right_with_any_true_category():
    right = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]], dtype=bool)
    right[3, 1] = True
    answers = [1, 0, 2, 0]  # right, right, wrong, wrong
    logs = np.log(np.full((4, 3), 0.2, dtype=np.float32))
    logs[np.arange(4), answers] = np.log(0.6)
    found = network_on_all(QuizPool(np.arange(4), right, np.zeros(4, dtype=bool), logs))
    assert found.names == 4
    assert found.share == 0.5
    # The first category: two of three; the second: one of two; the third has no name.
    assert found.mean_over_categories == pytest.approx((2 / 3 + 1 / 2) / 2)
