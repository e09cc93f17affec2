from dataclasses import replace

import numpy as np
import pytest

from namerec.core.training.config import TrainConfig
from namerec.core.training.run_curves import RunCurves, Stretch
from namerec.figures.base.points import MOST_POINTS
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.training.curves import running_mean
from namerec.figures.training.overlay import (
    LOSSES,
    MOST_RUNS,
    SCORES,
    SYMBOLS,
    OverlaidRun,
    View,
    overlaid_lines,
    overlay_figure,
)
from tests.figures.records import HELD_OUT, epoch


def run(name: str = "A run", steps: int = 20, branch_points=(), loss=None) -> OverlaidRun:
    """Loss 3 / step, and epochs that end at steps 10 and 20 after one and two seconds."""
    step = np.arange(1, steps + 1)
    passes = [replace(epoch(number, 1 / number), seconds=float(number)) for number in (1, 2)]
    losses = 3.0 / step if loss is None else np.asarray(loss, dtype=float)
    curves = RunCurves(step, losses, passes, (Stretch(0, TrainConfig(batch_size=4)),))
    return OverlaidRun(name, curves, HELD_OUT, branch_points)


RAW = View(smoothing=0)


def test_every_run_has_its_curves_as_they_were_recorded():
    lines = overlaid_lines([run(), run("B")], LOSSES, RAW)
    assert [(line.run, line.quantity) for line in lines] == [
        (0, "train_loss"), (0, "validation_loss"), (1, "train_loss"), (1, "validation_loss"),
    ]  # fmt: skip
    assert lines[0].x.tolist() == list(range(1, 21))
    np.testing.assert_array_equal(lines[0].y, 3.0 / np.arange(1, 21))
    assert lines[1].x.tolist() == [10, 20]
    assert lines[1].y.tolist() == [1, 0.5]
    assert lines[1].epoch.tolist() == [1, 2]
    accuracy, recall = overlaid_lines([run()], SCORES, RAW)
    assert (accuracy.y.tolist(), recall.y.tolist()) == ([50, 50], [25, 25])


@pytest.mark.parametrize(
    ("along", "places"),
    [("step", [10, 20]), ("epoch", [1, 2]), ("names", [40, 80]), ("seconds", [1, 2])],
)
def test_curves_are_drawn_along_what_was_asked_for(along, places):
    view = View(along=along, smoothing=0)
    _, held_out = overlaid_lines([run()], LOSSES, view)
    assert held_out.x.tolist() == places
    figure = overlay_figure([run()], LOSSES, LIGHT, view)
    assert list(figure.data[1].x) == places


def test_smoothing_is_the_running_mean_and_what_was_measured_stays_behind_it():
    share = 0.3  # of 20 points: three on each side
    line = overlaid_lines([run()], LOSSES, View(smoothing=share))[0]
    losses = 3.0 / np.arange(1, 21)
    for place in (0, 2, 10, 19):
        around = losses[max(place - 3, 0) : place + 4]
        assert line.y[place] == pytest.approx(around.mean())
    assert line.raw is not None
    np.testing.assert_array_equal(line.raw, losses)
    figure = overlay_figure([run()], LOSSES, LIGHT, View(smoothing=share))
    assert list(figure.data[0].y) == losses.tolist()
    assert "running mean" in figure.data[1].hovertemplate
    assert "running mean" not in figure.data[2].hovertemplate  # two epochs have no neighbours


def test_lines_are_not_drawn_across_epochs_without_records():
    whole = run(steps=40).curves
    read = (whole.step <= 10) | (whole.step > 30)
    passes = [epoch(number, 1 / number) for number in (1, 4)]
    torn = replace(whole, step=whole.step[read], loss=whole.loss[read], epochs=passes)
    train, held_out = overlay_figure([replace(run(), curves=torn)], LOSSES, LIGHT, RAW).data
    assert np.flatnonzero(np.isnan(train.y)).tolist() == [10]
    np.testing.assert_array_equal(held_out.y, [1, np.nan, 1 / 4])


def test_a_running_mean_of_no_share_is_the_values():
    values = np.array([1.0, 5, 2])
    np.testing.assert_allclose(running_mean(values, 0), values)


def test_what_is_not_finite_or_not_on_a_logarithmic_axis_is_left_out():
    losses = [3, np.nan, 2, 0, np.inf, 1]
    shown = overlaid_lines([run(steps=6, loss=losses)], ("train_loss",), RAW)[0]
    assert shown.y.tolist() == [3, 2, 0, 1]
    logged = overlaid_lines(
        [run(steps=6, loss=losses)], ("train_loss",), replace(RAW, log_up=True)
    )[0]
    assert (logged.x.tolist(), logged.y.tolist()) == ([1, 3, 6], [3, 2, 1])


def test_logarithmic_axes_are_asked_for_one_by_one():
    straight = overlay_figure([run()], LOSSES, LIGHT, RAW)
    assert (straight.layout.xaxis.type, straight.layout.yaxis.type) == (None, None)
    across = overlay_figure([run()], LOSSES, LIGHT, replace(RAW, log_across=True))
    assert (across.layout.xaxis.type, across.layout.yaxis.type) == ("log", None)
    up = overlay_figure([run()], LOSSES, LIGHT, replace(RAW, log_up=True))
    assert (up.layout.xaxis.type, up.layout.yaxis.type) == (None, "log")


