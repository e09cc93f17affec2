import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.figures.base.categories import (
    MOST_WITH_LABELS,
    MOST_WORDS,
    bent,
    category_ticks,
    colour_bar,
    coloured_text,
    heat_map,
    hover_text,
    rows_height,
    slanted_height,
)
from namerec.figures.base.theme import DARK, LIGHT, colour_at, contrast


@given(st.text(max_size=200))
def test_hover_text_holds_no_markup_but_its_own_line_breaks(text):
    assert not set(hover_text(text).replace("<br>", "")) & set("<>$\x00\n")


def test_every_line_of_a_hover_text_is_cut_by_itself():
    assert hover_text("x" * 500 + "\n7 names").endswith("…<br>7 names")


@pytest.mark.parametrize("size", [1, MOST_WITH_LABELS, MOST_WITH_LABELS + 1, 81, 200])
def test_labels_are_evenly_spaced_and_as_many_as_fit(size):
    ticks = category_ticks(LIGHT, [str(index) for index in range(size)])
    places = ticks["tickvals"]
    assert [str(place) for place in places] == ticks["ticktext"]
    assert len(places) <= MOST_WITH_LABELS
    assert len(set(np.diff(places))) <= 1
    assert places[0] == 0


def test_rows_grow_with_their_number_up_to_a_bound():
    assert rows_height(0) == rows_height(1) < rows_height(10) < rows_height(25) < 700
    assert rows_height(200) == rows_height(10_000) < 700


def test_only_the_strongest_cells_of_a_large_map_have_words():
    share = np.arange(1, 10_001).reshape(100, 100) / 10_000
    words = heat_map(share, lambda row, column: f"{row} {column}").words
    said = [(row, column) for row, column in np.ndindex(100, 100) if words[row][column]]
    assert len(said) == MOST_WORDS
    assert said[0] == (60, 0)
    assert words[99][99] == "99 99"


def test_cells_without_a_share_are_blank():
    shown = heat_map(np.array([[0.5, 0.0]]), lambda row, column: "said")
    assert shown.words == [["said", ""]]
    assert np.isnan(shown.share).tolist() == [[False, True]]


def test_a_bent_scale_spends_half_of_its_colours_on_the_lowest_quarter():
    straight = ((0.0, "#000000"), (0.5, "#777777"), (1.0, "#ffffff"))
    assert bent(straight) == ((0, "#000000"), (0.25, "#777777"), (1, "#ffffff"))
    assert bent(straight, 4)[1] == (0.0625, "#777777")


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@given(place=st.floats(0, 1))
def test_text_in_a_cell_can_be_read_on_any_colour_of_the_scale(theme, place):
    ground = colour_at(bent(theme.sequential), place)
    text = coloured_text("<1", ground, theme)
    assert text.endswith(">&lt;1</span>")
    assert contrast(text.split("color:")[1][:7], ground) >= 4.5
    assert coloured_text("", ground, theme) == ""


def test_a_colour_bar_says_what_colours_are_and_takes_further_settings():
    bar = colour_bar(LIGHT, "share", ticksuffix=" %", nticks=3)
    assert (bar["title"]["text"], bar["ticksuffix"], bar["nticks"]) == ("share", " %", 3)


def test_slanted_labels_take_room_by_their_length_up_to_a_bound():
    assert slanted_height([]) == 0
    assert slanted_height(["Czech", "Vietnamese"]) == 50
    assert slanted_height(["x" * 20]) == slanted_height(["x" * 500])
