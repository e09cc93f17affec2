"""What an arriving run claims of itself, against what it holds."""

import json

import numpy as np
import pytest
import torch

from namerec.core.evaluation.results import PredictedNames
from namerec.errors import RunError
from namerec.export.archive.arrival_scores import check_answers, check_scores
from namerec.runs.folder import BEST
from namerec.runs.store import RunStore
from namerec.runs.tensors import write_tensors
from tests.export.archive.test_zip_file import elsewhere, files, refused, zipped

__all__ = ["elsewhere", "files"]


def test_what_ships_with_the_project_has_earned_its_scores():
    from namerec.data import catalogue

    dataset = catalogue.load("bundled")
    runs = RunStore()
    for run in runs.summaries():
        folder = runs.open(run.id)
        check_scores(folder, run.info, run.status)
        check_answers(folder, dataset)


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("test", "accuracy", 1.0),
        ("test", "macro_recall", 0.99),
        ("validation", "macro_f1", 0.98),
        ("validation", "top3", 0.5),
        ("test", "loss", 0.001),
    ],
)
def test_a_score_that_its_answers_do_not_give_is_refused(files, elsewhere, part, name, value):
    status = json.loads(files["status.json"])
    status["scores"][part][name] = value
    said = refused(zipped(files | {"status.json": json.dumps(status).encode()}), elsewhere())
    assert f"{name.replace('_', ' ')} of {value:.4g} on {part} names" in said


@pytest.mark.parametrize("change", [{"part": "train"}, {"protocol": "course"}, {"names": 2**53}])
def test_a_score_of_other_names_is_refused(files, elsewhere, change):
    status = json.loads(files["status.json"])
    status["scores"]["test"] |= change
    said = refused(zipped(files | {"status.json": json.dumps(status).encode()}), elsewhere())
    assert "say they were measured on others" in said


def test_a_validation_accuracy_that_its_records_do_not_have_is_refused(files, elsewhere):
    status = json.loads(files["status.json"]) | {"validation_accuracy": 0.987}
    said = refused(zipped(files | {"status.json": json.dumps(status).encode()}), elsewhere())
    assert "not the one in its records" in said


def test_a_loss_that_is_no_number_is_refused(files, elsewhere):
    status = files["status.json"].replace(b'"loss": ', b'"loss": NaN, "was": ', 1)
    refused(zipped(files | {"status.json": status}), elsewhere())


def test_answers_that_are_not_the_networks_are_refused(finished, tiny_dataset):
    check_answers(finished, tiny_dataset)
    answers = finished.predictions()
    forged = {
        part: PredictedNames(
            given.indices,
            given.labels,
            np.log(np.where(np.eye(3)[given.labels] > 0, 0.98, 0.01)).astype(np.float32),
        )
        for part, given in answers.items()
    }
    finished.write_predictions(forged)
    with pytest.raises(RunError, match="are not those of its network"):
        check_answers(finished, tiny_dataset)


def test_answers_on_other_names_or_labels_are_refused(finished, tiny_dataset):
    answers = finished.predictions()
    test = answers["test"]
    turned = PredictedNames(test.indices[::-1].copy(), test.labels, test.log_probabilities)
    finished.write_predictions(answers | {"test": turned})
    with pytest.raises(RunError, match="others than its split has"):
        check_answers(finished, tiny_dataset)
    wrong = PredictedNames(test.indices, (test.labels + 1) % 3, test.log_probabilities)
    finished.write_predictions(answers | {"test": wrong})
    with pytest.raises(RunError, match="other answers are right"):
        check_answers(finished, tiny_dataset)


def test_another_network_under_the_same_answers_is_refused(finished, tiny_dataset):
    weights = {name: torch.zeros_like(tensor) for name, tensor in finished.best_weights().items()}
    write_tensors(finished.path / BEST, weights, {"epoch": "3"})
    with pytest.raises(RunError, match="are not those of its network"):
        check_answers(finished, tiny_dataset)
