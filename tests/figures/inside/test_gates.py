import numpy as np
import pytest

from namerec.core.inside.trace import GateTrace
from namerec.core.networks.kinds import KINDS, SYMBOL_TITLES
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.base.words import OPEN_BOX
from namerec.figures.inside.gates import (
    Rows,
    can_be_clicked,
    gate_figure,
    gate_picture,
    shared_limit,
)
from tests.figures.records import trace


def test_letters_go_across_and_units_down():
    picture = gate_picture(trace("Anna", units=3, layers=2), "f", 1)
    assert picture.values.shape == (3, 4)
    np.testing.assert_allclose(picture.values[2], [0.012, 0.112, 0.212, 0.312])
    layout = gate_figure(trace(), "f", 0, LIGHT).layout
    assert layout.yaxis.range[0] > layout.yaxis.range[1]
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == ("letter", "unit")


def test_a_letter_that_comes_again_keeps_its_own_column():
    figure = gate_figure(trace("Anna"), "h", 0, LIGHT)
    assert len(set(figure.data[0].x)) == 4
    assert list(figure.layout.xaxis.tickvals) == [0, 1, 2, 3]
    assert list(figure.layout.xaxis.ticktext) == ["A", "n", "n", "a"]


def test_a_space_can_be_seen():
    assert gate_picture(trace("a b"), "f", 0).letters == ["a", OPEN_BOX, "b"]


def test_hovering_tells_letter_unit_and_value():
    heatmap = gate_figure(trace("Anna"), "f", 0, LIGHT).data[0]
    assert heatmap.x[2] == "3 ‘n’"
    assert (heatmap.y0, heatmap.dy) == (1, 1)
    assert heatmap.customdata.tolist() == [[1] * 4, [2] * 4, [3] * 4]
    assert heatmap.hovertemplate == (
        "letter %{x}, unit %{customdata}: forget gate %{z:.2f}<extra></extra>"
    )


def test_rows_stand_in_the_order_given_under_their_own_numbers():
    rows = Rows(np.array([2, 0, 1]), "unit, most active first")
    told = trace("Anna")
    figure = gate_figure(told, "f", 0, LIGHT, rows=rows)
    np.testing.assert_array_equal(figure.data[0].z, told.values["f"][:, 0, [2, 0, 1]].T)
    assert figure.data[0].customdata[0].tolist() == [3] * 4
    assert figure.layout.yaxis.title.text == "unit, most active first"
    ticks = dict(zip(figure.layout.yaxis.tickvals, figure.layout.yaxis.ticktext, strict=True))
    assert ticks == {1: "3", 2: "1", 3: "2"}


def test_a_click_on_any_cell_names_its_unit():
    rows = Rows(np.array([2, 0, 1]), "unit")
    told = trace("Anna")
    heatmap, places = gate_figure(told, "f", 0, LIGHT, rows=rows, followed=0).data
    assert heatmap.hoverinfo == "skip"
    points = list(zip(places.x, places.y, places.customdata, places.text, strict=True))
    assert len(points) == 12
    for letter, x in enumerate(heatmap.x):
        for row, unit in enumerate([2, 0, 1], 1):
            value = float(told.values["f"][letter, 0, unit])
            assert (x, row, unit + 1, f"{value:.2f}") in points
    assert "unit %{customdata}: forget gate %{text}" in places.hovertemplate


def test_the_unit_followed_is_outlined_where_it_stands():
    rows = Rows(np.array([2, 0, 1]), "unit")
    (frame,) = gate_figure(trace(), "f", 0, LIGHT, rows=rows, followed=1).layout.shapes
    assert (frame.y0, frame.y1) == (2.5, 3.5)
    assert not gate_figure(trace(), "f", 0, LIGHT, rows=rows).layout.shapes


def test_too_many_cells_cannot_be_clicked_but_tell_their_values():
    told = trace("Anna", units=1024)
    assert can_be_clicked(told)
    many = trace("Annas", units=1024)
    assert not can_be_clicked(many)
    (heatmap,) = gate_figure(many, "f", 0, LIGHT, followed=1000).data
    assert heatmap.customdata[1000].tolist() == [1001] * 5
    assert heatmap.hovertemplate


@pytest.mark.parametrize(
    ("symbol", "low", "high"), [("i", 0, 1), ("f", 0, 1), ("o", 0, 1), ("g", -1, 1), ("h", -1, 1)]
)
def test_bounded_values_have_a_scale_that_no_value_and_no_limit_moves(symbol, low, high):
    heatmap = gate_figure(trace(), symbol, 0, DARK, limit=9.0).data[0]
    assert (heatmap.zmin, heatmap.zmax) == (low, high)
    scale = DARK.sequential if low == 0 else DARK.diverging
    assert tuple(heatmap.colorscale) == scale


def test_the_cell_state_is_symmetric_about_zero_within_the_limit():
    heatmap = gate_figure(trace(), "c", 0, LIGHT, limit=2.5).data[0]
    assert (heatmap.zmin, heatmap.zmax) == (-2.5, 2.5)


def test_without_a_limit_an_unbounded_state_fills_its_own_scale():
    picture = gate_picture(trace("Anna", kind="rnn"), "h", 0)
    assert picture.high == pytest.approx(0.302)
    assert picture.low == -picture.high


def test_the_shared_limit_is_the_largest_absolute_value_of_all_traces_and_layers():
    long, short = trace("Annabel", layers=2), trace("Al", kind="rnn")
    long.values["c"][0, 0, 0] = np.inf
    assert shared_limit([long, short], "c") == pytest.approx(0.612)
    short.values["h"][0, 0, 0] = -3
    assert shared_limit([long, short], "h") == 3
    assert shared_limit([], "c") == 1
    assert shared_limit([short], "c") == 1


def test_titles_name_the_gate_and_say_what_it_does():
    text = gate_figure(trace(), "f", 0, LIGHT).layout.title.text
    assert text.startswith("forget gate f<br>")
    assert KINDS["lstm"].symbol("f").meaning in text
    assert gate_picture(trace(layers=2), "f", 1).title == "forget gate f, layer 2"


def test_a_network_without_gates_has_another_hidden_state():
    assert "tanh" in gate_picture(trace(), "h", 0).meaning
    assert "only memory" in gate_picture(trace(kind="rnn"), "h", 0).meaning


@pytest.mark.parametrize(
    ("told", "symbol", "layer"),
    [
        (trace(), "f", 1),
        (trace(), "f", -1),
        (trace(""), "f", 0),
        (GateTrace("", {}, np.empty((0, 0)), (), "lstm"), "c", 0),
    ],
)
def test_what_is_not_there_gives_the_titled_empty_figure(told, symbol, layer):
    figure = gate_figure(told, symbol, layer, LIGHT)
    assert not figure.data
    assert figure.layout.title.text.startswith(SYMBOL_TITLES[symbol])
    assert figure.layout.annotations[0].text.startswith("There is no ")


@pytest.mark.parametrize("units", [1, 8, 128, 1024])
def test_any_number_of_units_fits(units):
    figure = gate_figure(trace(units=units), "o", 0, LIGHT)
    ticks = figure.layout.yaxis.tickvals
    assert (ticks[0], ticks[-1] <= units) == (1, True)
    assert len(ticks) <= 6
    assert 200 < figure.layout.height < 560


def test_the_words_for_those_who_cannot_see():
    words = alt_text(gate_figure(trace("Anna"), "f", 0, LIGHT))
    assert "forget gate f while the network reads “Anna”: 4 letters across, 3 units" in words
