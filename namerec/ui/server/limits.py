"""How many corpora this browser session has kept, against what a session may keep."""

from __future__ import annotations

import streamlit as st

from namerec.settings import home, settings

_KEPT = "_corpora_kept"


def check_upload_allowed(more: int) -> None:
    """Refuses to keep one more corpus.

    Args:
        more: Bytes that it would take.

    Raises:
        NamerecError: If the session has kept as many as are allowed, or the data folder is full.
    """
    from namerec.jobs.limits import check_upload  # late: brings torch along

    check_upload(corpora_kept(), home(), settings(), more)


def corpora_kept() -> int:
    """Corpora that this browser session has kept."""
    return int(st.session_state.get(_KEPT, 0))


def count_upload() -> None:
    """Notes that a corpus was kept."""
    st.session_state[_KEPT] = corpora_kept() + 1
