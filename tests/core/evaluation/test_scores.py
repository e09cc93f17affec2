import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from namerec.core.corpus.splits import Split, make_split
from namerec.core.evaluation import scores as evaluation
from namerec.core.evaluation.results import PredictedNames
from namerec.core.evaluation.scores import (
    confusion,
    confusion_matrix,
    macro_recall,
    predict_names,
    score,
)
from namerec.core.networks.kinds import MODEL_KINDS
from tests.core.references import network, plain_answer

NOTHING = np.arange(0)
RAW = Split("raw", 0, NOTHING, NOTHING, NOTHING)


def _answers(seed: int, categories: int, names: int, of: int | None = None) -> PredictedNames:
    """Random log-probabilities, right more often than not, for names of the first `of` labels."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, of or categories, names)
    logits = generator.normal(size=(names, categories)) + 1.5 * np.eye(categories)[labels]
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return PredictedNames(np.arange(names), labels, logits.astype(np.float32))


@given(st.integers(0, 2**32 - 1), st.integers(4, 9), st.integers(2, 80), st.integers(2, 4))
def test_scores_are_scikit_learns(seed, categories, names, of):
    answers = _answers(seed, categories, names, of)
    scores = score(answers, RAW, "test")
    true, guess = answers.labels, answers.predicted
    probabilities = np.exp(answers.log_probabilities.astype(np.float64))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    every, present = np.arange(categories), np.unique(true)
    assert (scores.part, scores.protocol, scores.names) == ("test", "raw", names)
    assert scores.accuracy == pytest.approx(metrics.accuracy_score(true, guess))
    assert scores.macro_recall == pytest.approx(
        metrics.recall_score(true, guess, labels=present, average="macro")
    )
    assert scores.macro_f1 == pytest.approx(
        metrics.f1_score(true, guess, labels=present, average="macro")
    )
    assert scores.top3 == pytest.approx(
        metrics.top_k_accuracy_score(true, probabilities, k=3, labels=every)
    )
    assert scores.loss == pytest.approx(
        metrics.log_loss(true, probabilities, labels=every), abs=1e-6
    )


def test_categories_without_names_do_not_pull_the_means_down():
    log_half = np.log(np.array([[0.8, 0.1, 0.1], [0.8, 0.1, 0.1], [0.1, 0.8, 0.1]]))
    perfect = PredictedNames(np.arange(3), np.array([0, 0, 1]), log_half)
    scores = score(perfect, RAW, "validation")
    assert (scores.accuracy, scores.macro_recall, scores.macro_f1) == (1, 1, 1)


def test_a_network_that_answers_all_names_alike_names_only_three_categories():
    alike = np.full((10, 10), np.log(0.1), dtype=np.float32)
    scores = score(PredictedNames(np.arange(10), np.arange(10), alike), RAW, "test")
    assert scores.accuracy == pytest.approx(1 / 10)
    assert scores.top3 == pytest.approx(3 / 10)


@given(st.integers(0, 2**32 - 1), st.integers(2, 8), st.integers(1, 60))
def test_the_confusion_matrix_is_scikit_learns(seed, categories, names):
    answers = _answers(seed, categories, names)
    labels = list(range(categories))
    counts = confusion(answers, tuple(map(str, labels)))
    expected = metrics.confusion_matrix(answers.labels, answers.predicted, labels=labels)
    assert counts.tolist() == expected.tolist()
    assert counts.dtype == np.int64


def test_rows_are_true_and_columns_predicted():
    # Two names of category 0, both taken for category 2; nothing the other way round.
    log_probabilities = np.log(np.array([[0.1, 0.1, 0.8], [0.2, 0.1, 0.7]]))
    answers = PredictedNames(np.arange(2), np.array([0, 0]), log_probabilities)
    assert confusion(answers, ("A", "B", "C")).tolist() == [[0, 0, 2], [0, 0, 0], [0, 0, 0]]


def test_a_confusion_matrix_says_what_it_was_counted_on(tiny_dataset):
    split = make_split(tiny_dataset, "raw", 0)
    model = network(categories=3, dtype=torch.float32)
    matrix = confusion_matrix(
        predict_names(model, tiny_dataset, split.test), tiny_dataset, split, "test"
    )
    assert (matrix.part, matrix.protocol) == ("test", "raw")
    assert matrix.categories == tiny_dataset.categories
    assert matrix.support.tolist() == tiny_dataset.support(split.test).tolist()


@pytest.mark.parametrize(
    ("counts", "recall"),
    [
        ([[3, 1], [2, 2]], (3 / 4 + 2 / 4) / 2),
        ([[3, 1], [0, 0]], 3 / 4),
        ([[0, 0], [0, 0]], 0.0),
    ],
)
def test_macro_recall_is_the_mean_over_categories_that_have_names(counts, recall):
    assert macro_recall(np.array(counts)) == recall


@pytest.mark.parametrize("kind", MODEL_KINDS)
@pytest.mark.parametrize("batch", [1, 7, 2048])
def test_each_name_gets_its_own_answer_whatever_its_place(
    five_categories, kind, batch, monkeypatch
):
    monkeypatch.setattr(evaluation, "EVALUATION_BATCH", batch)
    model = network(kind, categories=5, dtype=torch.float32)
    indices = np.array([17, 3, 199, 3, 0, 120, 64, 17, 150, 42])
    answers = predict_names(model, five_categories, indices)
    expected = torch.stack(
        [
            plain_answer(model, five_categories.letters[i, : five_categories.lengths[i]])
            for i in indices
        ]
    ).detach()
    np.testing.assert_allclose(answers.log_probabilities, expected, atol=1e-5)
    assert answers.indices.tolist() == indices.tolist()
    assert answers.labels.tolist() == five_categories.labels[indices].tolist()
    assert answers.log_probabilities.dtype == np.float32
    assert answers.predicted.tolist() == expected.argmax(1).tolist()


@pytest.mark.parametrize("training", [True, False])
def test_dropout_is_off_while_names_are_answered_and_the_mode_is_put_back(tiny_dataset, training):
    model = network(categories=3, dropout=0.9, dtype=torch.float32)
    everything = np.arange(len(tiny_dataset))
    expected = predict_names(model, tiny_dataset, everything)
    model.train(training)
    answers = predict_names(model, tiny_dataset, everything)
    assert model.training is training
    np.testing.assert_array_equal(answers.log_probabilities, expected.log_probabilities)


def test_answering_leaves_no_graph_behind(tiny_dataset):
    model = network(categories=3, dtype=torch.float32)
    predict_names(model, tiny_dataset, np.arange(3))
    assert torch.is_grad_enabled()
    assert all(parameter.grad is None for parameter in model.parameters())
