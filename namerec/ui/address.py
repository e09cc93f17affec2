"""Keeps what belongs in a link (run, name, view) in the URL, on every page and both ways.

Streamlit's menu drops query parameters when a page is changed, so values are kept in the session
and written back by each page; a parameter that somebody changed in the URL wins.
"""

from __future__ import annotations

import streamlit as st

#: Longest value taken from a URL, characters.
MAX_VALUE = 300


def read(key: str, allowed: list[str] | None = None, *, state: str | None = None) -> str | None:
    """Takes a value from the URL into the session, if the URL brings a new one.

    Call it before the widget with the session's key is drawn.

    Args:
        key: Name in the URL.
        allowed: The values it may have; another one is ignored, and a stored one dropped.
        state: Key in the session, the name in the URL if not given. Pages that show the same
            parameter on their own terms have a key each.

    Returns:
        The value now in the session, None for none.
    """
    kept = state or key
    given = st.query_params.get(key)
    if given is not None and given != st.session_state.get(_written(kept)):
        given = given[:MAX_VALUE]
        if allowed is None or given in allowed:
            st.session_state[kept] = given
    value = st.session_state.get(kept)
    if allowed is not None and value not in allowed:
        st.session_state.pop(kept, None)
        return None
    return value if isinstance(value, str) else None


def write(key: str, value: str | None, *, state: str | None = None) -> None:
    """Puts a value into the URL (or takes it out, for none)."""
    if value:
        if st.query_params.get(key) != value:
            st.query_params[key] = value
    else:
        st.query_params.pop(key, None)
    st.session_state[_written(state or key)] = value


def _written(kept: str) -> str:
    return f"_url_{kept}"
