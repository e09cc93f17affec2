"""Runs that arrive: real ones of every shape pass, and what one claims has to be earned."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from namerec.core.evaluation.results import PredictedNames
from namerec.core.networks.config import ModelConfig
from namerec.core.training.config import RunConfig
from namerec.data.own import OwnCorpora
from namerec.errors import RunError
from namerec.export.archive.arrival import check_run, names_here
from namerec.export.archive.arrival_scores import check_answers
from namerec.runs.folder import RunFolder
from namerec.runs.lineage import branch_from
from namerec.runs.records import MAX_MESSAGE, RunStatus, StepLine
from namerec.runs.store import RunStore
from tests.conftest import tiny_config
from tests.runs.references import Solo, assert_sentence


def changed(folder: RunFolder, name: str, change: Callable[[Any], object]) -> None:
    """Rewrites a JSON file of a run."""
    path = folder.path / name
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def refused(folder: RunFolder) -> str:
    with pytest.raises(RunError) as caught:
        check_run(folder)
    assert_sentence(caught.value)
    return str(caught.value)


def answered(folder: RunFolder, change: Callable[[PredictedNames], PredictedNames]) -> None:
    """Rewrites a run's answers on test names."""
    answers = folder.predictions()
    folder.write_predictions(answers | {"test": change(answers["test"])})


# -- what is real


@pytest.mark.parametrize(
    ("shape", "training"),
    [
        ({"kind": "rnn", "nonlinearity": "tanh"}, {}),
        ({"kind": "rnn"}, {"protocol": "course"}),
        ({"kind": "lstm", "num_layers": 2}, {"protocol": "raw", "steps": 30}),
        ({"kind": "custom_lstm", "direction": "both", "char_ngrams": 3}, {"patience": 1}),
    ],
)
def test_runs_of_every_shape_pass(store, tiny_dataset, shape, training):
    config = tiny_config(**training)
    model = ModelConfig(hidden_size=8, **shape)
    folder = Solo(RunConfig(model=model, training=config.training), tiny_dataset).store(store)
    check_run(folder)
    check_answers(folder, tiny_dataset)


def test_runs_that_stopped_or_go_on_from_another_pass(store, stopped, finished, solo, tiny_dataset):
    check_run(stopped)
    check_answers(stopped, tiny_dataset)
    origin = branch_from(finished, "last", solo.config, tiny_dataset.fingerprint)
    check_run(store.create(solo.config, tiny_dataset, origin))


def test_shipped_runs_pass():
    shipped = RunStore()
    for run in shipped.summaries():
        folder = shipped.open(run.id)
        names = names_here(run.info, OwnCorpora())
        assert names is not None
        check_run(folder)
        check_answers(folder, names)


# -- claims


@pytest.mark.parametrize("score", ["accuracy", "macro_recall", "macro_f1", "top3", "loss"])
def test_a_score_other_than_the_answers_give_is_refused(finished, score):
    def claim(status: Any) -> None:
        given = status["scores"]["test"][score]
        status["scores"]["test"][score] = given + 0.01 if given < 0.5 else given - 0.01

    changed(finished, "status.json", claim)
    assert f"claims a {score.replace('_', ' ')}" in refused(finished)


@pytest.mark.parametrize(
    ("name", "value"), [("part", "validation"), ("protocol", "raw"), ("names", 7)]
)
def test_a_score_that_says_it_was_measured_elsewhere_is_refused(finished, name, value):
    changed(finished, "status.json", lambda status: status["scores"]["test"].update({name: value}))
    assert "say they were measured on others" in refused(finished)


def test_scores_without_answers_or_without_an_end_are_refused(finished, stopped):
    scores = json.loads((finished.path / "status.json").read_text())["scores"]
    changed(stopped, "status.json", lambda status: status.update(scores=scores))
    assert "has scores, but is not finished" in refused(stopped)
    finished.write_predictions({})
    changed(finished, "status.json", lambda status: status.update(scores={}))
    assert "not for the names that it was scored on" in refused(finished)


