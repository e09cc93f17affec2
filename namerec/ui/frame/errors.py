"""Errors on a page: a clear sentence for the person, the traceback for the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from namerec.errors import NamerecError
from namerec.text import plain

log = logging.getLogger(__name__)


@contextmanager
def show_errors() -> Iterator[None]:
    """Shows what goes wrong inside as a sentence, and lets the rest of the page go on."""
    try:
        yield
    except NamerecError as error:
        st.error(plain(str(error)), icon=":material/error:")
    except Exception:
        log.exception("a page failed")
        st.error(
            "Something unexpected went wrong here. Reload the page to try again; the rest of the "
            "lab still works. The details are in the server's log.",
            icon=":material/bug_report:",
        )
