from hypothesis import given
from hypothesis import strategies as st

from namerec.figures.base.words import LONGEST_LABEL, LONGEST_TEXT, label, literal, number, percent


def test_tags_entities_and_formulas_are_shown_letter_by_letter():
    assert literal("<b>x</b>") == "&lt;b&gt;x&lt;/b&gt;"
    assert literal("a &amp; b") == "a &amp;amp; b"
    assert literal("$x^2$") == "&#36;x^2&#36;"


def test_marks_that_cannot_be_shown_are_replaced():
    assert literal("a\x00b\ud800c\u202ed") == "a\ufffdb\ufffdc\ufffdd"


def test_names_in_any_writing_stay_as_they_are():
    assert literal("Đặng Nuñez Щукин 王") == "Đặng Nuñez Щукин 王"


@given(st.text(max_size=300))
def test_literal_text_holds_no_markup_whatever_is_put_in(text):
    shown = literal(text)
    assert not set(shown) & set("<>$\x00\n\r")
    assert len(shown) <= 5 * LONGEST_TEXT


def test_a_label_is_cut_before_it_is_escaped():
    assert label("&" * 30) == "&amp;" * (LONGEST_LABEL - 1) + "…"


def test_whole_numbers_have_their_thousands_set_apart():
    assert number(1234567) == "1\u202f234\u202f567"


def test_percent_keeps_a_digit_where_it_matters():
    assert [percent(share) for share in (0, 0.025, 0.3, 0.334, 1)] == [
        "0 %", "2.5 %", "30 %", "33 %", "100 %",
    ]  # fmt: skip


def test_percent_never_rounds_to_nothing_or_to_all():
    assert percent(1e-9) == "under 0.1 %"
    assert percent(0.996) == "99.6 %"
    assert percent(1 - 1e-9) == "over 99.9 %"
