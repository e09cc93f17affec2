import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import ArrayLike

from namerec.core.evaluation.results import Prediction
from namerec.core.inside.trace import GateTrace
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.inside.probabilities import (
    MOST_RIBBONS,
    decided_at,
    ranking_figure,
    ribbon_figure,
    ribbons,
    shared_colours,
)

RANKED = (("Japanese", 0.83), ("Italian", 0.15), ("<b>x</b>", 0.02))


def answered(
    letters: str,
    rows: ArrayLike,
    categories: tuple[str, ...] = ("Czech", "Dutch", "Irish", "Greek"),
) -> GateTrace:
    return GateTrace(letters, {}, np.array(rows, dtype=np.float32), categories, "rnn")


STORY = answered(
    "S to",
    [
        [0.50, 0.30, 0.195, 0.005],
        [0.20, 0.60, 0.195, 0.005],
        [0.10, 0.20, 0.695, 0.005],
        [0.05, 0.15, 0.795, 0.005],
    ],
)


def test_bars_say_their_percent_and_the_first_one_leads():
    (bars,) = ranking_figure(Prediction("Satō", "Sato", RANKED), LIGHT).data
    assert list(bars.x) == [83, 15, 2]
    assert list(bars.text) == ["83 %", "15 %", "2.0 %"]
    assert bars.marker.color[0] == LIGHT.accent
    assert LIGHT.accent not in bars.marker.color[1:]


def test_the_first_bar_stands_on_top_and_names_are_literal():
    layout = ranking_figure(Prediction("Satō", "Sato", RANKED), LIGHT).layout
    assert layout.yaxis.range[0] > layout.yaxis.range[1]
    assert list(layout.yaxis.ticktext) == ["Japanese", "Italian", "&lt;b&gt;x&lt;/b&gt;"]
    assert layout.xaxis.title.text == "probability (%)"


def test_categories_whose_cut_names_are_alike_keep_their_own_bars():
    ranked = (("x" * 40 + "1", 0.6), ("x" * 40 + "2", 0.4))
    (bars,) = ranking_figure(Prediction("a", "a", ranked), DARK).data
    assert list(bars.y) == [0, 1]
    assert bars.hovertext[0] != bars.hovertext[1]


def test_only_so_many_bars_are_drawn():
    (bars,) = ranking_figure(Prediction("a", "a", RANKED), LIGHT, most=2).data
    assert len(bars.x) == 2


def test_no_answer_gives_the_titled_empty_figure():
    figure = ranking_figure(Prediction("", "", ()), LIGHT)
    assert not figure.data
    assert figure.layout.annotations[0].text == "No answer yet."
    assert figure.layout.xaxis.title.text == "probability (%)"


def test_ribbons_are_those_that_lead_somewhere_and_the_final_top():
    shown = ribbons(STORY, most=1)
    assert shown.names == ["Irish", "Dutch", "Czech"]
    np.testing.assert_allclose(shown.shares[1], [0.3, 0.6, 0.2, 0.15], rtol=1e-6)
    np.testing.assert_allclose(shown.others, 0.005, rtol=1e-4)
    np.testing.assert_allclose(shown.shares.sum(axis=0) + shown.others, 1, rtol=1e-6)


def test_a_category_that_never_counts_is_one_of_the_others():
    assert ribbons(STORY, most=4).names == ["Irish", "Dutch", "Czech"]


def test_of_too_many_leaders_the_winner_and_the_highest_peaks_stay():
    size = MOST_RIBBONS + 4
    rows = np.full((size, size), 0.001)
    np.fill_diagonal(rows, np.linspace(0.9, 0.2, size))
    names = tuple(map(str, range(size)))
    shown = ribbons(answered("a" * size, rows, names))
    assert len(shown.names) == MOST_RIBBONS
    assert shown.names[0] == str(size - 1)
    assert set(shown.names[1:]) == set(names[: MOST_RIBBONS - 1])


def test_the_ribbon_figure_stacks_to_a_hundred_percent():
    figure = ribbon_figure(STORY, LIGHT)
    assert [ribbon.name for ribbon in figure.data] == ["Irish", "Dutch", "Czech", "others"]
    np.testing.assert_allclose(np.sum([ribbon.y for ribbon in figure.data], axis=0), 100, rtol=1e-5)
    assert list(figure.layout.yaxis.range) == [0, 100]
    assert list(figure.layout.xaxis.ticktext) == ["S", "␣", "t", "o"]
    assert figure.data[0].text[-1] == "Irish 80 %"


def test_flat_ends_round_to_the_letter_they_belong_to():
    x = ribbon_figure(STORY, LIGHT).data[0].x
    assert [round(place) for place in x] == [1, 1, 2, 3, 4, 4]


