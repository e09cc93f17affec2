import numpy as np
import pytest

from namerec.jobs.snapshot import GrowingSeries, JobSnapshot, Lineage, stored_snapshot
from namerec.runs.records import BranchPoint
from namerec.runs.summary import RunSummary
from tests.conftest import tiny_config
from tests.jobs.fakes import epoch_record, step_record


def _summary(store, folder) -> RunSummary:
    summary = store.summary(folder)
    assert isinstance(summary, RunSummary)
    return summary


def test_a_series_holds_what_was_added_in_order():
    series = GrowingSeries()
    assert len(series.view()) == 0
    for step in range(1, 1001):  # beyond its first room, several times
        series.add(step_record(step, loss=1 / step))
    view = series.view()
    assert len(view) == 1000
    assert list(view.step) == list(range(1, 1001))
    assert list(view.loss) == [1 / step for step in range(1, 1001)]
    assert set(view.gradient_norm) == {0.5}
    assert set(view.learning_rate) == {0.01}


def test_a_view_stays_as_it_was_taken():
    series = GrowingSeries()
    views, contents = [], []
    for step in range(1, 600):
        series.add(step_record(step))
        views.append(series.view())
        contents.append(list(range(1, step + 1)))
    assert [list(view.step) for view in views] == contents


def test_a_view_cannot_be_written_to():
    series = GrowingSeries()
    series.add(step_record(1, loss=0.5))
    with pytest.raises(ValueError, match="read-only"):
        series.view().loss[0] = 17
    assert series.view().loss[0] == 0.5


@pytest.mark.parametrize("length", [0, 1, 255, 256, 300])
def test_a_series_goes_on_from_another_and_leaves_that_alone(length):
    first = GrowingSeries()
    for step in range(1, length + 1):
        first.add(step_record(step))
    view = first.view()
    second = GrowingSeries.of(view)
    for step in range(length + 1, length + 401):
        second.add(step_record(step))
    assert list(second.view().step) == list(range(1, length + 401))
    assert list(view.step) == list(range(1, length + 1))
    first.add(step_record(17))
    assert list(second.view().step) == list(range(1, length + 401))


def test_a_series_that_is_not_finite_is_held_as_it_is():
    series = GrowingSeries()
    series.add(step_record(1, loss=float("inf")))
    assert np.isposinf(series.view().loss[0])


def test_a_snapshot_of_nothing_done_is_at_none():
    snapshot = JobSnapshot("run", tiny_config(), "queued", place=1)
    assert (snapshot.step, snapshot.epoch, snapshot.progress) == (0, 0, 0.0)
    assert not snapshot.ended


def test_progress_is_the_share_of_steps_and_never_beyond_all():
    series = GrowingSeries()
    series.add(step_record(30))
    done = JobSnapshot("run", tiny_config(), "running", steps=40, series=series.view())
    assert done.progress == 0.75
    assert JobSnapshot("run", tiny_config(), "running", series=series.view()).progress == 0.0
    beyond = JobSnapshot("run", tiny_config(), "running", steps=20, series=series.view())
    assert beyond.progress == 1.0


@pytest.mark.parametrize(
    ("state", "ended"),
    [
        ("queued", False),
        ("running", False),
        ("paused", False),
        ("finished", True),
        ("stopped", True),
        ("failed", True),
        ("interrupted", True),
    ],
)
def test_a_job_has_ended_when_nobody_works_on_it_any_more(state, ended):
    assert JobSnapshot("run", tiny_config(), state).ended is ended


def test_the_epoch_is_the_last_records():
    history = (epoch_record(1), epoch_record(2))
    assert JobSnapshot("run", tiny_config(), "running", history=history).epoch == 2


# -- what goes on from something


def test_a_line_counts_on_from_the_joint():
    branch_point = BranchPoint(run="other", epoch=2, step=20, seconds=3.5, state_kept=True)
    before = Lineage.of(
        (branch_point,), [step_record(1, 0.9), step_record(20, 0.8)], [epoch_record(2, 3.5)]
    )
    own = GrowingSeries.holding([step_record(1, 0.7), step_record(10, 0.6)])
    history = (epoch_record(1, seconds=1.25),)
    snapshot = JobSnapshot(
        "run", tiny_config(), "running", series=own.view(), history=history, before=before
    )
    line = snapshot.lineage()
    assert line.branch_points == (branch_point,)
    assert list(line.series.step) == [1, 20, 21, 30]
    assert list(line.series.loss) == [0.9, 0.8, 0.7, 0.6]
    assert [(epoch.epoch, epoch.step, epoch.seconds) for epoch in line.history] == [
        (2, 20, 3.5),
        (3, 30, 4.75),
    ]
    assert (snapshot.step, snapshot.epoch) == (10, 1)  # its own


def test_the_line_of_a_run_of_its_own_is_the_run():
    series = GrowingSeries.holding([step_record(1)]).view()
    snapshot = JobSnapshot("run", tiny_config(), "running", series=series)
    line = snapshot.lineage()
    assert (line.branch_points, line.history) == ((), ())
    assert line.series is series


# -- of stored runs


def test_a_stored_run_is_shown_up_to_its_last_stored_epoch(store, stopped, solo):
    """Its metrics may be further: those of an epoch whose checkpoint was never written."""
    with (stopped.path / "metrics.jsonl").open("a") as file:
        file.write(
            '{"kind": "step", "step": 9, "epoch": 2.2, "loss": 1.0, "gradient_norm": 1.0, '
            '"learning_rate": 0.1}\n'
        )
    assert len(stopped.metrics()[0]) == solo.plan.ends[1] + 1
    snapshot = stored_snapshot(_summary(store, stopped), stopped)
    assert snapshot.step == solo.plan.ends[1]
    assert snapshot.history == tuple(solo.epochs[:2])
    assert snapshot.seconds == solo.epochs[1].seconds
    assert snapshot.names_per_second == solo.epochs[1].names_per_second


@pytest.mark.parametrize("state", ["running", "stopped", "failed"])
def test_a_run_killed_before_its_status_is_shown_up_to_its_checkpoint(store, stopped, solo, state):
    """That is where it goes on from."""
    behind = stopped.status().model_copy(
        update={"state": state, "epoch": 1, "step": solo.plan.ends[0], "seconds": 0.25}
    )
    stopped.write_status(behind)
    snapshot = stored_snapshot(_summary(store, stopped), stopped)
    assert snapshot.step == solo.plan.ends[1]
    assert snapshot.history == tuple(solo.epochs[:2])
    assert snapshot.seconds == solo.checkpoints[1].progress.seconds


def test_a_run_whose_checkpoint_is_gone_stands_where_its_status_says(store, stopped, solo):
    (stopped.path / "last.safetensors").unlink()
    snapshot = stored_snapshot(_summary(store, stopped), stopped)
    assert (snapshot.step, snapshot.epoch) == (solo.plan.ends[1], 2)


def test_a_finished_run_needs_no_checkpoint_to_be_shown(store, finished, solo):
    (finished.path / "last.safetensors").unlink()
    snapshot = stored_snapshot(_summary(store, finished), finished)
    assert (snapshot.step, snapshot.epoch) == (solo.plan.steps, 3)
    assert snapshot.scores == tuple(solo.final.scores.values())
