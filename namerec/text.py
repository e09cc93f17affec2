"""Numbers and texts as screens, figures, reports and messages write them."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

#: Longest piece of somebody's text quoted in a message or shown on a figure, in code points:
#: nobody's name, and it bounds a hover box.
LONGEST_TEXT = 120
_REPLACEMENT = "\ufffd"

# Everything that Streamlit's Markdown could take for markup: emphasis, links, HTML, LaTeX,
# directives such as :red[...], shortcodes such as :smile:.
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^=&\"'])")
# What stands for itself in a Markdown file only with a backslash before it, anywhere in a line or
# at its beginning.
_FILE_MARKUP = re.compile(r"([\\`*_\[\]<>|~$#&!])")
_AT_THE_BEGINNING = re.compile(r"^(\s*)([-+=:]|\d+(?=[.)](?:\s|$)))")
# Addresses are made links after escapes are taken away; a sign of no width breaks them up.
_LINKED = re.compile(r"://|www(?=\.)|@|(?:https?|mailto|ftp|xmpp)(?=:)", re.IGNORECASE)
_WORD_JOINER = "\u2060"
# Control characters, lone surrogates and the marks that turn the reading direction around.
_UNSHOWABLE_CATEGORIES = frozenset({"Cc", "Cs"})
_DIRECTION_MARKS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_NARROW_SPACE = "\u202f"


def plain(text: str) -> str:
    """Text put in by a person, made safe to stand in Markdown: shown letter by letter."""
    clean = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", _REPLACEMENT)
    return _MARKUP.sub(r"\\\1", _unlinked(" ".join(clean.split())))


def as_markdown(text: str) -> str:
    """The same for a Markdown file that is read as it is too: no backslash that is not needed."""
    line = re.sub(r"[\r\n\t]+", " ", text.encode("utf-8", "replace").decode())
    marked = _FILE_MARKUP.sub(r"\\\1", _unlinked(line))
    return _AT_THE_BEGINNING.sub(_escaped_beginning, marked)


def _unlinked(text: str) -> str:
    return _LINKED.sub(lambda found: found[0] + _WORD_JOINER, text)


def _escaped_beginning(found: re.Match[str]) -> str:
    sign = found[2]
    # A number is no list's item if the point behind it is not one: 1\. is.
    return f"{found[1]}{sign}\\" if sign[-1].isdigit() else f"{found[1]}\\{sign}"


def literal(text: str) -> str:
    """Text as Plotly shows it letter by letter: no tag, no entity, no formula, no control mark.

    Args:
        text: Anything a person may have put in.

    Returns:
        At most `LONGEST_TEXT` letters of it, with `&`, `<`, `>` and `$` as entities.
    """
    safe = "".join(_showable(letter) for letter in shortened(text, LONGEST_TEXT))
    for letter, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("$", "&#36;")):
        safe = safe.replace(letter, entity)
    return safe


def _showable(letter: str) -> str:
    hidden = letter in _DIRECTION_MARKS or unicodedata.category(letter) in _UNSHOWABLE_CATEGORIES
    return _REPLACEMENT if hidden else letter


def shown(text: str, most: int = LONGEST_TEXT) -> str:
    """Somebody's text as it may stand in a message: short, on one line, printable."""
    cut = shortened(text, most)
    return "".join(sign if sign.isprintable() else _REPLACEMENT for sign in cut)


def shortened(text: str, most: int) -> str:
    """Text of at most so many letters, with an ellipsis where some were cut off."""
    return text if len(text) <= most else text[: most - 1] + "…"


def listed(words: Sequence[str]) -> str:
    """Words in a row: Czech; Czech and Polish; Czech, German and Polish."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def count(number: float) -> str:
    """A whole number with narrow spaces between thousands."""
    return f"{round(number):,}".replace(",", _NARROW_SPACE)


def counted(number: int, noun: str) -> str:
    """A number of things: 1 name, 1 557 names."""
    return f"{count(number)} {noun if number == 1 else plural(noun)}"


def part_of(part: int, whole: int) -> str:
    """A part of a whole: 99 of 100 (99 %)."""
    return f"{count(part)} of {count(whole)} ({roughly(part / max(whole, 1))})"


def plural(noun: str) -> str:
    """Several languages, several categories."""
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def percent(share: float | None, digits: int = 1) -> str:
    """A share 0..1 as a percentage; a dash for None."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def roughly(share: float) -> str:
    """A share 0..1 in few digits, never rounded to "0 %" or "100 %" where it is neither."""
    value = 100 * share
    if 0 < value < 0.1:
        return "under 0.1 %"
    if 99.9 < value < 100:
        return "over 99.9 %"
    whole = value in (0, 100) or 10 <= value < 99.5
    return percent(share, 0 if whole else 1)


def duration(seconds: float | None, digits: int = 0) -> str:
    """A span of time: 8 s, 1 min 05 s, 2 h 10 min; a dash for None.

    Args:
        seconds: How long it took; a negative span is none.
        digits: Decimals of one under a minute.
    """
    if seconds is None:
        return "–"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{max(0.0, seconds):.{digits}f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def moment(when: datetime) -> str:
    """A date and time on this server's clock."""
    try:
        return when.astimezone().strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):  # a date no calendar here goes to
        return "at some time"
