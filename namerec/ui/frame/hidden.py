"""`?hide=`: what a link leaves out of the screen, on every page, for a class.

A convenience and no lock: who takes the word out of the URL sees everything again, and the values
of hidden settings are in force and said.
"""

from __future__ import annotations

import streamlit as st

from namerec.text import plain
from namerec.ui.frame import address
from namerec.ui.frame.settings_table import SETTINGS

HIDE = "hide"
_STATE = "_hidden"
#: Parts of the Train page's form: all of it but its button; and by themselves the choices of
#: network, preset, names and split, and the settings that are folded away.
FORM, MORE = "settings", "more"
NETWORK, PRESET, NAMES, SPLIT = "network", "preset", "names", "split"
#: Sections of the pages, by the keys that they have in URLs. Written down, so that the frame draws
#: before the sections are loaded; “names”, a view of the Dataset page, is the form's word here.
SECTIONS = frozenset(
    {
        *("confusions", "compare", "time", "confidence", "priors", "yardsticks"),
        *("reading", "step", "letters", "changes", "known", "surgery", "many"),
        *("gradient", "recall", "gates", "parity"),
        *("overview", "audit", "leak", "own"),
        *("table", "race", "take"),
        *("lessons", "quiz"),
    }
)


def take_hidden() -> None:
    """Takes the words from the URL, or keeps those of the session; the first thing of a page."""
    # Links within the lab do not name them: only other words put an end to these.
    if given := address.given(HIDE):
        st.session_state[_STATE] = given


def keep_hidden() -> None:
    """Has the page's URL name the words, too."""
    address.write(HIDE, st.session_state.get(_STATE))


def words() -> frozenset[str]:
    """All that is to be hidden, known or not."""
    given = str(st.session_state.get(_STATE) or "")
    return frozenset(word.strip() for word in given.split(",")) - {""}


def hidden(word: str) -> bool:
    """Whether something is to be left out."""
    return word in words()


def hidden_setting(name: str) -> bool:
    """Whether a setting of the Train page's form is to be left out."""
    return bool({FORM, name} & words())


def say_unknown(pages: frozenset[str]) -> None:
    """One quiet sentence about words that hide nothing.

    Args:
        pages: The names of the pages, which can be hidden, too.
    """
    known = {FORM, NETWORK, PRESET, NAMES, SPLIT, MORE, *SETTINGS, *SECTIONS, *pages}
    if unknown := sorted(words() - known):
        listed = ", ".join(f"“{word[:40]}”" for word in unknown[:5])
        st.caption(plain(f"This link asks to hide {listed}, but nothing in the lab has that name."))
