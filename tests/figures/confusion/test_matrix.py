import time

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from namerec.core.evaluation.matrices import MatrixView, Normalisation
from namerec.errors import NamerecError
from namerec.figures.base.categories import MOST_WITH_LABELS, MOST_WITH_NUMBERS, MOST_WORDS
from namerec.figures.base.theme import DARK, LIGHT, Theme, alt_text, contrast
from namerec.figures.confusion.frame import strip
from namerec.figures.confusion.matrix import cell_words, confusion_figure
from namerec.figures.confusion.places import cell_places, head_places
from namerec.figures.confusion.selection import Selection, selection_from
from namerec.figures.confusion.words import column_words, row_words
from tests.figures.records import matrix

LANGUAGES = ("Czech", "Polish", "Irish")
COUNTS = [[28, 12, 0], [1, 0, 0], [0, 0, 0]]
RECALL, COUNTED = MatrixView("recall"), MatrixView("counts")
SIZES = [1, 2, 3, 18, MOST_WITH_NUMBERS, MOST_WITH_NUMBERS + 1, MOST_WITH_LABELS, 41, 90, 200]


def figure(
    counts: ArrayLike = COUNTS,
    categories: tuple[str, ...] = LANGUAGES,
    theme: Theme = LIGHT,
    *,
    view: MatrixView = RECALL,
    selected: Selection | None = None,
    noun: str = "language",
) -> go.Figure:
    return confusion_figure(
        matrix(counts, categories), theme, view=view, selected=selected, noun=noun
    )


def diagonal(size: int) -> np.ndarray:
    return np.eye(size, dtype=np.int64) * 3


def texts(drawn: go.Figure, trace: int = 0) -> list[list[str]]:
    """What stands in the cells, without its colours."""
    return [
        [cell.split(">", 1)[1].removesuffix("</span>") if cell else "" for cell in row]
        for row in drawn.data[trace].text
    ]


def at(drawn: go.Figure, x: float, y: float) -> list[int | None]:
    """What the point nearest to a place stands for, as Plotly finds it: from its square's edge."""
    points = drawn.data[-1]
    wide = 260 if len(drawn.data[0].z) <= MOST_WITH_LABELS else 620  # as narrow as it may get
    pixels = wide / (drawn.layout.xaxis.range[1] - drawn.layout.xaxis.range[0])
    away = pixels * np.hypot(np.array(points.x) - x, np.array(points.y) - y)
    radius = max(3, points.marker.size / 2)
    found: list[int | None] = list(
        points.customdata[np.maximum(away - radius, 1 - 3 / radius).argmin()]
    )
    return found


def test_a_cell_is_told_in_words():
    told = matrix(COUNTS, LANGUAGES)
    assert cell_words(told, 0, 1) == "12 of 40 Czech names (30 %) were taken for Polish"
    assert cell_words(told, 0, 0) == "28 of 40 Czech names (70 %) were recognised"
    assert cell_words(told, 1, 0) == "1 of 1 Polish names (100 %) was taken for Czech"
    assert cell_words(told, 0, 2) == "0 of 40 Czech names (0 %) were taken for Irish"
    assert cell_words(told, 2, 0) == "There are no Irish names here"


def test_with_precision_a_cell_is_told_as_a_share_of_its_column():
    told = matrix(COUNTS, LANGUAGES)
    assert (
        cell_words(told, 0, 1, "precision") == "12 of 12 names taken for Polish (100 %) are Czech"
    )
    assert cell_words(told, 1, 0, "precision") == "1 of 29 names taken for Czech (3.4 %) is Polish"
    assert cell_words(told, 0, 2, "precision") == "No name here was taken for Irish"
    assert cell_words(told, 0, 1, "counts") == cell_words(told, 0, 1)


