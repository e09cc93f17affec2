"""Controls whose value is kept in the session and in the URL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from namerec.ui.frame import address

T = TypeVar("T")

#: Between two values of a slider of shares.
_STEP = 0.05


def segments(
    label: str,
    options: Sequence[T],
    key: str,
    usual: T | None = None,
    *,
    text: Callable[[T], str] = str,
    state: str | None = None,
    always: bool = False,
    **look: Any,
) -> T:
    """Draws a choice of one of a few, side by side.

    Args:
        label: Its label.
        options: What can be chosen (now).
        key: Name in the URL.
        usual: What is chosen where nobody chose; the first option if not given.
        text: Writes an option for the URL.
        state: Key in the session, the name in the URL if not given.
        always: Whether the usual value stands in the URL, too.
        look: As `st.segmented_control` takes it; `persist_state=None` for a choice that is
            forgotten where it is not drawn.
    """
    chosen = _kept(options, key, usual, text, state, always=always)
    look = {"persist_state": "session"} | look
    st.segmented_control(label, options, key=state or key, required=True, **look)
    return chosen


def select(
    label: str,
    options: Sequence[T],
    key: str,
    usual: T | None = None,
    *,
    text: Callable[[T], str] = str,
    state: str | None = None,
    always: bool = False,
    **look: Any,
) -> T:
    """Draws a choice of one of many, in a list; arguments as in `segments`."""
    chosen = _kept(options, key, usual, text, state, always=always)
    st.selectbox(label, options, key=state or key, **({"persist_state": "session"} | look))
    return chosen


def _kept(
    options: Sequence[T],
    key: str,
    usual: T | None,
    text: Callable[[T], str],
    state: str | None,
    *,
    always: bool,
) -> T:
    first = options[0] if usual is None else usual
    parse = address.one_of(options, text)
    return address.keep(key, first, parse, text, state=state, always=always)


def several(
    label: str, options: Sequence[str], key: str, usual: list[str], most: int, **look: Any
) -> list[str]:
    """Draws a choice of up to `most` of the options; `look` has the `state`, too."""
    state = look.pop("state", key)
    those = address.some_of(options, most)
    chosen = address.keep(key, usual, those, address.with_commas, state=state)
    st.multiselect(label, options, key=state, max_selections=most, persist_state="session", **look)
    return chosen


def toggle(label: str, key: str, usual: bool, *, state: str, **look: Any) -> bool:
    """Draws a switch."""
    parse = address.one_of((True, False), address.yes_or_no)
    on = address.keep(key, usual, parse, address.yes_or_no, state=state)
    st.toggle(label, key=state, persist_state="session", **look)
    return on


def share_slider(
    label: str, key: str, usual: float, *, state: str, most: float = 1.0, **look: Any
) -> float:
    """Draws a slider of a share, 0..`most`, in steps of 5 %."""
    parse = address.share(_STEP, most)
    chosen = address.keep(key, usual, parse, address.in_percent, state=state)
    st.slider(
        label, 0.0, most, step=_STEP, format="percent", key=state, persist_state="session", **look
    )
    return chosen


def text_box(
    label: str, key: str, usual: str = "", *, state: str | None = None, **look: Any
) -> str:
    """Draws a box to type in."""
    typed = address.keep(key, usual, str, state=state, always=True)
    st.text_input(label, key=state or key, persist_state="session", **look)
    return typed
