# mypy: disable-error-code="no-untyped-call"
import itertools

import numpy as np
import pytest
from torch import nn

from namerec.bench import measure
from namerec.bench.contestants import Batch, Step, TorchRNN, network, training_step
from namerec.bench.measure import Timing, batches, race
from namerec.core.networks.kinds import MODEL_KINDS
from tests.benchmarks.report_loops import ReportLSTM, TutorialRNN, looped_step
from tests.core.references import unequal_dataset


@pytest.fixture(scope="module")
def dataset():
    return unequal_dataset({"Ab": 30, "Cd": 30})


def test_a_ratio_is_taken_round_by_round():
    """A machine that slows down threefold half-way slows both: the ratio stays 2."""
    ours = Timing((1.0, 1.0, 3.0, 3.0))
    theirs = Timing((2.0, 2.0, 6.0, 6.0))
    assert ours.faster_than(theirs) == 2
    assert theirs.faster_than(ours) == 0.5
    assert ours.names_per_second == 0.5


def test_contestants_take_turns_on_the_same_batches(dataset):
    seen: dict[str, list[int]] = {"one": [], "other": []}
    order: list[str] = []

    def contestant(name: str) -> Step:
        def step(batch: Batch) -> None:
            order.append(name)
            seen[name].append(int(batch.letters.sum()))

        return step

    draw = batches(dataset, 4, 0)
    timings = race({name: contestant(name) for name in seen}, draw, rounds=3, steps=2)
    assert seen["one"] == seen["other"]
    turns = [name for name, _ in itertools.groupby(order)]
    assert turns == ["one", "other"] * (3 + measure.WARM_UP_ROUNDS)
    assert len(timings["one"].seconds) == 3


def test_a_rounds_time_is_a_names_share_of_it(dataset, monkeypatch):
    monkeypatch.setattr(measure, "timed", lambda work: (work(), 8.0)[1])
    timings = race({"one": lambda batch: None}, batches(dataset, 4, 0), rounds=2, steps=5)
    assert timings["one"].seconds == (8 / 20, 8 / 20)


def test_batches_of_one_length_hold_one_length(dataset):
    for batch in itertools.islice(batches(dataset, 8, 0, similar=True), 5):
        assert len(set(batch.lengths.tolist())) == 1


def test_batches_are_names_of_the_dataset_with_their_labels(dataset):
    batch = next(batches(dataset, 8, 0))
    for letters, length, label in zip(batch.letters, batch.lengths, batch.labels, strict=True):
        same = (dataset.letters[:, : len(letters)] == letters).all(axis=1)
        same &= dataset.lengths == length
        assert label in dataset.labels[np.flatnonzero(same)]


MODELS: dict[str, nn.Module] = {
    **{kind: network(kind, 4, 1, 2, tanh=False) for kind in MODEL_KINDS},
    "nn.RNN": TorchRNN(4, 1, 2),
    "report_loop": ReportLSTM(4, 2),
    "tutorial_loop": TutorialRNN(4, 2),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_contestant_learns(name, dataset):
    """A step that does not move the weights would be fast."""
    model = MODELS[name]
    before = [parameter.detach().clone() for parameter in model.parameters()]
    step = looped_step(model) if name.endswith("loop") else training_step(model)
    step(next(batches(dataset, 8, 0)))
    for old, new in zip(before, model.parameters(), strict=True):
        assert not (old == new).all()