def test_one_letter_is_a_ribbon_too():
    figure = ribbon_figure(answered("S", [[0.7, 0.3, 0, 0]]), LIGHT)
    assert len(figure.data[0].x) == 3
    assert figure.layout.xaxis.range == (0.5, 1.5)


@pytest.mark.parametrize("rows", [np.empty((0, 4)), np.empty((0, 0))])
def test_no_letters_give_the_titled_empty_figure(rows):
    figure = ribbon_figure(answered("", rows), DARK)
    assert not figure.data
    assert figure.layout.annotations[0].text == "No answer yet."
    assert figure.layout.yaxis.title.text == "probability (%)"


def test_the_words_for_those_who_cannot_see():
    assert "Japanese 83 %, Italian 15 %" in alt_text(
        ranking_figure(Prediction("Satō", "Sato", RANKED), LIGHT)
    )
    words = alt_text(ribbon_figure(STORY, LIGHT))
    assert "“S to”. At the end: Irish 80 %" in words
    assert "Decided at letter 3 of 4, “t”: from there on Irish leads." in words


@given(
    rows=st.integers(1, 8).flatmap(
        lambda n: arrays(np.float32, (n, 3), elements=st.floats(0, 1, width=16))
    )
)
def test_a_name_is_decided_at_the_earliest_letter_after_which_nobody_else_leads(rows):
    leaders = [row.tolist().index(max(row)) for row in rows]
    decided = next(at for at in range(len(rows)) if set(leaders[at:]) == {leaders[-1]})
    assert decided_at(answered("a" * len(rows), rows, ("Czech", "Dutch", "Irish"))) == decided


def test_the_ribbon_marks_the_letter_that_decided():
    figure = ribbon_figure(STORY, LIGHT)
    (line,), (word,) = figure.layout.shapes, figure.layout.annotations
    assert line.x0 == line.x1 == word.x == 3
    assert word.text == "decided"
    assert word.xanchor == "right"
    early = ribbon_figure(answered("Sa", [[0.7, 0.3, 0, 0]] * 2), LIGHT)
    assert early.layout.shapes[0].x0 == 1
    assert early.layout.annotations[0].xanchor == "left"


OTHER = answered("S to", [[0.1, 0.4, 0.1, 0.4]] * 3 + [[0.1, 0.3, 0.0, 0.6]])


def test_compared_ribbons_show_the_same_categories_in_the_same_colours():
    colours = shared_colours((STORY, OTHER), LIGHT)
    assert list(colours) == ["Irish", "Greek", "Dutch", "Czech"]
    for trace, greek in ((STORY, 0.5), (OTHER, 60)):
        figure = ribbon_figure(trace, LIGHT, colours=colours)
        assert [ribbon.name for ribbon in figure.data if ribbon.name != "others"] == list(colours)
        red, green, blue = (int(colours["Greek"][at : at + 2], 16) for at in (1, 3, 5))
        assert figure.data[1].fillcolor == f"rgba({red},{green},{blue},0.8)"
        assert figure.data[1].y[-1] == pytest.approx(greek)
        np.testing.assert_allclose(np.sum([r.y for r in figure.data], axis=0), 100, rtol=1e-5)
    words = alt_text(ribbon_figure(OTHER, LIGHT, colours=colours))
    assert "At the end: Greek 60 %, Dutch 30 %" in words
    assert "from there on Greek leads" in words


def test_compared_bars_have_the_colours_of_their_ribbons():
    colours = {"Italian": "#123456", "Japanese": "#654321"}
    (bars,) = ranking_figure(Prediction("Satō", "Sato", RANKED), LIGHT, colours=colours).data
    assert bars.marker.color[:2] == ("#654321", "#123456")
    assert bars.marker.color[2] not in colours.values()


def test_a_category_of_another_corpus_has_no_ribbon():
    strange = answered("So", [[0.9, 0.1]] * 2, ("Betan", "Dutch"))
    colours = shared_colours((STORY, strange), LIGHT)
    figure = ribbon_figure(strange, LIGHT, colours=colours)
    assert [ribbon.name for ribbon in figure.data] == ["Betan", "Dutch"]


def test_of_too_many_shared_categories_every_winner_stays():
    size = MOST_RIBBONS + 4
    rows = np.full((size, size), 0.001)
    np.fill_diagonal(rows, np.linspace(0.9, 0.2, size))
    names = tuple(map(str, range(size)))
    colours = shared_colours((answered("a" * size, rows, names), STORY), LIGHT)
    assert len(colours) == MOST_RIBBONS
    assert {str(size - 1), "Irish"} == set(list(colours)[:2])
