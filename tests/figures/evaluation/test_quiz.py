import pytest

from namerec.core.tasks.quiz_scores import Tally
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.evaluation.quiz import NO_NAMES, quiz_bars, quiz_figure

CATEGORIES = ("Czech", "English", "Scottish")
TALLIES = (Tally((0,), 3, 1, 2), Tally((1, 2), 1, 1, 0))


def test_the_bars_are_the_names_right_and_the_frame_the_names_asked():
    shown = quiz_bars(TALLIES, CATEGORIES)
    assert shown.titles == ["Czech", "English or Scottish"]
    assert (shown.names, shown.you, shown.network) == ([3, 1], [1, 1], [2, 0])
    assert shown.words == [
        "Czech: 3 names; you got 1 right, the network 2",
        "English or Scottish: 1 name; you got 1 right, the network 0",
    ]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_yours_stand_above_the_networks_in_one_frame(theme):
    figure = quiz_figure(TALLIES, CATEGORIES, theme)
    frame, you, network = figure.data
    assert [list(bars.x) for bars in figure.data] == [[3, 1], [1, 1], [2, 0]]
    assert (you.name, network.name, frame.showlegend) == ("you", "the network", False)
    assert (you.marker.color, network.marker.color) == (theme.highlight, theme.accent)
    # Rows run downward, so the bar with the lower offset is the upper one; both fit the frame.
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
    assert -frame.width / 2 <= you.offset < you.offset + you.width <= network.offset
    assert network.offset + network.width <= frame.width / 2
    assert list(figure.layout.yaxis.ticktext) == ["Czech", "English or Scottish"]
    assert figure.layout.xaxis.title.text == "names right (outline: names asked)"
    assert figure.layout.xaxis.dtick == 1
    assert alt_text(figure) == (
        "Names right in this round, by language. Czech: 3 names; you got 1 right, the network "
        "2; English or Scottish: 1 name; you got 1 right, the network 0."
    )


def test_markup_in_categories_is_shown_literally():
    figure = quiz_figure([Tally((0,), 1, 0, 1)], ["<b>x</b>"], LIGHT)
    assert figure.layout.yaxis.ticktext[0] == "&lt;b&gt;x&lt;/b&gt;"
    assert all("<b>" not in bars.hovertext[0] for bars in figure.data)


def test_without_names_the_figure_is_empty_and_says_so():
    figure = quiz_figure([], CATEGORIES, LIGHT)
    assert not figure.data
    assert figure.layout.annotations[0].text == NO_NAMES
    assert alt_text(figure) == f"Names right in this round, by language. {NO_NAMES}."
