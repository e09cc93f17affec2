import numpy as np
import pytest

from namerec.bench.accuracy import Answers, Contestant, Row, rows_of_split, summarised
from namerec.core.corpus.protocols import Part
from namerec.core.corpus.splits import make_split
from namerec.core.evaluation.results import PredictedNames
from tests.core.references import unequal_dataset

SIZES = {"Ab": 120, "Cd": 40, "Ef": 20}


@pytest.fixture(scope="module")
def dataset():
    return unequal_dataset(SIZES)


def answers(dataset, split, *, right: float, seed: int) -> Answers:
    """Answers of which about so large a share is right, the rest narrowly the largest category."""
    generator = np.random.default_rng(seed)
    result: Answers = {}
    parts: tuple[Part, ...] = ("validation", "test")
    for part in parts:
        indices = split.part(part)
        labels = dataset.labels[indices]
        said = np.where(generator.random(len(labels)) < right, labels, 0)
        probabilities = np.full((len(labels), 3), 0.2)
        probabilities[np.arange(len(labels)), labels] = 0.4
        probabilities[np.arange(len(labels)), said] += 0.3
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        result[part] = PredictedNames(indices, labels, np.log(probabilities).astype(np.float32))
    return result


def rows(dataset, seeds, most_lost=1.0, runs=2, right=0.9) -> list[Row]:
    result: list[Row] = []
    for seed in seeds:
        split = make_split(dataset, "leak-free", seed)
        contestants = [
            Contestant("LSTM", answers(dataset, split, right=right, seed=run), "natural", 3.0, 7)
            for run in range(runs)
        ]
        result += rows_of_split(dataset, split, contestants, most_lost, lambda line: None)
    return result


def test_every_run_baseline_average_and_mixture_is_a_row(dataset):
    labels = [summary.label for summary in summarised(rows(dataset, [0]))]
    assert labels[:5] == [
        "Always the commonest",
        "Character n-grams, naive Bayes",
        "Character n-grams, logistic regression",
        "Character n-grams, balanced regression",
        "Label ceiling",
    ]
    assert labels[5:] == [
        "LSTM",
        "LSTM, and regression",
        "LSTM, weaker priors",
        "LSTM, and regression, weaker priors",
        "LSTM, average of 2",
        "LSTM, average of 2, and regression",
        "LSTM, average of 2, weaker priors",
        "LSTM, average of 2, and regression, weaker priors",
    ]


def test_a_row_scores_what_it_says(dataset):
    split = make_split(dataset, "leak-free", 0)
    run = Contestant("LSTM", answers(dataset, split, right=0.5, seed=1), "natural", 3.0, 7)
    by_label = {
        row.label: row for row in rows_of_split(dataset, split, [run], 1.0, lambda line: None)
    }
    answered = run.answers["test"]
    assert by_label["LSTM"].accuracy == (answered.predicted == answered.labels).mean()
    assert by_label["Always the commonest"].accuracy == (answered.labels == 0).mean()
    assert (by_label["LSTM"].seconds, by_label["LSTM"].parameters) == (3.0, 7)
    assert by_label["Label ceiling"].accuracy == 1


def test_means_and_spreads_are_over_runs_of_one_label(dataset):
    scored = rows(dataset, [0, 1])
    one = [row.accuracy for row in scored if row.label == "LSTM"]
    [summary] = [summary for summary in summarised(scored) if summary.label == "LSTM"]
    assert summary.count == 4
    assert summary.accuracy == pytest.approx((np.mean(one), np.std(one, ddof=1)))


def test_priors_are_weakened_only_as_far_as_accuracy_may_fall(dataset):
    """Nothing may be lost, so the answers stay; anything may, so rare categories are found."""
    kept, weakened = (
        {row.label: row.scores for row in rows(dataset, [0], most_lost, runs=1, right=0.5)}
        for most_lost in (-1.0, 1.0)
    )
    as_it_was, left, changed = (
        kept["LSTM"],
        kept["LSTM, weaker priors"],
        weakened["LSTM, weaker priors"],
    )
    assert as_it_was is not None
    assert left is not None
    assert changed is not None
    for part, scores in as_it_was.items():
        assert left[part].macro_recall == scores.macro_recall
        assert left[part].loss == pytest.approx(scores.loss, abs=1e-6)
    assert changed["validation"].macro_recall > as_it_was["validation"].macro_recall
