"""Trainings in processes of their own: the same numbers, and nothing lost when one is killed."""

import contextlib
import functools
from collections.abc import Generator, Iterator
from typing import TypeVar

import psutil
import pytest

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.splits import make_split
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.core.training.config import RunConfig
from namerec.core.training.loop import Checkpoint, Record, train
from namerec.core.training.records import FinalRecord, StepRecord
from namerec.errors import ConfigError, DivergedError, JobError
from namerec.jobs import pool as pool_module
from namerec.jobs.executors import LocalExecutor
from namerec.jobs.manager import JobManager
from namerec.jobs.memory import RESERVE, beside, need
from namerec.jobs.pool import Pool
from namerec.jobs.race import races
from namerec.jobs.slices import Waiting
from tests.conftest import tiny_config
from tests.core.references import without_times
from tests.jobs.fakes import LIMIT, wait_until
from tests.jobs.references import snapshot_of, state_of
from tests.runs.references import Solo, assert_holds_all

Kind = TypeVar("Kind")

#: Two epochs of more step records than a process may be ahead by, so that it waits in the middle.
LONG = tiny_config(epochs=2, batch_size=1, letter_dropout=0.1)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    """Two processes, which end a slice with every epoch."""
    pool = Pool(2, seconds=0.0)
    pool.start()
    yield pool
    pool.close()


@pytest.fixture
def executor(pool: Pool, tiny_dataset: Dataset) -> LocalExecutor:
    return LocalExecutor(lambda reference: tiny_dataset, pool.train, pool.free)


def processes() -> list[psutil.Process]:
    """Those that train now."""
    programs = psutil.Process().children()
    return [
        process
        for program in programs
        if "namerec.jobs.worker" in program.cmdline()
        for process in program.children()
        if process.status() != psutil.STATUS_ZOMBIE
    ]


def kill_all(_: Record) -> None:
    for process in processes():
        process.kill()


def trained(pool: Pool, config: RunConfig, dataset: Dataset) -> Generator[Record | Waiting]:
    return pool.train(config, dataset, make_split(dataset, "leak-free", 0))


def next_of(records: Generator[Record | Waiting], kind: type[Kind]) -> Kind:
    """The next record of a kind."""
    for record in records:
        if isinstance(record, kind):
            return record
    raise AssertionError("none came")


CONFIGS: dict[str, RunConfig] = {
    **{kind: tiny_config(kind, epochs=3, letter_dropout=0.1, seed=4) for kind in MODEL_KINDS},
    "steps": tiny_config(epochs=1, steps=40, letter_dropout=0.1),
    "patience": tiny_config(epochs=9, patience=1, learning_rate=0.2, optimizer="sgd"),
}
CONFIGS["dropout"] = CONFIGS["steps"].model_copy(
    update={"model": CONFIGS["steps"].model.model_copy(update={"num_layers": 2, "dropout": 0.3})}
)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_a_training_in_processes_is_bit_for_bit_the_one_here(config, executor, store, tiny_dataset):
    folder = store.create(config, tiny_dataset)
    list(executor.stream(folder))
    assert_holds_all(folder, Solo(config, tiny_dataset))


def test_a_run_is_resumed_in_another_process_bit_for_bit(executor, store, tiny_dataset):
    solo = Solo(CONFIGS["steps"], tiny_dataset)
    folder = solo.store(store, epochs=7)
    list(executor.stream(folder))
    assert_holds_all(folder, solo)


def test_a_run_goes_on_from_anothers_weights_bit_for_bit(
    executor, managed, manager, store, tiny_dataset
):
    first = Solo(tiny_config(), tiny_dataset).store(store)
    branched, best = tiny_config(seed=5, split_seed=0), []
    for where in (manager, managed(executor, most_running=2)):
        run_id = where.start(branched, tiny_dataset, go_on_from=(first.id, "last"))
        assert where.wait(run_id, LIMIT).state == "finished"
        best.append((store.open(run_id).path / "best.safetensors").read_bytes())
    assert best[0] == best[1]


def test_a_training_that_diverges_says_so(executor, store, tiny_dataset):
    config = tiny_config(
        "rnn", learning_rate=10.0, schedule="constant", clip_norm=0.0, optimizer="sgd"
    )
    folder = store.create(config, tiny_dataset)
    with pytest.raises(DivergedError, match="learning rate"):
        list(executor.stream(folder))
    assert folder.status().state == "diverged"
    assert "In the process that trained it:" in (folder.path / "error.txt").read_text()


def test_each_step_is_told_while_its_epoch_goes_on(pool, tiny_dataset):
    with contextlib.closing(trained(pool, LONG, tiny_dataset)) as records:
        assert next_of(records, StepRecord).step == 1


