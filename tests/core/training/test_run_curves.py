from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.splits import make_split
from namerec.core.training.config import TrainConfig
from namerec.core.training.loop import plan
from namerec.core.training.run_curves import Place, RunCurves, Stretch, names_seen
from tests.figures.records import epoch


def batches_of(names: int, size: int, steps: int) -> list[int]:
    """Names of each step, as an epoch is cut into batches, one after another."""
    sizes: list[int] = []
    while len(sizes) < steps:
        sizes += [min(size, names - begun) for begun in range(0, names, size)]
    return sizes[:steps]


@given(names=st.integers(1, 60), size=st.integers(1, 20), steps=st.integers(0, 50))
def test_names_seen_are_the_sum_of_the_batches(names, size, steps):
    training = TrainConfig(batch_size=size)
    seen = names_seen(np.arange(steps + 1.0), training, names)
    expected = np.concatenate(([0], np.cumsum(batches_of(names, size, steps))))
    np.testing.assert_array_equal(seen, expected)


def test_a_run_counted_in_steps_has_only_full_batches_as_has_one_of_unknown_names():
    steps = np.array([0.0, 1, 10])
    by_steps = names_seen(steps, TrainConfig(batch_size=8, steps=10), 20)
    assert by_steps.tolist() == [0, 8, 80]
    assert names_seen(steps, TrainConfig(batch_size=8), None).tolist() == [0, 8, 80]


def test_an_epochs_names_are_the_training_part():
    """The plan that training goes by ends its epochs where the names do."""
    names = [LabelledName(f"{a}{b}", "xy"[i % 2]) for i, a in enumerate("abcdefg") for b in "hijkl"]
    dataset = Dataset.build("tiny", names)
    part = len(make_split(dataset, "leak-free", 0).train)
    training = TrainConfig(batch_size=4, epochs=3)
    ends = np.array(plan(training, part).ends, dtype=float)
    assert names_seen(ends, training, part).tolist() == [part, 2 * part, 3 * part]


def curves(**more: object) -> RunCurves:
    """Epochs end at steps 10 and 20, after 2 and 5 seconds."""
    passes = [replace(epoch(n, 0.5), seconds=seconds) for n, seconds in ((1, 2.0), (2, 5.0))]
    given = {
        "step": np.arange(1, 26),
        "loss": np.ones(25),
        "epochs": passes,
        "stretches": (Stretch(0, TrainConfig(batch_size=4)),),
    }
    return RunCurves(**{**given, **more})  # type: ignore[arg-type]


def test_epochs_and_seconds_are_known_where_an_epoch_ends_and_even_between():
    steps = np.array([0, 5, 10, 15, 20])
    assert curves().at(steps, "step").tolist() == [0, 5, 10, 15, 20]
    assert curves().at(steps, "epoch").tolist() == [0, 0.5, 1, 1.5, 2]
    assert curves().at(steps, "seconds").tolist() == [0, 1, 2, 3.5, 5]


def test_within_the_epoch_at_work_the_place_now_is_known():
    at_work = curves(now=Place(25, 2.5, 7.0))
    assert at_work.at(np.array([20, 25]), "epoch").tolist() == [2, 2.5]
    assert at_work.at(np.array([20, 25]), "seconds").tolist() == [5, 7]
    ended = curves(now=Place(20, 2.0, 99.0))
    assert ended.at(np.array([20]), "seconds").tolist() == [5]


def test_before_the_first_epoch_ends_only_the_place_now_is_known():
    begun = curves(epochs=(), now=Place(4, 0.4, 0.8))
    assert begun.at(np.array([1, 4]), "seconds") == pytest.approx([0.2, 0.8])


def test_a_line_of_runs_counts_each_stretch_with_its_own_batches():
    stretches = (
        Stretch(0, TrainConfig(batch_size=4)),
        Stretch(10, TrainConfig(batch_size=2)),
        Stretch(12, TrainConfig(batch_size=8, steps=100)),
    )
    line = curves(stretches=stretches, training_names=10)
    # Steps of 4, 4 and 2 names, three times, and 4; then 2 and 2; then 8 and 8.
    steps = np.array([0, 3, 10, 11, 12, 14])
    assert line.at(steps, "names").tolist() == [0, 10, 34, 36, 38, 54]
