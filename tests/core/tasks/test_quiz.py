"""Which names a round asks: seeded, even, none twice, and nothing told by the order."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.splits import Split
from namerec.core.evaluation.results import PredictedNames
from namerec.core.tasks.quiz import FEW_OPTIONS, QuizPool, drawn, questions, quiz_pool

few = settings(max_examples=30)
seeds = some.integers(0, 2**32)


@some.composite
def pools(draw, several: bool = True) -> QuizPool:
    """Pools of up to 30 names in up to 7 categories, some of them without a name."""
    names, categories = draw(some.integers(1, 30)), draw(some.integers(2, 7))
    generator = np.random.default_rng(draw(some.integers(0, 10_000)))
    right = np.zeros((names, categories), dtype=bool)
    right[np.arange(names), generator.integers(0, categories, names)] = True
    if several:
        right |= generator.random(right.shape) < 0.2
    return pool_of(right, generator)


def pool_of(right: np.ndarray, generator: np.random.Generator) -> QuizPool:
    logs = np.log(generator.dirichlet(np.ones(right.shape[1]), len(right)).astype(np.float32))
    indices = np.sort(generator.choice(1000, len(right), replace=False))
    return QuizPool(indices, right, generator.random(len(right)) < 0.5, logs)


@few
@given(pools(), some.integers(1, 40), some.sampled_from(["evenly", "natural"]), seeds)
def test_a_round_asks_no_name_twice_all_it_can_and_the_same_for_a_seed(pool, names, draw, seed):
    places = drawn(pool, names, draw, seed).tolist()
    assert len(set(places)) == len(places) == min(names, len(pool))
    assert set(places) <= set(range(len(pool)))
    assert drawn(pool, names, draw, seed).tolist() == places


@few
@given(pools(several=False), some.integers(1, 30), seeds)
def test_an_even_draw_gives_each_category_as_many_names_as_the_others_while_it_has_any(
    pool, names, seed
):
    labels = pool.right.argmax(axis=1)
    has = Counter(labels.tolist())
    asked = Counter(labels[drawn(pool, names, "evenly", seed)].tolist())
    most = max(asked.values())
    for category, support in has.items():
        assert asked[category] >= min(support, most - 1)


@few
@given(pools(), some.integers(1, 30), seeds)
def test_an_even_draw_of_names_in_several_categories_misses_no_category(pool, laps, seed):
    places = drawn(pool, laps * pool.right.shape[1], "evenly", seed)
    reached = pool.right[places].any(axis=0)
    assert (reached == pool.right.any(axis=0)).all()


@pytest.mark.parametrize("seed", range(10))
def test_a_name_taken_for_one_category_costs_another_category_no_turn(seed):
    # Ten names of the first two categories alike, ten of the third alone.
    right = np.repeat(np.array([[1, 1, 0], [0, 0, 1]], dtype=bool), 10, axis=0)
    places = drawn(pool_of(right, np.random.default_rng(0)), 12, "evenly", seed)
    assert (places < 10).sum() == 8


def test_neither_the_draw_nor_the_order_prefers_a_name_or_a_category():
    right = np.repeat(np.eye(3, dtype=bool), [2, 4, 12], axis=0)
    pool = pool_of(right, np.random.default_rng(0))
    labels = right.argmax(axis=1)
    rounds = 600
    even = np.array([drawn(pool, 4, "evenly", seed) for seed in range(rounds)])
    for place in range(4):
        counts = np.bincount(labels[even[:, place]], minlength=3)
        assert counts == pytest.approx(np.full(3, rounds / 3), abs=5 * np.sqrt(rounds * 2 / 9))
    # The one category that has two names is each as often, and anywhere in the round.
    twice = [labels[one] for one in even]
    pairs = [
        (first, second)
        for row in twice
        for first in range(4)
        for second in range(first + 1, 4)
        if row[first] == row[second]
    ]
    assert len(pairs) == rounds
    assert len(set(pairs)) == 6
    assert min(Counter(pairs).values()) > rounds / 6 - 5 * np.sqrt(rounds * 5 / 36)
    natural = np.array([drawn(pool, 4, "natural", seed) for seed in range(rounds)])
    asked = np.bincount(natural.ravel(), minlength=18)
    assert asked == pytest.approx(np.full(18, rounds * 4 / 18), abs=5 * np.sqrt(rounds * 4 / 18))


def test_other_seeds_give_other_rounds():
    pool = pool_of(np.eye(3, dtype=bool)[np.arange(30) % 3], np.random.default_rng(0))
    for draw in ("evenly", "natural"):
        rounds = {tuple(drawn(pool, 10, draw, seed).tolist()) for seed in range(20)}
        assert len(rounds) == 20


@few
@given(pools())
def test_all_categories_are_options_in_their_own_order_whatever_is_right(pool):
    for asked in questions(pool, range(len(pool)), few=False):
        assert asked.options == tuple(range(pool.right.shape[1]))


@few
@given(pools())
def test_few_options_are_one_right_and_the_most_probable_wrong_ones_in_the_categories_order(pool):
    for place, asked in enumerate(questions(pool, range(len(pool)), few=True)):
        logs = pool.log_probabilities[place].tolist()
        right = np.flatnonzero(pool.right[place]).tolist()
        wrong = [one for one in range(len(logs)) if one not in right]
        best = max(right, key=logs.__getitem__)
        likely = sorted(wrong, key=logs.__getitem__, reverse=True)[: FEW_OPTIONS - 1]
        assert asked.options == tuple(sorted([best, *likely]))
        assert asked.right == tuple(right)
        assert asked.network == int(np.argmax(logs))
        assert asked.network in asked.options
        assert asked.guessing == pytest.approx(1 / len(asked.options))


def test_a_question_tells_the_networks_three_most_probable_answers():
    logs = np.log(np.array([[0.1, 0.5, 0.25, 0.15]], dtype=np.float32))
    pool = QuizPool(np.array([7]), np.array([[True, False, True, False]]), np.array([True]), logs)
    (asked,) = questions(pool, [0], few=False)
    assert (asked.index, asked.right, asked.seen) == (7, (0, 2), True)
    assert [one for one, _ in asked.ranked] == [1, 2, 3]
    assert [share for _, share in asked.ranked] == pytest.approx([0.5, 0.25, 0.15])
    assert asked.guessing == 0.5


def test_a_name_is_one_whatever_its_case_and_every_line_of_the_corpus_says_what_is_right():
    lines = (
        ("Lee", "English"), ("Bo", "Chinese"), ("LEE", "Korean"), ("Ng", "Chinese"),
        ("lee", "Chinese"), ("Ng", "Chinese"), ("Oz", "English"), ("Ivanov", "Russian"),
    )  # fmt: skip
    dataset = Dataset.build("tiny", [LabelledName(*line) for line in lines])
    asked = np.array([5, 2, 0, 6, 5])  # drawn with repeats, as under the report protocol
    split = Split("raw", 0, np.array([3, 4, 7]), np.array([1]), asked)
    logs = np.log(np.random.default_rng(0).dirichlet(np.ones(4), 5)).astype(np.float32)
    logs[4] = logs[0]
    pool = quiz_pool(dataset, split, PredictedNames(asked, dataset.labels[asked], logs))
    assert pool.indices.tolist() == [0, 5, 6]
    assert dataset.categories == ("Chinese", "English", "Korean", "Russian")
    assert pool.right.astype(int).tolist() == [[1, 1, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0]]
    assert pool.seen.tolist() == [True, True, False]
    assert pool.log_probabilities.tolist() == logs[[2, 0, 3]].tolist()