def test_heads_are_told_in_words():
    told = matrix(COUNTS, LANGUAGES)
    assert row_words(told, 0) == "All 40 Czech names: 28 (70 %) were recognised"
    assert (
        row_words(matrix([[1, 4], [0, 0]], ("A", "B")), 0)
        == "All 5 A names: 1 (20 %) was recognised"
    )
    assert row_words(told, 2) == "There are no Irish names here"
    assert column_words(told, 0) == "All 29 names taken for Czech: 28 (97 %) are Czech"
    assert column_words(told, 1) == "All 12 names taken for Polish: 0 (0 %) are Polish"
    assert column_words(told, 2) == "No name here was taken for Irish"


def test_rows_are_true_categories_from_top_to_bottom():
    drawn = figure(view=MatrixView("recall", "support"))
    assert drawn.data[0].z == ([70, 30, 0], [100, 0, 0], [0, 0, 0])
    layout = drawn.layout
    assert layout.yaxis.range[0] > layout.yaxis.range[1]
    assert layout.xaxis.range[0] < layout.xaxis.range[1]
    assert layout.yaxis.title.text == "true language"
    assert layout.xaxis.title.text == "predicted language"
    assert list(layout.yaxis.ticktext) == list(layout.xaxis.ticktext) == list(LANGUAGES)


def test_rows_and_columns_stand_in_the_views_order():
    drawn = figure(view=MatrixView("counts", "name"))
    assert list(drawn.layout.xaxis.ticktext) == ["Czech", "Irish", "Polish"]
    assert list(drawn.layout.yaxis.ticktext) == ["Czech", "Irish", "Polish"]
    assert drawn.data[0].z == ([28, 0, 12], [0, 0, 0], [1, 0, 0])
    assert texts(drawn) == [["28", "", "12"], ["", "", ""], ["1", "", ""]]


@pytest.mark.parametrize("order", ["name", "support", "similarity"])
def test_a_square_carries_row_and_column_of_the_cell_it_lies_on(order):
    told = matrix(COUNTS, LANGUAGES)
    drawn = figure(view=MatrixView("recall", order))
    shown, squares = list(drawn.layout.xaxis.ticktext), drawn.data[-1]
    cells = set()
    for x, y, place, words in zip(
        squares.x, squares.y, squares.customdata, squares.hovertext, strict=True
    ):
        selection = selection_from([{"customdata": place}], LANGUAGES)
        assert selection is not None
        if selection.row is not None and selection.column is not None:
            cells.add(tuple(place))
            assert (shown[round(y)], shown[round(x)]) == (selection.row, selection.column)
            assert words == cell_words(told, *place)
        elif selection.row is not None:
            assert (shown[round(y)], x < -0.5) == (selection.row, True)
            assert words == row_words(told, place[0])
        else:
            assert (shown[round(x)], y > 2.5) == (selection.column, True)
            assert words == column_words(told, place[1])
    assert len(cells) == 9
    assert all(isinstance(place, list) for place in squares.customdata)


@given(
    st.sampled_from([size for size in SIZES if size <= 90]),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from(["cell", "row", "column"]),
)
def test_the_square_nearest_to_any_place_of_a_small_matrix_or_its_heads_is_its_own(
    size, u, v, what
):
    """Wherever the pointer is in a cell or a head, that and none beside it is what is clicked."""
    drawn = _small(size)
    where = strip(size)
    inside = 0.96 * (np.array([u, v]) - 0.5)
    index = int(u * (size - 1))
    away = where.near + (0.02 + 0.96 * v) * (where.far - where.near)
    along = index + 0.96 * (v - 0.5)
    if what == "cell":
        if size <= MOST_WITH_LABELS:
            other = int(v * (size - 1))
            assert at(drawn, index + inside[0], other + inside[1]) == [other, index]
    elif what == "row":
        assert at(drawn, -away, along) == [index, None]
    else:
        assert at(drawn, along, size - 1 + away) == [None, index]


_DRAWN: dict[int, go.Figure] = {}


def _small(size: int) -> go.Figure:
    if size not in _DRAWN:
        names = tuple(f"{index:03}" for index in range(size))
        _DRAWN[size] = figure(np.ones((size, size)), names)
    return _DRAWN[size]


def test_selecting_a_square_dims_nothing():
    squares = figure().data[-1]
    assert squares.marker.opacity == 0
    assert squares.selected.marker.opacity == squares.unselected.marker.opacity == 0


