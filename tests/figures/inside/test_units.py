from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
import pytest

from namerec.core.inside.trace import GateTrace
from namerec.core.inside.units import spread
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.inside.units import overview_figure, unit_figure, unit_from
from tests.figures.records import trace

SYMBOLS = ("f", "i", "o", "g", "c", "h")


def overview(told: GateTrace, symbols: tuple[str, ...] = SYMBOLS) -> go.Figure:
    return overview_figure(told, 0, {s: spread(told, s, 0) for s in symbols}, LIGHT)


def test_each_gate_has_a_strip_with_its_mean_and_its_range():
    told = trace("Anna", units=11)
    figure = overview(told)
    for row, symbol in enumerate(SYMBOLS):
        band, mean = figure.data[2 * row : 2 * row + 2]
        assert band.yaxis == mean.yaxis == ("y" if row == 0 else f"y{row + 1}")
        expected = spread(told, symbol, 0)
        np.testing.assert_allclose(mean.y, expected.mean)
        np.testing.assert_allclose(band.y, [*expected.high, *expected.low[::-1]])
        assert list(band.x) == [0, 1, 2, 3, 3, 2, 1, 0]
    assert [note.text for note in figure.layout.annotations][:2] == [
        "forget gate f",
        "input gate i",
    ]
    assert figure.data[1].text[3].startswith("letter 4 ‘a’: mean 0.30, four units in five between")


def test_strips_lie_one_above_the_other_and_keep_the_bounds_of_the_equations():
    layout = overview(trace("Anna")).layout
    domains = [layout[f"yaxis{row}" if row > 1 else "yaxis"].domain for row in range(1, 7)]
    for above, below in pairwise(domains):
        assert above[0] > below[1]
    assert (domains[0][1], domains[-1][0]) == (1, pytest.approx(0))
    assert list(layout.yaxis.tickvals) == [0, 0.5, 1]
    assert list(layout.yaxis4.tickvals) == [-1, 0, 1]
    assert list(layout.yaxis5.ticktext) == ["−0.5", "0", "0.5"]  # holds 0.3
    assert layout.xaxis.anchor == "y6"


def test_a_unit_shows_its_own_values_gates_above_and_states_below():
    told = trace("Anna", units=3, layers=2)
    told.values["c"] = told.values["c"] + 7.1
    figure = unit_figure(told, 1, 2, DARK)
    assert [line.name[-1] for line in figure.data] == list("ifogch")
    for line in figure.data:
        np.testing.assert_array_equal(line.y, told.values[line.name[-1]][:, 1, 2])
        assert line.yaxis == ("y" if line.name[-1] in "ifo" else "y2")
    assert figure.layout.yaxis2.tickvals[-1] == 7.5
    looks = {(line.line.dash, line.line.color) for line in figure.data}
    assert len(looks) == 6
    assert "i 0.31, f 0.31" in alt_text(figure)


def test_a_network_without_gates_has_one_panel():
    told = trace("Anna", kind="rnn")
    figure = unit_figure(told, 0, 1, LIGHT)
    assert len(figure.data) == 1
    assert not figure.data[0].showlegend
    assert len(overview(told, ("h",)).data) == 2


def test_letters_are_shown_letter_by_letter():
    layout = unit_figure(trace("a b"), 0, 0, LIGHT).layout
    assert list(layout.xaxis.ticktext) == ["a", "␣", "b"]


def test_without_letters_the_figures_say_so():
    for figure in (unit_figure(trace(""), 0, 0, LIGHT), overview_figure(trace(""), 0, {}, LIGHT)):
        assert not figure.data
        assert figure.layout.annotations[-1].text.startswith("There is no letter")


@pytest.mark.parametrize(
    ("points", "unit"),
    [
        ([{"customdata": 5}], 4),
        ([{"customdata": [8]}, {"customdata": 1}], 7),
        ([{"customdata": 9}], None),
        ([{"customdata": 0}], None),
        ([{"customdata": True}], None),
        ([{"customdata": "5"}], None),
        ([{}], None),
        (["5"], None),
        ([], None),
        (None, None),
    ],
)
def test_a_click_selects_a_unit_of_the_layer_or_nothing(points, unit):
    assert unit_from(points, 8) == unit
