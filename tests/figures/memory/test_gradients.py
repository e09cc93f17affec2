import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.inside.gradient_steps import ByStep
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.memory.gradient_words import Curve
from namerec.figures.memory.gradients import NOTHING, gradient_figure, log_ticks


def curve(name: str, means: list[float], expected: float | None = None, start: int = 0) -> Curve:
    mean = np.array(means)
    steps = np.arange(start, start + len(means))
    summed = ByStep(steps, 20 - steps, mean, mean / 2, mean * 2, 0 * mean)
    return Curve(name, summed, expected)


RNN = curve("RNN (linear)", [1, 0.5, 0.2], 0.5, start=1)
LSTM = curve("LSTM <b>", [1, 0.9, 0.8, 0.6, 0.3])
NONE = Curve("none", ByStep.empty(), None)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_figure_shows_means_bands_and_what_the_recurrence_alone_would_give(theme):
    figure = gradient_figure([RNN, NONE, LSTM], theme, symbol="h", relative=True)
    band, expected, rnn, other_band, lstm = figure.data
    assert list(rnn.x) == [1, 2, 3]
    assert list(rnn.y) == [1, 0.5, 0.2]
    assert list(band.x) == [1, 2, 3, 3, 2, 1]
    assert list(band.y) == [0.5, 0.25, 0.1, 0.4, 1, 2]
    assert list(expected.y) == pytest.approx([1, 0.5, 0.25])
    assert (expected.line.dash, expected.line.color) == ("dash", rnn.line.color)
    assert rnn.text[2] == "<b>RNN (linear)</b> 20 % (10 % to 40 %; 17 names)"
    assert expected.text[2] == "expected of its recurrence: 25 %"
    assert lstm.name == "LSTM &lt;b&gt;"
    assert lstm.line.color == theme.categorical[2]  # each network keeps the colour of its place
    assert rnn.marker.symbol != lstm.marker.symbol
    assert other_band.fill == "toself"
    assert figure.layout.yaxis.type == "log"
    assert list(figure.layout.yaxis.ticktext)[-2:] == ["100 %", "200 %"]
    low, high = (10**end for end in figure.layout.yaxis.range)
    assert 0.05 < low < 0.1  # of all that is drawn, the least value
    assert 2 < high < 3
    assert alt_text(figure) == (
        "Gradient of the loss with respect to the hidden state h by letters back from the end of "
        "the name, relative to the end, geometric mean over names, on a logarithmic axis. "
        "RNN (linear): 100 % at 1, 20 % at 3; none: nothing to show; LSTM <b>: 100 % at "
        "0, 30 % at 4."
    )


def test_absolute_norms_are_told_as_they_are():
    figure = gradient_figure([curve("LSTM", [0.02, 3e-7])], LIGHT, symbol="c", relative=False)
    assert figure.data[-1].text[1] == "<b>LSTM</b> 3e-07 (1.5e-07 to 6e-07; 19 names)"
    assert figure.layout.yaxis.title.text == "norm of the gradient with respect to the cell state c"
    assert figure.layout.yaxis.ticktext[0] == "10⁻⁷"


def test_an_empty_figure_says_why():
    figure = gradient_figure([NONE], LIGHT, symbol="c", relative=True)
    assert figure.layout.annotations[0].text == NOTHING
    assert len(figure.data) == 0


@given(st.floats(1e-30, 1e20), st.floats(1, 1e15))
def test_ticks_go_around_all_values_and_are_not_too_many(low, times):
    high = low * times
    ticks = log_ticks(low, high)
    assert ticks[0] <= low * 1.01
    assert ticks[-1] >= high * 0.99
    assert 2 <= len(ticks) <= 9
    assert ticks == sorted(set(ticks))