def test_cells_show_what_the_view_says_and_nothing_where_there_is_nothing():
    def shown(normalisation: Normalisation, *, hide_diagonal: bool = False) -> list[list[str]]:
        return texts(figure(view=MatrixView(normalisation, "support", hide_diagonal)))

    assert shown("counts") == [["28", "12", ""], ["1", "", ""], ["", "", ""]]
    assert shown("recall") == [["70", "30", ""], ["100", "", ""], ["", "", ""]]
    assert shown("precision") == [["97", "100", ""], ["3", "", ""], ["", "", ""]]
    assert shown("recall", hide_diagonal=True) == [["", "30", ""], ["100", "", ""], ["", "", ""]]


def test_heads_show_how_many_names_there_are():
    drawn = figure(view=MatrixView("counts", "support"))
    assert drawn.data[1].text == (["40"], ["1"], ["0"])
    assert drawn.data[2].text == (["29", "12", "0"],)
    large = figure([[1319, 20_000], [0, 9_949]], ("a", "b"))
    assert large.data[2].text == (["1.3k", "30k"],)


def test_percent_in_a_cell_is_never_a_rounded_nothing_or_all():
    assert texts(figure([[999, 1], [0, 1]], ("a", "b"))) == [["&gt;99", "&lt;1"], ["", "100"]]


def test_colours_are_what_the_view_counts():
    expected: tuple[tuple[Normalisation, int, str], ...] = (
        ("recall", 100, "share of the true language’s names (recall)"),
        ("precision", 100, "share of the names taken for a language (precision)"),
        ("counts", 28, "names"),
    )
    for normalisation, most, title in expected:
        cells = figure(view=MatrixView(normalisation)).data[0]
        assert (cells.zmin, cells.zmax) == (0, most)
        assert cells.colorbar.title.text == f"{title} · at the edges: all names"


def test_without_the_diagonal_errors_carry_the_colour():
    counts = [[90, 10, 0], [20, 80, 0], [0, 5, 95]]
    cells = figure(counts, view=MatrixView("recall", hide_diagonal=True)).data[0]
    assert cells.zmax == 20
    assert [cells.z[i][i] for i in range(3)] == [None, None, None]
    assert "errors only" in cells.colorbar.title.text
    assert figure(counts, view=MatrixView("counts", hide_diagonal=True)).data[0].zmax == 20


@pytest.mark.parametrize("normalisation", ["counts", "recall", "precision"])
def test_a_matrix_without_errors_can_be_drawn_without_its_diagonal(normalisation):
    cells = figure(diagonal(3), view=MatrixView(normalisation, hide_diagonal=True)).data[0]
    assert cells.zmax > 0
    assert cells.z[0][1] == 0


def test_two_matrices_side_by_side_have_one_order_and_one_range_of_colours():
    a, b = matrix([[9, 3], [0, 5]], ("A", "B")), matrix([[1, 0], [0, 40]], ("A", "B"))
    view = MatrixView("counts", "support")
    left, right = (
        confusion_figure(one, LIGHT, view=view, beside=other) for one, other in ((a, b), (b, a))
    )
    assert list(left.layout.xaxis.ticktext) == list(right.layout.xaxis.ticktext) == ["B", "A"]
    assert left.data[0].zmax == right.data[0].zmax == 40
    assert (left.data[0].z, right.data[0].z) == (([5, 0], [3, 9]), ([40, 0], [0, 1]))
    with pytest.raises(NamerecError, match="same categories"):
        confusion_figure(a, LIGHT, view=view, beside=matrix([[1]], ("A",)))


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_numbers_can_be_read_on_the_fullest_and_the_emptiest_cell(theme):
    text = figure([[99, 1], [1, 0]], ("a", "b"), theme).data[0].text
    strongest, weakest = theme.sequential[-1][1], theme.sequential[0][1]
    assert contrast(text[0][0].split("color:")[1][:7], strongest) > 4.5
    assert contrast(text[0][1].split("color:")[1][:7], weakest) > 4.5


