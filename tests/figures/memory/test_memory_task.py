import pytest

from namerec.core.tasks.memory_curves import DISTANCES, MEMORY_TITLES, MemoryPoint, memory_curves
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.memory.memory_task import NOTHING_YET, memory_figure


def curves(*accuracies: tuple[str, int, int, float]):
    return memory_curves(
        MemoryPoint(network, noise, seed, accuracy, 571)  # type: ignore[arg-type]
        for network, noise, seed, accuracy in accuracies
    )


SOME = curves(
    ("rnn", 5, 0, 1.0), ("rnn", 5, 1, 0.5), ("rnn", 50, 0, 0.125),
    ("lstm", 5, 0, 1.0), ("lstm", 50, 0, 0.98),
)  # fmt: skip


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_lines_are_accuracies_in_percent_over_distances(theme):
    figure = memory_figure(SOME, theme, distances=DISTANCES)
    rnn, lstm = figure.data
    assert rnn.y == (75.0, 12.5)
    assert rnn.error_y.array == (25.0, 0.0)
    assert rnn.error_y.arrayminus == (25.0, 0.0)
    assert lstm.y == (100.0, 98.0)
    for line in (rnn, lstm):
        assert line.x == pytest.approx((5, 50), rel=0.07)
    assert rnn.x != lstm.x  # equal points stand side by side
    assert (rnn.name, lstm.name) == (MEMORY_TITLES["rnn"], MEMORY_TITLES["lstm"])
    assert len({(line.marker.symbol, line.line.color) for line in figure.data}) == 2
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.xaxis.tickvals == DISTANCES
    assert figure.layout.shapes[0].y0 == figure.layout.shapes[0].y1 == 12.5
    assert "12.5 %" in figure.layout.annotations[0].text


def test_a_hover_says_on_how_many_test_sequences_and_seeds():
    rnn = memory_figure(SOME, LIGHT, distances=DISTANCES).data[0]
    assert "75 % of 571 test sequences, leak-free split" in rnn.text[0]
    assert "mean of 2 seeds, from 50 % to 100 %" in rnn.text[0]
    assert "one seed" in rnn.text[1]


def test_curves_behind_are_lines_without_marks_or_legend():
    figure = memory_figure(SOME[:1], LIGHT, distances=DISTANCES, behind=SOME)
    faint = figure.data[:2]
    assert [line.showlegend for line in figure.data] == [False, False, True]
    assert {line.mode for line in faint} == {"lines"}
    assert [line.y for line in faint] == [(75.0, 12.5), (100.0, 98.0)]


def test_an_empty_chart_says_so():
    figure = memory_figure([], LIGHT, distances=DISTANCES)
    assert figure.layout.annotations[-1].text == NOTHING_YET
    assert NOTHING_YET in alt_text(figure)


def test_the_alternative_text_has_the_numbers():
    words = alt_text(memory_figure(SOME, LIGHT, distances=DISTANCES))
    assert "RNN (linear): 75 % at 5, 12.5 % at 50" in words
    assert "LSTM (built-in): 100 % at 5, 98 % at 50" in words
