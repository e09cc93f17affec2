"""The one job manager and the baselines of this server, shared by all browser sessions.

Kept alone in their file: a change to a cached function's file makes a new, empty manager.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from namerec.jobs.baselines import BaselineKeeper
    from namerec.jobs.manager import JobManager


_made: list[JobManager] = []


@st.cache_resource(show_spinner="Waking PyTorch…")
def manager() -> JobManager:
    """The server's job manager."""
    from namerec.jobs.local import local_manager  # late: brings torch along

    made = local_manager()
    _made.append(made)
    return made


def end_training() -> None:
    """Stops what is trained here and waits until that is stored, for a server that ends.

    Its own signals end the process before Python's exit handlers would.
    """
    while _made:
        _made.pop().shutdown()


@st.cache_resource(show_spinner=False)
def baseline_keeper() -> BaselineKeeper:
    """The server's baselines."""
    from namerec.jobs.local import local_baselines

    return local_baselines()