@pytest.mark.parametrize(
    ("steps", "ticks"),
    [
        ([2, 8], ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]),
        ([3, 90], ["1", "2", "5", "10", "20", "50", "100"]),
        ([1, 100_000], ["1", "10", "100", "1\u202f000", "10\u202f000", "100\u202f000"]),
    ],
)
def test_a_logarithmic_axis_is_written_in_whole_numbers(steps, ticks):
    curves = RunCurves(np.array(steps), np.ones(2), (), (Stretch(0, TrainConfig()),))
    figure = overlay_figure(
        [OverlaidRun("A", curves, HELD_OUT)], LOSSES, LIGHT, replace(RAW, log_across=True)
    )
    shown = list(figure.layout.xaxis.ticktext)
    assert shown[: len(ticks)] == ticks
    assert figure.layout.xaxis.tickvals[0] == 1


def test_runs_have_colours_and_marks_and_what_is_measured_has_dashes():
    figure = overlay_figure([run(str(place)) for place in range(MOST_RUNS)], LOSSES, DARK, RAW)
    pairs = list(zip(figure.data[::2], figure.data[1::2], strict=True))
    assert len({train.line.color for train, _ in pairs}) == MOST_RUNS == len(set(SYMBOLS))
    for train, held_out in pairs:
        assert train.line.color == held_out.line.color
        assert (train.line.dash, held_out.line.dash) == ("dot", "solid")
    assert [held_out.marker.symbol for _, held_out in pairs] == list(SYMBOLS)
    assert [trace.showlegend for trace in figure.data] == [True, False] * MOST_RUNS


def test_a_run_without_its_first_curve_still_stands_in_the_key():
    without = run("B", steps=0)
    figure = overlay_figure([run("A"), without], LOSSES, LIGHT, RAW)
    assert [trace.name for trace in figure.data if trace.showlegend] == ["A", "B"]


@pytest.mark.parametrize(("log_across", "place"), [(False, 10), (True, 1)])
def test_where_a_run_goes_on_from_another_a_line_and_words_stand(log_across, place):
    joined = run("B", branch_points=((10, "B goes on from A"),))
    figure = overlay_figure([run("A"), joined], LOSSES, LIGHT, replace(RAW, log_across=log_across))
    (shape,) = figure.layout.shapes
    assert (shape.x0, shape.x1) == (10, 10)
    (words,) = figure.layout.annotations
    assert words.text == "B goes on from A"
    assert words.x == pytest.approx(place)
    assert "B goes on from A at step 10" in alt_text(figure)


def test_what_a_run_goes_on_from_is_drawn_over_it_and_the_key_keeps_its_order():
    runs = [run("A"), run("B", branch_points=((10, "B goes on from A"),))]
    figure = overlay_figure(runs, SCORES, LIGHT, RAW)
    in_key = [trace for trace in figure.data if trace.showlegend]
    assert [trace.name for trace in in_key] == ["B", "A"]
    assert [trace.legendrank for trace in in_key] == [2, 1]
    assert [trace.line.color for trace in in_key] == [LIGHT.categorical[1], LIGHT.categorical[0]]


def test_joints_at_one_place_share_a_line_and_no_words_twice():
    branch_points = ((10, "B goes on from A"),)
    other = ((10, "C goes on from A"),)
    runs = [
        run("B", branch_points=branch_points),
        run("D", branch_points=branch_points),
        run("C", branch_points=other),
    ]
    figure = overlay_figure(runs, LOSSES, LIGHT, RAW)
    assert len(figure.layout.shapes) == 1
    assert figure.layout.annotations[0].text == "B goes on from A; C goes on from A"


def test_titles_are_text_and_axes_say_what_they_measure():
    figure = overlay_figure([run("<b>$x$</b>")], SCORES, LIGHT, View(along="seconds"))
    assert figure.data[0].name == "&lt;b&gt;&#36;x&#36;&lt;/b&gt;"
    assert "<b>" not in figure.data[0].hovertemplate
    assert HELD_OUT in figure.data[0].hovertemplate
    assert figure.layout.xaxis.title.text == "seconds of training"
    assert figure.layout.yaxis.title.text == "accuracy, recall (%)"
    alone = overlay_figure([run()], SCORES[:1], LIGHT, RAW)
    assert alone.layout.yaxis.title.text == "accuracy (%)"
    assert "validation accuracy: 50 %" in alt_text(figure)


def test_long_runs_are_thinned_out_and_nothing_to_draw_is_said():
    long = run(steps=5000)
    figure = overlay_figure([long], ("train_loss",), LIGHT, RAW)
    assert len(figure.data[0].x) <= MOST_POINTS
    empty = overlay_figure([run(steps=0)], ("train_loss",), LIGHT, RAW)
    assert empty.layout.annotations[0].text == "Nothing measured yet."
    assert overlay_figure([], LOSSES, LIGHT, RAW).layout.annotations[0].text
