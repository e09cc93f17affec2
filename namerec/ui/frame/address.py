"""Keeps what belongs in a link (run, name, view, settings) in the URL, on every page and both ways.

Streamlit's menu drops query parameters when a page is changed, so values are kept in the session
and written back by each page; a parameter that somebody changed in the URL wins.

A page's parameters go out together when it has been drawn: each change of the URL is a step of the
browser's history, and a page should be one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar, cast
from urllib.parse import parse_qsl

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

#: Longest value taken from a URL, characters.
MAX_VALUE = 1000
#: Seconds in which a URL may still be the one before: a browser that asks for another run of the
#: page before it has heard of the new URL sends the old one along.
_UNDERWAY = 0.6
#: Parameters that say nothing about a page's view.
_OF_NO_VIEW = frozenset({"hide"})
#: Parameters that are Streamlit's own, which it keeps in the URL by itself.
_STREAMLITS = frozenset({"embed", "embed_options"})
_MEMORY = "_address"

T = TypeVar("T")


@dataclass
class _Drawing:
    """One drawing of a page.

    Attributes:
        same_page: Whether the page is the one drawn the last time, too.
        gathered: What the page has for the URL, by parameter.
        taken: The session keys that these are kept under.
    """

    same_page: bool = False
    gathered: dict[str, str | None] = field(default_factory=dict)
    taken: dict[str, str | None] = field(default_factory=dict)


@dataclass
class _Memory:
    """What a session knows of its URL.

    Attributes:
        page: The page drawn now.
        written: By session key, what stands in the URL for it; None for nothing.
        before: By session key, what stood there before, and until when (monotonic seconds).
        ours: Parameters that were ever written here.
        sent: What the last drawing of a page sent, by parameter.
        latest: The drawing that was begun last.
    """

    page: str = ""
    written: dict[str, str | None] = field(default_factory=dict)
    before: dict[str, tuple[str | None, float]] = field(default_factory=dict)
    ours: set[str] = field(default_factory=set)
    sent: dict[str, str | None] = field(default_factory=dict)
    latest: _Drawing | None = None


#: This thread's drawing. Streamlit begins the next one, in another thread, before the one that it
#: replaces has ended: what is of one drawing must not be kept in the session, which both have.
_drawing: ContextVar[_Drawing | None] = ContextVar("drawing", default=None)


def _memory() -> _Memory:
    memory: _Memory = st.session_state.setdefault(_MEMORY, _Memory())
    return memory


def _url() -> dict[str, str]:
    """The browser's URL as this drawing knows it.

    `st.query_params` are the session's: a drawing that was replaced may have written there what
    the browser is never told.
    """
    context = get_script_run_ctx()
    query = "" if context is None else context.query_string
    pairs = parse_qsl(query, keep_blank_values=True)
    return {key: value for key, value in pairs if key.lower() not in _STREAMLITS}


# -- one page's parameters together


@contextmanager
def gathering() -> Iterator[None]:
    """Draws a page inside; what it writes becomes the URL when it has been drawn."""
    drawing = _Drawing()
    _memory().latest = drawing
    before = _drawing.set(drawing)
    try:
        yield
        _send(drawing)
    finally:  # a page that is drawn again, or left, has written nothing
        _drawing.reset(before)


def send() -> None:
    """Makes the URL now of what has been written so far, which is all that the page will write.

    For a page that looks at a running training: on a busy machine the next look comes before the
    page has been drawn, and ends its drawing.
    """
    if drawing := _drawing.get():
        _send(drawing)


def arrive(page: str) -> None:
    """Says which page is drawn, inside of `gathering`."""
    memory = _memory()
    if drawing := _drawing.get():
        drawing.same_page = memory.page == page
    memory.page = page


def _send(drawing: _Drawing) -> None:
    memory, gathered = _memory(), drawing.gathered
    if memory.latest is not drawing:  # replaced: the browser would not be told
        return
    memory.ours |= gathered.keys()
    now = _url()
    rest = {key: value for key, value in now.items() if key not in memory.ours}
    wanted = rest | {key: value for key, value in gathered.items() if value}
    if wanted != now:
        st.query_params.from_dict(wanted)
    memory.sent = gathered
    for kept in memory.written.keys() - drawing.taken.keys():
        del memory.written[kept]
    for kept, value in drawing.taken.items():
        _remember(memory, kept, value)


def _remember(memory: _Memory, kept: str, value: str | None) -> None:
    if kept in memory.written and memory.written[kept] != value:
        memory.before[kept] = (memory.written[kept], time.monotonic() + _UNDERWAY)
    memory.written[kept] = value


# -- what a URL brings


def news(key: str, *, state: str | None = None, now: str | None = None) -> str | None:
    """What the URL brings that is not known yet; it is known from then on.

    Args:
        key: Name in the URL.
        state: Key in the session, the name in the URL if not given.
        now: The session's value as the URL would have it.

    Returns:
        The value, at most `MAX_VALUE` characters; empty if the browser went back to a URL without
        it; None for nothing new.
    """
    memory, drawing, given, kept = _memory(), _drawing.get(), _given(key), state or key
    here = drawing is None or drawing.same_page
    if here and kept not in memory.written and given == memory.sent.get(key):
        return None  # of another run or answer on this page, which had a key of its own
    return _difference(given, kept, now)


def _given(key: str) -> str | None:
    drawing = _drawing.get()
    if drawing is not None and key in drawing.gathered:
        return drawing.gathered[key]
    given = _url().get(key)
    return None if given is None else given[:MAX_VALUE]


def _difference(given: str | None, kept: str, now: str | None) -> str | None:
    memory, drawing = _memory(), _drawing.get() or _Drawing()
    if kept in drawing.taken:  # settled in this drawing
        return None
    written = memory.written.get(kept)
    if given == written:
        return None
    if drawing.same_page and kept in memory.written:
        if now is not None and now != written:  # changed on the page this very moment
            return None
        old, until = memory.before.get(kept, (None, 0.0))
        if given == old and time.monotonic() < until:
            return None
    went_back = drawing.same_page and bool(_url().keys() - _OF_NO_VIEW)
    if given is None and not went_back:
        return None
    memory.written[kept] = given
    return given or ""


# -- values that are words


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
    value = st.session_state.get(kept)
    now = value[:MAX_VALUE] if isinstance(value, str) and value else None
    given = news(key, state=state, now=now)
    if given == "":
        st.session_state.pop(kept, None)
    elif given is not None and (allowed is None or given in allowed):
        st.session_state[kept] = given
    value = st.session_state.get(kept)
    if allowed is not None and value not in allowed:
        st.session_state.pop(kept, None)
        return None
    return value if isinstance(value, str) else None


def write(key: str, value: str | None, *, state: str | None = None) -> None:
    """Puts a value into the URL (or takes it out, for none)."""
    memory, drawing, kept = _memory(), _drawing.get(), state or key
    value = value[:MAX_VALUE] if value else None
    if drawing is not None:
        drawing.gathered[key], drawing.taken[kept] = value, value
        return
    memory.ours.add(key)
    if value is None:
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != value:
        st.query_params[key] = value
    memory.sent[key] = value
    _remember(memory, kept, value)


# -- values of other kinds


def keep(
    key: str,
    usual: T,
    parse: Callable[[str], T | None],
    text: Callable[[T], str] = str,
    *,
    state: str | None = None,
) -> T:
    """Keeps a value in the session and in the URL, where it stands if it is not the usual one.

    Call it before the widget with the session's key is drawn.

    Args:
        key: Name in the URL.
        usual: The value where nothing else was chosen.
        parse: Reads a value from a URL; None for what may not be chosen (now). What the session
            has must pass, too, and is the usual value otherwise.
        text: Writes one for a URL, so that `parse` reads it.
        state: Key in the session, the name in the URL if not given.

    Returns:
        The value now in the session.
    """
    kept = state or key

    def written() -> str | None:
        value = st.session_state.get(kept, usual)
        words = None if value is None or value == usual else text(value)
        return words if words and len(words) <= MAX_VALUE else None

    given = news(key, state=state, now=written())
    if given == "":
        st.session_state[kept] = usual
    elif given is not None and (brought := parse(given)) is not None:
        st.session_state[kept] = brought
    now = written()
    allowed = usual if now is None else parse(now)
    if kept not in st.session_state or allowed is None:
        st.session_state[kept], now = usual, None
    elif now is not None and allowed != st.session_state[kept]:  # one of several is no more
        st.session_state[kept], now = allowed, text(allowed)
    write(key, now, state=state)
    return cast("T", st.session_state[kept])


def one_of(options: Collection[T], text: Callable[[T], str] = str) -> Callable[[str], T | None]:
    """A reader of one of a few values, for `keep`."""
    by_text = {text(option): option for option in options}
    return by_text.get


def switch(key: str, usual: bool, *, state: str | None = None) -> bool:
    """Keeps a yes or no in the session and in the URL, as `keep` does."""
    return keep(key, usual, {"yes": True, "no": False}.get, _yes_or_no, state=state)


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def whole(least: int, most: int) -> Callable[[str], int | None]:
    """A reader of a whole number within bounds, for `keep`."""

    def parse(given: str) -> int | None:
        if not (given.isascii() and given.isdigit() and len(given) < 12):
            return None
        return int(given) if least <= int(given) <= most else None

    return parse


def share(step: float, most: float = 1.0) -> Callable[[str], float | None]:
    """A reader of a share 0..1 that stands in the URL in percent, for `keep`."""
    percent = whole(0, round(100 * most))

    def parse(given: str) -> float | None:
        number = percent(given)
        if number is None:
            return None
        return round(round(number / 100 / step) * step, 6)

    return parse


def counted_from_1(place: int) -> str:
    """A place in a list, as people count."""
    return str(place + 1)


def in_percent(value: float) -> str:
    """A share 0..1 as `share` reads it."""
    return str(round(100 * value))


def some_of(options: Collection[str], most: int) -> Callable[[str], list[str] | None]:
    """A reader of several words with commas between them, for `keep`; unknown ones are left out."""

    def parse(given: str) -> list[str] | None:
        if given == _NONE:
            return []
        found = [word for word in dict.fromkeys(given.split(",")) if word in options]
        return found[:most] or None

    return parse


def with_commas(words: Collection[str]) -> str:
    """Several words as `some_of` reads them."""
    return ",".join(words) or _NONE


#: No word at all; an empty value could not be told from none.
_NONE = "none"


# -- several parameters that are one


def read_together(
    keys: Collection[str], state: str, now: Mapping[str, str] | None
) -> dict[str, str] | None:
    """Parameters that only mean something together, such as the settings of a form.

    Args:
        keys: Their names in the URL.
        state: What they are remembered by in the session.
        now: The session's values as the URL would have them, None for none yet.

    Returns:
        All those in the URL, if any of them is new; None otherwise, or if there are none.
    """
    given = {key: value for key in keys if (value := _given(key)) is not None}
    if not given:
        return None
    known = None if now is None else _together(now)
    return given if _difference(_together(given), state, known) else None


def write_together(values: Mapping[str, str], keys: Collection[str], state: str) -> None:
    """Puts them into the URL, and takes the others of the keys out."""
    for key in keys:
        write(key, values.get(key), state=f"{state}_{key}")
    memory, drawing, together = _memory(), _drawing.get(), _together(values)
    if drawing is not None:
        drawing.taken[state] = together
    else:
        _remember(memory, state, together)


def _together(values: Mapping[str, str]) -> str:
    return "&".join(f"{key}={values[key]}" for key in sorted(values))
