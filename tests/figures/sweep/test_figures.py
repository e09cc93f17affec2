import numpy as np
import pytest

from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.sweep.importance import importance_figure
from namerec.figures.sweep.pairs import pairs, pairs_figure
from namerec.figures.sweep.parallel import coordinates, parallel_figure
from namerec.figures.sweep.points import SweepAxis
from namerec.figures.sweep.progress import best_so_far, progress_figure
from tests.figures.sweep.points import AXES, LAYERS, POINTS, RATE, SIZE, point


def test_the_best_so_far_rises_with_complete_trials_alone():
    assert best_so_far(POINTS) == ([0, 1, 3], [0.5, 0.5, 0.75])
    figure = progress_figure(POINTS, AXES, 10, LIGHT)
    drawn = {trace.name: (list(trace.x), list(trace.y)) for trace in figure.data}
    assert drawn == {
        "complete": ([0, 1, 3], [50, 40, 75]),
        "pruned": ([2], [30]),
        "best so far": ([0, 1, 3], [50, 50, 75]),
    }
    assert list(figure.data[0].error_y.array) == [1, 1, 1]
    assert "The best so far is 75.0 %, first reached by trial 3." in alt_text(figure)


def test_a_value_lies_on_its_axis_where_it_is_looked_for():
    assert (RATE.place(0.01), RATE.ends()) == (-2, (-3, -1))
    assert (SIZE.place(16), SIZE.ends()) == (1, (0, 2))
    assert (LAYERS.place(2), LAYERS.ends()) == (2, (1, 3))
    assert SIZE.ticks() == ([0, 1, 2], ["8", "16", "32"])
    places, words = RATE.ticks() or ([], [])
    assert words == ["0.001", "0.002", "0.005", "0.01", "0.02", "0.05", "0.1"]
    assert places == pytest.approx(np.log10([float(word) for word in words]))
    assert LAYERS.cells(6) == [(0.5, 1.5, "1"), (1.5, 2.5, "2"), (2.5, 3.5, "3")]
    narrow = SweepAxis("learning_rate", "Learning rate", (), 0.0031, 0.0042, log=True)
    assert (narrow.ticks() or ([], []))[1] == ["0.0031", "0.0042"]


def test_complete_trials_are_lines_from_axis_to_axis_the_best_on_top():
    shown = coordinates(POINTS, AXES)
    assert shown.scores == [40, 50, 75]
    assert shown.heights[-1] == [0.5, 0.5, 0.5, 1]
    assert shown.heights[0] == [1, 0.5, 0.5, 0]
    figure = parallel_figure(POINTS, AXES, DARK)
    *lines, bar = figure.data
    assert [list(line.y) for line in lines] == shown.heights
    assert [line.line.width for line in lines] == [1.5, 1.5, 3]
    assert (bar.marker.cmin, bar.marker.cmax) == (40, 75)
    assert list(figure.layout.xaxis.ticktext) == [
        "Learning rate", "Hidden units", "Layers", "accuracy (%)"
    ]  # fmt: skip


def test_a_cell_of_two_settings_shows_its_best_trial_and_its_spread():
    points = [*POINTS, point(5, 0.6, 0.011, 16)]
    shown = pairs(points, RATE, SIZE, AXES)
    assert shown.score.shape == (3, 6)
    filled = [tuple(cell) for cell in np.argwhere(~np.isnan(shown.score)).tolist()]
    assert {cell: shown.score[cell] for cell in filled} == {(0, 0): 0.5, (1, 5): 0.4, (1, 3): 0.75}
    assert shown.words[1][3] == "75.0 ± 1.0"
    assert shown.hover[1][3].splitlines()[-1] == "the best of 2 here"
    assert shown.y == ["8", "16", "32"]
    figure = pairs_figure(points, RATE, SIZE, AXES, LIGHT)
    (cells,) = figure.data
    assert cells.z[1][3] == 75
    assert cells.z[2][3] is None
    assert "75.0" in cells.text[1][3]
    assert "± 1.0" in cells.text[1][3]


def test_what_matters_most_stands_at_the_top():
    figure = importance_figure({"Layers": 0.2, "Learning rate": 0.8}, LIGHT)
    (bars,) = figure.data
    assert (list(bars.x), list(bars.y)) == ([80, 20], [0, 1])
    assert list(figure.layout.yaxis.ticktext) == ["Learning rate", "Layers"]
    assert alt_text(figure).endswith("Learning rate 80 %; Layers 20 %.")


def test_a_sweep_that_has_nothing_yet_is_a_sentence():
    for figure in (
        progress_figure([], AXES, 5, LIGHT),
        parallel_figure(POINTS[:1], AXES, LIGHT),
        pairs_figure([], RATE, SIZE, AXES, LIGHT),
        importance_figure({}, LIGHT),
    ):
        assert len(figure.data) == 0
        assert figure.layout.annotations[0].text