@pytest.mark.parametrize(
    "change",
    [
        {"validation_accuracy": 0.999},
        {"validation_accuracy": None},
        {"best_epoch": 0},
        {"best_epoch": 0, "validation_accuracy": None},
    ],
)
def test_a_best_epoch_that_the_records_do_not_have_is_refused(stopped, change):
    changed(stopped, "status.json", lambda status: status.update(change))
    assert "best epoch is not the one in its records" in refused(stopped)


def test_an_accuracy_beside_other_counts_is_refused(stopped):
    path = stopped.path / "metrics.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    for record in records:
        if record["kind"] == "epoch":
            record["validation_accuracy"] = 0.999
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    changed(stopped, "status.json", lambda status: status.update(validation_accuracy=0.999))
    assert "does not match the counts" in refused(stopped)


def _none(answers: PredictedNames) -> PredictedNames:
    return PredictedNames(answers.indices[:0], answers.labels[:0], answers.log_probabilities[:0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_none, "answers on no names"),
        (
            lambda given: replace(given, log_probabilities=given.log_probabilities / 2),
            "do not add up to 1",
        ),
    ],
)
def test_answers_that_no_network_gives_are_refused(finished, change, words):
    answered(finished, change)
    assert words in refused(finished)


def _always_right(answers: PredictedNames) -> PredictedNames:
    sure = np.full_like(answers.log_probabilities, np.log(5e-4))
    sure[np.arange(len(sure)), answers.labels] = np.log(0.999)
    return replace(answers, log_probabilities=sure)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_always_right, "not those of its network"),
        (lambda given: replace(given, labels=given.predicted), "other answers are right"),
        (lambda given: replace(given, indices=given.indices[::-1].copy()), "about others"),
    ],
)
def test_answers_that_its_own_network_does_not_give_are_refused(
    finished, tiny_dataset, change, words
):
    answered(finished, change)
    with pytest.raises(RunError, match=words):
        check_answers(finished, tiny_dataset)


# -- numbers and words


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_none_are_refused(finished, number):
    changed(finished, "status.json", lambda status: status["scores"]["test"].update(loss=number))
    assert "content is damaged" in refused(finished)


@pytest.mark.parametrize(
    "change",
    [
        {"seconds": 1e10},
        {"names_per_second": 1e10},
        {"step": 2**60},
        {"message": "x" * (MAX_MESSAGE + 1)},
    ],
)
def test_absurd_numbers_and_messages_are_refused(finished, change):
    changed(finished, "status.json", lambda status: status.update(change))
    assert "content is damaged" in refused(finished)


def test_a_message_that_is_too_long_is_cut_where_it_is_stored(stopped):
    said = stopped.status().model_copy(
        update={"state": "failed", "message": "é" * (MAX_MESSAGE + 1)}
    )
    stopped.write_status(said)
    assert stopped.status().message == "é" * (MAX_MESSAGE - 1) + "…"
    stopped.write_status(RunStatus(state="failed", message="é" * MAX_MESSAGE))
    assert stopped.status().message == "é" * MAX_MESSAGE


def test_a_gradient_beyond_32_bits_is_still_read():
    line = {"kind": "step", "step": 1, "epoch": 0.1, "loss": 1.0, "learning_rate": 0.1}
    read = StepLine.model_validate_json(json.dumps(line | {"gradient_norm": float("inf")}))
    assert read.gradient_norm == float("inf")


@pytest.mark.parametrize(
    ("categories", "words"),
    [
        (["", "b", "c"], "no category"),
        (["a" * 101, "b", "c"], "101 characters"),
        (["a\x1b[2J", "b", "c"], "control characters"),
        (["a\n", "b", "c"], "each once"),
        (["a", "a", "c"], "each once"),
    ],
)
def test_categories_that_no_upload_has_are_refused(finished, categories, words):
    changed(finished, "config.json", lambda info: info["dataset"].update(categories=categories))
    assert words in refused(finished)


@pytest.mark.parametrize(
    "reference", ["memory-task:", "memory-task:4", "memory-task:251", "memory-task:../x"]
)
def test_a_memory_task_that_there_is_not_is_refused(finished, reference):
    changed(
        finished,
        "config.json",
        lambda info: info["config"]["training"].update(dataset=reference),
    )
    assert "is not a memory task" in refused(finished)
