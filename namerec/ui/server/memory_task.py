"""The one memory task of this server, shared by all browser sessions; see `ui.server.manager`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.ui.server.manager import manager

if TYPE_CHECKING:
    from namerec.jobs.memory_task import MemoryKeeper
    from namerec.jobs.memory_task_results import MemoryFile


@st.cache_resource(show_spinner=False)
def memory_keeper() -> MemoryKeeper:
    """The server's memory task, over its job manager."""
    from namerec.jobs.memory_task import MemoryKeeper

    return MemoryKeeper(manager())


@st.cache_resource(show_spinner=False)
def bundled_results() -> MemoryFile:
    """The results that ship with the project; none if they are damaged."""
    from namerec.jobs.memory_task_results import BUNDLED, read_results

    return read_results(BUNDLED)
