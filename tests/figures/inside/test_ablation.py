import numpy as np

from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.inside.ablation import recall_change_figure, recall_changes
from tests.figures.records import matrix

CATEGORIES = ("Czech", "Dutch", "<b>Irish", "Greek")
BEFORE = matrix([[8, 2, 0, 0], [1, 4, 0, 0], [0, 0, 2, 2], [0, 0, 0, 0]], CATEGORIES)
AFTER = matrix([[7, 3, 0, 0], [5, 0, 0, 0], [0, 0, 3, 1], [0, 0, 0, 0]], CATEGORIES)
ON = "test names, leak-free split"
ABLATION = "layer 1 →: forget gate held at 0"


def test_what_lost_most_stands_first_and_what_has_no_names_is_left_out():
    shown = recall_changes(BEFORE, AFTER)
    assert shown.categories == ["Dutch", "Czech", "<b>Irish"]
    np.testing.assert_allclose(shown.before, [0.8, 0.8, 0.5])
    np.testing.assert_allclose(shown.after, [0, 0.7, 0.75])
    assert shown.support.tolist() == [5, 10, 4]


def test_each_row_joins_the_recalls_before_and_after():
    figure = recall_change_figure(BEFORE, AFTER, LIGHT, ablation=ABLATION, measured_on=ON)
    joined, before, after = figure.data
    np.testing.assert_allclose(before.x, [80, 80, 50])
    np.testing.assert_allclose(after.x, [0, 70, 75])
    assert list(before.y) == list(after.y) == [0, 1, 2]
    assert [joined.x[at : at + 2] for at in (0, 3, 6)] == [(80, 0), (80, 70), (50, 75)]
    assert joined.y == (0, 0, None, 1, 1, None, 2, 2, None)
    assert before.text[1] == "Czech: recall 80 % before, 70 % after, of 10 names"
    assert before.marker.symbol != after.marker.symbol


def test_the_axes_say_what_is_measured_on_what():
    layout = recall_change_figure(BEFORE, AFTER, LIGHT, ablation=ABLATION, measured_on=ON).layout
    assert layout.xaxis.title.text == f"recall (%), {ON}"
    assert layout.yaxis.range[0] > layout.yaxis.range[1]
    assert list(layout.yaxis.ticktext) == ["Dutch", "Czech", "&lt;b&gt;Irish"]


def test_the_words_for_those_who_cannot_see():
    words = alt_text(
        recall_change_figure(
            BEFORE, AFTER, DARK, ablation=ABLATION, measured_on=ON, noun="category"
        )
    )
    assert words.startswith(
        f"Recall of every category before and after surgery ({ABLATION}), {ON}."
    )
    assert "Dutch 80 % before, 0 % after; Czech 80 % before, 70 % after" in words


def test_the_title_says_the_operation_in_lines_that_have_room():
    figure = recall_change_figure(BEFORE, AFTER, LIGHT, ablation="held at <b>", measured_on=ON)
    assert figure.layout.title.text == "Surgery: held at &lt;b&gt;"
    many = "units " + ", ".join(str(unit) for unit in range(1, 200)) + " silenced"
    long = recall_change_figure(BEFORE, AFTER, LIGHT, ablation=many, measured_on=ON)
    lines = long.layout.title.text.split("<br>")
    assert len(lines) == 3
    assert max(map(len, lines)) <= 76
    assert lines[2].endswith(" …")
    assert many in alt_text(long)
    assert long.layout.margin.t - figure.layout.margin.t == 2 * 18
    assert long.layout.height - figure.layout.height == 2 * 18


def test_no_names_give_the_titled_empty_figure():
    none = matrix(np.zeros((2, 2)), ("Czech", "Dutch"))
    figure = recall_change_figure(none, none, LIGHT, ablation=ABLATION, measured_on=ON)
    assert not figure.data
    assert figure.layout.annotations[0].text == "No names were counted."
