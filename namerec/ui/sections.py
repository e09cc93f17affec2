"""The choice of a page's section, kept in the session and in the URL."""

from __future__ import annotations

import streamlit as st

from namerec.ui import address


def pick_section(key: str, titles: dict[str, str]) -> str:
    """Draws the choice of a section.

    Args:
        key: In the session and in the URL; a page's own.
        titles: What each section is called on the screen; the first one opens the page.

    Returns:
        The section chosen.
    """
    first = next(iter(titles))
    address.read(key, list(titles))
    st.session_state.setdefault(key, first)
    chosen = (
        st.segmented_control(
            "Look at",
            list(titles),
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
