from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from namerec.figures.base.points import MOST_POINTS, decimate
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.training.curves import (
    BASELINE_GAP,
    History,
    accuracy_curves,
    accuracy_figure,
    loss_curves,
    loss_figure,
    places_beside,
    running_mean,
)
from tests.figures.records import HELD_OUT, history

LINES = hnp.arrays(
    np.float64, st.integers(0, 3000), elements=st.floats(-1e6, 1e6), fill=st.nothing()
)


@given(y=LINES, most=st.integers(4, 600))
def test_a_decimated_line_is_short_in_order_and_keeps_its_ends_and_peaks(y, most):
    x = np.arange(len(y))
    kept_x, kept_y = decimate(x, y, most)
    assert len(kept_x) == len(kept_y) <= max(most, 0)
    assert np.all(np.diff(kept_x) > 0)
    np.testing.assert_array_equal(kept_y, y[kept_x])
    if len(y):
        assert (kept_x[0], kept_x[-1]) == (0, len(y) - 1)
        assert (kept_y.min(), kept_y.max()) == (y.min(), y.max())


def test_every_bucket_keeps_its_lowest_and_highest_point():
    y = np.array([5.0, 1, 9, 2, 3, 8, 0, 4, 7, 6])
    kept, _ = decimate(np.arange(10), y, 6)  # inner buckets: 1 9 2 3 and 8 0 4 7
    assert kept.tolist() == [0, 1, 2, 5, 6, 9]


def test_a_short_line_stays_whole():
    x, y = np.arange(4), np.array([1.0, 2, 3, 4])
    assert decimate(x, y, 4)[0] is x


def test_a_value_that_is_no_number_never_hides_one():
    y = np.full(1000, np.nan)
    y[500] = 3.0
    assert 500 in decimate(np.arange(1000), y, 50)[0]


def test_fewer_points_than_a_line_needs_are_refused():
    with pytest.raises(ValueError, match="3 points"):
        decimate(np.arange(9), np.arange(9.0), 3)


def test_the_loss_figure_shows_what_was_recorded():
    figure = loss_figure(history(steps=3, epochs=2), LIGHT)
    train, _mean, held_out = figure.data
    assert list(train.x) == [1, 2, 3]
    assert list(train.y) == [3.0, 1.5, 1.0]
    assert list(held_out.x) == [10, 20]
    assert list(held_out.y) == [1.0, 0.5]
    assert list(held_out.customdata) == [1, 2]
    assert figure.layout.yaxis.title.text == "loss (nats)"
    assert figure.layout.xaxis.title.text == "step"


def test_the_strong_line_is_the_mean_of_what_stands_around():
    values = np.arange(1000.0) ** 2
    means = running_mean(values)
    for place in (0, 7, 500, 999):
        around = values[max(place - 15, 0) : place + 16]
        assert means[place] == pytest.approx(around.mean())
    assert len(running_mean(np.array([]))) == 0


def test_a_long_run_is_thinned_out():
    curves = loss_curves(history(steps=5000))
    assert len(curves.train_step) <= MOST_POINTS
    assert curves.train_step[-1] == 5000


def test_lines_are_not_drawn_across_epochs_without_records():
    """Of five epochs of ten steps the lines of the second and third are torn."""
    whole = history(steps=50, epochs=5)
    read = np.flatnonzero((whole.step <= 10) | (whole.step > 30))
    torn = replace(
        whole,
        step=whole.step[read],
        loss=whole.loss[read],
        epochs=[record for record in whole.epochs if record.epoch not in (2, 3)],
    )
    train, mean, held_out = loss_figure(torn, LIGHT).data
    for line in (train, mean):
        assert [x for x, y in zip(line.x, line.y, strict=True) if np.isnan(y)] == [31]
        assert line.x[9:12] == (10, 31, 31)
        assert not line.connectgaps
    np.testing.assert_array_equal(held_out.y, [1, np.nan, 1 / 4, 1 / 5])
    for line in accuracy_figure(torn, LIGHT).data:
        assert np.isnan(line.y).tolist() == [False, True, False, False]
    assert not np.isnan(
        loss_curves(replace(torn, step=whole.step, loss=whole.loss)).train_loss
    ).any()


def test_accuracies_are_percentages():
    curves = accuracy_curves(history(epochs=1, baselines=(("majority", 0.519),)))
    assert curves.train == [pytest.approx(40)]
    assert curves.held_out == [50]
    assert curves.macro_recall == [25]
    assert dict(curves.baselines) == pytest.approx({"majority": 51.9})


