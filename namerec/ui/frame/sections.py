"""The choice of a page's section, kept in the session and in the URL."""

from __future__ import annotations

import streamlit as st

from namerec.ui.frame import address
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
    first = next(iter(offered or titles))
    address.read(key, list(offered))
    st.session_state.setdefault(key, first)
    if not offered:
        return first
    chosen = (
        st.segmented_control(
            "Look at",
            list(offered),
            key=key,
            format_func=titles.__getitem__,
            required=True,
            persist_state="session",
            label_visibility="collapsed",
        )
        or first
    )
    address.write(key, chosen)
    return chosen
