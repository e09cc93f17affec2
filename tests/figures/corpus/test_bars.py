import pytest

from namerec.figures.base.categories import MOST_WITH_LABELS
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.corpus.bars import count_bars, counts_figure, mark_bars, marks_figure
from tests.figures.corpora import LANGUAGES, MARKUP, counts, mark

MARKS = (
    mark("-ov", 150, 0, 30.0),
    mark("-kov", 60, 0, 20.0),
    mark("o -", 20, 1, 9.0),
    mark("zh-", 1, 0, 4.0),
)


def test_the_category_with_the_most_lines_is_first():
    bars = count_bars(counts())
    assert bars.categories == ["Polish", "Czech", "Irish"]
    assert bars.pairs == [108, 30, 10]
    assert bars.repeats == [1892, 0, 2]
    assert bars.words[0] == "Polish\n2\u202f000 lines, 108 distinct names"
    assert count_bars(counts((1, 1), (0, 0), ("P", "Q"))).words[0] == "P\n1 line, 1 distinct name"


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_bar_is_distinct_names_with_repeats_behind_them(theme):
    drawn = counts_figure(counts(), theme)
    distinct, repeats, totals = drawn.data
    assert drawn.layout.barmode == "stack"
    assert list(distinct.x) == [108, 30, 10]
    assert list(repeats.x) == [1892, 0, 2]
    assert list(totals.x) == [2000, 30, 12]
    assert totals.text[0] == " 2\u202f000"
    assert [distinct.name, repeats.name] == ["distinct names", "repeats of them"]
    assert distinct.marker.color == theme.accent
    assert drawn.layout.xaxis.range[1] > 2000
    assert drawn.layout.yaxis.range[0] > drawn.layout.yaxis.range[1]


def test_the_axes_of_counts_are_labelled():
    layout = counts_figure(counts(), LIGHT, noun="team").layout
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == ("lines of the source", "team")
    assert list(layout.yaxis.ticktext) == ["Polish", "Czech", "Irish"]


@pytest.mark.parametrize("size", [1, 2, MOST_WITH_LABELS, MOST_WITH_LABELS + 1, 200])
def test_any_number_of_categories_has_bars(size):
    ones = (1,) * size
    drawn = counts_figure(counts(ones, ones, tuple(f"{n:03}" * 30 for n in range(size))), LIGHT)
    assert len(drawn.data[0].x) == size
    assert len(drawn.layout.yaxis.tickvals) <= MOST_WITH_LABELS
    assert all(len(text) <= 20 for text in drawn.layout.yaxis.ticktext)
    assert drawn.layout.height < 760
    assert len(drawn.data) == (3 if size <= MOST_WITH_LABELS else 2)


@pytest.mark.parametrize("categories", [(), LANGUAGES])
def test_counts_of_nothing_give_the_titled_empty_figure(categories):
    nothing = (0,) * len(categories)
    drawn = counts_figure(counts(nothing, nothing, categories), LIGHT)
    assert not drawn.data
    assert drawn.layout.xaxis.title.text == "lines of the source"
    assert drawn.layout.annotations[0].text == "No names were counted."


def test_the_counts_are_told_to_those_who_cannot_see():
    assert alt_text(counts_figure(counts(), LIGHT)) == (
        "Bars of the lines of each language: 2\u202f042 lines, 148 distinct names, "
        "1\u202f894 repeats. Most: Polish: 2\u202f000 lines, 108 distinct names."
    )


def test_marks_are_told_in_words_without_those_a_stronger_one_says():
    bars = mark_bars("Russian", MARKS, 9)
    assert bars.affixes == ["-ov", "o␣-", "zh-"]
    assert bars.words[1].splitlines() == [
        "o␣-: 20 of 200 (10 %) Russian names",
        "1 of 1\u202f000 (0.1 %) others",
        "log-odds ratio 0.90 nats, z 9.0",
    ]
    assert mark_bars("Russian", MARKS, 1).affixes == ["-ov"]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_beginnings_and_endings_are_bars_of_their_z_in_two_colours(theme):
    drawn = marks_figure("Russian", MARKS, theme)
    beginnings, endings = drawn.data
    assert (beginnings.name, list(beginnings.y), list(beginnings.x)) == (
        "beginnings",
        [1, 2],
        [9, 4],
    )
    assert (endings.name, list(endings.y), list(endings.x)) == ("endings", [0], [30])
    assert list(beginnings.text) == ["10 %", "0.5 %"]
    assert beginnings.width == endings.width < 1, "rows of one colour may lie far apart"
    assert beginnings.marker.color != endings.marker.color == theme.accent
    assert list(drawn.layout.yaxis.ticktext) == ["-ov", "o␣-", "zh-"]
    assert drawn.layout.yaxis.title.text == "beginning or ending"
    assert drawn.layout.xaxis.title.text == (
        "z of the log-odds ratio<br>(beside it: share of Russian names)"
    )
    assert "-ov (75 %, z 30.0)" in alt_text(drawn)


def test_a_category_without_marks_gives_the_titled_empty_figure():
    drawn = marks_figure("<b>", (), LIGHT)
    assert not drawn.data
    assert drawn.layout.annotations[0].text == "No beginning or ending marks &lt;b&gt;."
    assert drawn.layout.xaxis.title.text.endswith("share of &lt;b&gt; names)")
    assert alt_text(drawn).endswith("names: none.")


def test_a_long_category_does_not_push_the_numbers_out_of_the_hover_box():
    hover = marks_figure("x" * 100, MARKS, LIGHT).data[1].hovertext[0]
    assert "150 of 200 (75 %)" in hover
    assert hover.endswith("<br>0 of 1\u202f000 (0 %) others<br>log-odds ratio 3.00 nats, z 30.0")


def test_markup_in_a_category_is_shown_literally_on_bars():
    for drawn in (
        counts_figure(counts((1, 1), (1, 0), MARKUP), LIGHT, noun="<u>"),
        marks_figure(MARKUP[1], MARKS, LIGHT),
    ):
        text = drawn.to_json().encode().decode("unicode_escape").replace(alt_text(drawn), "")
        for tag in ("<script>", "<b>", "<u>"):
            assert tag not in text
        assert "&lt;b&gt;x&lt;/b&gt;" in text
