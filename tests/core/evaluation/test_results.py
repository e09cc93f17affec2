import json
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from namerec.core.evaluation.results import (
    ConfusionMatrix,
    PredictedNames,
    Prediction,
    Scores,
)
from namerec.core.inside.trace import GateTrace

# Three Czech names of which two are taken for Irish, one Irish taken for Czech, no Polish at all
# but one Irish taken for Polish: every cell off the diagonal differs from its mirror image.
LOPSIDED = ConfusionMatrix(
    np.array([[1, 2, 0], [1, 3, 1], [0, 0, 0]]), ("Czech", "Irish", "Polish"), "test", "raw"
)


def test_rows_are_true_and_columns_predicted():
    assert LOPSIDED.support.tolist() == [3, 5, 0]
    czech, irish, polish = LOPSIDED.per_category()
    assert (czech.category, czech.support) == ("Czech", 3)
    assert czech.recall == pytest.approx(1 / 3)
    assert czech.precision == pytest.approx(1 / 2)
    assert irish.recall == pytest.approx(3 / 5)
    assert irish.precision == pytest.approx(3 / 5)
    assert (polish.precision, polish.recall, polish.f1, polish.support) == (0, 0, 0, 0)


def test_row_normalised_counts_are_shares_of_the_true_category():
    assert LOPSIDED.row_normalised().tolist() == [
        [1 / 3, 2 / 3, 0],
        [1 / 5, 3 / 5, 1 / 5],
        [0, 0, 0],
    ]


def test_accuracy_is_the_diagonals_share():
    assert LOPSIDED.accuracy == 4 / 8


def test_an_empty_matrix_scores_nothing_and_raises_nothing():
    empty = ConfusionMatrix(np.zeros((2, 2), dtype=np.int64), ("A", "B"))
    assert empty.accuracy == 0
    assert empty.row_normalised().tolist() == [[0, 0], [0, 0]]
    assert [c.f1 for c in empty.per_category()] == [0, 0]


@given(st.integers(0, 2**32 - 1), st.integers(2, 8), st.integers(1, 60))
def test_scores_of_categories_are_scikit_learns(seed, categories, names):
    generator = np.random.default_rng(seed)
    true = generator.integers(0, categories, names)
    predicted = np.where(
        generator.random(names) < 0.5, true, generator.integers(0, categories, names)
    )
    labels = list(range(categories))
    matrix = ConfusionMatrix(
        confusion_matrix(true, predicted, labels=labels), tuple(map(str, labels))
    )
    precision, recall, f1, support = precision_recall_fscore_support(
        true, predicted, labels=labels, zero_division=0
    )
    scores = matrix.per_category()
    assert [s.precision for s in scores] == pytest.approx(precision.tolist())
    assert [s.recall for s in scores] == pytest.approx(recall.tolist())
    assert [s.f1 for s in scores] == pytest.approx(f1.tolist())
    assert [s.support for s in scores] == support.tolist()
    assert [s.category for s in scores] == [str(label) for label in labels]
    assert matrix.accuracy == pytest.approx(accuracy_score(true, predicted))
    assert np.diag(matrix.row_normalised()).tolist() == pytest.approx(recall.tolist())


def test_records_are_frozen():
    with pytest.raises(FrozenInstanceError):
        LOPSIDED.part = "train"  # type: ignore[misc]


def test_scores_are_plain_json():
    scores = Scores("test", "raw", 10, 0.5, 0.75, 0.5, 0.25, 1.0)
    assert json.loads(json.dumps(scores.as_dict())) == {
        "part": "test",
        "protocol": "raw",
        "names": 10,
        "loss": 0.5,
        "accuracy": 0.75,
        "macro_recall": 0.5,
        "macro_f1": 0.25,
        "top3": 1.0,
    }


def test_the_top_of_a_prediction_is_its_beginning():
    prediction = Prediction("Žák", "Zak", (("Czech", 0.7), ("Polish", 0.2), ("Irish", 0.1)))
    assert prediction.top(2) == (("Czech", 0.7), ("Polish", 0.2))
    assert prediction.top(9) == prediction.ranked


def test_predicted_is_the_most_probable_category():
    answers = np.log(np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]], dtype=np.float32))
    assert PredictedNames(np.arange(2), np.zeros(2, int), answers).predicted.tolist() == [1, 0]


def test_a_trace_knows_its_layers():
    trace = GateTrace(
        "Ann", {"h": np.zeros((3, 2, 5))}, np.zeros((3, 4)), ("A", "B", "C", "D"), "rnn"
    )
    assert trace.layers == 2
