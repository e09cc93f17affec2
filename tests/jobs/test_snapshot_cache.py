"""Snapshots of runs that this manager never had."""

import pytest

from namerec.jobs.snapshot_cache import SNAPSHOTS_KEPT
from namerec.runs.folder import RunFolder
from tests.conftest import tiny_config
from tests.jobs.fakes import (
    plan_of,
    step_record,
)
from tests.jobs.references import start


def test_a_look_at_a_stored_run_shows_what_it_left(manager, finished, stopped, solo):
    seen = manager.look(finished.id)
    assert (seen.state, seen.epoch, seen.step) == ("finished", 3, solo.plan.steps)
    assert list(seen.series.loss) == [record.loss for record in solo.steps]
    assert seen.history == tuple(solo.epochs)
    assert seen.scores == tuple(solo.final.scores.values())
    assert (seen.epochs, seen.steps) == (3, solo.plan.steps)
    assert seen.config == solo.config
    assert manager.look(stopped.id).state == "stopped"
    assert manager.look(stopped.id).epoch == 2
    assert manager.snapshot(finished.id) is None
    assert manager.active() == []


def test_a_look_at_an_interrupted_run_says_so(manager, stopped):
    stopped.write_status(stopped.status().model_copy(update={"state": "running"}))
    seen = manager.look(stopped.id)
    assert (seen.state, seen.ended, seen.place) == ("interrupted", True, 0)
    with RunFolder(stopped.path).lock():  # another process goes on with it
        assert manager.look(stopped.id).state == "running"
    assert manager.look(stopped.id).state == "interrupted"


def test_a_look_is_kept_until_the_run_changes(manager, stopped, solo):
    first = manager.look(stopped.id)
    assert manager.look(stopped.id) is first
    stopped.write_status(stopped.status().model_copy(update={"state": "failed", "message": "Why."}))
    second = manager.look(stopped.id)
    assert (second.state, second.message) == ("failed", "Why.")
    assert manager.look(stopped.id) is second


def test_looks_at_many_runs_do_not_pile_up(manager, store, tiny_dataset):
    ids = [store.create(tiny_config(), tiny_dataset).id for _ in range(SNAPSHOTS_KEPT + 1)]
    looks = [manager.look(run_id) for run_id in ids]
    assert {look.state for look in looks} == {"interrupted"}
    assert manager.look(ids[-1]) is looks[-1]
    assert manager.look(ids[0]) is not looks[0]  # was forgotten


def test_a_look_at_a_job_is_its_snapshot(fed_manager, fed, tiny_dataset):
    run_id = start(fed_manager, tiny_dataset)
    fed.feed(run_id).give(plan_of(), step_record(1))
    assert fed_manager.look(run_id) is fed_manager.snapshot(run_id)


@pytest.mark.parametrize(
    "line",
    [b'{"kind": "step", "step": "one"}\n', b"[" * 50_000 + b"\n", b"\xff\n", b'{"kind": "st'],
)
def test_a_look_at_damaged_metrics_shows_those_before(manager, stopped, solo, line):
    lines = (stopped.path / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    (stopped.path / "metrics.jsonl").write_bytes(b"".join(lines[:3]) + line)
    assert list(manager.look(stopped.id).series.step) == [1, 2, 3]
