import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.typing import ArrayLike

from namerec.figures.confusion import (
    MOST_SQUARES,
    MOST_WITH_LABELS,
    MOST_WITH_NUMBERS,
    cell_words,
    confusion_cells,
    confusion_figure,
)
from namerec.figures.theme import DARK, LIGHT, Theme, alt_text, contrast
from tests.figures.records import matrix

LANGUAGES = ("Czech", "Polish", "Irish")
COUNTS = [[28, 12, 0], [1, 0, 0], [0, 0, 0]]


def figure(
    counts: ArrayLike = COUNTS,
    categories: tuple[str, ...] = LANGUAGES,
    theme: Theme = LIGHT,
    *,
    normalised: bool = False,
    selected: tuple[int, int] | None = None,
    noun: str = "language",
) -> go.Figure:
    return confusion_figure(
        matrix(counts, categories), theme, normalised=normalised, selected=selected, noun=noun
    )


def diagonal(size: int) -> np.ndarray:
    return np.eye(size, dtype=np.int64) * 3


def test_a_cell_is_told_in_words():
    told = matrix(COUNTS, LANGUAGES)
    assert cell_words(told, 0, 1) == "12 of 40 Czech names (30 %) were taken for Polish"
    assert cell_words(told, 0, 0) == "28 of 40 Czech names (70 %) were recognised"
    assert cell_words(told, 1, 0) == "1 of 1 Polish names (100 %) was taken for Czech"
    assert cell_words(told, 0, 2) == "0 of 40 Czech names (0 %) were taken for Irish"
    assert cell_words(told, 2, 0) == "There are no Irish names here"


def test_rows_are_true_categories_from_top_to_bottom():
    heatmap = figure().data[0]
    assert list(heatmap.z[0]) == [0.7, 0.3, 0]
    layout = figure().layout
    assert layout.yaxis.range[0] > layout.yaxis.range[1]
    assert layout.xaxis.range[0] < layout.xaxis.range[1]
    assert layout.yaxis.title.text == "true language"
    assert layout.xaxis.title.text == "predicted language"
    assert list(layout.yaxis.ticktext) == list(layout.xaxis.ticktext) == list(LANGUAGES)


def test_a_square_carries_the_row_and_column_it_lies_on():
    squares = figure().data[1]
    for x, y, (row, column), words in zip(
        squares.x, squares.y, squares.customdata, squares.hovertext, strict=True
    ):
        assert (y, x) == (row, column)
        assert words == cell_words(matrix(COUNTS, LANGUAGES), row, column)
    assert len(squares.x) == 9
    assert all(isinstance(cell, list) for cell in squares.customdata)


def test_selecting_a_square_dims_nothing():
    squares = figure().data[1]
    assert squares.marker.opacity == 0
    assert squares.selected.marker.opacity == squares.unselected.marker.opacity == 0


def test_cells_show_counts_or_percent_and_nothing_where_there_is_nothing():
    told = matrix(COUNTS, LANGUAGES)
    counts = confusion_cells(told, normalised=False).text
    assert counts == [["28", "12", ""], ["1", "", ""], ["", "", ""]]
    shares = confusion_cells(told, normalised=True).text
    assert shares == [["70", "30", ""], ["100", "", ""], ["", "", ""]]


def test_percent_in_a_cell_is_never_a_rounded_nothing_or_all():
    text = confusion_cells(matrix([[999, 1], [0, 1]]), normalised=True).text
    assert text == [[">99", "<1"], ["", "100"]]
    drawn = figure([[999, 1], [0, 1]], ("a", "b"), normalised=True).data[0].text
    assert "&lt;1</span>" in drawn[0][1]


def test_colours_are_shares_of_the_row_whatever_the_numbers_are():
    for normalised in (True, False):
        drawn = figure(normalised=normalised)
        assert (drawn.data[0].zmin, drawn.data[0].zmax) == (0, 1)
        assert drawn.data[0].z[1][0] == 1
        assert "colour: share of the row" in drawn.layout.annotations[0].text
    assert "number: percent of the row" in figure(normalised=True).layout.annotations[0].text
    assert "number: names" in figure(normalised=False).layout.annotations[0].text


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_numbers_can_be_read_on_the_fullest_and_the_emptiest_cell(theme):
    text = figure([[99, 1], [1, 0]], ("a", "b"), theme).data[0].text
    strongest, weakest = theme.sequential[-1][1], theme.sequential[0][1]
    assert contrast(text[0][0].split("color:")[1][:7], strongest) > 4.5
    assert contrast(text[0][1].split("color:")[1][:7], weakest) > 4.5


def test_the_selected_cell_is_outlined():
    (outline,) = figure(selected=(0, 1)).layout.shapes
    assert (outline.x0, outline.x1, outline.y0, outline.y1) == (0.5, 1.5, -0.5, 0.5)
    assert outline.line.color == LIGHT.highlight


@pytest.mark.parametrize("selected", [None, (3, 0), (0, -1)])
def test_nothing_or_a_cell_of_another_matrix_is_not_outlined(selected):
    assert not figure(selected=selected).layout.shapes


def test_markup_in_a_category_is_shown_literally_everywhere():
    drawn = figure([[1, 1], [0, 1]], ("<script>", "<b>x</b>"), noun="<u>")
    text = drawn.to_json().encode().decode("unicode_escape")
    assert "<script>" not in text.replace(alt_text(drawn), "")
    assert "<b>" not in text
    assert list(drawn.layout.xaxis.ticktext) == ["&lt;script&gt;", "&lt;b&gt;x&lt;/b&gt;"]
    assert drawn.layout.xaxis.title.text == "predicted &lt;u&gt;"


@pytest.mark.parametrize("size", [1, 2, MOST_WITH_NUMBERS, MOST_WITH_LABELS, 41, 200])
def test_any_number_of_categories_is_drawn(size):
    drawn = figure(diagonal(size), tuple(map(str, range(size))))
    assert np.array(drawn.data[0].z).shape == (size, size)
    assert len(drawn.layout.xaxis.tickvals) <= MOST_WITH_LABELS
    assert any(map(any, drawn.data[0].text)) == (size <= MOST_WITH_NUMBERS)
    assert drawn.layout.height < 900


def test_only_cells_with_names_of_a_large_matrix_can_be_clicked_the_fullest_first():
    counts = diagonal(60)
    counts[7, 9] = 50
    squares = figure(counts, tuple(map(str, range(60)))).data[1]
    assert len(squares.x) == 61
    assert squares.customdata[0] == [7, 9]


def test_no_more_squares_are_drawn_than_a_browser_can_bear():
    cells = confusion_cells(matrix(np.ones((200, 200))), normalised=False)
    assert len(cells.clickable) == len(cells.words) == MOST_SQUARES


@pytest.mark.parametrize("size", [0, 3])
def test_a_matrix_without_names_gives_the_titled_empty_figure(size):
    drawn = figure(np.zeros((size, size), int), tuple(map(str, range(size))))
    assert not drawn.data
    assert drawn.layout.xaxis.title.text == "predicted language"
    assert drawn.layout.annotations[0].text == "No names were counted."


def test_the_words_for_those_who_cannot_see_do_not_change_with_the_selection():
    assert alt_text(figure(selected=(0, 1))) == alt_text(figure())
    assert "41 names, 68 % of them on the diagonal" in alt_text(figure())
