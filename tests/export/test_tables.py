import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open

from namerec.core.evaluation.scores import predict_names
from namerec.core.training.config import RunConfig
from namerec.errors import DataError, RunError
from namerec.export.source import MadeFile, Source
from namerec.export.tables import curves_files, predictions_files, settings_files, weights_files
from namerec.runs import metrics
from namerec.runs.folder import BEST, METRICS
from namerec.runs.lineage import branch_from
from namerec.runs.networks import load_network
from namerec.runs.records import RunStatus
from namerec.runs.store import RunStore
from tests.export.sources import trained, without_corpus
from tests.runs.references import as_bits

CATEGORIES = ("=Alphan", "Betan", "Gamman")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs"))


def rows_of(file: MadeFile) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.content.decode(), newline="")))


# -- weights


def test_the_weights_are_those_stored_to_the_last_bit_and_say_what_they_are(source, tmp_path):
    (file,) = weights_files(source)
    assert file.name == f"{source.run.id}-weights.safetensors"
    (tmp_path / file.name).write_bytes(file.content)
    with safe_open(tmp_path / file.name, framework="pt") as opened:
        about = opened.metadata()
        weights = {name: opened.get_tensor(name) for name in opened.keys() if name != "sha256"}  # noqa: SIM118
    assert as_bits(weights) == as_bits(source.folder.best_weights())
    assert about["epoch"] == str(source.run.status.best_epoch)
    assert about["network"] == "LSTM (custom)"
    assert json.loads(about["categories"]) == list(CATEGORIES)
    assert json.loads(about["scores"])["test"]["measured on"] == "test names, leak-free split"
    assert "checksum" in about["sha256"]
    assert int.from_bytes(file.content[:8], "little") % 8 == 0  # what follows stays aligned
    assert file == weights_files(source)[0]


def test_the_weights_can_be_put_back_in_their_place(source):
    (file,) = weights_files(source)
    best = source.folder.path / BEST
    before = best.read_bytes()
    best.write_bytes(file.content)
    try:
        again = load_network(source.folder).model.state_dict()
    finally:
        best.write_bytes(before)
    assert as_bits(again) == as_bits(source.model.state_dict())


