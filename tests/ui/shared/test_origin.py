"""What a run that goes on began with, beside the best of its own epochs."""

from dataclasses import replace

import pytest

from namerec.core.training.config import RunConfig, TrainConfig
from namerec.core.training.records import EpochRecord
from namerec.jobs.snapshot import JobSnapshot, Lineage
from namerec.runs.records import BranchPoint
from namerec.ui.shared.origin import origin_words
from tests.conftest import tiny_config


def epoch(number: int, accuracy: float, best: bool = False) -> EpochRecord:
    """The record of an epoch of ten steps."""
    return EpochRecord(
        epoch=number,
        step=10 * number,
        train_loss=1.0,
        train_accuracy=0.0,
        validation_loss=1.0,
        validation_accuracy=accuracy,
        validation_macro_recall=0.0,
        validation_confusion=((1,),),
        seconds=float(number),
        names_per_second=1.0,
        best=best,
    )


def branch_point(run: str, number: int) -> BranchPoint:
    return BranchPoint(
        run=run, epoch=number, step=10 * number, seconds=float(number), state_kept=False
    )


def branch(
    *own: float, branch_points: tuple[BranchPoint, ...], config: RunConfig | None = None
) -> JobSnapshot:
    """A run after epochs of 0.111, 0.222, ... in its line, with epochs of its own."""
    before = [epoch(number, 0.111 * number) for number in range(1, branch_points[-1].epoch + 1)]
    return JobSnapshot(
        "new",
        config or tiny_config(),
        "running",
        history=tuple(
            epoch(place + 1, accuracy, best=accuracy == max(own[: place + 1]))
            for place, accuracy in enumerate(own)
        ),
        before=Lineage.of(branch_points, [], before),
    )


def said(snapshot: JobSnapshot) -> str:
    return origin_words(snapshot).replace("\\", "")


def test_a_run_that_ends_worse_than_it_began_says_so():
    words = said(branch(0.1, 0.299, 0.2, branch_points=(branch_point("first", 5),)))
    assert words == (
        "Started at 55.5 % accuracy on validation names, leak-free split (epoch 5 of run first); "
        "best since then: 29.9 % (its epoch 2). None of its own epochs is as good as the one it "
        "started from."
    )


@pytest.mark.parametrize("best", [0.555, 0.8])
def test_a_run_that_does_not_says_how_far_it_has_come(best):
    words = said(branch(0.1, best, branch_points=(branch_point("first", 5),)))
    assert words.endswith(f"best since then: {100 * best:.1f} % (its epoch 2).")


def test_the_best_epoch_is_the_one_whose_weights_are_kept():
    snapshot = branch(branch_points=(branch_point("first", 1),))
    kept = (epoch(1, 0.5, best=True), epoch(2, 0.5, best=True), epoch(3, 0.5))  # by their losses
    assert said(replace(snapshot, history=kept)).endswith("50.0 % (its epoch 2).")


def test_before_its_first_epoch_there_is_nothing_to_compare():
    words = said(branch(branch_points=(branch_point("first", 5),)))
    assert words.endswith("(epoch 5 of run first); it has no epoch of its own yet.")


def test_the_epoch_is_counted_in_the_run_that_is_gone_on_from():
    words = said(branch(0.9, branch_points=(branch_point("first", 3), branch_point("second", 5))))
    assert words.startswith("Started at 55.5 %")
    assert "(epoch 2 of run second)" in words


def test_training_names_are_called_so():
    report = RunConfig(training=TrainConfig(protocol="course"))
    words = said(branch(0.9, branch_points=(branch_point("first", 5),), config=report))
    assert "accuracy on training names, drawn uniformly over categories (epoch 5" in words
    assert "validation" not in words


def test_without_a_beginning_or_its_record_nothing_is_said():
    assert (
        origin_words(JobSnapshot("new", tiny_config(), "running", history=(epoch(1, 0.5),))) == ""
    )
    torn = Lineage.of((branch_point("first", 5),), [], [epoch(4, 0.5)])
    assert (
        origin_words(replace(branch(0.9, branch_points=(branch_point("first", 5),)), before=torn))
        == ""
    )
