import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.figures.confusion.selection import Selection, selection_from

CATEGORIES = ("Czech", "Polish", "Irish")

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=8,
)


def point(*customdata: object) -> list[dict[str, object]]:
    return [{"curve_number": 1, "point_index": 3, "x": 0, "customdata": list(customdata)}]


def test_a_point_stands_for_a_cell_a_row_or_a_column():
    assert selection_from(point(0, 2), CATEGORIES) == Selection("Czech", "Irish")
    assert selection_from(point(1, None), CATEGORIES) == Selection("Polish", None)
    assert selection_from(point(None, 2), CATEGORIES) == Selection(None, "Irish")


def test_the_first_point_decides():
    assert selection_from(point(0, 0) + point(1, 1), CATEGORIES) == Selection("Czech", "Czech")


@pytest.mark.parametrize(
    "place",
    [
        (), (0,), (0, 1, 2), (None, None), (3, 0), (0, 3), (-1, 0), (None, -1), (True, 0),
        (0, False), (1.0, 0), ("0", "1"), ("Czech", "Irish"), ([0], [1]), (2**80, 0),
        (float("nan"), 0),
    ],
)  # fmt: skip
def test_places_outside_of_the_matrix_select_nothing(place):
    assert selection_from(point(*place), CATEGORIES) is None


@pytest.mark.parametrize("points", [None, [], {}, "points", 7, [None], [{}], [[0, 1]], [{"x": 1}]])
def test_events_without_a_place_select_nothing(points):
    assert selection_from(points, CATEGORIES) is None


@given(anything | anything.map(lambda value: [{"customdata": value}]), st.integers(0, 3))
def test_no_rubbish_breaks_it_or_selects_what_is_not_there(points, size):
    selection = selection_from(points, CATEGORIES[:size])
    if selection is not None:
        given_names = {selection.row, selection.column} - {None}
        assert given_names
        assert given_names <= set(CATEGORIES[:size])
