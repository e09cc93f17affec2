"""The choice of a page's section, kept in the session and in the URL."""

from __future__ import annotations

from namerec.ui.frame.controls import segments
from namerec.ui.frame.hidden import hidden


def pick_section(key: str, titles: dict[str, str]) -> str:
    """Draws the choice of a section; those that a link hides are left out.

    Args:
        key: In the session and in the URL; a page's own.
        titles: What each section is called on the screen; the first one opens the page.

    Returns:
        The section chosen.
    """
    # Of a page whose every section is hidden, the first one is shown without a choice.
    offered = {name: title for name, title in titles.items() if not hidden(name)}
    if not offered:
        return next(iter(titles))
    return segments(
        "Look at",
        list(offered),
        key,
        always=True,
        format_func=titles.__getitem__,
        label_visibility="collapsed",
    )