def test_legends_say_what_was_measured_on_which_names():
    for make in (loss_figure, accuracy_figure):
        named = [trace for trace in make(history(), LIGHT).data if trace.name]
        assert [trace.name for trace in named][:2] == ["train, dropout on", "validation"]
        assert HELD_OUT in named[1].hovertemplate


def test_under_the_report_protocol_nothing_is_called_validation():
    words = "training names, drawn uniformly over categories"
    told = history(protocol="course", held_out=words)
    for make in (loss_figure, accuracy_figure):
        figure = make(told, LIGHT)
        assert "validation" not in figure.to_json()
        assert "training names" in [trace.name for trace in figure.data]


def test_baselines_are_lines_with_their_value():
    baselines = (("<i>guess</i>", 0.519), ("n-gram", 0.814))
    shapes = accuracy_figure(history(baselines=baselines), DARK).layout.shapes
    assert [shape.y0 for shape in shapes[::2]] == [pytest.approx(51.9), pytest.approx(81.4)]
    words = [shape.label.text for shape in shapes[1::2]]
    assert words == ["&lt;i&gt;guess&lt;/i&gt; 51.9 %", "n-gram 81.4 %"]


@given(st.lists(st.floats(0, 100), max_size=6))
def test_words_of_baselines_keep_the_lines_order_and_do_not_overlap(values):
    places = places_beside(sorted(values), BASELINE_GAP)
    assert len(places) == len(values)
    assert all(b - a >= BASELINE_GAP * 0.99 for a, b in pairwise(places))
    assert all(BASELINE_GAP / 2 <= place <= 100 - BASELINE_GAP / 2 for place in places)


def test_words_of_crowded_baselines_share_one_stack():
    assert places_beside([50.0, 81.0, 84.0], 6.0) == [47.0, 87.0, 93.0]
    assert places_beside([94.0, 96.0, 98.0], 6.0) == [79.0, 85.0, 91.0]


@pytest.mark.parametrize("make", [loss_figure, accuracy_figure])
def test_a_run_that_has_not_reported_yet_gives_the_titled_empty_figure(make):
    figure = make(history(steps=0, epochs=0), LIGHT)
    assert figure.layout.yaxis.title.text
    assert figure.layout.annotations[0].text == "Nothing measured yet."
    assert "Nothing measured yet" in alt_text(figure)


def test_a_diverged_run_is_drawn():
    told = history()
    told = History(told.step, np.full(20, np.nan), told.epochs, "raw", HELD_OUT)
    assert len(loss_figure(told, LIGHT).data[0].x) == 20


def test_the_words_for_those_who_cannot_see_hold_the_last_epoch():
    assert "After epoch 2: 0.600 in training" in alt_text(loss_figure(history(), LIGHT))
    assert f"50 % on {HELD_OUT}" in alt_text(accuracy_figure(history(), LIGHT))


def test_the_users_zoom_survives_new_data():
    first, second = (loss_figure(history(steps=n), LIGHT).layout.uirevision for n in (5, 50))
    assert first == second is not None


def test_a_joint_is_a_line_with_words_and_the_mean_does_not_reach_across():
    steps = np.arange(1, 401)
    loss = np.where(steps <= 200, 2.0, 1.0)
    joined = History(steps, loss, [], "leak-free", HELD_OUT, branch_points=((200, "went on <b>"),))
    assert set(loss_curves(joined).mean_loss.tolist()) == {1.0, 2.0}
    apart = History(steps, loss, [], "leak-free", HELD_OUT)
    assert len(set(loss_curves(apart).mean_loss.tolist())) > 2
    for draw in (loss_figure, accuracy_figure):
        figure = draw(joined, LIGHT)
        (line,) = (shape for shape in figure.layout.shapes if shape.x0 == shape.x1)
        assert line.x0 == 200
        (words,) = (said for said in figure.layout.annotations if "went on" in said.text)
        assert (words.x, words.xanchor) == (200, "left")
        assert "<b>" not in words.text


def test_the_words_of_a_late_joint_stand_before_it_and_of_two_above_each_other():
    steps = np.arange(1, 101)
    branch_points = ((10, "went on from epoch 1"), (90, "went on from epoch 9"))
    joined = History(
        steps, np.ones(100), history().epochs, "leak-free", HELD_OUT, branch_points=branch_points
    )
    figure = loss_figure(joined, DARK)
    words = figure.layout.annotations
    assert [said.xanchor for said in words] == ["left", "right"]
    assert words[1].y > words[0].y
    assert "At step 10 the run went on from epoch 1." in alt_text(figure)
