from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from namerec.core.evaluation.calibration import (
    BINS,
    TEMPERATURE_BOUNDS,
    at_coverage,
    confidences,
    fitted_temperature,
    reliability,
    risk_coverage,
    with_temperature,
)
from namerec.core.evaluation.results import PredictedNames

SEEDS = st.integers(0, 2**32 - 1)


def answered(confidence, right) -> PredictedNames:
    """Answers of two categories with these confidences (above a half), right or wrong."""
    sure = np.asarray(confidence, dtype=np.float64)
    rows = np.stack([sure, 1 - sure], axis=1)
    labels = 1 - np.asarray(right, dtype=np.int64)
    return PredictedNames(
        np.arange(len(sure)), labels, np.log(np.maximum(rows, 1e-12)).astype(np.float32)
    )


def honest_answers(seed: int, names: int = 3000, categories: int = 5) -> PredictedNames:
    """Answers whose labels are drawn from their own probabilities: perfectly calibrated."""
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.full(categories, 0.4), names)
    labels = (probabilities.cumsum(axis=1) < generator.random((names, 1))).sum(axis=1)
    logs = np.log(np.maximum(probabilities, 1e-9))
    logs -= np.logaddexp.reduce(logs, axis=1, keepdims=True)
    return PredictedNames(np.arange(names), labels, logs.astype(np.float32))


def coarse_answers(seed: int, names: int) -> PredictedNames:
    """Answers with many equal confidences."""
    generator = np.random.default_rng(seed)
    return answered(generator.integers(6, 10, names) / 10, generator.random(names) < 0.7)


def mean_loss(answers: PredictedNames) -> float:
    rows = np.arange(len(answers.labels))
    return float(-answers.log_probabilities[rows, answers.labels].astype(np.float64).mean())


NOBODY = PredictedNames(np.empty(0, int), np.empty(0, int), np.empty((0, 4), np.float32))


def test_the_calibration_error_by_hand():
    # Five bins of a fifth. In (0.4, 0.6]: 0.55 wrong. In (0.6, 0.8]: 0.65 right, 0.75 wrong.
    # In (0.8, 1]: 0.9, 0.9 and 1.0, all right.
    measured = reliability(answered([0.55, 0.65, 0.75, 0.9, 0.9, 1.0], [0, 1, 0, 1, 1, 1]), bins=5)
    assert measured.names.tolist() == [0, 0, 1, 2, 3]
    assert measured.confidence[2:] == pytest.approx([0.55, 0.7, 2.8 / 3])
    assert measured.accuracy[2:] == pytest.approx([0, 0.5, 1])
    assert np.isnan(measured.accuracy[:2]).all()
    assert np.isnan(measured.confidence[:2]).all()
    expected = (1 * 0.55 + 2 * 0.2 + 3 * (1 - 2.8 / 3)) / 6
    assert measured.calibration_error == pytest.approx(expected)
    assert measured.mean_confidence == pytest.approx(4.75 / 6)
    assert measured.mean_accuracy == pytest.approx(4 / 6)


def test_a_bin_has_its_upper_edge_and_not_its_lower():
    # 3/4 is exact in binary, and so are the quarters between the bins.
    answers = replace(answered([0.75], [1]), log_probabilities=np.log([[0.75, 0.25]]))
    assert np.exp(answers.log_probabilities[0, 0]) == 0.75
    assert reliability(answers, bins=4).names.tolist() == [0, 0, 1, 0]


@given(SEEDS)
def test_bins_agree_with_scikit_learn(seed):
    answers = with_temperature(honest_answers(seed, names=500), 0.6)
    measured = reliability(answers)
    sure = np.exp(answers.log_probabilities.max(axis=1))
    accuracy, confidence = calibration_curve(
        answers.predicted == answers.labels, np.minimum(sure, 1), n_bins=BINS
    )
    filled = measured.names > 0
    assert measured.accuracy[filled] == pytest.approx(accuracy)
    assert measured.confidence[filled] == pytest.approx(confidence)
    assert measured.names.sum() == 500


def test_answers_that_are_as_sure_as_they_should_be_have_hardly_an_error():
    honest = honest_answers(1, names=40_000)
    assert reliability(honest).calibration_error < 0.01
    assert reliability(with_temperature(honest, 0.4)).calibration_error > 0.1


def test_a_confidence_is_never_above_1():
    answers = PredictedNames(np.zeros(1, int), np.zeros(1, int), np.array([[1e-6, -20]], "f4"))
    assert confidences(answers).tolist() == [1.0]


def test_without_answers_nothing_is_claimed():
    nothing = reliability(NOBODY)
    assert nothing.names.tolist() == [0] * BINS
    assert np.isnan([nothing.calibration_error, nothing.mean_confidence]).all()
    curve = risk_coverage(NOBODY)
    assert len(curve.coverage) == len(curve.accuracy) == 0
    with pytest.raises(ValueError, match="no names"):
        at_coverage(curve, 0.5)
    assert fitted_temperature(NOBODY) == 1
    assert with_temperature(NOBODY, 2.0).log_probabilities.shape == (0, 4)


def test_risk_and_coverage_by_hand():
    curve = risk_coverage(answered([0.6, 0.9, 0.8, 0.7], [0, 1, 1, 0]))
    assert curve.coverage.tolist() == [0.25, 0.5, 0.75, 1]
    assert curve.accuracy == pytest.approx([1, 1, 2 / 3, 1 / 2])
    assert curve.confidence == pytest.approx([0.9, 0.8, 0.7, 0.6])


