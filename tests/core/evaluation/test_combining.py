from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.evaluation.combining import averaged, learned_prior, reweighted
from namerec.core.evaluation.results import PredictedNames

SEEDS = st.integers(0, 2**32 - 1)


def made_up_answers(seed: int, names: int = 5, categories: int = 4) -> PredictedNames:
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.ones(categories), names)
    return PredictedNames(
        np.arange(names), generator.integers(0, categories, names), _log(probabilities)
    )


def _log(probabilities) -> np.ndarray:
    return np.asarray(np.log(np.maximum(probabilities, 1e-9)), dtype=np.float32)


def test_an_average_is_the_mean_of_the_probabilities():
    one, other = made_up_answers(1), made_up_answers(2)
    other = replace(other, labels=one.labels)
    expected = (np.exp(one.log_probabilities) + np.exp(other.log_probabilities)) / 2
    mean = averaged([one, other])
    assert np.allclose(np.exp(mean.log_probabilities), expected, atol=1e-6)
    assert (mean.labels == one.labels).all()


def test_answers_about_different_names_are_not_averaged():
    one = made_up_answers(1)
    with pytest.raises(ValueError, match="different names"):
        averaged([one, replace(one, indices=one.indices + 1)])


def test_bayes_rule_by_hand():
    answers = PredictedNames(np.array([0]), np.array([0]), _log([[0.8, 0.2]]))
    even = reweighted(answers, np.array([0.8, 0.2]), 0.0)
    assert np.exp(even.log_probabilities) == pytest.approx(np.array([[0.5, 0.5]]), abs=1e-6)
    half = reweighted(answers, np.array([0.8, 0.2]), 0.5)
    # 0.8 / 0.8**0.5 to 0.2 / 0.2**0.5 is 2 to 1
    assert np.exp(half.log_probabilities) == pytest.approx(np.array([[2 / 3, 1 / 3]]), abs=1e-6)


@given(SEEDS, st.floats(0, 1))
def test_reweighted_answers_are_probabilities_and_can_be_weighted_back(seed, prior_strength):
    answers = made_up_answers(seed)
    prior = np.random.default_rng(seed).dirichlet(np.full(4, 5.0)) * 0.99 + 0.0025
    there = reweighted(answers, prior, prior_strength)
    assert np.exp(there.log_probabilities).sum(axis=1) == pytest.approx(1, abs=1e-5)
    back = reweighted(there, prior, 2 - prior_strength)
    assert np.allclose(back.log_probabilities, answers.log_probabilities, atol=1e-4)


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        ("natural", [0.45, 0.25, 0.15, 0.1, 0.05]),
        ("square root", np.sqrt([90, 50, 30, 20, 10]) / np.sqrt([90, 50, 30, 20, 10]).sum()),
        ("balanced", [0.2] * 5),
    ],
)
def test_the_learned_prior_is_how_often_a_category_was_drawn(five_categories, sampling, expected):
    prior = learned_prior(five_categories, np.arange(200), sampling)
    assert prior == pytest.approx(np.asarray(expected))


def test_a_category_without_training_names_has_a_small_prior(five_categories):
    prior = learned_prior(five_categories, np.flatnonzero(five_categories.labels != 4), "natural")
    assert 0 < prior[4] < 0.01
