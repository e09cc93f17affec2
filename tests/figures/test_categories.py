import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.figures.categories import (
    MOST_WITH_LABELS,
    MOST_WORDS,
    category_ticks,
    counted,
    heat_map,
    hover_text,
    part_of,
    rows_height,
)
from namerec.figures.theme import LIGHT


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


def test_parts_and_numbers_are_told_in_words():
    assert part_of(99, 100) == "99 of 100 (99 %)"
    assert part_of(0, 0) == "0 of 0 (0 %)"
    assert [counted(1, "name"), counted(1000, "name")] == ["1 name", "1\u202f000 names"]
