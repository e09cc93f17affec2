"""The frame around every page: its configuration, its menu, and deep links on a cold server."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import streamlit as st

from namerec.disk import unwritable
from namerec.files import ASSETS, ROOT
from namerec.logs import set_up
from namerec.settings import home
from namerec.text import plain
from namerec.ui.frame import address
from namerec.ui.frame.copy_link import copy_link
from namerec.ui.frame.errors import show_errors
from namerec.ui.frame.hidden import hidden, keep_hidden, say_unknown, take_hidden
from namerec.ui.frame.lesson_bar import lesson_bar
from namerec.ui.server import uploads
from namerec.ui.server.access import gate
from namerec.ui.server.warmup import warm_up

_IN_FRAME, _PAGE = "_in_frame", "_page"


class PageEntry(NamedTuple):
    """One page of the lab."""

    file: str
    title: str
    icon: str
    section: str
    help: str


PAGES: tuple[PageEntry, ...] = (
    PageEntry(
        "pages/start.py",
        "Start",
        ":material/home:",
        "",
        "What the lab is, and where to begin.",
    ),
    PageEntry(
        "pages/guide.py",
        "Guide",
        ":material/school:",
        "",
        "Lessons on the real pages of the lab, and a quiz against the network.",
    ),
    PageEntry(
        "pages/train.py",
        "Train",
        ":material/model_training:",
        "Lab",
        "Choose a network, train it in the background and watch loss and accuracy.",
    ),
    PageEntry(
        "pages/evaluate.py",
        "Evaluate",
        ":material/grid_on:",
        "Lab",
        "How good a run is on held-out names, and which languages it confuses.",
    ),
    PageEntry(
        "pages/runs.py",
        "Runs",
        ":material/list_alt:",
        "Lab",
        "All trained networks: find, rename, compare, continue and export them.",
    ),
    PageEntry(
        "pages/sweep.py",
        "Sweep",
        ":material/query_stats:",
        "Lab",
        "Search for good settings: many trainings, judged on validation names.",
    ),
    PageEntry(
        "pages/name.py",
        "Name",
        ":material/spellcheck:",
        "Inside the network",
        "Type a name to see the ranking, every gate letter by letter, and what decided the answer.",
    ),
    PageEntry(
        "pages/memory.py",
        "Memory",
        ":material/memory:",
        "Inside the network",
        "What gates are for: gradients through time, the memory task, and the check against "
        "PyTorch.",
    ),
    PageEntry(
        "pages/dataset.py",
        "Dataset",
        ":material/dataset:",
        "Names",
        "The names, their faults, leaks between training and test, and how to bring your own.",
    ),
)


def page_name(entry: PageEntry) -> str:
    """What a page is called in links and among hidden words."""
    return Path(entry.file).stem


def open_lab() -> None:
    """Draws the frame and runs the page that was asked for, for who may see it."""
    set_up(home() / "logs")
    _configure()
    gate(hide_menu=lambda: _navigation("hidden"))
    st.session_state[_IN_FRAME] = True
    take_hidden()
    page = _navigation("sidebar")
    if st.session_state.setdefault(_PAGE, page.url_path) != page.url_path:
        st.session_state[_PAGE] = page.url_path
        uploads.forget_all()
    with address.gathering(page.url_path):
        keep_hidden()
        st.set_page_config(page_title=f"{page.title} · Name Recognition Lab")
        st.logo(
            str(ASSETS / "logo.svg"),
            icon_image=str(ASSETS / "icon.png"),
            size="large",
        )
        copy_link()
        lesson_bar(page.url_path)
        if words := unwritable("data", home(), "NAMEREC_HOME"):
            st.error(plain(words), icon=":material/folder_off:")
        with show_errors():
            page.run()
        with st.sidebar:
            say_unknown(frozenset(page_name(entry) for entry in PAGES))
    warm_up()


def require_frame() -> None:
    """The first line of every page: a deep link on a cold server runs the page without its frame.

    A folder called `pages/` is also Streamlit's old automatic kind of navigation, until
    `st.navigation` has been called once in the server's life.
    """
    if not st.session_state.get(_IN_FRAME):
        st.session_state[_IN_FRAME] = True
        _configure()
        _navigation("hidden")
        st.rerun()


def _configure() -> None:
    """Layout and icon; before the navigation, whose own icons would be fetched from the network."""
    st.set_page_config(page_icon=str(ASSETS / "icon.png"), layout="wide")


def _navigation(position: str) -> st.Page:
    sections: dict[str, list[object]] = {}
    for entry in PAGES:
        page = st.Page(
            ROOT / entry.file,
            title=entry.title,
            icon=entry.icon,
            help=entry.help,
            default=entry is PAGES[0],
            visibility="hidden" if hidden(page_name(entry)) else "visible",
        )
        sections.setdefault(entry.section, []).append(page)
    return st.navigation(sections, position=position)  # type: ignore[arg-type]
