"""The verdict of a race on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.errors import NamerecError
from namerec.text import plain
from namerec.ui.server.manager import manager
from namerec.ui.shared import services

if TYPE_CHECKING:
    import numpy as np

    from namerec.core.tasks.verdict import Verdict
    from namerec.jobs.snapshot import JobSnapshot
    from namerec.runs.summary import RunSummary


def verdict_of(race: str, entered: list[tuple[RunSummary, JobSnapshot]]) -> Verdict | None:
    """What a race has come to; None if no network has got through an epoch."""
    if not any(snapshot.history or snapshot.scores for _, snapshot in entered):
        return None
    stamp = tuple((run.id, snapshot.state, snapshot.epoch) for run, snapshot in entered)
    return _verdict(race, stamp, entered)


@st.cache_resource(max_entries=16, show_spinner=False)
def _verdict(
    race: str,  # noqa: ARG001 - these two decide the verdict
    stamp: tuple[tuple[str, str, int], ...],  # noqa: ARG001
    _entered: list[tuple[RunSummary, JobSnapshot]],
) -> Verdict:
    from namerec.jobs.race import entrants, judged

    run = _entered[0][0]
    return judged(entrants(manager().store, _entered), run.info, _spellings(run))


def _spellings(run: RunSummary) -> np.ndarray | None:
    try:
        return services.run_dataset(run)[0].spellings()
    except NamerecError:  # its names are gone, the answers are not
        return None


def verdict_words(verdict: Verdict) -> None:
    """Draws the verdict: who won, then why that can or cannot be relied on, speed and cost."""
    from namerec.core.tasks.verdict_words import verdict_sentences

    first, *others = (
        plain(sentence).replace(" %", "\u202f%") for sentence in verdict_sentences(verdict)
    )
    with st.container(border=True):
        st.subheader("Verdict")
        st.markdown(f"**{first}**")
        st.markdown("\n".join(f"- {sentence}" for sentence in others))
