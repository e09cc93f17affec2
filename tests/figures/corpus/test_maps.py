import numpy as np
import pytest

from namerec.figures.base.categories import MOST_WITH_LABELS
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.corpus.maps import length_figure, length_map, letter_figure, letter_map
from tests.figures.corpora import LANGUAGES, MARKUP, lengths, letters

TABLE = [[0, 3, 1], [1, 0, 0], [0, 0, 0]]


def test_a_cell_is_the_share_of_its_category_that_has_so_many_letters():
    shown = length_map(lengths(TABLE))
    assert shown.share[0, 1:].tolist() == [0.75, 0.25]
    assert shown.words[0] == ["", "Czech\n3 of 4 (75 %) names have 2 letters",
                              "Czech\n1 of 4 (25 %) names has 3 letters"]  # fmt: skip
    assert shown.words[1][0] == "Irish\n1 of 1 (100 %) names has 1 letter"
    assert np.isnan(shown.share[2]).all()
    assert shown.words[2] == ["", "", ""]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_bars_of_all_names_stand_over_the_categories_own(theme):
    drawn = length_figure(lengths(TABLE), theme)
    bars, cells = drawn.data
    assert list(bars.x) == list(cells.x) == [1, 2, 3]
    assert list(bars.y) == [1, 3, 1]
    assert bars.hovertext[1] == "all: 3 of 5 (60 %) names have 2 letters"
    assert [list(row) for row in cells.z] == [[None, 75, 25], [100, None, None], [None] * 3]
    assert (cells.zmin, cells.zmax, cells.hoverongaps, cells.yaxis) == (0, 100, False, "y2")
    assert [colour for _, colour in cells.colorscale] == [colour for _, colour in theme.sequential]
    layout = drawn.layout
    assert layout.xaxis.title.text == "letters in the name"
    assert (layout.yaxis.title.text, layout.yaxis2.title.text) == ("distinct names", "language")
    assert layout.yaxis2.domain[1] < layout.yaxis.domain[0]
    assert cells.colorbar.title.text == "share of the language’s names"
    assert "5 distinct names and by language: 1 to 3, most often 2." in alt_text(drawn)


def test_the_letters_are_always_there_and_marks_where_a_name_has_them():
    names, shown = letter_map(letters(("anna", "o'do b", "")))
    assert "".join(names) == "abcdefghijklmnopqrstuvwxyz␣'"
    assert shown.share[0, 0] == 0.5
    assert shown.words[0][0] == "Czech\n2 of 4 (50 %) letters are a"
    assert shown.words[1][names.index("␣")] == "Irish\n1 of 6 (17 %) letters is ␣"
    assert np.isnan(shown.share[2]).all()


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_letters_are_columns_and_colours_reach_to_the_most_frequent(theme):
    drawn = letter_figure(letters(("anna", "ox", "")), theme, noun="team")
    (cells,) = drawn.data
    assert len(cells.z) == 3
    assert (cells.z[0][0], cells.z[0][1], cells.zmax) == (50, None, 50)
    assert list(drawn.layout.xaxis.ticktext) == list("abcdefghijklmnopqrstuvwxyz")
    assert drawn.layout.xaxis.title.text == "letter (upper and lower case together)"
    assert drawn.layout.yaxis.title.text == "team"
    assert alt_text(drawn).startswith("Letters of names, by team. Most frequent in all: a 33 %")


@pytest.mark.parametrize("size", [1, MOST_WITH_LABELS, 200])
def test_any_number_of_categories_has_rows(size):
    categories = tuple(f"{n:03}" * 30 for n in range(size))
    for drawn in (
        length_figure(lengths([[1] * 64] * size, categories), LIGHT),
        letter_figure(letters(("abc",) * size, categories), LIGHT),
    ):
        axis = drawn.layout.yaxis2 if len(drawn.data) == 2 else drawn.layout.yaxis
        assert len(drawn.data[-1].z) == size
        assert len(axis.tickvals) <= MOST_WITH_LABELS
        assert all(len(text) <= 20 for text in axis.ticktext)
        assert drawn.layout.height < 920


@pytest.mark.parametrize("categories", [(), LANGUAGES])
def test_no_names_give_the_titled_empty_figure(categories):
    size = len(categories)
    for drawn, title in (
        (length_figure(lengths([[]] * size, categories), LIGHT), "letters in the name"),
        (letter_figure(letters(("",) * size, categories), LIGHT),
         "letter (upper and lower case together)"),
    ):  # fmt: skip
        assert not drawn.data
        assert drawn.layout.xaxis.title.text == title
        assert drawn.layout.annotations[0].text == "No names were counted."
        assert alt_text(drawn).endswith("No names were counted.")


def test_markup_in_a_category_is_shown_literally_on_maps():
    for drawn in (
        length_figure(lengths([[1, 2], [1, 0]], MARKUP), LIGHT, noun="<u>"),
        letter_figure(letters(("a", "b"), MARKUP), LIGHT, noun="<u>"),
    ):
        text = drawn.to_json().encode().decode("unicode_escape").replace(alt_text(drawn), "")
        for tag in ("<script>", "<b>", "<u>"):
            assert tag not in text
        assert (
            drawn.data[-1]
            .hovertext[1][0 if len(drawn.data) == 2 else 1]
            .startswith("&lt;b&gt;x&lt;/b&gt;<br>1 of 1 (100 %)")
        )
