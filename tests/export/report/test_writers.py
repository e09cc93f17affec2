"""Escaping: whatever a text holds, both forms show it letter by letter."""

import re

from hypothesis import given
from hypothesis import strategies as st

from namerec.export.report.document import (
    Document,
    Paragraph,
    Points,
    Printed,
    Section,
    Table,
    said,
    said_whole,
)
from namerec.export.report.html import html_file, page_of
from namerec.export.report.markdown import markdown_files
from namerec.text import as_markdown
from tests.export.report_references import Page, markdown_tables, unescaped

SIGNS = st.text(st.sampled_from("\\`*_{}[]()<>#+-.!|~$:&\"'@=/ 1ahtpw\u202e\ud800\n"), max_size=30)


@given(SIGNS)
def test_markdown_shows_every_text_letter_by_letter(text):
    written = as_markdown(text)
    plain = text.encode("utf-8", "replace").decode().replace("\n", " ")
    assert unescaped(written) == plain
    assert "\n" not in written
    bare = written.replace("\\\\", "")
    for sign in "`*_[]<>|~$#&!":
        assert bare.count(sign) == bare.count(f"\\{sign}")
    assert "http:" not in written
    assert "www." not in written


def test_what_begins_a_block_in_markdown_is_escaped_and_numbers_are_left_alone():
    begun = ["- a", "+ a", "1. a", "12) a", "=== ", ": a", "# a", "> a", "1."]
    assert all("\\" in as_markdown(text)[:3] for text in begun)
    for text in ("70.1 %", "1.5", "LSTM (custom), run 1", "2026-01-02"):
        assert as_markdown(text) == text


@given(st.lists(SIGNS | st.sampled_from(["\x00", "{{ 1 }}", "{% raw %}", "\x9f"])).map("".join))
def test_html_shows_every_text_letter_by_letter(text):
    blocks = (Paragraph(text), Points((text,)), Table(text, (text,), ((text,),)))
    document = Document(text, text, (Section("", blocks), Section(text, ())))
    page = Page.of(page_of(document, ""))
    shown = re.sub("[\x00\x9f]", "\ufffd", text).encode("utf-8", "replace").decode()
    assert page.texts == [*[shown] * 6, "Contents", "", shown]  # the text of a link is not read
    assert page.tables == [[[shown], [shown]]]
    assert [words for words in page.attributes("aria-label") if words != "Contents"] == [shown]


def test_a_document_is_written_whole_in_both_forms():
    table = Table("of | what", ("a", "b|c"), (("<x>", "1"), ("- y", "2.5")), numbers=1)
    blocks = (
        Paragraph("plain & <b>"), Paragraph("quiet", "quiet"), Paragraph("careful", "warning"),
        Points(("one", "# two")), Printed("RNN(\n  (i2h)\n)"), table,
    )  # fmt: skip
    document = Document("T", "made", (Section("first", blocks), Section("second", ())))
    page = Page.of(html_file(document, "x").content)
    (file,) = markdown_files(document, "x")
    text = file.content.decode()
    expected = [["a", "b|c"], ["<x>", "1"], ["- y", "2.5"]]
    assert page.tables == [expected]
    assert markdown_tables(text) == [expected]
    for words in ("plain & <b>", "quiet", "careful", "one", "# two", "of | what", "second"):
        assert words in page.texts
        assert words in unescaped(text)
    assert "RNN(\n  (i2h)\n)" in page.texts
    assert "```text\nRNN(\n  (i2h)\n)\n```" in text
    assert "| --- | ---: |" in text


def test_texts_of_people_are_one_line_without_control_marks():
    assert said("a\nb\u202e\x00<&>") == "a b\ufffd\ufffd<&>"
    assert len(said("w" * 300)) == 120
    assert said_whole("ab\n" * 100) == "ab " * 100
