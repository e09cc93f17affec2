"""Whose turn it is, and races: networks that train in turn as if each were alone."""

import errno
import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.networks.kinds import MODEL_KINDS, ModelKind
from namerec.core.training.config import RunConfig
from namerec.core.training.records import EpochRecord
from namerec.errors import ConfigError, DivergedError, JobError, RunError
from namerec.jobs import job as job_module
from namerec.jobs import work as work_module
from namerec.jobs.executors import Held, LocalExecutor
from namerec.jobs.owner import Owner
from namerec.jobs.race import races
from namerec.jobs.snapshot import JobSnapshot
from namerec.jobs.work import turns
from namerec.runs.folder import RunFolder
from namerec.runs.records import RunStatus
from namerec.runs.store import RunStore
from tests.conftest import tiny_config
from tests.jobs.fakes import (
    LIMIT,
    End,
    FakeClock,
    Feed,
    epoch_record,
    final_record,
    plan_of,
    step_record,
    wait_until,
)
from tests.jobs.references import allow
from tests.runs.references import Solo, assert_holds_all, assert_sentence

# -- turns


@dataclass
class Scripted:
    """Takes as long for each step as is written down, and is over after the last."""

    steps: list[float]
    seconds: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)

    def go(self) -> None:
        self.seconds += self.steps.pop(0)
        if not self.steps or self.stopping.is_set():
            self.over.set()


def _run(runners: Sequence[Scripted], turn: float) -> list[int]:
    """Who had each step."""
    order = []
    for runner in turns(runners, turn):
        order.append(list(runners).index(runner))
        runner.go()
    return order


def test_it_is_the_turn_of_who_has_been_at_work_for_the_fewest_seconds():
    quick, slow = Scripted([1.0] * 6), Scripted([3.0] * 2)
    assert _run([quick, slow], turn=0.0) == [0, 1, 0, 0, 1, 0, 0, 0]


def test_of_those_with_equal_seconds_it_is_who_has_waited_longest():
    assert _run([Scripted([0.0] * 3) for _ in range(3)], turn=0.0) == [0, 1, 2] * 3
    assert _run([Scripted([1.0] * 2) for _ in range(3)], turn=0.0) == [0, 1, 2] * 2


def test_a_turn_lasts_until_its_seconds_are_over():
    assert (
        _run([Scripted([1.0] * 6), Scripted([1.0] * 6)], turn=3.0)
        == [0] * 3 + [1] * 3 + [0] * 3 + [1] * 3
    )


def test_who_is_over_has_no_turn_and_the_others_go_on():
    assert _run([Scripted([1.0]), Scripted([1.0] * 3)], turn=0.0) == [0, 1, 1, 1]
    assert _run([Scripted([1.0]), Scripted([1.0] * 3)], turn=10.0) == [0, 1, 1, 1]
    assert _run([], turn=1.0) == []


def test_who_is_to_stop_comes_first_however_long_it_has_been_at_work():
    behind, ahead = Scripted([1.0] * 5), Scripted([1.0] * 5, seconds=100.0)
    order = []
    for runner in turns([behind, ahead], 10.0):
        order.append(runner is ahead)
        runner.go()
        if len(order) == 2:
            ahead.stopping.set()
    assert order == [False, False, True, False, False, False]


@given(
    st.lists(st.lists(st.floats(0.001, 5), min_size=1, max_size=30), min_size=1, max_size=4),
    st.floats(0, 3),
)
def test_nobody_is_ahead_by_more_than_a_turn_and_a_step(scripts, turn):
    runners = [Scripted(list(steps)) for steps in scripts]
    longest = max(max(steps) for steps in scripts)
    for runner in turns(runners, turn):
        at_work = [other.seconds for other in runners if not other.over.is_set()]
        assert max(at_work) - min(at_work) <= turn + longest + 1e-9
        runner.go()
    assert [runner.seconds for runner in runners] == pytest.approx(list(map(sum, scripts)))


# -- races


def _configs(
    kinds: Sequence[ModelKind] = ("rnn", "lstm", "custom_lstm"), **training: object
) -> list[RunConfig]:
    return [tiny_config(kind, **training) for kind in kinds]


def _raced(store: RunStore, race: str) -> list[RunFolder]:
    return [store.open(run.id) for run in races(store.summaries())[race]]


def _ids(store: RunStore, race: str) -> list[str]:
    return [folder.id for folder in _raced(store, race)]


def _snapshots(manager, ids) -> list[JobSnapshot]:
    return [manager.snapshot(run_id) for run_id in ids]


def _states(manager, ids) -> list[str]:
    return [snapshot.state for snapshot in _snapshots(manager, ids)]


def _best(folder: RunFolder) -> str:
    return hashlib.sha256((folder.path / "best.safetensors").read_bytes()).hexdigest()