@pytest.mark.parametrize("at", [1, 30, 55])
def test_a_killed_process_loses_nothing(at, pool, tiny_dataset):
    """Whatever it is killed after: the records are those of a training that nobody disturbed."""
    split = make_split(tiny_dataset, "leak-free", 0)
    records = [r for r in train(LONG, tiny_dataset, split) if not isinstance(r, Checkpoint)]
    an_epoch_later = at + len(records) // 2
    seen = list[Record]()
    for record in trained(pool, LONG, tiny_dataset):
        if not isinstance(record, Waiting | Checkpoint):
            seen.append(record)
            if len(seen) in (at, an_epoch_later):
                kill_all(record)
    assert list(map(without_times, seen)) == list(map(without_times, records))
    assert processes() == []


def test_a_run_whose_process_dies_twice_without_an_epoch_fails_with_the_cause(
    executor, store, tiny_dataset
):
    folder = store.create(tiny_config(steps=4000, batch_size=1), tiny_dataset)
    steps = (r for r in executor.stream(folder) if isinstance(r, StepRecord))
    with pytest.raises(JobError, match=r"died 2 times .* the last one ended by SIGKILL"):
        list(map(kill_all, steps))
    assert folder.status().state == "failed"
    assert folder.status().epoch == 0


def test_the_program_that_forks_may_be_killed_too(pool, tiny_dataset):
    records = trained(pool, LONG, tiny_dataset)
    first = next_of(records, StepRecord)
    (process,) = processes()
    process.parent().kill()
    process.kill()
    final = next_of(records, FinalRecord)
    assert [first.step, final.best_epoch] == [1, 2]


def test_a_closed_training_ends_its_process(pool, tiny_dataset):
    records = trained(pool, LONG, tiny_dataset)
    next_of(records, StepRecord)
    assert len(processes()) == 1
    records.close()
    assert processes() == []


def test_no_more_processes_train_than_may(pool, tiny_dataset):
    """Who came first has the first one that is free."""
    ahead = [trained(pool, LONG, tiny_dataset) for _ in range(2)]
    for records in ahead:
        next_of(records, StepRecord)
    behind = trained(pool, tiny_config(epochs=1), tiny_dataset)
    assert [next(behind), len(processes())] == [Waiting(working=False), 2]
    ahead[0].close()
    next_of(behind, FinalRecord)
    ahead[1].close()


def test_a_training_waits_for_memory_that_others_have(pool, tiny_dataset, monkeypatch):
    """What the one before has not taken yet counts as taken."""
    config = tiny_config(epochs=1)
    enough = need(config, tiny_dataset).total + beside(config, 3) + RESERVE
    free = iter([enough, enough, enough, enough - 1])
    monkeypatch.setattr(pool_module, "available", lambda: next(free))
    ahead, behind = (trained(pool, config, tiny_dataset) for _ in range(2))
    next(ahead)
    assert next(behind) == Waiting(working=False)
    assert len(processes()) == 1
    ahead.close()
    next_of(behind, FinalRecord)
    behind.close()
    with pytest.raises(ConfigError, match="MB are free"):
        next(trained(pool, config, tiny_dataset))


def test_a_race_trains_side_by_side_with_the_numbers_of_each_alone(
    executor, managed, store, tiny_dataset
):
    """More networks than processes: they share them slice by slice."""
    manager = managed(executor, most_running=2)
    configs = [tiny_config(kind, letter_dropout=0.1) for kind in MODEL_KINDS]
    race = manager.start_race(configs, tiny_dataset)
    for run in races(store.summaries())[race]:
        assert manager.wait(run.id, LIMIT).state == "finished"
        assert_holds_all(store.open(run.id), Solo(run.info.config, tiny_dataset))


def is_now(manager: JobManager, run_id: str, state: str) -> bool:
    return state_of(manager, run_id) == state


def test_pause_and_stop_do_not_wait_for_the_end_of_an_epoch(executor, managed, store, tiny_dataset):
    manager = managed(executor, most_running=2)
    config = tiny_config(steps=2_000_000, batch_size=1)
    run_id = manager.start(config, tiny_dataset)
    wait_until(lambda: snapshot_of(manager, run_id).step > 0)
    for order, state in ((manager.pause, "paused"), (manager.stop, "stopped")):
        order(run_id)  # in the middle of an epoch of seconds
        wait_until(functools.partial(is_now, manager, run_id, state))
        assert snapshot_of(manager, run_id).epoch == 0
    manager.wait(run_id, LIMIT)
    assert processes() == []
