"""The choice of a run, the same on every page, kept in the session and in the URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from namerec.core.corpus.protocols import holds_out
from namerec.text import moment, percent
from namerec.ui.frame import address
from namerec.ui.frame.controls import select
from namerec.ui.server.manager import manager

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary

RUN = "run"


def pick_run() -> RunSummary | None:
    """Draws the picker and returns the run chosen; says so if there is none."""
    runs = {run.id: run for run in manager().store.trained()}
    if not runs:
        st.info(
            "There is no trained network yet. Train one first: that takes seconds.",
            icon=":material/model_training:",
        )
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
        return None
    asked = address.brought(RUN)
    if asked is not None and asked not in runs:
        st.warning(
            "The run in this link is not on this computer, or has no finished epoch yet. Another "
            "run is shown; choose one below.",
            icon=":material/link_off:",
        )
    return runs[pick_id("Run", runs, RUN)]


def pick_id(
    label: str, runs: dict[str, RunSummary], key: str, *, state: str | None = None, **look: Any
) -> str:
    """Draws the choice of one of some runs, the first where nobody chose; always in the URL.

    Args:
        label: Its label.
        runs: By id.
        key: Name in the URL.
        state: Key in the session, the name in the URL if not given.
        look: As `st.selectbox` takes it.
    """

    def words(run_id: str) -> str:
        return run_words(runs[run_id])

    return select(label, list(runs), key, state=state, always=True, format_func=words, **look)


def run_words(run: RunSummary) -> str:
    """A run in one line: what it is, and how good on which names."""
    config = run.info.config
    scores = run.status.scores.get("test")
    if scores is None:
        measured = f"{percent(run.status.validation_accuracy)} on validation, {run.state}"
    elif not holds_out(scores.protocol):
        measured = f"{percent(scores.accuracy)} on training names"
    else:
        measured = f"{percent(scores.accuracy)} on test, {scores.protocol} split"
    origin = "pretrained" if run.pretrained else moment(run.info.created)
    preset = "" if config.preset == "own" else f" {config.preset.capitalize()}"
    return f"{config.model.title}{preset} · {run.info.dataset.title} · {measured} · {origin}"