def test_raced_networks_are_byte_for_byte_those_trained_alone(
    manager, store, tiny_dataset, monkeypatch
):
    """Turn and turn about after every record."""
    monkeypatch.setattr(work_module, "TURN_SECONDS", 0.0)
    configs = _configs(MODEL_KINDS, letter_dropout=0.2, seed=3)
    race = manager.start_race(configs, tiny_dataset, Owner("ada"))
    raced = _raced(store, race)
    for folder, config in zip(raced, configs, strict=True):
        ended = manager.wait(folder.id, LIMIT)
        assert (ended.state, ended.config, ended.race) == ("finished", config, race)
        assert_holds_all(folder, Solo(config, tiny_dataset))
        assert folder.info().race == race
        assert not folder.is_locked()
        alone = manager.start(config, tiny_dataset)
        assert manager.wait(alone, LIMIT).race == ""
        assert _best(store.open(alone)) == _best(folder)
        assert store.open(alone).info().race == ""


@pytest.fixture
def race(fed_manager, store, tiny_dataset, monkeypatch):
    """Three runs that a test feeds, which change after every record; each has given its plan."""
    monkeypatch.setattr(work_module, "TURN_SECONDS", 0.0)
    return _ids(store, fed_manager.start_race(_configs(), tiny_dataset))


@pytest.fixture
def feeds(race, fed) -> list[Feed]:
    fed_feeds = [fed.feed(run_id) for run_id in race]
    for feed in fed_feeds:
        feed.put(plan_of())
    return fed_feeds


@pytest.fixture
def clock(monkeypatch) -> FakeClock:
    """What jobs are timed by; asked for before a race, as it begins at once."""
    fake = FakeClock()
    monkeypatch.setattr(job_module, "time", fake)
    return fake


def test_a_race_has_one_thread_and_each_its_own_seconds(clock, fed_manager, fed, race, feeds):
    rnn, lstm, custom = feeds
    for feed in feeds:
        feed.wait_until_asked()  # for its plan
    threads = [thread.name for thread in threading.enumerate()]
    assert [name for name in threads if name in {f"train-{run}" for run in race}] == [
        f"train-{race[0]}"
    ]
    for feed, seconds in ((rnn, 1.0), (lstm, 4.0), (custom, 2.0)):  # in this order
        feed.wait_until_asked()  # for its first step
        clock.now += seconds
        feed.put(step_record(1))
    rnn.wait_until_asked()  # it has the fewest seconds
    assert [job.seconds for job in _snapshots(fed_manager, race)] == [1.0, 4.0, 2.0]
    clock.now += 0.5
    rnn.put(step_record(3))
    rnn.wait_until_asked()  # and still has
    seen = fed_manager.snapshot(race[0])
    assert (seen.seconds, seen.remaining) == (1.5, 0.25 * 17)  # its own pace
    clock.now += 3.0
    rnn.put(epoch_record(1, seconds=4.5))
    custom.wait_until_asked()
    assert fed_manager.snapshot(race[0]).seconds == 4.5
    assert fed.most_open == 3


def test_one_that_fails_lets_the_others_go_on(fed_manager, fed, race, feeds):
    rnn, lstm, custom = feeds
    rnn.put(DivergedError("The loss is nan at step 1: training has diverged."))
    lstm.put(step_record(1), RuntimeError("boom"))
    custom.put(step_record(1), epoch_record(1), final_record(), End())
    ended = [fed_manager.wait(run_id, LIMIT) for run_id in race]
    assert [job.state for job in ended] == ["diverged", "failed", "finished"]
    assert [job.message for job in ended] == [
        "The loss is nan at step 1: training has diverged.",
        "Training failed with an unexpected error (RuntimeError).",
        "",
    ]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_one_that_ends_without_a_word_lets_the_others_and_the_queue_go_on(
    fed_manager, fed, race, feeds, tiny_dataset
):
    after = fed_manager.start(tiny_config(), tiny_dataset)
    feeds[0].put(SystemExit(3))
    for feed in (*feeds[1:], fed.feed(after)):
        feed.put(final_record(), End())
    states = [fed_manager.wait(run_id, LIMIT).state for run_id in (*race, after)]
    assert states == ["failed", "finished", "finished", "finished"]


def test_one_that_is_stopped_lets_the_others_go_on(fed_manager, fed, race, feeds):
    rnn, lstm, custom = feeds
    rnn.wait_until_asked()
    rnn.wait_until_asked()  # for its first step: all have given their plans
    fed_manager.stop(race[1])
    rnn.put(step_record(1))
    assert fed_manager.wait(race[1], LIMIT).state == "stopped"
    assert lstm.closed.is_set()
    assert _states(fed_manager, race) == ["running", "stopped", "running"]
    for feed in (rnn, custom):
        feed.put(step_record(2), final_record(), End())
    assert [fed_manager.wait(run_id, LIMIT).state for run_id in race] == [
        "finished",
        "stopped",
        "finished",
    ]


