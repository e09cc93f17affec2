import copy
import itertools
import math
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn import metrics

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.packing import NO_LETTER, PackedNames
from namerec.core.corpus.protocols import PROTOCOLS, Part
from namerec.core.corpus.splits import Split, make_split
from namerec.core.evaluation.scores import predict_names
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.core.networks.models import NameModel, build
from namerec.core.training import loop as training
from namerec.core.training.config import EVALUATIONS_PER_RUN, RunConfig, TrainConfig
from namerec.core.training.loop import (
    STEP_RECORDS,
    Checkpoint,
    Plan,
    Record,
    Resumed,
    plan,
    resolve_device,
    train,
)
from namerec.core.training.records import EpochRecord, FinalRecord, StepRecord
from namerec.core.training.schedules import learning_rate
from namerec.errors import ConfigError, DivergedError
from tests.core.references import plain_answer, run_config, unequal_dataset, without_times

R = TypeVar("R", StepRecord, Checkpoint, EpochRecord, FinalRecord)

every_kind = pytest.mark.parametrize("kind", MODEL_KINDS)

# So small that float32 weights do not move: a run at this rate measures its own first weights.
STANDING_STILL: dict[str, Any] = {
    "optimizer": "sgd",
    "learning_rate": 1e-30,
    "schedule": "constant",
    "weight_decay": 0.0,
}


@pytest.fixture(scope="module")
def tiny_split(tiny_dataset) -> Split:
    return make_split(tiny_dataset, "leak-free", 0)


@pytest.fixture(scope="module")
def five_split(five_categories) -> Split:
    return make_split(five_categories, "leak-free", 0)


def _of(records: list[Record], kind: type[R]) -> list[R]:
    return [record for record in records if isinstance(record, kind)]


def _final(records: list[Record]) -> FinalRecord:
    assert isinstance(records[-1], FinalRecord)
    return records[-1]


def _first_network(config: RunConfig, dataset: Dataset) -> NameModel:
    return build(config.model, len(dataset.categories), config.training.seed)


def _log_probabilities(model: NameModel, dataset: Dataset, indices: np.ndarray) -> torch.Tensor:
    """Answers name by name from the plain loop, (names, categories)."""
    return torch.stack(
        [plain_answer(model, dataset.letters[i, : dataset.lengths[i]]) for i in indices]
    ).detach()


@pytest.fixture
def batches(monkeypatch, tiny_dataset) -> list[np.ndarray]:
    """The indices of every batch a dataset gives out, in order."""
    given: list[np.ndarray] = []
    original = Dataset.batch

    def spy(dataset: Dataset, indices: np.ndarray) -> Any:
        given.append(indices.copy())
        return original(dataset, indices)

    monkeypatch.setattr(Dataset, "batch", spy)
    return given


def _trained_on(batches: list[np.ndarray], split: Split) -> list[np.ndarray]:
    """The batches of the training part; evaluation's are of the others, which are disjoint."""
    return [indices for indices in batches if np.isin(indices, split.train).all()]


# Learning


@every_kind
def test_every_network_learns_what_can_be_learnt(kind, tiny_dataset, tiny_split):
    records = list(train(run_config(kind, epochs=20), tiny_dataset, tiny_split))
    epochs = _of(records, EpochRecord)
    assert epochs[-1].train_loss < 0.5 * epochs[0].train_loss
    assert epochs[-1].train_accuracy > 0.9
    assert epochs[-1].validation_accuracy > 0.9
    assert _final(records).scores["test"].accuracy > 0.9


