"""Imports what is slow in the background, once the first page is painted.

`import torch` takes seconds; the first page does not need it. numpy, pandas and plotly are imported
before the thread starts: importing them from two threads at once can fail, and plotly looks into a
pandas that another thread has only begun to import.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import threading

import streamlit as st

from namerec.figures.base.theme import LIGHT
from namerec.figures.training.curves import History, loss_figure

_SLOW_MODULES = (
    "namerec.jobs.local",
    "namerec.core.evaluation.prediction",
    "namerec.core.inside.traces",
    "namerec.core.inside.units",
)


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Thread:
    """Starts the imports, once a server."""
    importlib.import_module("pandas")
    # Plotly imports its parts when they are first used; here, and not beside torch.
    loss_figure(History.of([], [], protocol="leak-free", held_out=""), LIGHT)
    thread = threading.Thread(target=_import_all, name="warm-up", daemon=True)
    thread.start()
    atexit.register(thread.join, 10)  # torch must not be torn down in the middle of its import
    return thread


def _import_all() -> None:
    for module in _SLOW_MODULES:
        importlib.import_module(module)
    importlib.import_module("namerec.jobs.local").rehearse()
    # What is imported stays: leave it out of all later collections, which would cost 130 ms each.
    gc.collect()
    gc.freeze()
