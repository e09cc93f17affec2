"""The same settings give the same run, in one go or in several."""

import copy

import numpy as np
import pytest
import torch

from namerec.core.training.loop import (
    Checkpoint,
    train,
)
from namerec.core.training.records import EpochRecord
from tests.core.references import run_config, without_times
from tests.core.training.references import (
    STANDING_STILL,
    every_kind,
    final_of,
    records_of,
    resumed_from,
    spoil_the_second_half,
    trained_on,
)


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
        losses.add(records_of(records, EpochRecord)[0].validation_loss)
        orders.add(tuple(np.concatenate(trained_on(batches, tiny_split))))
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


@pytest.mark.parametrize("config", RESUMED_RUNS.values(), ids=RESUMED_RUNS.keys())
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(config, tiny_dataset, tiny_split):
    whole = list(train(config, tiny_dataset, tiny_split))
    ends = [n for n, record in enumerate(whole) if isinstance(record, Checkpoint)]
    for number, end in enumerate(ends, 1):
        # The checkpoint was stored, its epoch record perhaps not: the run goes on behind both.
        expected = [without_times(record) for record in whole[end + 2 :]]
        resumed = train(config, tiny_dataset, tiny_split, resumed_from(whole, number))
        assert [without_times(record) for record in resumed] == expected


def test_a_run_resumed_after_its_best_epoch_still_ends_with_the_best_weights(
    tiny_dataset, tiny_split, monkeypatch
):
    spoil_the_second_half(monkeypatch)
    config = run_config(epochs=6)
    whole = list(train(config, tiny_dataset, tiny_split))
    best_epoch = final_of(whole).best_epoch
    assert best_epoch < 5
    for number in range(best_epoch, 7):
        resumed = list(train(config, tiny_dataset, tiny_split, resumed_from(whole, number)))
        assert without_times(resumed[-1]) == without_times(whole[-1])


def test_resuming_leaves_the_stored_checkpoint_as_it_was(tiny_dataset, tiny_split):
    config = run_config(dropout=0.2)
    resumed = resumed_from(list(train(config, tiny_dataset, tiny_split)), 1)
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
