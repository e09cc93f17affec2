"""How frequent each category is assumed to be: one control for all pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.ui.frame import address

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary


def pick_evenness(run: RunSummary) -> float | None:
    """Draws the control of how even the priors are that answers assume.

    The same on every page that draws it, kept in the session for each kind of sampling.

    Returns:
        The evenness, 0..1; None for the priors of the run's training.
    """
    key = _evenness_key(run)
    trained = _evenness_as_trained(run)
    address.keep("priors", trained, address.share(0.05), address.in_percent, state=key)
    st.slider(
        "Priors evened",
        min_value=0.0,
        max_value=1.0,
        step=0.05,
        format="percent",
        key=key,
        persist_state="session",
        help=f"How frequent each {run.noun} is assumed to be: 0 %, as in the training data; "
        "100 %, all equally likely. Reweights the answers by Bayes' rule, without training again. "
        f"Evened, rare {run.nouns} are found more often, at the cost of frequent ones.",
    )
    return evenness_of(run)


def evenness_of(run: RunSummary) -> float | None:
    """What the control is set to for a run; None for the priors of its training."""
    trained = _evenness_as_trained(run)
    chosen = float(st.session_state.get(_evenness_key(run), trained))
    return None if chosen == trained else chosen


def assumed_evenness(run: RunSummary) -> float:
    """The evenness of the priors assumed for a run, 0..1, whether it was trained with them or not.

    Another run beside it is read with the same.
    """
    chosen = evenness_of(run)
    return _evenness_as_trained(run) if chosen is None else chosen


def _evenness_key(run: RunSummary) -> str:
    return f"evenness_{run.info.config.training.sampling}"


def _evenness_as_trained(run: RunSummary) -> float:
    from namerec.core.evaluation.priors import evenness_as_trained

    return evenness_as_trained(run.info.config.training.sampling)
