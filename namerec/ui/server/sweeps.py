"""The sweeps that this server carries on, shared by all browser sessions.

Kept alone in their file, as the job manager is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.ui.server.manager import manager

if TYPE_CHECKING:
    from namerec.cluster.background import Searches


_made: list[Searches] = []


@st.cache_resource(show_spinner=False)
def searches() -> Searches:
    """The server's sweeps; only where Optuna is installed."""
    from namerec.cluster.background import Searches  # late: brings torch and Optuna along
    from namerec.data import catalogue

    made = Searches(manager(), catalogue.load)
    _made.append(made)
    return made


def end_sweeps() -> None:
    """Stops the sweeps of a server that ends; before its trainings are."""
    while _made:
        _made.pop().shutdown()