def test_equally_sure_answers_count_as_their_mean():
    curve = risk_coverage(answered([0.9, 0.7, 0.7, 0.7, 0.6], [1, 1, 0, 0, 1]))
    assert curve.accuracy == pytest.approx([1, (1 + 1 / 3) / 2, (1 + 2 / 3) / 3, 2 / 4, 3 / 5])
    guesses = risk_coverage(answered([0.8] * 4, [0, 0, 1, 1]))
    assert guesses.accuracy == pytest.approx([0.5] * 4)


@given(SEEDS, st.integers(1, 60))
def test_the_curve_does_not_depend_on_the_order_of_the_names(seed, names):
    answers = coarse_answers(seed, names)
    order = np.random.default_rng(seed).permutation(names)
    shuffled = PredictedNames(
        answers.indices[order], answers.labels[order], answers.log_probabilities[order]
    )
    one, other = risk_coverage(answers), risk_coverage(shuffled)
    assert one.accuracy == pytest.approx(other.accuracy)
    assert (one.confidence == other.confidence).all()
    right = answers.predicted == answers.labels
    assert one.accuracy[-1] == pytest.approx(right.mean())
    assert ((one.accuracy >= -1e-12) & (one.accuracy <= 1 + 1e-12)).all()
    # Where nobody else is as sure, it is the plain mean of the surest.
    sure = confidences(answers)
    for answered_names in range(1, names + 1):
        given = sure >= one.confidence[answered_names - 1]
        if given.sum() == answered_names:
            assert one.accuracy[answered_names - 1] == pytest.approx(right[given].mean())


def test_what_comes_of_not_answering_the_least_sure_fifth():
    curve = risk_coverage(answered([0.9, 0.85, 0.8, 0.75, 0.7] * 2, [1, 1, 1, 0, 0] * 2))
    chosen = at_coverage(curve, 0.8)
    assert (chosen.names, chosen.answered) == (10, 8)
    assert chosen.accuracy == pytest.approx(6 / 8)
    assert chosen.accuracy_of_rest == 0
    assert chosen.accuracy_of_all == pytest.approx(0.6)
    assert chosen.confidence == pytest.approx(0.75)
    assert chosen.coverage == 0.8


def test_a_coverage_is_rounded_to_whole_names_of_which_there_is_one_at_least():
    curve = risk_coverage(answered([0.9, 0.8, 0.7], [1, 0, 1]))
    assert [at_coverage(curve, share).answered for share in (-1, 0, 0.4, 0.6, 1, 7)] == [
        *(1, 1, 1, 2, 3, 3)
    ]
    everything = at_coverage(curve, 1.0)
    assert everything.accuracy == everything.accuracy_of_all == pytest.approx(2 / 3)
    assert np.isnan(everything.accuracy_of_rest)


@given(SEEDS, st.integers(2, 60), st.floats(0, 1))
def test_answers_given_and_held_back_make_up_all(seed, names, coverage):
    chosen = at_coverage(risk_coverage(coarse_answers(seed, names)), coverage)
    rest = names - chosen.answered
    hits = chosen.accuracy * chosen.answered + (chosen.accuracy_of_rest * rest if rest else 0)
    assert hits == pytest.approx(chosen.accuracy_of_all * names)


@pytest.mark.parametrize("distortion", [0.3, 0.8, 1.5, 4.0])
def test_a_known_distortion_is_found_and_undone(distortion):
    honest = honest_answers(2, names=20_000)
    temperature = fitted_temperature(with_temperature(honest, distortion))
    assert temperature == pytest.approx(1 / distortion, rel=0.03)
    restored = with_temperature(with_temperature(honest, distortion), 1 / distortion)
    assert np.allclose(restored.log_probabilities, honest.log_probabilities, atol=1e-5)


@given(SEEDS, st.floats(0.1, 8))
def test_the_temperature_is_the_best_on_the_names_it_was_fitted_on(seed, distortion):
    validation = with_temperature(honest_answers(seed, names=80), distortion)
    found = fitted_temperature(validation)
    best = mean_loss(with_temperature(validation, found))
    assert best <= mean_loss(validation) + 1e-12
    grid = np.geomspace(*TEMPERATURE_BOUNDS, 60)
    assert best <= min(mean_loss(with_temperature(validation, t)) for t in grid) + 1e-6


@given(SEEDS, st.floats(0.05, 20))
def test_a_temperature_changes_no_ranking_and_leaves_probabilities(seed, temperature):
    answers = honest_answers(seed, names=40, categories=18)
    # Two categories as close as float32 can tell apart: rounding must not make them equal.
    logs = answers.log_probabilities
    logs[:, 7] = np.nextafter(logs[:, 3], np.float32(-np.inf))
    tempered = with_temperature(answers, temperature)
    assert (
        np.argsort(-logs, axis=1, kind="stable")
        == np.argsort(-tempered.log_probabilities, axis=1, kind="stable")
    ).all()
    assert (tempered.log_probabilities[:, 7] < tempered.log_probabilities[:, 3]).all()
    assert np.exp(tempered.log_probabilities).sum(axis=1) == pytest.approx(1)
    assert (tempered.predicted == answers.predicted).all()
    assert (tempered.labels == answers.labels).all()


def test_answers_that_are_all_right_get_as_sure_as_allowed():
    right = answered([0.6, 0.7], [1, 1])
    assert fitted_temperature(right) == pytest.approx(TEMPERATURE_BOUNDS[0], rel=0.01)
    wrong = answered([0.6, 0.7], [0, 0])
    assert fitted_temperature(wrong) == pytest.approx(TEMPERATURE_BOUNDS[1], rel=0.01)


def test_a_temperature_that_cannot_be_improved_stays_1():
    even = PredictedNames(np.arange(4), np.arange(4), np.full((4, 4), np.log(0.25), np.float32))
    assert fitted_temperature(even) == 1


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_is_above_0(temperature):
    with pytest.raises(ValueError, match="above 0"):
        with_temperature(NOBODY, temperature)
