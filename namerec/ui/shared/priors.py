"""How frequent each category is assumed to be: one control for all pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.ui.frame.controls import share_slider

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary


def pick_prior_strength(run: RunSummary) -> float | None:
    """Draws the control of the prior strength that answers assume.

    The same on every page that draws it, kept in the session for each kind of sampling.

    Returns:
        The prior strength, 0..1; None for the priors of the run's training.
    """
    share_slider(
        f"Treat all {run.nouns} as equally common",
        "priors",
        1 - _strength_as_trained(run),
        state=_key(run),
        help=f"How common each {run.noun} is assumed to be. 0 %: as in the training data. 100 %: "
        "all equally common. The answers are recomputed by Bayes' rule, without training again. "
        f"At 100 %, rare {run.nouns} are found more often, at the cost of common ones.",
    )
    return prior_strength_of(run)


def prior_strength_of(run: RunSummary) -> float | None:
    """What the control is set to for a run; None for the priors of its training."""
    trained = 1 - _strength_as_trained(run)
    chosen = float(st.session_state.get(_key(run), trained))
    return None if chosen == trained else 1 - chosen


def assumed_strength(run: RunSummary) -> float:
    """The prior strength assumed for a run, 0..1, whether it was trained with it or not.

    Another run beside it is read with the same.
    """
    chosen = prior_strength_of(run)
    return _strength_as_trained(run) if chosen is None else chosen


def prior_words(run: RunSummary, prior_strength: float) -> str:
    """What is assumed, behind what a number was measured on."""
    if prior_strength == 0:
        return f"all {run.nouns} treated as equally common"
    share = f"{100 * (1 - prior_strength):.0f} %"
    return f"{run.nouns} treated as {share} of the way to equally common"


def _key(run: RunSummary) -> str:
    return f"priors_{run.info.config.training.sampling}"


def _strength_as_trained(run: RunSummary) -> float:
    from namerec.core.evaluation.priors import strength_as_trained

    return strength_as_trained(run.info.config.training.sampling)
