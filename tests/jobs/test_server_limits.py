"""What a shared server allows: runs a person, a queue's length, memory, minutes and room."""

import pytest

from namerec.errors import ConfigError, JobError
from namerec.jobs.owner import Owner
from namerec.settings import settings, variable
from tests.conftest import tiny_config
from tests.jobs.fakes import (
    LIMIT,
    End,
    final_record,
)
from tests.jobs.references import allow, files, start
from tests.runs.references import (
    Solo,
    assert_holds_all,
)


def test_one_person_may_have_so_many_runs_and_others_are_not_held_up_by_it(
    fed_manager, fed, store, tiny_dataset, monkeypatch
):
    allow(monkeypatch, most_jobs_per_user=2)
    first, _ = (fed_manager.start(tiny_config(), tiny_dataset, Owner("ada")) for _ in range(2))
    with pytest.raises(JobError, match=r"You have 2 runs .* 2 are allowed .*MOST_JOBS_PER_USER"):
        fed_manager.start(tiny_config(), tiny_dataset, Owner("ada"))
    assert len(store.summaries()) == 2  # nothing was made of it
    fed_manager.start(tiny_config(), tiny_dataset, Owner("bea"))
    fed.feed(first).put(final_record(), End())
    fed_manager.wait(first, LIMIT)
    fed_manager.start(tiny_config(), tiny_dataset, Owner("ada"))


def test_the_queue_has_an_end_for_new_runs_and_for_those_gone_on_with(
    fed_manager, fed, stopped, tiny_dataset, monkeypatch
):
    allow(monkeypatch, most_queued=1)
    for _ in range(2):  # one runs, one waits
        start(fed_manager, tiny_dataset)
    with pytest.raises(JobError, match="1 run of all users"):
        start(fed_manager, tiny_dataset)
    with pytest.raises(JobError, match="1 run of all users"):
        fed_manager.resume(stopped.id)


def test_a_run_too_large_for_the_machine_is_refused_before_anything_is_made(
    fed_manager, store, tiny_dataset, monkeypatch
):
    allow(monkeypatch, most_memory=1)
    with pytest.raises(ConfigError, match=r"would need about .* Lowering \w+ \(now"):
        start(fed_manager, tiny_dataset, batch_size=8192)
    assert store.summaries() == []


def test_a_run_ends_when_its_minutes_are_over_and_keeps_its_last_epoch(
    manager, store, tiny_dataset, monkeypatch
):
    manager.wait(start(manager, tiny_dataset), LIMIT)  # PyTorch's first step takes seconds
    allow(monkeypatch, most_minutes=0.001)
    ended = manager.wait(start(manager, tiny_dataset, epochs=1000), LIMIT)
    assert ended.state == "stopped"
    assert "minutes of training; 0.001 are allowed (NAMEREC_MOST_MINUTES)" in ended.message
    status = store.open(ended.run_id).status()
    assert (status.state, status.message) == ("stopped", ended.message)
    assert manager.look(ended.run_id).message == ended.message
    with pytest.raises(JobError, match="NAMEREC_MOST_MINUTES"):
        manager.resume(ended.run_id)  # its checkpoint is younger than the limit


def test_a_run_ended_in_its_first_epoch_is_not_gone_on_with_under_the_same_limit(
    manager, store, tiny_dataset, monkeypatch
):
    allow(monkeypatch, most_minutes=1e-9)
    run_id = start(manager, tiny_dataset)
    assert (manager.wait(run_id, LIMIT).state, manager.look(run_id).epoch) == ("stopped", 0)
    with pytest.raises(JobError, match="NAMEREC_MOST_MINUTES"):
        manager.resume(run_id)
    allow(monkeypatch, most_minutes=100)
    manager.resume(run_id)
    ended = manager.wait(run_id, LIMIT)
    assert (ended.state, ended.message) == ("finished", "")
    assert_holds_all(store.open(run_id), Solo(tiny_config(), tiny_dataset))


def test_a_queue_cannot_be_promised_more_room_than_there_is(
    fed_manager, fed, store, stopped, tiny_dataset, monkeypatch
):
    allow(monkeypatch, most_disk=4)  # a tiny run takes a little over 1 MB
    first, _, _ = (start(fed_manager, tiny_dataset) for _ in range(3))
    said = r"runs in training or waiting will add about 3 MB, and .*MOST_DISK"
    with pytest.raises(JobError, match=said):
        start(fed_manager, tiny_dataset)
    with pytest.raises(JobError, match=said):
        fed_manager.resume(stopped.id)
    assert stopped.status().state == "stopped"
    assert len(store.summaries()) == 4  # nothing was made of it
    fed.feed(first).put(final_record(), End())
    fed_manager.wait(first, LIMIT)
    fed_manager.resume(stopped.id)


def test_a_run_too_large_now_is_not_gone_on_with(manager, stopped, solo, monkeypatch):
    before = files(stopped)
    allow(monkeypatch, most_parameters=10)
    with pytest.raises(ConfigError, match="MOST_PARAMETERS"):
        manager.resume(stopped.id)
    assert files(stopped) == before
    monkeypatch.delenv(variable("most_parameters"))
    allow(monkeypatch, most_memory=1)
    manager.resume(stopped.id)
    ended = manager.wait(stopped.id, LIMIT)
    assert ended.state == "failed"
    assert "MOST_MEMORY" in ended.message
    monkeypatch.delenv(variable("most_memory"))
    settings.cache_clear()
    manager.resume(stopped.id)
    assert manager.wait(stopped.id, LIMIT).state == "finished"
    assert_holds_all(stopped, solo)
