"""Training: what it learns, says and ends with."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn import metrics

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.protocols import PROTOCOLS, Part
from namerec.core.corpus.splits import make_split
from namerec.core.training import loop as training
from namerec.core.training.loop import (
    Checkpoint,
    resolve_device,
    train,
)
from namerec.core.training.records import EpochRecord, StepRecord
from namerec.errors import ConfigError, DivergedError
from tests.core.references import run_config, unequal_dataset, without_times
from tests.core.training.references import (
    STANDING_STILL,
    every_kind,
    final_of,
    first_network,
    log_probabilities,
    records_of,
    resumed_from,
    spoil_the_second_half,
    trained_on,
)

# Learning


@every_kind
def test_every_network_learns_what_can_be_learnt(kind, tiny_dataset, tiny_split):
    records = list(train(run_config(kind, epochs=20), tiny_dataset, tiny_split))
    epochs = records_of(records, EpochRecord)
    assert epochs[-1].train_loss < 0.5 * epochs[0].train_loss
    assert epochs[-1].train_accuracy > 0.9
    assert epochs[-1].validation_accuracy > 0.9
    assert final_of(records).scores["test"].accuracy > 0.9


@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if name != "given"])
def test_every_protocol_can_be_trained_under(protocol, tiny_dataset):
    split = make_split(tiny_dataset, protocol, 0)
    final = final_of(list(train(run_config(epochs=1), tiny_dataset, split)))
    assert {scores.protocol for scores in final.scores.values()} == {protocol}
    assert final.scores["test"].names == len(split.test)


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one-cycle"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_weights_are_those_of_the_textbooks_loop(optimizer, schedule, tiny_dataset, tiny_split):
    """Full batches and no dropout, so that the order of the names does not matter."""
    config = run_config(
        optimizer=optimizer,
        schedule=schedule,
        batch_size=1000,
        epochs=4,
        clip_norm=0.3,
        weight_decay=0.1,
        learning_rate=0.05,
        seed=5,
    )
    records = list(train(config, tiny_dataset, tiny_split))

    model = first_network(config, tiny_dataset)
    makers = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    stepper = makers[optimizer](model.parameters(), lr=0.05, weight_decay=0.1)
    names, labels = tiny_dataset.batch(tiny_split.train)
    for step, record in enumerate(records_of(records, StepRecord)):
        rate = {
            "constant": 0.05,
            "cosine": 0.025 * (1 + math.cos(math.pi * step / 4)),
            "one-cycle": record.learning_rate,  # held against PyTorch's in test_schedules
        }[schedule]
        assert record.learning_rate == pytest.approx(rate)
        for group in stepper.param_groups:
            group["lr"] = record.learning_rate
        stepper.zero_grad()
        loss = F.nll_loss(model(names), labels)
        loss.backward()
        gradient = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
        assert record.loss == pytest.approx(float(loss.detach()), abs=1e-5)
        assert record.gradient_norm == pytest.approx(float(gradient.norm()), rel=1e-3)
        if float(gradient.norm()) > 0.3:
            for parameter in model.parameters():
                assert parameter.grad is not None
                parameter.grad.mul_(0.3 / float(gradient.norm()))
        stepper.step()
        for name, weight in records_of(records, Checkpoint)[step].weights.items():
            torch.testing.assert_close(weight, model.state_dict()[name], atol=1e-4, rtol=1e-3)


def test_clipping_bounds_the_step_and_zero_turns_it_off(tiny_dataset, tiny_split):
    def moved(clip_norm: float) -> float:
        config = run_config(
            optimizer="sgd",
            schedule="constant",
            learning_rate=1.0,
            batch_size=1000,
            epochs=1,
            weight_decay=0.0,
            clip_norm=clip_norm,
        )
        (checkpoint,) = records_of(list(train(config, tiny_dataset, tiny_split)), Checkpoint)
        before = first_network(config, tiny_dataset).state_dict()
        distances = [(checkpoint.weights[name] - before[name]).norm() for name in before]
        return float(torch.stack(distances).norm())

    free = moved(0.0)
    assert moved(1000.0) == pytest.approx(free, rel=1e-5)
    assert moved(free / 10) == pytest.approx(free / 10, rel=1e-3)


# Records


def test_records_come_in_order_and_an_epochs_checkpoint_before_its_record(tiny_dataset, tiny_split):
    records = list(train(run_config(batch_size=32), tiny_dataset, tiny_split))
    per_epoch = math.ceil(len(tiny_split.train) / 32)
    epoch = ["StepRecord"] * per_epoch + ["Checkpoint", "EpochRecord"]
    assert [type(record).__name__ for record in records] == epoch * 3 + ["FinalRecord"]
    steps = records_of(records, StepRecord)
    assert [record.step for record in steps] == list(range(1, 3 * per_epoch + 1))
    fractions = [(step + 1) / per_epoch for step in range(3 * per_epoch)]
    assert [record.epoch for record in steps] == pytest.approx(fractions)
    for number, (checkpoint, record) in enumerate(
        zip(records_of(records, Checkpoint), records_of(records, EpochRecord), strict=True), 1
    ):
        assert (record.epoch, checkpoint.progress.epoch) == (number, number)
        assert record.step == checkpoint.progress.step == number * per_epoch
        assert record.best == checkpoint.best


@pytest.mark.parametrize(("limit", "batch_size"), [(10, 1), (7, 1), (1, 4), (2000, 16)])
def test_a_run_gives_a_bounded_number_of_step_records(
    limit, batch_size, tiny_dataset, tiny_split, monkeypatch
):
    monkeypatch.setattr(training, "STEP_RECORDS", limit)
    records = list(train(run_config(batch_size=batch_size), tiny_dataset, tiny_split))
    steps = [record.step for record in records_of(records, StepRecord)]
    per_epoch = math.ceil(len(tiny_split.train) / batch_size)
    # The first step and each epoch's last are always told, besides the regular ones.
    assert len(steps) <= limit + 3 + 1
    assert steps == sorted(set(steps))
    assert {1, per_epoch, 2 * per_epoch, 3 * per_epoch} <= set(steps)


def test_a_step_record_is_the_mean_since_the_one_before(
    tiny_dataset, tiny_split, batches, monkeypatch
):
    monkeypatch.setattr(training, "STEP_RECORDS", 20)
    config = run_config(batch_size=4, epochs=2, clip_norm=1e-6, **STANDING_STILL)
    records = list(train(config, tiny_dataset, tiny_split))
    model = first_network(config, tiny_dataset)
    losses, norms = [], []
    for indices in trained_on(batches, tiny_split):
        names, labels = tiny_dataset.batch(indices)
        model.zero_grad()
        loss = F.nll_loss(model(names), labels)
        loss.backward()
        losses.append(float(loss.detach()))
        norms.append(
            math.sqrt(
                sum(float(p.grad.square().sum()) for p in model.parameters() if p.grad is not None)
            )
        )
    told = 0
    steps = records_of(records, StepRecord)
    assert len(steps) < len(losses)
    for record in steps:
        assert record.loss == pytest.approx(np.mean(losses[told : record.step]), abs=1e-5)
        assert record.gradient_norm == pytest.approx(np.mean(norms[told : record.step]), rel=1e-4)
        told = record.step
    assert told == len(losses)


def test_an_epoch_record_is_the_mean_over_its_names(tiny_dataset, tiny_split):
    config = run_config(batch_size=25, epochs=2, **STANDING_STILL)
    records = list(train(config, tiny_dataset, tiny_split))
    model = first_network(config, tiny_dataset)
    # Batches of 25, 25 and 7 names: a mean over batches would not be one over names.
    assert len(tiny_split.train) % 25
    for indices, loss, accuracy in (
        (tiny_split.train, "train_loss", "train_accuracy"),
        (tiny_split.validation, "validation_loss", "validation_accuracy"),
    ):
        answers = log_probabilities(model, tiny_dataset, indices)
        labels = torch.from_numpy(tiny_dataset.labels[indices])
        right = (answers.argmax(1) == labels).double().mean()
        for record in records_of(records, EpochRecord):
            assert getattr(record, loss) == pytest.approx(
                float(F.nll_loss(answers, labels)), abs=1e-5
            )
            assert getattr(record, accuracy) == pytest.approx(float(right))


def test_an_epoch_is_evaluated_with_its_own_weights(five_categories, five_split):
    config = run_config("lstm", dropout=0.5, letter_dropout=0.3)
    records = list(train(config, five_categories, five_split))
    labels = five_categories.labels[five_split.validation]
    for checkpoint, record in zip(
        records_of(records, Checkpoint), records_of(records, EpochRecord), strict=True
    ):
        model = first_network(config, five_categories)
        model.load_state_dict(checkpoint.weights)
        answers = log_probabilities(model, five_categories, five_split.validation)
        guess = answers.argmax(1).numpy()
        assert record.validation_accuracy == pytest.approx(metrics.accuracy_score(labels, guess))
        assert record.validation_macro_recall == pytest.approx(
            metrics.balanced_accuracy_score(labels, guess)
        )
        expected = metrics.confusion_matrix(labels, guess, labels=range(5))
        assert [list(row) for row in record.validation_confusion] == expected.tolist()
        loss = F.nll_loss(answers, torch.from_numpy(labels))
        assert record.validation_loss == pytest.approx(float(loss), abs=1e-5)


@every_kind
def test_the_final_scores_are_the_best_epochs_recomputed(
    kind, five_categories, five_split, monkeypatch
):
    spoil_the_second_half(monkeypatch)
    config = run_config(kind, epochs=8, dropout=0.2)
    records = list(train(config, five_categories, five_split))
    epochs, final = records_of(records, EpochRecord), final_of(records)
    best = max(epochs, key=lambda r: (r.validation_accuracy, -r.validation_loss))
    assert final.best_epoch == best.epoch < 8
    assert max(record.epoch for record in epochs if record.best) == best.epoch

    model = first_network(config, five_categories)
    model.load_state_dict(records_of(records, Checkpoint)[best.epoch - 1].weights)
    parts: tuple[Part, ...] = ("validation", "test")
    assert tuple(final.scores) == tuple(final.predictions) == parts
    for part in parts:
        indices = five_split.part(part)
        answers = log_probabilities(model, five_categories, indices)
        true, guess = five_categories.labels[indices], answers.argmax(1).numpy()
        probabilities = answers.double().exp().numpy()
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        scores, labels = final.scores[part], list(range(5))
        assert (scores.part, scores.protocol, scores.names) == (part, "leak-free", len(indices))
        assert scores.accuracy == pytest.approx(metrics.accuracy_score(true, guess))
        assert scores.macro_recall == pytest.approx(
            metrics.recall_score(true, guess, average="macro")
        )
        assert scores.macro_f1 == pytest.approx(
            metrics.f1_score(true, guess, average="macro", labels=labels)
        )
        assert scores.top3 == pytest.approx(
            metrics.top_k_accuracy_score(true, probabilities, k=3, labels=labels)
        )
        assert scores.loss == pytest.approx(
            metrics.log_loss(true, probabilities, labels=labels), abs=1e-5
        )
        predictions = final.predictions[part]
        assert predictions.indices.tolist() == indices.tolist()
        np.testing.assert_allclose(predictions.log_probabilities, answers, atol=1e-4)


def test_the_best_epoch_is_never_one_that_only_equalled_it(tiny_dataset, tiny_split):
    records = list(train(run_config(epochs=4, **STANDING_STILL), tiny_dataset, tiny_split))
    assert [record.best for record in records_of(records, EpochRecord)] == [
        True,
        False,
        False,
        False,
    ]
    assert final_of(records).best_epoch == 1


# Stopping


@pytest.mark.parametrize("taken", [0, 1, 3, 5, 6, 7])
def test_a_run_can_be_closed_at_any_record(taken, tiny_dataset, tiny_split):
    config = run_config(dropout=0.2)
    stream = train(config, tiny_dataset, tiny_split)
    first = [without_times(record) for record in itertools.islice(stream, taken)]
    stream.close()
    assert list(stream) == []
    assert torch.is_grad_enabled()
    again = [without_times(record) for record in train(config, tiny_dataset, tiny_split)]
    assert again[:taken] == first


def test_nothing_is_trained_before_the_first_record_is_asked_for(tiny_dataset, tiny_split, batches):
    stream = train(run_config(), tiny_dataset, tiny_split)
    assert batches == []
    next(stream)
    assert len(batches) == 1


@pytest.mark.parametrize("patience", [1, 3])
def test_patience_ends_a_run_that_gets_no_better(patience, tiny_dataset, tiny_split):
    config = run_config(epochs=50, patience=patience, **STANDING_STILL)
    records = list(train(config, tiny_dataset, tiny_split))
    assert [r.epoch for r in records_of(records, EpochRecord)] == list(range(1, patience + 2))
    assert final_of(records).best_epoch == 1


def test_patience_does_not_end_a_run_that_gets_better(tiny_dataset, tiny_split):
    config = run_config(epochs=5, patience=1, learning_rate=0.001, schedule="constant")
    records = list(train(config, tiny_dataset, tiny_split))
    assert [record.best for record in records_of(records, EpochRecord)] == [True] * 5


def test_a_run_whose_patience_had_ended_does_not_train_on_when_resumed(tiny_dataset, tiny_split):
    config = run_config(epochs=50, patience=2, **STANDING_STILL)
    whole = list(train(config, tiny_dataset, tiny_split))
    resumed = list(train(config, tiny_dataset, tiny_split, resumed_from(whole, 3)))
    assert [without_times(record) for record in resumed] == [without_times(whole[-1])]


# Divergence


def _long_names() -> Dataset:
    """Names so long that a linear recurrence with large weights overflows on the way."""
    letters = "abcdefghijklmnopqrst"
    return Dataset.build(
        "long", [LabelledName(letter * 60, "AB"[n % 2]) for n, letter in enumerate(letters)]
    )


EXPLODING: dict[str, Any] = {
    "optimizer": "adam",
    "learning_rate": 10.0,
    "schedule": "constant",
    "clip_norm": 0.0,
}


def test_a_loss_that_is_no_longer_finite_stops_the_run_with_advice():
    dataset = _long_names()
    config = run_config("rnn", epochs=5, batch_size=4, **EXPLODING)
    with pytest.raises(
        DivergedError,
        match=r"at step 2: training has diverged\. Lower the learning rate \(now 10\)",
    ) as caught:
        list(train(config, dataset, make_split(dataset, "leak-free", 0)))
    assert "clip the gradient" in str(caught.value)
    assert "nan" in str(caught.value) or "inf" in str(caught.value)


def test_a_last_step_that_ruins_the_network_is_told_and_not_scored():
    dataset = _long_names()
    config = run_config("rnn", epochs=1, batch_size=1000, **EXPLODING)
    with pytest.raises(DivergedError, match="Lower the learning rate"):
        list(train(config, dataset, make_split(dataset, "leak-free", 0)))


# Devices


def test_a_gpu_that_is_not_there_is_an_error_before_anything_is_trained(
    tiny_dataset, tiny_split, monkeypatch
):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(
        ConfigError, match=r"“cuda”, but PyTorch finds no GPU .*Use “cpu” or “auto”"
    ):
        train(run_config(device="cuda"), tiny_dataset, tiny_split)
    assert resolve_device("auto") == torch.device("cpu")
    assert resolve_device("cpu") == torch.device("cpu")


def test_a_gpu_that_is_there_is_taken_only_where_it_is_wanted(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("auto") == torch.device("cuda")
    assert resolve_device("cuda") == torch.device("cuda")
    assert resolve_device("cpu") == torch.device("cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@every_kind
def test_a_network_with_dropout_trains_on_a_gpu_as_on_the_cpu(kind, tiny_dataset, tiny_split):
    losses = []
    for device in ("cpu", "cuda"):
        config = run_config(
            kind, num_layers=2, dropout=0.3, letter_dropout=0.1, epochs=1, device=device
        )
        records = list(train(config, tiny_dataset, tiny_split))
        losses.append(records_of(records, EpochRecord)[0].train_loss)
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)


def test_unequal_datasets_are_what_these_tests_take_them_for():
    dataset = unequal_dataset({"A": 30, "B": 7})
    assert dataset.support().tolist() == [30, 7]
    assert len(set(dataset.keys().tolist())) == 37
