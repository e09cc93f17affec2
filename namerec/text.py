"""Numbers and texts as the screen writes them."""

from __future__ import annotations

import re
from datetime import datetime

# Everything that Streamlit's Markdown could take for markup: emphasis, links, HTML, LaTeX,
# directives such as :red[...], shortcodes such as :smile:.
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^=&\"'])")

# Addresses are made links after escapes are taken away; a sign of no width breaks them up.
_LINKED = re.compile(r"://|www(?=\.)|@|(?:https?|mailto|ftp|xmpp)(?=:)", re.IGNORECASE)
_WORD_JOINER = "\u2060"


def plain(text: str) -> str:
    """Text put in by a person, made safe to stand in Markdown: shown letter by letter."""
    clean = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "�")
    unlinked = _LINKED.sub(lambda found: found[0] + _WORD_JOINER, " ".join(clean.split()))
    return _MARKUP.sub(r"\\\1", unlinked)


def percent(share: float | None, digits: int = 1) -> str:
    """A share 0..1 as a percentage; a dash for None."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def count(number: float) -> str:
    """A whole number with thin spaces between thousands."""
    return f"{round(number):,}".replace(",", "\u2009")


def duration(seconds: float | None) -> str:
    """A span of time: 8 s, 1 min 05 s, 2 h 10 min; a dash for None."""
    if seconds is None:
        return "–"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def moment(when: datetime) -> str:
    """A date and time on this server's clock."""
    try:
        return when.astimezone().strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):  # a date no calendar here goes to
        return "at some time"


def threads(number: int) -> str:
    """1 thread, 2 threads."""
    return f"{number} thread{'s' if number > 1 else ''}"
