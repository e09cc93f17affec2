import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.gradients import ByStep
from namerec.figures.gradients import (
    NOTHING,
    Curve,
    finding_words,
    gradient_figure,
    log_ticks,
    power_words,
    share_words,
)
from namerec.figures.theme import DARK, LIGHT, alt_text
from tests.core.references import modest


def curve(name: str, means: list[float], expected: float | None = None, start: int = 0) -> Curve:
    mean = np.array(means)
    steps = np.arange(start, start + len(means))
    summed = ByStep(steps, 20 - steps, mean, mean / 2, mean * 2, 0)
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
        "Gradient of the loss by the hidden state h by letters back from the end of the name, as "
        "a share of that at the end, geometric mean over names, on a logarithmic axis. RNN "
        "(linear): 100 % at 1, 20 % at 3; none: nothing to show; LSTM <b>: 100 % at "
        "0, 30 % at 4."
    )


def test_absolute_norms_are_told_as_they_are():
    figure = gradient_figure([curve("LSTM", [0.02, 3e-7])], LIGHT, symbol="c", relative=False)
    assert figure.data[-1].text[1] == "<b>LSTM</b> 3e-07 (1.5e-07 to 6e-07; 19 names)"
    assert figure.layout.yaxis.title.text == "norm of the gradient by the cell state c"
    assert figure.layout.yaxis.ticktext[0] == "10⁻⁷"


def test_an_empty_figure_says_why():
    figure = gradient_figure([NONE], LIGHT, symbol="c", relative=True)
    assert figure.layout.annotations[0].text == NOTHING
    assert len(figure.data) == 0


@modest
@given(st.floats(1e-30, 1e20), st.floats(1, 1e15))
def test_ticks_go_around_all_values_and_are_not_too_many(low, times):
    high = low * times
    ticks = log_ticks(low, high)
    assert ticks[0] <= low * 1.01
    assert ticks[-1] >= high * 0.99
    assert 2 <= len(ticks) <= 9
    assert ticks == sorted(set(ticks))


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (1.0, "100 %"), (1.27, "127 %"), (2.04, "2.0 times"), (3456.7, "3\u202f457 times"),
        (0.147, "15 %"), (0.0063, "0.63 %"), (0.00006, "0.006 %"), (3.1e-7, "3·10⁻⁷"),
        (9.9e-8, "10⁻⁷"),
    ],
)  # fmt: skip
def test_shares_are_told_in_percent_in_times_or_as_powers_of_ten(share, words):
    assert share_words(share) == words


def test_powers_of_ten_are_written_as_such():
    assert (power_words(1e-30), power_words(1000.0)) == ("10⁻³⁰", "10³")


def test_the_finding_compares_all_networks_at_the_farthest_step_that_all_have():
    found = finding_words([RNN, LSTM], "hidden state", [curve("LSTM <b>", [1, 0.1, 0.01, 0.001])])
    assert found == (
        "3 letters back, the gradient by the hidden state compares with that at the end of the "
        "name as follows: 20 % in RNN (linear), 60 % in LSTM <b> (geometric means over the 17 "
        "names that are long enough). The largest share arrives in LSTM <b>, the smallest in RNN "
        "(linear). Before training it was 0.1 % in LSTM <b>. For RNN (linear) the end is the "
        "state before the last letter, the last one that the answer reads."
    )


def test_the_finding_is_about_one_network_if_there_is_one():
    found = finding_words([curve("LSTM", [1, 2.5]), NONE], "cell state")
    assert found.startswith("1 letter back, the gradient by the cell state compares")
    assert "2.5 times in LSTM (geometric means over the 19 names" in found
    assert "largest" not in found


@pytest.mark.parametrize("curves", [[], [NONE], [curve("short", [1])]])
def test_names_too_short_to_look_back_are_told(curves):
    assert finding_words(curves, "hidden state") == "The names here are too short to look back."