def _hold(fed_manager, race, feeds, how: str) -> None:
    """Has the race paused, by an order or by a full disk that the LSTM meets."""
    rnn, lstm, _ = feeds
    rnn.wait_until_asked()
    rnn.wait_until_asked()  # for its first step
    rnn.put(step_record(1))
    lstm.wait_until_asked()
    lstm.wait_until_asked()
    if how == "pause":
        fed_manager.pause(race[0])
        lstm.put(step_record(1))
    else:
        lstm.put(Held("The disk is full."))
    wait_until(lambda: set(_states(fed_manager, race)) == {"paused"})


@pytest.mark.parametrize("how", ["pause", "full disk"])
def test_a_race_is_paused_and_goes_on_as_one(fed_manager, fed, store, race, feeds, how):
    _hold(fed_manager, race, feeds, how)
    said = ["", "The disk is full." if how == "full disk" else "", ""]
    assert [job.message for job in _snapshots(fed_manager, race)] == said
    statuses = [store.open(run_id).status() for run_id in race]
    assert [(status.state, status.message) for status in statuses] == [
        ("paused", words) for words in said
    ]
    custom = feeds[2]
    custom.wait_until_asked()  # for its plan
    custom.put(step_record(1))
    assert not custom.is_asked_within(0.1)
    fed_manager.proceed(race[2])  # any of them
    for feed in feeds:
        feed.put(final_record(), End())
    for run_id in race:
        ended = fed_manager.wait(run_id, LIMIT)
        assert (ended.state, ended.message) == ("finished", "")


@pytest.mark.parametrize("how", ["pause", "full disk"])
def test_one_of_a_paused_race_can_be_stopped_and_the_others_stay_paused(
    fed_manager, fed, race, feeds, how
):
    _hold(fed_manager, race, feeds, how)
    fed_manager.stop(race[1])
    assert fed_manager.wait(race[1], LIMIT).state == "stopped"
    assert _states(fed_manager, race) == ["paused", "stopped", "paused"]
    feeds[2].wait_until_asked()  # for its plan
    assert not feeds[2].is_asked_within(0.05)
    fed_manager.stop(race[0])
    fed_manager.stop(race[2])
    assert [fed_manager.wait(run_id, LIMIT).state for run_id in race] == ["stopped"] * 3


def test_a_shutdown_stops_all_of_a_race(fed_manager, fed, race, feeds):
    _hold(fed_manager, race, feeds, "pause")
    fed_manager.shutdown()
    assert _states(fed_manager, race) == ["stopped"] * 3
    assert all(feed.closed.is_set() for feed in feeds)


def test_a_race_takes_one_place_and_one_that_leaves_it_there_never_begins(
    fed_manager, fed, store, tiny_dataset
):
    first = fed_manager.start(tiny_config(), tiny_dataset)
    ids = _ids(store, fed_manager.start_race(_configs(), tiny_dataset))
    last = fed_manager.start(tiny_config(), tiny_dataset)
    fed.feed(first).give(plan_of())
    assert [job.place for job in _snapshots(fed_manager, [first, *ids, last])] == [0, 1, 1, 1, 2]
    fed_manager.stop(ids[0])
    assert store.open(ids[0]).status() == RunStatus(state="stopped")
    assert [job.place for job in _snapshots(fed_manager, ids)] == [0, 1, 1]
    for run_id in (first, *ids[1:], last):
        fed.feed(run_id).put(plan_of(), final_record(), End())
    states = [fed_manager.wait(run_id, LIMIT).state for run_id in (first, *ids, last)]
    assert states == ["finished", "stopped", "finished", "finished", "finished"]
    assert fed.begun == [first, *ids[1:], last]


def test_a_waiting_race_all_of_whom_are_stopped_leaves_the_queue(
    fed_manager, fed, store, tiny_dataset
):
    first = fed_manager.start(tiny_config(), tiny_dataset)
    ids = _ids(store, fed_manager.start_race(_configs(), tiny_dataset))
    last = fed_manager.start(tiny_config(), tiny_dataset)
    for run_id in ids:
        fed_manager.stop(run_id)
    assert fed_manager.snapshot(last).place == 1
    for run_id in (first, last):
        fed.feed(run_id).put(final_record(), End())
    assert fed_manager.wait(last, LIMIT).state == "finished"
    assert fed.begun == [first, last]


def test_a_shutdown_interrupts_a_waiting_race(fed_manager, fed, store, tiny_dataset):
    first = fed_manager.start(tiny_config(), tiny_dataset)
    ids = _ids(store, fed_manager.start_race(_configs(), tiny_dataset))
    fed.feed(first).put(step_record(1), End())
    fed_manager.shutdown()
    assert _states(fed_manager, ids) == ["interrupted"] * 3


