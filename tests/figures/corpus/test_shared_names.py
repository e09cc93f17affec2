import numpy as np
import pytest

from namerec.figures.base.categories import MOST_WITH_LABELS, MOST_WITH_NUMBERS, MOST_WORDS
from namerec.figures.base.theme import DARK, LIGHT, alt_text, contrast
from namerec.figures.corpus.shared_names import shared_figure, shared_map
from tests.figures.corpora import LANGUAGES, MARKUP, shared

# English and Scottish of the tutorial corpus, more or less, and a third that shares one name.
TABLE = [[400, 99, 1], [99, 100, 0], [1, 0, 50]]
THREE = ("English", "Scottish", "Greek")


def everything(size: int) -> list[list[int]]:
    return [[2 if row == column else 1 for column in range(size)] for row in range(size)]


def test_a_cell_is_the_share_of_the_rows_names_that_the_column_has_too():
    shown = shared_map(shared(TABLE, THREE))
    assert shown.share[1, 0] == 0.99
    assert shown.share[0, 1] == 99 / 400
    assert np.isnan(shown.share[[0, 1, 2, 1], [0, 1, 2, 2]]).all()
    assert shown.words[1][0] == "99 of 100 (99 %) Scottish names\nare English too"
    assert shown.words[2][0] == "1 of 50 (2.0 %) Greek names\nis English too"
    assert shown.words[0][0] == ""


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_cells_have_the_number_of_names_in_a_colour_that_can_be_read(theme):
    (cells,) = shared_figure(shared(TABLE, THREE), theme).data
    assert [text.count(">99<") for text in cells.text[0]] == [0, 1, 0]
    assert cells.text[0][0] == cells.text[1][2] == ""
    strongest = theme.sequential[-1][1]
    assert contrast(cells.text[1][0].split("color:")[1][:7], strongest) >= 4.5
    assert cells.zmax == 99


def test_the_axes_of_shared_names_say_which_way_to_read():
    layout = shared_figure(shared(TABLE, THREE), LIGHT, noun="team").layout
    assert layout.yaxis.title.text == "names of this team"
    assert layout.xaxis.title.text == "are names of this team too"
    assert list(layout.xaxis.ticktext) == list(layout.yaxis.ticktext) == list(THREE)
    assert layout.yaxis.range[0] > layout.yaxis.range[1]


@pytest.mark.parametrize("size", [2, MOST_WITH_NUMBERS, MOST_WITH_NUMBERS + 1, 200])
def test_any_number_of_categories_is_compared(size):
    categories = tuple(f"{n:03}" * 30 for n in range(size))
    drawn = shared_figure(shared(everything(size), categories), LIGHT)
    (cells,) = drawn.data
    assert np.array(cells.z).shape == (size, size)
    assert len(drawn.layout.xaxis.tickvals) <= MOST_WITH_LABELS
    assert drawn.layout.height < 920
    assert (cells.text is not None) == (size <= MOST_WITH_NUMBERS)
    assert sum(bool(words) for row in cells.hovertext for words in row) == min(
        size * (size - 1), MOST_WORDS
    )


@pytest.mark.parametrize("categories", [(), LANGUAGES])
def test_categories_that_share_nothing_give_the_titled_empty_figure(categories):
    apart = (5 * np.eye(len(categories), dtype=np.int64)).tolist()
    drawn = shared_figure(shared(apart, categories), LIGHT)
    assert not drawn.data
    assert drawn.layout.xaxis.title.text == "are names of this language too"
    assert drawn.layout.annotations[0].text == "No name is in two languages."
    assert alt_text(drawn) == "Names that are in more than one language: 0."


def test_the_categories_that_share_most_are_told_to_those_who_cannot_see():
    drawn = shared_figure(shared(TABLE, THREE), LIGHT)
    assert alt_text(drawn) == (
        "Names that are in more than one language: 100. Most: English and Scottish with 99."
    )


def test_markup_in_a_category_is_shown_literally_on_the_map():
    drawn = shared_figure(shared([[2, 1], [1, 2]], MARKUP), LIGHT, noun="<u>")
    text = drawn.to_json().encode().decode("unicode_escape").replace(alt_text(drawn), "")
    for tag in ("<script>", "<b>", "<u>"):
        assert tag not in text
    assert drawn.data[0].hovertext[0][1] == (
        "1 of 2 (50 %) &lt;script&gt; names<br>is &lt;b&gt;x&lt;/b&gt; too"
    )
