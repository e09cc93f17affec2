"""Which names are trained on, and when."""

import itertools
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch

from namerec.core.corpus.packing import NO_LETTER, PackedNames
from namerec.core.training.loop import (
    train,
)
from tests.core.references import run_config
from tests.core.training.references import STANDING_STILL, trained_on


@pytest.mark.parametrize("batch_size", [1, 16, 1000])
def test_natural_sampling_uses_every_training_name_exactly_once_an_epoch(
    batch_size, tiny_dataset, tiny_split, batches
):
    list(train(run_config(batch_size=batch_size), tiny_dataset, tiny_split))
    seen = trained_on(batches, tiny_split)
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
    lengths = [five_categories.lengths[b] for b in trained_on(batches, five_split)]
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
    lengths = [five_categories.lengths[b] for b in trained_on(batches, five_split)]
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
    drawn = np.concatenate(trained_on(batches, five_split))
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
    (batch,) = trained_on(batches, tiny_split)
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
