"""How numbers and other people's text are written on a figure."""

from __future__ import annotations

import unicodedata

#: Longest category name written on an axis, in letters; hover texts have it in full.
LONGEST_LABEL = 20
#: Longest text shown anywhere on a figure, in letters: nobody's name, and it bounds a hover box.
LONGEST_TEXT = 120
# Control characters, lone surrogates and the marks that turn the reading direction around.
_UNSHOWABLE_CATEGORIES = frozenset({"Cc", "Cs"})
_DIRECTION_MARKS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_NARROW_SPACE = "\u202f"

#: Yardsticks that are lines on an accuracy chart, by kind, and what they are called there.
YARDSTICK_LINES = {
    "majority": "always the largest",
    "naive_bayes": "naive Bayes",
    "regression": "regression",
}


def literal(text: str) -> str:
    """Text as Plotly shows it letter by letter: no tag, no entity, no formula, no control mark.

    Args:
        text: Anything a person may have put in.

    Returns:
        At most `LONGEST_TEXT` letters of it, with `&`, `<`, `>` and `$` as entities.
    """
    shown = "".join(_showable(letter) for letter in shortened(text, LONGEST_TEXT))
    for letter, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("$", "&#36;")):
        shown = shown.replace(letter, entity)
    return shown


def label(text: str) -> str:
    """A category's name for an axis or a legend: literal, and cut to `LONGEST_LABEL` letters."""
    return literal(shortened(text, LONGEST_LABEL))


def shortened(text: str, most: int) -> str:
    """Text of at most so many letters, with an ellipsis where some were cut off."""
    return text if len(text) <= most else text[: most - 1] + "…"


def number(value: int) -> str:
    """A whole number with its thousands set apart by a narrow space."""
    return f"{value:,}".replace(",", _NARROW_SPACE)


def percent(share: float) -> str:
    """A share 0..1 in percent, never rounded to "0 %" or "100 %" where it is neither."""
    value = 100 * share
    if 0 < value < 0.1:
        return "under 0.1 %"
    if 99.9 < value < 100:
        return "over 99.9 %"
    whole = value in (0, 100) or 10 <= value < 99.5
    return f"{value:.0f} %" if whole else f"{value:.1f} %"


def _showable(letter: str) -> str:
    hidden = letter in _DIRECTION_MARKS or unicodedata.category(letter) in _UNSHOWABLE_CATEGORIES
    return "\ufffd" if hidden else letter


#: Shown in place of a space, which could not be seen.
OPEN_BOX = "␣"
