import pytest

from namerec.text import plain, threads


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


def test_threads_are_counted():
    assert (threads(1), threads(2)) == ("1 thread", "2 threads")
