"""Runs that wait for their turn."""

import errno

import pytest

from namerec.core.networks.kinds import MODEL_KINDS
from namerec.errors import JobError
from namerec.jobs.owner import Owner
from namerec.runs.folder import RunFolder
from namerec.runs.records import RunStatus
from tests.conftest import tiny_config
from tests.jobs.fakes import (
    LIMIT,
    End,
    final_record,
    plan_of,
)
from tests.jobs.references import snapshot_of, start, state_of
from tests.runs.references import (
    Solo,
    assert_holds_all,
)


def test_a_queue_of_three_is_worked_off_one_by_one_with_the_results_of_solo_runs(
    manager, store, tiny_dataset
):
    configs = {kind: tiny_config(kind, seed=seed) for seed, kind in enumerate(MODEL_KINDS)}
    solos = {kind: Solo(config, tiny_dataset) for kind, config in configs.items()}
    ids = {kind: manager.start(config, tiny_dataset) for kind, config in configs.items()}
    for kind, run_id in ids.items():
        assert manager.wait(run_id, LIMIT).state == "finished"
        assert_holds_all(store.open(run_id), solos[kind])


def test_waiting_runs_have_places_and_move_up(fed_manager, fed, tiny_dataset):
    ids = [start(fed_manager, tiny_dataset) for _ in range(4)]
    fed.feed(ids[0]).give(plan_of())
    seen = [snapshot_of(fed_manager, run_id) for run_id in ids]
    assert [(job.state, job.place) for job in seen] == [
        ("running", 0),
        ("queued", 1),
        ("queued", 2),
        ("queued", 3),
    ]
    assert [job.run_id for job in fed_manager.active()] == ids
    fed_manager.stop(ids[1])
    assert [snapshot_of(fed_manager, run_id).place for run_id in ids] == [0, 0, 1, 2]
    assert [job.run_id for job in fed_manager.active()] == [ids[0], ids[2], ids[3]]
    fed.feed(ids[0]).put(final_record(), End())
    fed.feed(ids[2]).give(plan_of())
    seen = [snapshot_of(fed_manager, run_id) for run_id in ids]
    assert [(job.state, job.place) for job in seen] == [
        ("finished", 0),
        ("stopped", 0),
        ("running", 0),
        ("queued", 1),
    ]
    fed.feed(ids[2]).put(final_record(), End())
    fed.feed(ids[3]).put(final_record(), End())
    assert fed_manager.wait(ids[3], LIMIT).state == "finished"
    assert fed.begun == [ids[0], ids[2], ids[3]]
    assert fed.most_open == 1
    assert fed_manager.active() == []


def test_as_many_run_at_once_as_the_manager_may(managed, fed, tiny_dataset):
    manager = managed(fed, most_running=2)
    ids = [start(manager, tiny_dataset) for _ in range(4)]
    for run_id in ids[:2]:
        fed.feed(run_id).give(plan_of())
    assert [snapshot_of(manager, run_id).place for run_id in ids] == [0, 0, 1, 2]
    for run_id in ids:
        fed.feed(run_id).put(final_record(), End())
    for run_id in ids:
        assert manager.wait(run_id, LIMIT).state == "finished"
    assert fed.most_open == 2
    assert sorted(fed.begun) == sorted(ids)


def test_a_race_begins_when_there_are_places_for_its_networks(managed, fed, store, tiny_dataset):
    """Or for as many of them as there are places in all; who comes later does not overtake it."""
    manager = managed(fed, most_running=2)
    first = start(manager, tiny_dataset)
    manager.start_race([tiny_config(kind) for kind in ("rnn", "lstm", "gru")], tiny_dataset)
    last = start(manager, tiny_dataset)
    race = [job.run_id for job in manager.active() if job.race]
    assert [snapshot_of(manager, run_id).place for run_id in (first, *race, last)] == [
        0,
        1,
        1,
        1,
        2,
    ]
    fed.feed(first).put(final_record(), End())
    for run_id in race:
        fed.feed(run_id).give(plan_of())  # all at the same time
    assert snapshot_of(manager, last).place == 1
    for run_id in (*race, last):
        fed.feed(run_id).put(final_record(), End())
    assert manager.wait(last, LIMIT).state == "finished"
    assert fed.begun[0] == first
    assert fed.begun[-1] == last


def test_addresses_take_turns_and_so_do_the_sessions_of_one(fed_manager, fed, tiny_dataset):
    def asked(*owners: Owner) -> list[str]:
        return [fed_manager.start(tiny_config(), tiny_dataset, owner) for owner in owners]

    first, second = Owner("first tab", "192.0.2.1"), Owner("second tab", "192.0.2.1")
    a, b, c, d = asked(first, first, first, second)
    e, f = asked(Owner("elsewhere", "192.0.2.2"), Owner("proxy:ada"))
    in_turn = [a, b, e, f, d, c]  # who comes is behind those who wait, but once only
    assert [job.run_id for job in fed_manager.active()] == in_turn
    assert [snapshot_of(fed_manager, run_id).place for run_id in in_turn] == [0, 1, 2, 3, 4, 5]
    for run_id in in_turn:
        fed.feed(run_id).give(plan_of())
        if run_id == b:  # again behind those who wait
            (g,) = asked(Owner("proxy:ada"))
            assert [job.run_id for job in fed_manager.active()] == [b, e, f, d, g, c]
            fed_manager.stop(c)
            assert [job.run_id for job in fed_manager.active()] == [b, e, f, d, g]
            in_turn[in_turn.index(c)] = g
        fed.feed(run_id).put(final_record(), End())
        fed_manager.wait(run_id, LIMIT)
    assert fed.begun == in_turn


def test_a_waiting_run_that_is_stopped_never_begins(fed_manager, fed, store, tiny_dataset):
    first, second = (start(fed_manager, tiny_dataset) for _ in range(2))
    fed_manager.stop(second)
    assert state_of(fed_manager, second) == "stopped"
    assert store.open(second).status() == RunStatus(state="stopped")
    assert fed_manager.wait(second, 0).state == "stopped"  # at once
    with pytest.raises(JobError, match="is stopped, so it cannot be stopped"):
        fed_manager.stop(second)
    fed.feed(first).put(final_record(), End())
    fed_manager.wait(first, LIMIT)
    assert fed.begun == [first]


def test_a_waiting_run_whose_stop_cannot_be_stored_is_stopped_all_the_same(
    fed_manager, store, tiny_dataset, monkeypatch, caplog
):
    _, second = (start(fed_manager, tiny_dataset) for _ in range(2))

    def full(self, status):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RunFolder, "write_status", full)
    fed_manager.stop(second)
    assert state_of(fed_manager, second) == "stopped"
    assert fed_manager.wait(second, 0).state == "stopped"
    assert "the stop of run" in caplog.text
    (found,) = [run for run in store.summaries() if run.id == second]
    assert found.state == "interrupted"  # so that it can be gone on with
