"""Keeps what belongs in a link (run, name, view, settings) in the URL, on every page and both ways.

Streamlit's menu drops query parameters when a page is changed, so values are kept in the session
and written back by each page. They go out together when the page has been drawn: each change of
the URL is a step of the browser's history, and a page should be one.

A browser that asks for another run of the page before it has heard of its new URL sends the old
one along. So a URL is only read where somebody changed it: on another page, by Back or Forward (of
which Streamlit tells), by a link on the page, whose URL the page has not had. Otherwise the
session's values stand.

Streamlit's own `bind="query-params"` (1.67) was tried for all controls of the Evaluate page, in
Chromium, and serves for none:
- A change replaces the browser's entry of history: Back went to before the page's first control
  was touched. Each value that a page writes back is an entry of its own: coming to Evaluate by
  the menu made five, three of them with the page before.
- The URL has an option's label in place of its value (Streamlit's issue 14224), so
  `run=RNN (tanh) Best · … · 61.5 % on test, …`; the links that there are, such as `part=train`,
  `section=confidence`, `priors=50` and every run's id, were dropped without a word.
- What is usual is never in the URL, and the first run is: its link would show whichever run is
  best on the day.
- The slider stood at 10 %, the URL at 5: it had been moved twice before it was drawn.
- The parameter is the session's key, so pages could not show `layer` or `unit` on their own terms.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar, cast
from urllib.parse import parse_qsl

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

#: Longest value taken from a URL, characters.
MAX_VALUE = 1000
#: Parameters that say nothing about a page's view.
_OF_NO_VIEW = frozenset({"hide"})
#: Parameters that are Streamlit's own, which it keeps in the URL by itself.
_STREAMLITS = frozenset({"embed", "embed_options"})
#: The parameter that only links on a page change, back and forth, and nothing else there.
_BY_LINKS = "lesson"
#: URLs of a page that may still come late.
_MOST_KNOWN = 50
_MEMORY = "_address"

T = TypeVar("T")


#: What one drawing of a page has for the URL, by parameter.
_Gathered = dict[str, str | None]


@dataclass
class _Memory:
    """What a session knows of its URL.

    Attributes:
        page: The page drawn now.
        brought: What the URL brought when somebody changed it, without what was taken since.
        settled: Session keys that were asked for since then.
        whole: Whether what that URL lacks is at its usual value, until the page has been drawn.
        ours: Parameters that were ever taken or written here.
        known: The page's URLs in this visit to it, the latest last.
        changed: Whether somebody changed the URL, until the page has been drawn.
        latest: What is gathered by the drawing that was begun last.
    """

    page: str | None = None
    brought: dict[str, str] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    whole: bool = False
    ours: set[str] = field(default_factory=set)
    known: list[dict[str, str]] = field(default_factory=list)
    changed: bool = False
    latest: _Gathered | None = None


#: Of this thread's drawing. Streamlit begins the next one, in another thread, before the one that
#: it replaces has ended: what is of one drawing must not be kept in the session, which both have.
_gathered: ContextVar[_Gathered | None] = ContextVar("gathered", default=None)


def _memory() -> _Memory:
    if _MEMORY not in st.session_state:
        st.session_state[_MEMORY] = _Memory(brought=_url())
    memory: _Memory = st.session_state[_MEMORY]
    return memory


def _parameters(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    return {key: value[:MAX_VALUE] for key, value in pairs if key.lower() not in _STREAMLITS}


def _url() -> dict[str, str]:
    """The URL as this drawing knows it.

    `st.query_params` are the session's: a drawing that was replaced may have written there what
    the browser is never told.
    """
    context = get_script_run_ctx()
    return {} if context is None else _parameters(context.query_string)


def _went_back() -> bool:
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


# -- one page's parameters together


@contextmanager
def gathering(page: str) -> Iterator[None]:
    """Draws a page inside; what it writes becomes the URL when it has been drawn."""
    memory, url = _memory(), _url()
    same = page == memory.page
    if not same or _went_back() or _followed_link(memory.known, url):
        memory.whole = (same or _went_back()) and bool(url.keys() - _OF_NO_VIEW)
        memory.known = [*memory.known, url][-_MOST_KNOWN:] if same else [url]
        memory.page, memory.brought, memory.settled = page, dict(url), set()
        memory.changed = True
    memory.latest = {}
    before = _gathered.set(memory.latest)
    try:
        yield
        send()
    finally:  # a page that is drawn again, or left, has written nothing
        _gathered.reset(before)


def _followed_link(known: list[dict[str, str]], url: dict[str, str]) -> bool:
    """Whether a link on the page brought a URL; a late one is known."""
    steps = {one[_BY_LINKS] for one in (*known[-1:], url) if _BY_LINKS in one}
    return url not in known or len(steps) > 1


def send() -> None:
    """Makes the URL now of what has been written so far, which is all that the page will write.

    For a page that looks at a running training: on a busy machine the next look comes before the
    page has been drawn, and ends its drawing.
    """
    memory, gathered = _memory(), _gathered.get()
    if gathered is None or gathered is not memory.latest:  # replaced: nobody would be told
        return
    memory.ours |= gathered.keys()
    url = _url()
    wanted = {key: value for key, value in url.items() if key not in memory.ours}
    wanted |= {key: value for key, value in gathered.items() if value}
    if wanted != url or memory.changed:  # of a link, the browser shows nothing by itself
        _tell(memory, wanted)
    memory.changed = memory.whole = False


def _tell(memory: _Memory, wanted: dict[str, str]) -> None:
    memory.known = [*memory.known, wanted][-_MOST_KNOWN:]
    st.query_params.from_dict(wanted)


def write(key: str, value: str | None) -> None:
    """Puts a value into the URL (or takes it out, for none)."""
    value = value[:MAX_VALUE] if value else None
    if (gathered := _gathered.get()) is not None:
        gathered[key] = value
    elif value != _url().get(key):
        wanted = {name: text for name, text in (_url() | {key: value}).items() if text}
        _tell(_memory(), wanted)


# -- what a URL brings


def given(key: str) -> str | None:
    """A value of the URL, whether it is known already or not."""
    return _url().get(key)


def brought(key: str) -> str | None:
    """What the URL brings that was not taken yet."""
    return _memory().brought.get(key)


def news(key: str, *, state: str | None = None) -> str | None:
    """Takes what the URL brings that is not known yet.

    Args:
        key: Name in the URL.
        state: Key in the session, the name in the URL if not given. Pages that show the same
            parameter on their own terms have a key each.

    Returns:
        The value, at most `MAX_VALUE` characters; empty if the browser went back to a URL without
        it; None for nothing new.
    """
    memory, kept = _memory(), state or key
    if kept in memory.settled:
        return None
    memory.settled.add(kept)
    memory.ours.add(key)
    return memory.brought.pop(key, "" if memory.whole else None)


def take_all(state: str, but: Collection[str]) -> dict[str, str]:
    """Takes all that the URL brings and nothing has taken yet, such as the settings of a form.

    Args:
        state: What these are remembered by in the session.
        but: Parameters that are left.

    Returns:
        What is new, by parameter.
    """
    memory = _memory()
    if state in memory.settled:
        return {}
    memory.settled.add(state)
    found = {key: value for key, value in memory.brought.items() if key not in but}
    memory.ours |= found.keys()
    memory.brought = {key: memory.brought[key] for key in memory.brought.keys() - found.keys()}
    return found


def keep(
    key: str,
    usual: T,
    parse: Callable[[str], T | None],
    text: Callable[[T], str] = str,
    *,
    state: str | None = None,
    always: bool = False,
) -> T:
    """Keeps a value in the session and in the URL.

    Call it before the widget with the session's key is drawn.

    Args:
        key: Name in the URL.
        usual: The value where nothing else was chosen.
        parse: Reads a value from a URL; None for what may not be chosen (now). What the session
            has must pass, too, and is the usual value otherwise.
        text: Writes one for a URL, so that `parse` reads it.
        state: Key in the session, the name in the URL if not given.
        always: Whether the usual value stands in the URL, too.

    Returns:
        The value now in the session.
    """
    kept, usual_text = state or key, text(usual) if always else None
    asked = news(key, state=state)
    value = cast("T", st.session_state.get(kept, usual))
    if asked == "":
        value = usual
    elif asked is not None and (read := parse(asked)) is not None:
        value = read
    if value is not None and value != usual:
        allowed = parse(text(value))
        value = usual if allowed is None else allowed
    if kept not in st.session_state or st.session_state[kept] != value:
        st.session_state[kept] = value
    write(key, usual_text if value is None or value == usual else text(value))
    return value


# -- values of some kinds, as `keep` reads and writes them


def one_of(options: Collection[T], text: Callable[[T], str] = str) -> Callable[[str], T | None]:
    """A reader of one of a few values."""
    by_text = {text(option): option for option in options}
    return by_text.get


def yes_or_no(value: bool) -> str:
    """How a switch stands in the URL."""
    return "yes" if value else "no"


def whole(least: int, most: int) -> Callable[[str], int | None]:
    """A reader of a whole number within bounds."""

    def parse(given: str) -> int | None:
        if not (given.isascii() and given.isdigit() and len(given) < 12):
            return None
        return int(given) if least <= int(given) <= most else None

    return parse


def share(step: float, most: float = 1.0) -> Callable[[str], float | None]:
    """A reader of a share 0..1 that stands in the URL in percent."""
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
    """A reader of several words with commas between them; unknown ones are left out."""

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
