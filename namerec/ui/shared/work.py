"""Work that a large network and a long name make too long to begin unasked."""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st

from namerec.text import duration

#: What was asked for in this session though it takes long.
_WANTED = "work_wanted"
#: Longest that is offered, in seconds: nothing stops it once it is begun.
_LONGEST = 90


def may_begin(asked: Hashable, seconds: float, at_ease: float, doing: str, key: str) -> bool:
    """Whether to compute something now: what takes long is begun when its button is pressed.

    Args:
        asked: What is computed; once wanted, it is in this session.
        seconds: About how long it takes.
        at_ease: Seconds up to which it is begun unasked.
        doing: What is done, as the beginning of a sentence.
        key: Of the button.
    """
    wanted = st.session_state.setdefault(_WANTED, set())
    if seconds <= at_ease or asked in wanted:
        return True
    words = f"{doing} takes about {duration(seconds)}: the network is large and the name is long."
    if seconds > _LONGEST:
        st.info(
            f"{words} That is too long to wait for here. Try a shorter name or a smaller network.",
            icon=":material/hourglass_disabled:",
        )
        return False
    st.info(words, icon=":material/hourglass:")
    if st.button("Compute", key=key, icon=":material/play_arrow:"):
        wanted.add(asked)
        st.rerun()
    return False
