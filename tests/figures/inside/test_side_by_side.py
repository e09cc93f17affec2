import numpy as np
import pytest

from namerec.core.inside.trace import GateTrace
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.inside.side_by_side import highest_mean, inside_figure, inside_means
from tests.figures.records import trace


def signed(values: list[float]) -> GateTrace:
    """An RNN of two units over so many letters; the second unit is the first turned around."""
    h = np.array([[[value, -value]] for value in values], dtype=np.float32)
    return GateTrace("a b"[: len(values)], {"h": h}, np.ones((len(values), 1)), ("x",), "rnn")


def test_lines_are_means_over_units_and_layers():
    shown = inside_means(trace("Anna", units=3, layers=2))
    assert list(shown.lines) == ["f", "i", "o", "h"]
    # 100 * letter + 10 * layer + unit, in thousandths: means 5 and 1 of the latter two.
    np.testing.assert_allclose(shown.lines["f"], [0.006, 0.106, 0.206, 0.306], rtol=1e-5)


def test_the_size_of_a_state_does_not_know_its_sign():
    shown = inside_means(signed([0.25, -0.5, 3]))
    np.testing.assert_allclose(shown.lines["h"], [0.25, 0.5, 3])
    assert shown.letters == ["a", "␣", "b"]


def test_an_rnn_has_one_line_with_its_name():
    figure = inside_figure(signed([0.25, 0.5]), LIGHT)
    (line,) = figure.data
    assert line.name == "size of h"
    assert list(line.y) == [0.25, 0.5]
    assert figure.layout.showlegend


def test_lines_are_told_apart_without_colours():
    figure = inside_figure(trace(), DARK)
    looks = {(line.line.dash, line.marker.symbol) for line in figure.data}
    assert len(looks) == len(figure.data) == 4


def test_one_axis_holds_all_figures():
    small, large = trace(), signed([0.25, 3])
    assert highest_mean([small]) == 1
    assert highest_mean([small, large]) == pytest.approx(3)
    assert inside_figure(small, LIGHT, highest=3).layout.yaxis.range[1] > 3
    assert highest_mean([signed([float("inf"), 2])]) == 2


def test_no_letters_give_the_titled_empty_figure():
    figure = inside_figure(trace(""), LIGHT)
    assert not figure.data
    assert figure.layout.annotations[0].text == "There is no letter to show."
    assert figure.layout.yaxis.title.text == "mean over units"


def test_the_words_for_those_who_cannot_see():
    words = alt_text(inside_figure(signed([0.25, 0.5]), LIGHT))
    assert "“a ”" in words
    assert "size of h 0.25 at the first letter, 0.50 at the last" in words
