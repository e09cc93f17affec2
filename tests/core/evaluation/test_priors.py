import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, recall_score

from namerec.core.evaluation.combining import learned_prior
from namerec.core.evaluation.priors import (
    PRIOR_STRENGTHS,
    assuming,
    prior_sweep,
    strength_as_trained,
)
from namerec.core.evaluation.results import PredictedNames

SEEDS = st.integers(0, 2**32 - 1)
SAMPLINGS = st.sampled_from(["natural", "square root", "balanced"])


def answers_and_prior(seed: int, names: int = 200, categories: int = 6):
    """Bayes' rule on made-up likelihoods: answers of a classifier that learned the prior."""
    generator = np.random.default_rng(seed)
    prior = generator.dirichlet(np.full(categories, 0.7)) * 0.97 + 0.03 / categories
    likelihood = generator.dirichlet(np.full(categories, 0.5), names) + 1e-6
    labels = generator.integers(0, categories, names)
    posterior = likelihood * prior
    posterior /= posterior.sum(axis=1, keepdims=True)
    answers = PredictedNames(np.arange(names), labels, np.log(posterior).astype(np.float32))
    return answers, prior, likelihood


@given(SEEDS, SAMPLINGS)
def test_the_sweep_is_what_scikit_learn_measures_on_the_reweighted_answers(seed, sampling):
    answers, prior, _ = answers_and_prior(seed)
    sweep = prior_sweep(answers, prior, sampling)
    assert (sweep.prior_strength == PRIOR_STRENGTHS).all()
    for point in (0, 7, 13, 20):
        moved = assuming(answers, prior, sampling, float(PRIOR_STRENGTHS[point])).predicted
        assert sweep.accuracy[point] == pytest.approx(accuracy_score(answers.labels, moved))
        present = np.unique(answers.labels)
        recall = recall_score(
            answers.labels, moved, labels=present, average="macro", zero_division=0
        )
        assert sweep.macro_recall[point] == pytest.approx(recall)


@given(SEEDS)
def test_all_equally_likely_leaves_the_likelihoods_alone(seed):
    answers, prior, likelihood = answers_and_prior(seed)
    even = np.exp(assuming(answers, prior, "natural", 0.0).log_probabilities)
    expected = likelihood / likelihood.sum(axis=1, keepdims=True)
    assert even == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("sampling", "power"), [("natural", 1.0), ("square root", 0.5), ("balanced", 0.0)]
)
def test_however_it_was_trained_both_ends_assume_the_same(sampling, power):
    _, prior, likelihood = answers_and_prior(3)
    learned = likelihood * prior**power
    learned /= learned.sum(axis=1, keepdims=True)
    answers = PredictedNames(np.arange(200), np.zeros(200, int), np.log(learned).astype(np.float32))
    for prior_strength, assumed in ((1.0, prior), (0.5, prior**0.5), (0.0, np.ones(6))):
        expected = likelihood * assumed
        expected /= expected.sum(axis=1, keepdims=True)
        moved = np.exp(assuming(answers, prior, sampling, prior_strength).log_probabilities)
        assert moved == pytest.approx(expected, abs=1e-5)
    untouched = assuming(answers, prior, sampling, strength_as_trained(sampling))
    assert np.allclose(untouched.log_probabilities, answers.log_probabilities, atol=1e-5)
    assert strength_as_trained(sampling) == power


def test_a_rare_category_is_found_once_it_is_taken_for_likely():
    # 9 of 10 training names are of category 0; one name of category 1 looks a little like it.
    answers = PredictedNames(
        np.arange(3),
        np.array([0, 0, 1]),
        np.log([[0.99, 0.01], [0.8, 0.2], [0.7, 0.3]]).astype(np.float32),
    )
    sweep = prior_sweep(answers, np.array([0.9, 0.1]), prior_strength=np.array([1.0, 0.5, 0.0]))
    # Even odds at 0.9 : 0.1; half way at 0.75 : 0.25, which leaves 0.8 to category 0.
    assert sweep.accuracy == pytest.approx([2 / 3, 1, 2 / 3])
    assert sweep.macro_recall == pytest.approx([0.5, 1, 0.75])


def test_the_prior_of_a_dataset_fits(five_categories):
    prior = learned_prior(five_categories, np.arange(200), "natural")
    logs = np.log(np.tile(prior, (200, 1))).astype(np.float32)
    sweep = prior_sweep(PredictedNames(np.arange(200), five_categories.labels, logs), prior)
    assert sweep.accuracy[0] == 0.45
    assert sweep.macro_recall[0] == 0.2


def test_without_answers_there_are_no_scores():
    nobody = PredictedNames(np.empty(0, int), np.empty(0, int), np.empty((0, 2), np.float32))
    sweep = prior_sweep(nobody, np.array([0.9, 0.1]))
    assert np.isnan(sweep.accuracy).all()
    assert np.isnan(sweep.macro_recall).all()
