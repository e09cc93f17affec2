"""Runs as charts draw them: those that go on from one another, and those at work."""

from dataclasses import replace

import numpy as np
import pytest

from namerec.core.corpus.splits import make_split
from namerec.jobs.executors import LocalExecutor
from namerec.jobs.snapshot import JobSnapshot
from namerec.runs.deletion import remove
from namerec.runs.lineage import branch_from
from namerec.runs.summary import RunSummary
from namerec.ui.runs.curves import overlaid
from namerec.ui.server.manager import manager
from tests.conftest import tiny_config
from tests.runs.references import Solo

pytestmark = pytest.mark.usefixtures("own_manager")


@pytest.fixture
def line(tiny_dataset) -> list[RunSummary]:
    """Three runs, each going on from the one before: 3 epochs, then 1, then 1, of other batches."""
    store = manager().store
    folders = [Solo(tiny_config(), tiny_dataset).store(store)]
    for size in (8, 4):
        config = tiny_config(epochs=1, batch_size=size)
        origin = branch_from(folders[-1], "best", config, tiny_dataset.fingerprint)
        folders.append(store.create(config, tiny_dataset, origin))
        list(LocalExecutor(lambda reference: tiny_dataset).stream(folders[-1]))
    found = [store.summary(folder) for folder in folders]
    return [run for run in found if isinstance(run, RunSummary)]


def test_a_line_of_runs_is_drawn_in_one_count_with_its_joints_in_words(line, tiny_dataset):
    first, _, last = line
    part = len(make_split(tiny_dataset, "leak-free", 0).train)
    letters = {"A": last, "B": first}
    drawn = overlaid("A last", last, manager().look(last.id), part, letters)
    branch_points = last.info.branch_points
    between = line[1].id
    assert drawn.branch_points == (
        (branch_points[0].step, f"run {between} continues from B"),
        (branch_points[1].step, f"A continues from run {between}"),
    )
    assert drawn.held_out == "validation names, leak-free split"
    stretches = [(stretch.after, stretch.training.batch_size) for stretch in drawn.curves.stretches]
    assert stretches == [(0, 16), (branch_points[0].step, 8), (branch_points[1].step, 4)]
    records = list(drawn.curves.epochs)
    assert [record.epoch for record in records] == list(range(1, len(records) + 1))
    ends = np.array([record.step for record in records])
    names = drawn.curves.at(ends, "names")
    assert names.tolist() == [part * (number + 1) for number in range(len(records))]


def test_a_run_that_is_gone_counts_as_the_one_that_goes_on_from_it(line):
    first, second, _ = line
    remove(manager().store, first.id)
    drawn = overlaid("A", second, manager().look(second.id), None, {"A": second})
    assert [stretch.training.batch_size for stretch in drawn.curves.stretches] == [8, 8]
    assert drawn.branch_points[0][1] == f"A continues from run {first.id}"


def test_where_a_run_at_work_is_follows_from_its_steps(line):
    run = line[1]
    snapshot = manager().look(run.id)
    branch_point = run.info.branch_points[-1]
    at_work = replace(snapshot, state="running", steps=2 * snapshot.step, epochs=2, seconds=7.0)
    drawn = overlaid("A", run, at_work, None, {"A": run}).curves
    assert drawn.now == (
        branch_point.step + snapshot.step,
        branch_point.epoch + 1.0,
        branch_point.seconds + 7.0,
    )


def test_a_run_without_records_is_drawn_as_nothing(line):
    origin = JobSnapshot(line[0].id, line[0].info.config, "queued")
    for snapshot in (None, origin):
        drawn = overlaid("A", line[0], snapshot, None, {"A": line[0]})
        assert not len(drawn.curves.step)
        assert drawn.curves.now is None
