import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.text import (
    LONGEST_TEXT,
    count,
    counted,
    duration,
    listed,
    literal,
    part_of,
    plain,
    roughly,
)


@pytest.mark.parametrize(
    "text",
    ["https://evil.example/x", "HTTP://a.b", "www.evil.example", "me@evil.example", "mailto:a@b.c"],
)
def test_an_address_is_broken_up_so_that_nothing_links_it(text):
    """Markdown links addresses after it took the escapes away; a sign without width stops it."""
    shown = plain(text).replace("\\", "")
    assert shown.replace("\u2060", "") == text
    for mark in ("://", "www.", "@evil", "mailto:"):
        assert mark not in shown.lower().replace("://\u2060", "")


def test_ordinary_text_is_escaped_and_nothing_else():
    assert plain("Müller  *x*\n<b>") == "Müller \\*x\\* \\<b\\>"


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


def test_whole_numbers_have_their_thousands_set_apart():
    assert count(1234567) == "1\u202f234\u202f567"


def test_percent_keeps_a_digit_where_it_matters():
    assert [roughly(share) for share in (0, 0.025, 0.3, 0.334, 1)] == [
        "0 %", "2.5 %", "30 %", "33 %", "100 %",
    ]  # fmt: skip


def test_percent_never_rounds_to_nothing_or_to_all():
    assert roughly(1e-9) == "under 0.1 %"
    assert roughly(0.996) == "99.6 %"
    assert roughly(1 - 1e-9) == "over 99.9 %"


def test_parts_and_numbers_are_told_in_words():
    assert part_of(99, 100) == "99 of 100 (99 %)"
    assert part_of(0, 0) == "0 of 0 (0 %)"
    assert [counted(1, "name"), counted(1000, "name")] == ["1 name", "1\u202f000 names"]
    assert [counted(1, "category"), counted(2, "category")] == ["1 category", "2 categories"]


def test_words_in_a_row():
    assert listed(["Czech"]) == "Czech"
    assert listed(["Czech", "German", "Polish"]) == "Czech, German and Polish"


def test_spans_of_time():
    assert [duration(seconds) for seconds in (None, -1, 8.34)] == ["–", "0 s", "8 s"]
    assert [duration(seconds, 1) for seconds in (8.34, 59.97, 65, 7800)] == [
        "8.3 s", "1 min 00 s", "1 min 05 s", "2 h 10 min",
    ]  # fmt: skip
