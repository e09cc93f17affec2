import numpy as np
import plotly.graph_objects as go
import pytest

from namerec.core.evaluation.matrices import MatrixView
from namerec.errors import NamerecError
from namerec.figures.base.categories import MOST_WITH_NUMBERS
from namerec.figures.base.theme import DARK, LIGHT, alt_text, colour_at
from namerec.figures.confusion.difference import difference_figure
from tests.figures.records import matrix

A = matrix([[80, 20, 0], [5, 45, 0], [0, 0, 8]], ("Czech", "Dutch", "Irish"))
B = matrix([[90, 9, 1], [10, 40, 0], [0, 0, 8]], ("Czech", "Dutch", "Irish"))
COUNTS, RECALL = MatrixView("counts"), MatrixView("recall")


def figure(view: MatrixView = RECALL, **settings: object) -> go.Figure:
    return difference_figure(A, B, LIGHT, view=view, names=("RNN", "LSTM"), **settings)  # type: ignore[arg-type]


def words(drawn: go.Figure, row: int | None, column: int | None) -> str:
    squares = drawn.data[-1]
    return str(squares.hovertext[[list(p) for p in squares.customdata].index([row, column])])


def test_cells_are_the_second_minus_the_first():
    assert figure(COUNTS).data[0].z == ([10, -11, 1], [5, -5, 0], [0, 0, 0])
    assert figure(RECALL).data[0].z == ([10, -11, 1], [10, -10, 0], [0, 0, 0])


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_colours_are_centred_on_nothing(theme):
    cells = difference_figure(A, B, theme, view=COUNTS).data[0]
    assert (cells.zmin, cells.zmax) == (-11, 11)
    scale = tuple(cells.colorscale)
    assert colour_at(scale, 0.5) == theme.diverging[4][1] == theme.background
    for place, (bent, colour) in zip(theme.diverging, scale, strict=True):
        assert colour == place[1]
        assert bent == pytest.approx(1 - next(p for p, c in scale if c == _mirrored(theme, colour)))


def _mirrored(theme: object, colour: str) -> str:
    colours = [c for _, c in theme.diverging]  # type: ignore[attr-defined]
    return str(colours[-1 - colours.index(colour)])


def test_numbers_say_in_which_direction():
    shown = [[cell.split(">", 1)[-1][:-7] for cell in row] for row in figure(COUNTS).data[0].text]
    assert shown == [["+10", "−11", "+1"], ["+5", "−5", ""], ["", "", ""]]
    a, b = matrix([[1000, 0], [0, 1000]]), matrix([[995, 5], [0, 1000]])
    small = difference_figure(a, b, LIGHT, view=RECALL).data[0].text
    assert ["−0.5" in small[0][0], "+0.5" in small[0][1]] == [True, True]
    least = difference_figure(
        matrix([[9999, 1]] * 2), matrix([[10_000, 0]] * 2), LIGHT, view=RECALL
    )
    assert "≈0" in least.data[0].text[0][0]


def test_the_pointer_is_told_both_values_and_the_change():
    assert words(figure(RECALL), 0, 1) == (
        "Czech names taken for Dutch<br>RNN: 20 of 100 (20 %)<br>LSTM: 9 of 100 (9.0 %)"
        "<br>change: −11.0 percentage points"
    )
    assert words(figure(COUNTS), 0, 0) == (
        "Czech names recognised<br>RNN: 80 of 100 (80 %)<br>LSTM: 90 of 100 (90 %)"
        "<br>change: +10 names"
    )
    assert words(figure(COUNTS), 0, 2).endswith("change: +1 name")
    assert words(figure(COUNTS), 2, 2).endswith("change: ±0 names")
    assert words(figure(MatrixView("precision")), 1, 0) == (
        "names taken for Czech that are Dutch<br>RNN: 5 of 85 (5.9 %)<br>LSTM: 10 of 100 (10 %)"
        "<br>change: +4.1 percentage points"
    )


def test_heads_tell_both_rows_and_both_columns():
    assert words(figure(), 1, None) == (
        "RNN: All 50 Dutch names: 45 (90 %) were recognised<br>"
        "LSTM: All 50 Dutch names: 40 (80 %) were recognised"
    )
    assert words(figure(), None, 0) == (
        "RNN: All 85 names taken for Czech: 80 (94 %) are Czech<br>"
        "LSTM: All 100 names taken for Czech: 90 (90 %) are Czech"
    )


def test_the_order_is_that_of_both_together():
    a, b = matrix([[9, 0], [0, 1]], ("A", "B")), matrix([[1, 0], [0, 20]], ("A", "B"))
    drawn = difference_figure(a, b, LIGHT, view=MatrixView("counts", "support"))
    assert list(drawn.layout.xaxis.ticktext) == ["B", "A"]
    assert drawn.data[0].z == ([19, 0], [0, -8])


def test_the_title_says_what_is_taken_from_what():
    assert figure().data[0].colorbar.title.text == (
        "LSTM minus RNN: share of the true language’s names (recall)"
    )
    marked = difference_figure(A, B, LIGHT, view=COUNTS, names=("<i>", "<b>" * 50))
    assert "<" not in marked.data[0].colorbar.title.text
    assert "<b>" not in words(marked, 0, 0)


@pytest.mark.parametrize(
    ("most", "view", "said"),
    [
        (1, COUNTS, ["−1", "0", "+1"]),
        (7, COUNTS, ["−5", "0", "+5"]),
        (36, COUNTS, ["−20", "0", "+20"]),
        (100, COUNTS, ["−100", "0", "+100"]),
        (7, RECALL, ["−5 pp", "0", "+5 pp"]),
    ],
)
def test_the_colour_bar_has_round_numbers(most, view, said):
    a, b = matrix([[0, 100], [0, 100]]), matrix([[most, 100 - most], [0, 100]])
    bar = difference_figure(a, b, LIGHT, view=view).data[0].colorbar
    assert list(bar.ticktext) == said
    assert max(bar.tickvals) <= most


def test_equal_matrices_and_matrices_without_names_are_drawn():
    same = difference_figure(A, A, LIGHT, view=RECALL)
    assert not np.any(same.data[0].z)
    nothing = matrix(np.zeros((2, 2)))
    empty = difference_figure(nothing, nothing, LIGHT, view=RECALL)
    assert not empty.data
    assert empty.layout.annotations[0].text == "No names were counted."


def test_two_hundred_categories_stay_small():
    counts = np.random.default_rng(0).integers(0, 30, (2, 200, 200))
    names = tuple(f"{'long ' * 30}{index}" for index in range(200))
    drawn = difference_figure(
        matrix(counts[0], names),
        matrix(counts[1], names),
        LIGHT,
        view=MatrixView("counts", "similarity"),
    )
    assert drawn.data[0].text is None
    assert len(drawn.to_json()) < 1_000_000
    assert len(names) > MOST_WITH_NUMBERS


def test_matrices_of_other_categories_are_refused():
    with pytest.raises(NamerecError, match="same categories"):
        difference_figure(A, matrix([[1]]), LIGHT, view=COUNTS)


def test_the_alternative_text_says_how_good_both_are():
    assert "RNN: 84 % of 158 names right. LSTM: 87 % of 158 names right." in alt_text(figure())