def test_a_race_that_the_system_gives_no_thread_fails_as_a_whole(
    fed_manager, fed, store, tiny_dataset, monkeypatch
):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    ids = _ids(store, fed_manager.start_race(_configs(), tiny_dataset))
    assert _states(fed_manager, ids) == ["failed"] * 3


def test_runs_of_a_race_that_were_interrupted_go_on_one_by_one_bit_for_bit(
    managed, store, tiny_dataset, monkeypatch
):
    class StoppedAfterAnEpoch(LocalExecutor):
        def stream(self, run):
            for record in super().stream(run):
                if isinstance(record, EpochRecord):
                    manager.stop(run.id)
                yield record

    monkeypatch.setattr(work_module, "TURN_SECONDS", 0.0)
    configs = _configs(MODEL_KINDS)
    manager = managed(StoppedAfterAnEpoch(lambda reference: tiny_dataset))
    race = _raced(store, manager.start_race(configs, tiny_dataset))
    for folder in race:  # as a kill leaves them
        assert manager.wait(folder.id, LIMIT).state == "stopped"
        status = folder.status()
        assert status.epoch == 1
        folder.write_status(status.model_copy(update={"state": "running"}))
        assert folder.state(folder.status()) == "interrupted"
    again = managed(LocalExecutor(lambda reference: tiny_dataset))
    for folder, config in zip(race, configs, strict=True):
        again.resume(folder.id)
        ended = again.wait(folder.id, LIMIT)
        assert (ended.state, ended.race) == ("finished", "")
        assert_holds_all(folder, Solo(config, tiny_dataset))


# -- limits


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"most_jobs_per_user": 2}, "You have 2 runs"),
        ({"most_disk": 3}, "MOST_DISK"),
        ({"most_parameters": 1500}, "MOST_PARAMETERS"),  # the RNN has fewer
        ({"most_memory": 1}, "MOST_MEMORY"),
    ],
)
def test_a_race_is_refused_as_a_whole_where_one_of_it_is_too_much(
    fed_manager, store, tiny_dataset, monkeypatch, limits, said
):
    allow(monkeypatch, **limits)
    with pytest.raises((JobError, ConfigError), match=said):
        fed_manager.start_race(_configs(batch_size=64), tiny_dataset, Owner("ada"))
    assert store.summaries() == []


def test_a_race_whose_networks_fit_one_by_one_but_not_together_is_refused(
    fed_manager, fed, store, tiny_dataset, monkeypatch
):
    from namerec.jobs import limits
    from namerec.jobs.memory import RESERVE, need

    configs = _configs()
    room = max(need(config, tiny_dataset).total for config in configs)
    monkeypatch.setattr(limits, "available", lambda: RESERVE + 2 * room)
    with pytest.raises(ConfigError) as caught:
        fed_manager.start_race(configs, tiny_dataset)
    assert_sentence(caught.value, "are in memory at the same time")
    assert store.summaries() == []
    monkeypatch.setattr(limits, "available", lambda: RESERVE + 3 * room)
    for run_id in _ids(store, fed_manager.start_race(configs, tiny_dataset)):
        fed.feed(run_id).put(End())


def test_a_waiting_race_needs_as_much_room_in_the_queue_as_runs_of_its_own(
    fed_manager, fed, tiny_dataset, monkeypatch
):
    allow(monkeypatch, most_queued=2)
    fed_manager.start(tiny_config(), tiny_dataset)
    with pytest.raises(JobError, match="of all users are waiting; at most 2"):
        fed_manager.start_race(_configs(), tiny_dataset)


def test_a_race_that_cannot_be_stored_leaves_nothing(fed_manager, store, tiny_dataset, monkeypatch):
    write = RunFolder.write_status
    written: list[str] = []

    def full(self, status):
        written.append(self.id)
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, status)

    monkeypatch.setattr(RunFolder, "write_status", full)
    with pytest.raises(RunError, match="cannot be stored"):
        fed_manager.start_race(_configs(), tiny_dataset)
    assert list(store.root.iterdir()) == []
    assert fed_manager.active() == []


def test_minutes_are_counted_for_each_by_itself(fed_manager, fed, race, feeds, monkeypatch):
    allow(monkeypatch, most_minutes=1)
    rnn, lstm, custom = feeds
    for feed in (rnn, custom):
        feed.put(epoch_record(1, seconds=50.0), final_record(), End())
    lstm.put(epoch_record(1, seconds=61.0))
    ended = [fed_manager.wait(run_id, LIMIT) for run_id in race]
    assert [job.state for job in ended] == ["finished", "stopped", "finished"]
    assert "MOST_MINUTES" in ended[1].message