@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if name != "given"])
def test_every_protocol_can_be_trained_under(protocol, tiny_dataset):
    split = make_split(tiny_dataset, protocol, 0)
    final = _final(list(train(run_config(epochs=1), tiny_dataset, split)))
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

    model = _first_network(config, tiny_dataset)
    makers = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    stepper = makers[optimizer](model.parameters(), lr=0.05, weight_decay=0.1)
    names, labels = tiny_dataset.batch(tiny_split.train)
    for step, record in enumerate(_of(records, StepRecord)):
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
        for name, weight in _of(records, Checkpoint)[step].weights.items():
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
        (checkpoint,) = _of(list(train(config, tiny_dataset, tiny_split)), Checkpoint)
        before = _first_network(config, tiny_dataset).state_dict()
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
    steps = _of(records, StepRecord)
    assert [record.step for record in steps] == list(range(1, 3 * per_epoch + 1))
    fractions = [(step + 1) / per_epoch for step in range(3 * per_epoch)]
    assert [record.epoch for record in steps] == pytest.approx(fractions)
    for number, (checkpoint, record) in enumerate(
        zip(_of(records, Checkpoint), _of(records, EpochRecord), strict=True), 1
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
    steps = [record.step for record in _of(records, StepRecord)]
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
    model = _first_network(config, tiny_dataset)
    losses, norms = [], []
    for indices in _trained_on(batches, tiny_split):
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
    steps = _of(records, StepRecord)
    assert len(steps) < len(losses)
    for record in steps:
        assert record.loss == pytest.approx(np.mean(losses[told : record.step]), abs=1e-5)
        assert record.gradient_norm == pytest.approx(np.mean(norms[told : record.step]), rel=1e-4)
        told = record.step
    assert told == len(losses)


def test_an_epoch_record_is_the_mean_over_its_names(tiny_dataset, tiny_split):
    config = run_config(batch_size=25, epochs=2, **STANDING_STILL)
    records = list(train(config, tiny_dataset, tiny_split))
    model = _first_network(config, tiny_dataset)
    # Batches of 25, 25 and 7 names: a mean over batches would not be one over names.
    assert len(tiny_split.train) % 25
    for indices, loss, accuracy in (
        (tiny_split.train, "train_loss", "train_accuracy"),
        (tiny_split.validation, "validation_loss", "validation_accuracy"),
    ):
        answers = _log_probabilities(model, tiny_dataset, indices)
        labels = torch.from_numpy(tiny_dataset.labels[indices])
        right = (answers.argmax(1) == labels).double().mean()
        for record in _of(records, EpochRecord):
            assert getattr(record, loss) == pytest.approx(
                float(F.nll_loss(answers, labels)), abs=1e-5
            )
            assert getattr(record, accuracy) == pytest.approx(float(right))


def test_an_epoch_is_evaluated_with_its_own_weights(five_categories, five_split):
    config = run_config("lstm", dropout=0.5, letter_dropout=0.3)
    records = list(train(config, five_categories, five_split))
    labels = five_categories.labels[five_split.validation]
    for checkpoint, record in zip(_of(records, Checkpoint), _of(records, EpochRecord), strict=True):
        model = _first_network(config, five_categories)
        model.load_state_dict(checkpoint.weights)
        answers = _log_probabilities(model, five_categories, five_split.validation)
        guess = answers.argmax(1).numpy()
        assert record.validation_accuracy == pytest.approx(metrics.accuracy_score(labels, guess))
        assert record.validation_macro_recall == pytest.approx(
            metrics.balanced_accuracy_score(labels, guess)
        )
        expected = metrics.confusion_matrix(labels, guess, labels=range(5))
        assert [list(row) for row in record.validation_confusion] == expected.tolist()
        loss = F.nll_loss(answers, torch.from_numpy(labels))
        assert record.validation_loss == pytest.approx(float(loss), abs=1e-5)


def _spoil_the_second_half(monkeypatch: pytest.MonkeyPatch) -> None:
    """Learning goes well for half of the steps and is then undone by enormous ones."""
    monkeypatch.setattr(training, "learning_rate", lambda _, done: 0.02 if done < 0.5 else 2.0)


@every_kind
def test_the_final_scores_are_the_best_epochs_recomputed(
    kind, five_categories, five_split, monkeypatch
):
    _spoil_the_second_half(monkeypatch)
    config = run_config(kind, epochs=8, dropout=0.2)
    records = list(train(config, five_categories, five_split))
    epochs, final = _of(records, EpochRecord), _final(records)
    best = max(epochs, key=lambda r: (r.validation_accuracy, -r.validation_loss))
    assert final.best_epoch == best.epoch < 8
    assert max(record.epoch for record in epochs if record.best) == best.epoch

    model = _first_network(config, five_categories)
    model.load_state_dict(_of(records, Checkpoint)[best.epoch - 1].weights)
    parts: tuple[Part, ...] = ("validation", "test")
    assert tuple(final.scores) == tuple(final.predictions) == parts
    for part in parts:
        indices = five_split.part(part)
        answers = _log_probabilities(model, five_categories, indices)
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
    assert [record.best for record in _of(records, EpochRecord)] == [True, False, False, False]
    assert _final(records).best_epoch == 1


# Reproducing and resuming


@every_kind
def test_the_same_settings_give_the_same_records(kind, tiny_dataset, tiny_split):
    config = run_config(kind, num_layers=2, dropout=0.3, letter_dropout=0.1, sampling="balanced")
    torch.manual_seed(1)
    first = [without_times(record) for record in train(config, tiny_dataset, tiny_split)]
    torch.manual_seed(2)
    before = torch.get_rng_state()
    again = [without_times(record) for record in train(config, tiny_dataset, tiny_split)]
    assert first == again
    assert torch.equal(torch.get_rng_state(), before)


def test_another_seed_gives_other_weights_and_another_order(tiny_dataset, tiny_split, batches):
    losses, orders = set(), set()
    for seed in range(3):
        batches.clear()
        config = run_config(seed=seed, epochs=1, batch_size=1, **STANDING_STILL)
        records = list(train(config, tiny_dataset, tiny_split))
        losses.add(_of(records, EpochRecord)[0].validation_loss)
        orders.add(tuple(np.concatenate(_trained_on(batches, tiny_split))))
    assert (len(losses), len(orders)) == (3, 3)


def test_two_runs_that_take_turns_do_not_disturb_each_other(tiny_dataset, tiny_split):
    config = run_config(dropout=0.3, letter_dropout=0.1)
    alone = [without_times(record) for record in train(config, tiny_dataset, tiny_split)]
    turns = zip(
        train(config, tiny_dataset, tiny_split),
        train(config, tiny_dataset, tiny_split),
        strict=True,
    )
    for expected, (one, other) in zip(alone, turns, strict=True):
        assert without_times(one) == without_times(other) == expected


RESUMED_RUNS = {
    "sgd": run_config("rnn", optimizer="sgd", dropout=0.3, letter_dropout=0.1),
    "adam": run_config(
        "lstm", num_layers=2, dropout=0.3, optimizer="adam", sampling="square root", clip_norm=0.1
    ),
    "adamw": run_config(
        "custom_lstm", num_layers=2, dropout=0.3, letter_dropout=0.1, sampling="balanced"
    ),
    "steps": run_config("custom_lstm", batch_size=2, steps=23, optimizer="adamw"),
    "natural steps": run_config("rnn", batch_size=5, steps=40, letter_dropout=0.5),
}


def _resumed_from(records: list[Record], number: int) -> Resumed:
    """What a store would give back of the first `number` checkpoints."""
    checkpoints = _of(records, Checkpoint)[:number]
    best = [checkpoint for checkpoint in checkpoints if checkpoint.best][-1]
    return copy.deepcopy(Resumed(checkpoints[-1], best.weights))


@pytest.mark.parametrize("config", RESUMED_RUNS.values(), ids=RESUMED_RUNS.keys())
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(config, tiny_dataset, tiny_split):
    whole = list(train(config, tiny_dataset, tiny_split))
    ends = [n for n, record in enumerate(whole) if isinstance(record, Checkpoint)]
    for number, end in enumerate(ends, 1):
        # The checkpoint was stored, its epoch record perhaps not: the run goes on behind both.
        expected = [without_times(record) for record in whole[end + 2 :]]
        resumed = train(config, tiny_dataset, tiny_split, _resumed_from(whole, number))
        assert [without_times(record) for record in resumed] == expected


def test_a_run_resumed_after_its_best_epoch_still_ends_with_the_best_weights(
    tiny_dataset, tiny_split, monkeypatch
):
    _spoil_the_second_half(monkeypatch)
    config = run_config(epochs=6)
    whole = list(train(config, tiny_dataset, tiny_split))
    best_epoch = _final(whole).best_epoch
    assert best_epoch < 5
    for number in range(best_epoch, 7):
        resumed = list(train(config, tiny_dataset, tiny_split, _resumed_from(whole, number)))
        assert without_times(resumed[-1]) == without_times(whole[-1])


def test_resuming_leaves_the_stored_checkpoint_as_it_was(tiny_dataset, tiny_split):
    config = run_config(dropout=0.2)
    resumed = _resumed_from(list(train(config, tiny_dataset, tiny_split)), 1)
    before = without_times(copy.deepcopy(resumed.checkpoint))
    best_before = copy.deepcopy(resumed.best_weights)
    list(train(config, tiny_dataset, tiny_split, resumed))
    assert without_times(resumed.checkpoint) == before
    assert all(torch.equal(resumed.best_weights[name], best_before[name]) for name in best_before)


def test_a_checkpoint_does_not_change_while_training_goes_on(tiny_dataset, tiny_split):
    stream = train(run_config(), tiny_dataset, tiny_split)
    first = next(record for record in stream if isinstance(record, Checkpoint))
    before = without_times(copy.deepcopy(first))
    list(stream)
    assert without_times(first) == before


# Stopping


@pytest.mark.parametrize("taken", [0, 1, 3, 5, 6, 7])
def test_a_run_can_be_closed_at_any_record(taken, tiny_dataset, tiny_split):
    config = run_config(dropout=0.2)
    stream = train(config, tiny_dataset, tiny_split)
    first = [without_times(record) for record in itertools.islice(stream, taken)]
    stream.close()  # type: ignore[attr-defined]
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
    assert [r.epoch for r in _of(records, EpochRecord)] == list(range(1, patience + 2))
    assert _final(records).best_epoch == 1


def test_patience_does_not_end_a_run_that_gets_better(tiny_dataset, tiny_split):
    config = run_config(epochs=5, patience=1, learning_rate=0.001, schedule="constant")
    records = list(train(config, tiny_dataset, tiny_split))
    assert [record.best for record in _of(records, EpochRecord)] == [True] * 5


def test_a_run_whose_patience_had_ended_does_not_train_on_when_resumed(tiny_dataset, tiny_split):
    config = run_config(epochs=50, patience=2, **STANDING_STILL)
    whole = list(train(config, tiny_dataset, tiny_split))
    resumed = list(train(config, tiny_dataset, tiny_split, _resumed_from(whole, 3)))
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


# Which names, when


@pytest.mark.parametrize("batch_size", [1, 16, 1000])
def test_natural_sampling_uses_every_training_name_exactly_once_an_epoch(
    batch_size, tiny_dataset, tiny_split, batches
):
    list(train(run_config(batch_size=batch_size), tiny_dataset, tiny_split))
    seen = _trained_on(batches, tiny_split)
    per_epoch = math.ceil(len(tiny_split.train) / batch_size)
    epochs = [seen[per_epoch * epoch : per_epoch * (epoch + 1)] for epoch in range(3)]
    assert len(seen) == 3 * per_epoch
    for epoch in epochs:
        assert sorted(np.concatenate(epoch)) == tiny_split.train.tolist()
        rest = len(tiny_split.train) % batch_size
        sizes = Counter(len(batch) for batch in epoch)
        assert sizes == Counter([batch_size] * (per_epoch - bool(rest)) + [rest] * bool(rest))
    orders = {tuple(np.concatenate(epoch)) for epoch in epochs}
    assert len(orders) == 3


def test_names_of_one_length_share_a_batch_and_batches_come_in_random_order(
    five_categories, five_split, batches
):
    list(train(run_config(batch_size=10, epochs=1), five_categories, five_split))
    lengths = [five_categories.lengths[b] for b in _trained_on(batches, five_split)]
    order = [int(of_batch.min()) for of_batch in lengths]
    assert order != sorted(order)
    ordered = sorted(lengths, key=lambda of_batch: (of_batch.min(), of_batch.max()))
    for shorter, longer in itertools.pairwise(ordered):
        assert shorter.max() <= longer.min()


def test_lengths_are_sorted_within_a_pool_of_batches_only(
    five_categories, five_split, batches, monkeypatch
):
    monkeypatch.setattr("namerec.core.training.batches.POOL_BATCHES", 1)
    list(train(run_config(batch_size=10, epochs=1), five_categories, five_split))
    lengths = [five_categories.lengths[b] for b in _trained_on(batches, five_split)]
    assert all((np.sort(of_batch) == of_batch).all() for of_batch in lengths)
    assert np.mean([len(np.unique(of_batch)) for of_batch in lengths]) > 3


@pytest.mark.parametrize(
    ("sampling", "power"), [("natural", 1.0), ("square root", 0.5), ("balanced", 0.0)]
)
@pytest.mark.parametrize("counted_in", ["epochs", "steps"])
def test_categories_are_drawn_in_proportion_to_a_power_of_their_size(
    sampling, power, counted_in, five_categories, five_split, batches
):
    length: dict[str, Any] = (
        {"epochs": 30, "batch_size": 10}
        if counted_in == "epochs"
        else {"steps": 500, "batch_size": 100}
    )
    config = run_config(hidden_size=2, sampling=sampling, seed=6, **length, **STANDING_STILL)
    list(train(config, five_categories, five_split))
    drawn = np.concatenate(_trained_on(batches, five_split))
    support = five_categories.support(five_split.train)
    share = support**power / (support**power).sum()
    draws = 30 * len(five_split.train) if counted_in == "epochs" else 50_000
    assert len(drawn) == draws
    five_sigma = 5 * np.sqrt(draws * share * (1 - share))
    assert (np.abs(five_categories.support(drawn) - draws * share) < five_sigma).all()
    # And within a category, every name as often as another.
    expected = (draws * share / support)[five_categories.labels[five_split.train]]
    times = np.bincount(drawn, minlength=len(five_categories))[five_split.train]
    assert (np.abs(times - expected) < 5 * np.sqrt(expected)).all()


def test_natural_sampling_counted_in_steps_still_uses_names_evenly(
    tiny_dataset, tiny_split, batches
):
    # One stretch of two passes and a half over the training part.
    size = len(tiny_split.train) * 5 // 2
    config = run_config(batch_size=size, steps=1)
    list(train(config, tiny_dataset, tiny_split))
    (batch,) = _trained_on(batches, tiny_split)
    assert set(np.bincount(batch)[tiny_split.train]) == {2, 3}


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_letters_are_dropped_at_their_share_in_training_only(
    share, tiny_dataset, tiny_split, monkeypatch
):
    dropped, kept_as_they_were, letters = 0, True, 0
    original = PackedNames.with_letters

    def spy(names: PackedNames, other: torch.Tensor) -> PackedNames:
        nonlocal dropped, kept_as_they_were, letters
        gone = other == NO_LETTER
        dropped, letters = dropped + int(gone.sum()), letters + len(other)
        kept_as_they_were &= torch.equal(other[~gone], names.letters[~gone])
        return original(names, other)

    monkeypatch.setattr(PackedNames, "with_letters", spy)
    config = run_config(hidden_size=2, epochs=5, letter_dropout=share)
    list(train(config, tiny_dataset, tiny_split))
    assert letters == 5 * int(tiny_dataset.lengths[tiny_split.train].sum())
    assert kept_as_they_were
    five_sigma = 5 * math.sqrt(letters * share * (1 - share))
    assert abs(dropped - share * letters) < five_sigma


# Plans


def test_an_epoch_is_as_many_steps_as_batches_fill_it():
    assert plan(TrainConfig(epochs=3, batch_size=4), 10) == Plan((3, 6, 9))
    assert plan(TrainConfig(epochs=2, batch_size=5), 10) == Plan((2, 4))
    assert plan(TrainConfig(epochs=1, batch_size=8192), 10).steps == 1


@pytest.mark.parametrize("steps", [1, 7, 19, 20, 21, 1234, 100_000])
def test_a_run_counted_in_steps_is_laid_out_in_even_stretches(steps):
    laid_out = plan(TrainConfig(steps=steps), 10)
    stretches = np.diff([0, *laid_out.ends])
    assert laid_out.steps == stretches.sum() == steps
    assert laid_out.epochs == min(EVALUATIONS_PER_RUN, steps)
    assert stretches.min() >= 1
    assert stretches.max() - stretches.min() <= 1


def test_the_report_counts_exactly_its_steps_and_evaluates_twenty_times(five_categories, batches):
    split = make_split(five_categories, "course", 0)
    config = run_config(
        hidden_size=2, batch_size=1, steps=50, sampling="balanced", protocol="course"
    )
    records = list(train(config, five_categories, split))
    epochs = _of(records, EpochRecord)
    assert [record.epoch for record in epochs] == list(range(1, 21))
    assert epochs[-1].step == 50
    assert [record.step for record in _of(records, StepRecord)] == list(range(1, 51))
    assert sum(len(batch) == 1 for batch in batches) == 50
    assert {scores.protocol for scores in _final(records).scores.values()} == {"course"}


@pytest.mark.parametrize(("steps", "every"), [(1, 1), (2000, 1), (2001, 2), (100_000, 50)])
def test_step_records_thin_out_as_runs_grow(steps, every):
    assert Plan((steps,)).record_every == every
    assert steps / every <= STEP_RECORDS


# Time


class FakeClock:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> FakeClock:
    """Every step takes two seconds and every evaluation five; nothing else takes any."""
    fake = FakeClock()
    rate, answer = learning_rate, predict_names

    def slow_rate(settings: TrainConfig, done: float) -> float:
        fake.now += 2
        return rate(settings, done)

    def slow_answer(*arguments: Any) -> Any:
        fake.now += 5
        return answer(*arguments)

    monkeypatch.setattr(training, "time", SimpleNamespace(perf_counter=fake.perf_counter))
    monkeypatch.setattr(training, "learning_rate", slow_rate)
    monkeypatch.setattr(training, "predict_names", slow_answer)
    return fake


def _slowly(stream: Iterator[Record], clock: FakeClock) -> list[Record]:
    """Reads a run as a person would who pauses it for an hour at every record."""
    records = []
    for record in stream:
        records.append(record)
        clock.now += 3600
    return records


@pytest.mark.parametrize("limit", [2000, 5])
def test_time_stands_still_while_the_reader_has_the_record(
    limit, tiny_dataset, tiny_split, clock, monkeypatch
):
    monkeypatch.setattr(training, "STEP_RECORDS", limit)
    records = _slowly(train(run_config(batch_size=10), tiny_dataset, tiny_split), clock)
    names = len(tiny_split.train)
    steps = math.ceil(names / 10)
    for number, record in enumerate(_of(records, EpochRecord), 1):
        assert record.seconds == number * (2 * steps + 5)
        assert record.names_per_second == names / (2 * steps)
    final = _final(records)
    assert final.seconds == 3 * (2 * steps + 5) + 2 * 5
    assert final.names_per_second == names / (2 * steps)


def test_a_resumed_runs_time_goes_on_from_the_checkpoint(tiny_dataset, tiny_split, clock):
    config = run_config(batch_size=10, optimizer="adam", dropout=0.3)
    whole = _slowly(train(config, tiny_dataset, tiny_split), clock)
    clock.now += 10**6
    stream = train(config, tiny_dataset, tiny_split, _resumed_from(whole, 2))
    resumed = _slowly(stream, clock)
    # With time in it: equal seconds, equal names per second.
    assert _of(resumed, EpochRecord) == _of(whole, EpochRecord)[2:]
    assert _final(resumed).seconds == _final(whole).seconds
    assert _final(resumed).names_per_second == _final(whole).names_per_second
    assert _of(resumed, Checkpoint)[0].progress == _of(whole, Checkpoint)[2].progress


def test_names_per_second_of_a_run_counted_in_steps_are_its_batches(
    tiny_dataset, tiny_split, clock
):
    config = run_config(batch_size=3, steps=40)
    records = _slowly(train(config, tiny_dataset, tiny_split), clock)
    assert {record.names_per_second for record in _of(records, EpochRecord)} == {3 / 2}
    assert _final(records).names_per_second == 3 / 2


def test_names_per_second_of_a_run_that_stopped_early_are_of_what_was_trained(
    tiny_dataset, tiny_split, clock
):
    config = run_config(batch_size=1000, epochs=50, patience=2, **STANDING_STILL)
    final = _final(_slowly(train(config, tiny_dataset, tiny_split), clock))
    assert final.names_per_second == len(tiny_split.train) / 2


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
        losses.append(_of(records, EpochRecord)[0].train_loss)
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)


def test_unequal_datasets_are_what_these_tests_take_them_for():
    dataset = unequal_dataset({"A": 30, "B": 7})
    assert dataset.support().tolist() == [30, 7]
    assert len(set(dataset.keys().tolist())) == 37
