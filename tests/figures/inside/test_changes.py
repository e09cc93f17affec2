import numpy as np
import pytest

from namerec.core.inside.changes import Changes, Variant, changes
from namerec.core.inside.edits import Edit
from namerec.core.inside.effort import Effort
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.inside.changes import changes_figure, changes_picture, edit_in_words

CATEGORIES = ("Irish", "<b>x</b>")
EASY = Effort(weights=1, values=1)
ROWS = "abcdefghijklmnopqrstuvwxyz' "


def asked(names: list[str]) -> np.ndarray:
    """Irish while an o is in it; less surely the longer the name."""
    irish = np.array([(0.9 if "o" in name.lower() else 0.4) - 0.01 * len(name) for name in names])
    return np.stack([irish, 1 - irish], axis=1)


FOUND = changes(asked, CATEGORIES, "B on", EASY)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Edit("replace", 1, "a", " "), "letter 2: ␣ becomes a"),
        (Edit("delete", 0, "", "B"), "letter 1: B left out"),
        (Edit("insert", 2, "'", "o"), "' before letter 3, o"),
        (Edit("insert", 3, "x", ""), "x at the end"),
    ],
)
def test_edits_are_said_in_a_few_words(edit, words):
    assert edit_in_words([edit]) == words
    assert edit_in_words([edit, edit]) == f"{words}, then {words}"


def test_each_edit_has_its_cell():
    picture = changes_picture(FOUND)
    assert picture.values.shape == (30, 9)
    assert picture.values[0, 5] == pytest.approx(100 * (0.4 - 0.03))  # B n
    assert picture.values[2 + ROWS.index("a"), 3] == pytest.approx(100 * (0.9 - 0.04))  # Baon
    assert picture.values[2 + ROWS.index("z"), 6] == pytest.approx(100 * (0.9 - 0.05))  # B ozn
    assert np.isnan(picture.values[1]).all()
    assert np.isnan(picture.values[0, ::2]).all()  # a gap has nothing to leave out
    assert np.isnan(picture.values[2 + ROWS.index(" "), [0, 2, 4, 8]]).all()


def test_the_names_own_letters_are_outlined_and_flips_dotted():
    picture = changes_picture(FOUND)
    own = [(2 + ROWS.index(letter), 2 * place + 1) for place, letter in enumerate("b on")]
    assert picture.originals == own
    assert all(picture.values[cell] == pytest.approx(100 * FOUND.probability) for cell in own)
    blanks = {own[2], (2 + ROWS.index(" "), 5)}  # o itself, and two spaces in a row
    assert set(picture.flips) == {(row, 5) for row in [0, *range(2, 30)]} - blanks
    figure = changes_figure(FOUND, LIGHT)
    cells, dots = figure.data
    assert len(figure.layout.shapes) == 4
    assert len(dots.x) == len(picture.flips)
    x, y = picture.centre(picture.flips[0])
    assert (dots.x[0], dots.y[0]) == (x, y)
    assert cells.x[5] < x < cells.x[6]
    assert cells.y[picture.flips[0][0]] < y < cells.y[picture.flips[0][0] + 1]


def test_the_pointer_gets_the_name_and_its_answer_literally():
    cells = changes_figure(FOUND, DARK).data[0]
    assert cells.hovertext[0][5] == (
        "B n: letter 3: o left out<br>&lt;b&gt;x&lt;/b&gt;: 63 %, another answer<br>Irish: 37 %"
    )
    assert cells.hovertext[2][3] == "Baon: letter 2: ␣ becomes a<br>Irish: 86 %"
    assert cells.hovertext[1][0] == ""


def test_the_scale_is_all_of_probability_and_axes_say_what_they_are():
    figure = changes_figure(FOUND, LIGHT)
    assert (figure.data[0].zmin, figure.data[0].zmax) == (0, 100)
    assert figure.data[0].colorbar.title.text == "probability of Irish (%)"
    assert list(figure.layout.xaxis.ticktext) == ["B", "␣", "o", "n"]
    assert figure.layout.yaxis.ticktext[0] == "nothing"
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
    assert figure.layout.yaxis.title.text == "new letter"


def test_letters_outside_the_rows_have_no_outline():
    picture = changes_picture(changes(asked, CATEGORIES, "O.", EASY))
    assert picture.originals == [(2 + ROWS.index("o"), 1)]


def test_the_words_for_those_who_cannot_see():
    words = alt_text(changes_figure(FOUND, LIGHT))
    assert f"{len(FOUND.singles)} one-letter changes of “B on”, which is Irish with 86 %" in words
    assert "Lowest:" in words


def test_no_edits_give_an_empty_heat_map():
    nothing = Changes("X", CATEGORIES, 0, 0.5, (), ())
    picture = changes_picture(nothing)
    assert not picture.flips
    assert np.nansum(picture.values) == 50
    assert changes_figure(nothing, DARK).layout.meta["alt"].endswith("another answer.")


def test_a_variant_of_two_edits_is_no_cell():
    edit = Edit("insert", 1, "x", "")
    double = Variant((edit, edit), "Xxx", 1, 0.9, 0.1, -0.4)
    picture = changes_picture(Changes("X", CATEGORIES, 0, 0.5, (), (double,)))
    assert np.isnan(picture.values[:, 2]).all()
