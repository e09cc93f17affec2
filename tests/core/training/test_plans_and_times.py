"""How a run is laid out, and what it says of its seconds."""

import math
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from namerec.core.corpus.splits import make_split
from namerec.core.evaluation.scores import predict_names
from namerec.core.training import loop as training
from namerec.core.training.config import EVALUATIONS_PER_RUN, TrainConfig
from namerec.core.training.loop import (
    STEP_RECORDS,
    Checkpoint,
    Plan,
    Record,
    plan,
    train,
)
from namerec.core.training.records import EpochRecord, StepRecord
from namerec.core.training.schedules import learning_rate
from tests.core.references import run_config
from tests.core.training.references import STANDING_STILL, final_of, records_of, resumed_from

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
    epochs = records_of(records, EpochRecord)
    assert [record.epoch for record in epochs] == list(range(1, 21))
    assert epochs[-1].step == 50
    assert [record.step for record in records_of(records, StepRecord)] == list(range(1, 51))
    assert sum(len(batch) == 1 for batch in batches) == 50
    assert {scores.protocol for scores in final_of(records).scores.values()} == {"course"}


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
    for number, record in enumerate(records_of(records, EpochRecord), 1):
        assert record.seconds == number * (2 * steps + 5)
        assert record.names_per_second == names / (2 * steps)
    final = final_of(records)
    assert final.seconds == 3 * (2 * steps + 5) + 2 * 5
    assert final.names_per_second == names / (2 * steps)


def test_a_resumed_runs_time_goes_on_from_the_checkpoint(tiny_dataset, tiny_split, clock):
    config = run_config(batch_size=10, optimizer="adam", dropout=0.3)
    whole = _slowly(train(config, tiny_dataset, tiny_split), clock)
    clock.now += 10**6
    stream = train(config, tiny_dataset, tiny_split, resumed_from(whole, 2))
    resumed = _slowly(stream, clock)
    # With time in it: equal seconds, equal names per second.
    assert records_of(resumed, EpochRecord) == records_of(whole, EpochRecord)[2:]
    assert final_of(resumed).seconds == final_of(whole).seconds
    assert final_of(resumed).names_per_second == final_of(whole).names_per_second
    assert records_of(resumed, Checkpoint)[0].progress == records_of(whole, Checkpoint)[2].progress


def test_names_per_second_of_a_run_counted_in_steps_are_its_batches(
    tiny_dataset, tiny_split, clock
):
    config = run_config(batch_size=3, steps=40)
    records = _slowly(train(config, tiny_dataset, tiny_split), clock)
    assert {record.names_per_second for record in records_of(records, EpochRecord)} == {3 / 2}
    assert final_of(records).names_per_second == 3 / 2


def test_names_per_second_of_a_run_that_stopped_early_are_of_what_was_trained(
    tiny_dataset, tiny_split, clock
):
    config = run_config(batch_size=1000, epochs=50, patience=2, **STANDING_STILL)
    final = final_of(_slowly(train(config, tiny_dataset, tiny_split), clock))
    assert final.names_per_second == len(tiny_split.train) / 2
