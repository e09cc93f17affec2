"""The frequencies of categories that the Name page assumes, as far as they can be applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.errors import NamerecError
from namerec.text import plain
from namerec.ui.shared import services
from namerec.ui.shared.priors import pick_prior_strength, prior_strength_of

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary


def pick_priors(run: RunSummary) -> float | None:
    """Draws the control of the priors, and says where they cannot be applied.

    Returns:
        As `priors_of`.
    """
    with st.expander(f"Assumed frequencies of the {run.nouns}", icon=":material/balance:"):
        pick_prior_strength(run)
    if why := _cannot_be_applied(run):
        st.warning(
            "The assumed frequencies cannot be applied to this run, so the answers below are the "
            f"network’s own: reweighting needs the names that it was trained on. {plain(why)}",
            icon=":material/balance:",
        )
    return priors_of(run)


def priors_of(run: RunSummary) -> float | None:
    """The prior strength to read a run's answers with, 0..1.

    None for those of its training, also where the control is set to others that cannot be applied,
    because the names of the run are gone.
    """
    return None if _cannot_be_applied(run) else prior_strength_of(run)


def assumed_of(run: RunSummary) -> float:
    """The same, but for a number in place of None, to read another run with the same priors."""
    from namerec.core.evaluation.priors import strength_as_trained

    chosen = priors_of(run)
    trained = strength_as_trained(run.info.config.training.sampling)
    return trained if chosen is None else chosen


def _cannot_be_applied(run: RunSummary) -> str:
    """Why the priors that are set cannot be applied; empty if they can, or none are set."""
    if prior_strength_of(run) is None:
        return ""
    try:
        services.corpus_of(run)
    except NamerecError as error:
        return str(error)
    return ""
