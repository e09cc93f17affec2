"""Keeps what belongs in a link (run, name, view) in the URL, on every page and both ways.

Streamlit's menu drops query parameters when a page is changed, so they are kept in the session and
written back by each page; a parameter that somebody changed in the URL wins.
"""

from __future__ import annotations

import streamlit as st

#: Longest value taken from a URL, characters.
MAX_VALUE = 300


def read(key: str, allowed: list[str] | None = None) -> str | None:
    """Takes a value from the URL into the session, if the URL brings a new one.

    Call it before the widget with the same key is drawn.

    Args:
        key: Name in the URL and in the session.
        allowed: The values it may have; another one is ignored, and a stored one dropped.

    Returns:
        The value now in the session, None for none.
    """
    given = st.query_params.get(key)
    written = st.session_state.get(_written(key))
    if given is not None and given != written:
        given = given[:MAX_VALUE]
        if allowed is None or given in allowed:
            st.session_state[key] = given
    value = st.session_state.get(key)
    if allowed is not None and value not in allowed:
        st.session_state.pop(key, None)
        return None
    return value if isinstance(value, str) else None


def write(key: str, value: str | None) -> None:
    """Puts a value into the URL (or takes it out, for none) and keeps it for the other pages."""
    if value:
        if st.query_params.get(key) != value:
            st.query_params[key] = value
    else:
        st.query_params.pop(key, None)
    st.session_state[_written(key)] = value


def _written(key: str) -> str:
    return f"_url_{key}"