def test_the_selected_cell_is_outlined_where_the_order_puts_it():
    (outline,) = figure(selected=Selection("Polish", "Czech")).layout.shapes
    assert (outline.x0, outline.x1, outline.y0, outline.y1) == (-0.5, 0.5, 1.5, 2.5)
    assert outline.line.color == LIGHT.highlight


def test_a_selected_row_or_column_is_outlined_with_its_head():
    (row,) = figure(selected=Selection("Polish", None)).layout.shapes
    assert (row.x0, row.x1, row.y0, row.y1) == (-strip(3).far, 2.5, 1.5, 2.5)
    (column,) = figure(selected=Selection(None, "Polish")).layout.shapes
    assert (column.x0, column.x1, column.y0, column.y1) == (1.5, 2.5, -0.5, 2 + strip(3).far)


@pytest.mark.parametrize(
    "selected", [None, Selection(None, None), Selection("Dutch", "Czech"), Selection(None, "Dutch")]
)
def test_nothing_or_a_cell_of_another_matrix_is_not_outlined(selected):
    assert not figure(selected=selected).layout.shapes


def test_markup_in_a_category_is_shown_literally_everywhere():
    drawn = figure([[1, 1], [0, 1]], ("<script>", "<b>x</b>"), noun="<u>")
    text = drawn.to_json().encode().decode("unicode_escape")
    assert "<script>" not in text.replace(alt_text(drawn), "")
    assert "<b>" not in text
    assert "<u>" not in text.replace(alt_text(drawn), "")
    assert list(drawn.layout.xaxis.ticktext) == ["&lt;b&gt;x&lt;/b&gt;", "&lt;script&gt;"]
    assert drawn.layout.xaxis.title.text == "predicted &lt;u&gt;"


@pytest.mark.parametrize("size", SIZES)
def test_any_number_of_categories_is_drawn(size):
    drawn = figure(diagonal(size), tuple(map(str, range(size))))
    assert np.array(drawn.data[0].z).shape == (size, size)
    assert len(drawn.layout.xaxis.tickvals) <= MOST_WITH_LABELS
    assert all((drawn.data[i].text is not None) == (size <= MOST_WITH_NUMBERS) for i in range(3))
    assert drawn.layout.height < 900


def test_only_cells_with_names_of_a_large_matrix_can_be_clicked_the_fullest_first():
    counts = diagonal(60)
    counts[7, 9] = 50
    cells = cell_places(np.arange(60), counts, lambda row, column: "")
    assert len(cells) == 61
    assert cells[0].stands_for == [7, 9]


def test_heads_of_all_categories_can_be_clicked():
    for size in (2, 41, 200):
        places = head_places(np.arange(size)[::-1], str, str)
        assert {place.stands_for[0] for place in places} == {None, *range(size)}
        assert {place.stands_for[1] for place in places} == {None, *range(size)}
        assert len(places) <= max(40, 10 * size)


def test_a_full_matrix_of_two_hundred_long_names_is_less_than_a_megabyte_and_quick():
    counts = np.random.default_rng(0).integers(1, 1000, (200, 200))
    names = tuple(f"{'a very long name of a category ' * 6}{index}" for index in range(200))
    begin = time.process_time()
    drawn = figure(counts, names, view=MatrixView("recall", "similarity"))
    text = drawn.to_json()
    assert time.process_time() - begin < 5
    assert len(text) < 1_000_000
    cells = [place for place in drawn.data[-1].customdata if None not in place]
    assert len(cells) == MOST_WORDS


@pytest.mark.parametrize("size", [0, 3])
def test_a_matrix_without_names_gives_the_titled_empty_figure(size):
    drawn = figure(np.zeros((size, size), int), tuple(map(str, range(size))))
    assert not drawn.data
    assert drawn.layout.xaxis.title.text == "predicted language"
    assert drawn.layout.annotations[0].text == "No names were counted."


def test_the_words_for_those_who_cannot_see_do_not_change_with_the_selection():
    assert alt_text(figure(selected=Selection("Czech", None))) == alt_text(figure())
    assert "41 names, 68 % of them on the diagonal" in alt_text(figure())