def test_damaged_weights_are_not_handed_on(tmp_path):
    source = trained(tmp_path, epochs=1)
    best = source.folder.path / BEST
    best.write_bytes(best.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(RunError, match="damaged"):
        weights_files(source)


# -- settings


def test_the_settings_can_be_read_back_and_say_which_names(source):
    (file,) = settings_files(source)
    told = json.loads(file.content)
    assert RunConfig.model_validate(told["config"]) == source.run.info.config
    assert told["corpus"]["fingerprint"] == source.dataset.fingerprint
    split = source.split
    assert told["split"] == {
        "protocol": "leak-free",
        "seed": 0,
        "words": "leak-free split: no name is in two parts",
        "names": {
            "train": len(split.train),
            "validation": len(split.validation),
            "test": len(split.test),
        },
    }
    assert told["versions"]["torch"] == torch.__version__
    assert told["scores"]["test"]["accuracy"] == source.run.status.scores["test"].accuracy


def test_the_settings_of_a_run_whose_names_are_gone_leave_out_their_counts(source):
    told = json.loads(settings_files(without_corpus(source))[0].content)
    assert told["split"]["names"] is None
    assert told["corpus"]["names"] == 72


# -- curves


def test_every_record_is_a_line_with_what_it_was_measured_on(source):
    (file,) = curves_files(source)
    rows = rows_of(file)
    steps, epochs = source.folder.metrics()
    loss = "loss (nats; training names, dropout on)"
    accuracy = "validation accuracy (0 to 1; validation names, leak-free split)"
    told = [row for row in rows if row["record"] == "step"]
    assert [int(row["steps done"]) for row in told] == [record.step for record in steps]
    assert [float(row[loss]) for row in told] == [record.loss for record in steps]
    assert [float(row["learning rate"]) for row in told] == [r.learning_rate for r in steps]
    assert {row[accuracy] for row in told} == {""}
    told = [row for row in rows if row["record"] == "epoch"]
    assert [float(row["epochs done"]) for row in told] == [1, 2, 3]
    assert [float(row[loss]) for row in told] == [record.train_loss for record in epochs]
    assert [float(row[accuracy]) for row in told] == [r.validation_accuracy for r in epochs]
    assert [float(row["training time (s)"]) for row in told] == [r.seconds for r in epochs]
    flags = [row["best so far in its run"] for row in told]
    assert flags == ["yes" if record.best else "no" for record in epochs]
    assert [row["run"] for row in rows] == [source.run.id] * len(rows)


def test_a_run_that_goes_on_from_another_is_counted_through(source):
    config, dataset = source.run.info.config, source.dataset
    store = RunStore(source.folder.path.parent, pretrained=None)
    origin = branch_from(source.folder, "last", config, dataset.fingerprint)
    folder = store.create(config, dataset, origin)
    steps, epochs = source.folder.metrics()
    (folder.path / METRICS).write_bytes(metrics.lines([*steps, *epochs]))
    folder.write_status(RunStatus(state="stopped"))
    later = Source.of(store, folder.id, source.load)
    (file,) = curves_files(later)
    assert "counted from the start" in file.words
    rows = rows_of(file)
    end = epochs[-1].step
    whole = [int(row["steps done"]) for row in rows if row["record"] == "epoch"]
    assert whole == [record.step for record in epochs] + [end + record.step for record in epochs]
    runs = {int(row["steps done"]): row["run"] for row in rows}
    assert {run for step, run in runs.items() if step <= end} == {source.run.id}
    assert {run for step, run in runs.items() if step > end} == {folder.id}


def test_a_run_without_a_record_has_a_table_with_a_head_alone(source):
    folder = RunStore(source.folder.path.parent, pretrained=None).create(
        source.run.info.config, source.dataset
    )
    (file,) = curves_files(replace(source, folder=folder))
    assert file.content.count(b"\r\n") == 1
    assert file.content.startswith(b'"record","run","epochs done"')


# -- predictions


def test_predictions_are_the_stored_answers_and_no_text_begins_a_formula(source):
    rows = rows_of(predictions_files(source)[0])
    stored, dataset = source.folder.predictions(), source.dataset
    at = 0
    for part in ("validation", "test"):
        answers = stored[part]
        for index, label, row in zip(
            answers.indices, answers.labels, answers.log_probabilities, strict=True
        ):
            told = rows[at]
            at += 1
            assert told["part"] == part
            assert told["measured on"] == f"{part} names, leak-free split"
            assert told["name"] == safe(dataset.names[index])
            assert told["read as"] == dataset.normalised(index)
            assert told["true"] == safe(CATEGORIES[label])
            assert told["answer"] == safe(CATEGORIES[row.argmax()])
            shares = [float(told[f"p {category}"]) for category in CATEGORIES]
            assert shares == pytest.approx(np.exp(row), abs=1e-6)
    assert at == len(rows)
    assert any(row["name"].startswith("'=") for row in rows)


def test_an_unfinished_run_is_asked_now(tmp_path):
    source = trained(tmp_path, epochs=2)
    answers = predict_names(source.model, source.dataset, source.split.test)
    of_before = replace(answers, log_probabilities=answers.log_probabilities - 1)
    source.folder.write_predictions({"test": of_before})
    rows = rows_of(predictions_files(source)[0])
    told = [float(row["p Betan"]) for row in rows if row["part"] == "test"]
    assert told == pytest.approx(np.exp(answers.log_probabilities[:, 1]), abs=1e-6)


def test_predictions_without_their_names_are_refused(source):
    with pytest.raises(DataError) as caught:
        predictions_files(without_corpus(source))
    assert str(caught.value) == (
        f"The answers of run {source.run.id} cannot be listed: its names are no longer on this "
        "computer. Upload the same names on the Dataset page."
    )


def safe(text: str) -> str:
    return f"'{text}" if text.startswith("=") else text
