"""Is it as sure as it should be, what if it may be silent, and what if languages were even."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.core.corpus.protocols import Part
from namerec.figures.base import theme
from namerec.figures.evaluation import confidence
from namerec.figures.evaluation.priors import priors_figure
from namerec.text import percent, plain
from namerec.ui.frame.controls import share_slider
from namerec.ui.shared import services
from namerec.ui.shared.charts import chart
from namerec.ui.shared.priors import assumed_strength, prior_strength_of

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary

_SILENT = "silent_share"


def confidence_panel(run: RunSummary, part: Part, seen: services.Evaluation) -> None:
    """Reliability with a fitted temperature, and accuracy where it may say *I don't know*."""
    from namerec.core.evaluation.calibration import (
        at_coverage,
        reliability,
        risk_coverage,
        with_temperature,
    )

    look = theme.theme_for(st.context.theme.type)
    temperature = services.temperature(run, prior_strength_of(run))
    before = reliability(seen.answers)
    after = reliability(with_temperature(seen.answers, temperature))
    with st.grid(2, min_column_width=420):
        with st.container(border=True):
            st.subheader("Is it as often right as it is sure?")
            chart(
                confidence.reliability_figure(
                    before,
                    look,
                    measured_on=seen.measured_on,
                    after=after,
                    temperature=temperature,
                ),
                "reliability",
                take=f"{run.id}-{part}",
            )
            st.caption(
                f"Expected calibration error {percent(before.calibration_error)}; with temperature "
                f"{temperature:.2f}, fitted on validation names, "
                f"{percent(after.calibration_error)}. A temperature divides the logits: it "
                f"changes how sure the network is, never which {run.noun} it ranks first."
            )
        with st.container(border=True):
            st.subheader("If it may say “I don’t know”")
            silent = share_slider(
                "Leave out the least sure", "silent", 0.2, state=_SILENT, most=0.95
            )
            curve = risk_coverage(seen.answers)
            chart(
                confidence.coverage_figure(curve, 1 - silent, look, measured_on=seen.measured_on),
                "coverage",
                take=f"{run.id}-{part}",
            )
            words = confidence.selection_words(at_coverage(curve, 1 - silent), seen.measured_on)
            st.markdown(plain(words))


def priors_panel(run: RunSummary, part: Part, seen: services.Evaluation) -> None:
    """Accuracy and macro recall for every assumed prior; the slider above chooses one."""
    _, split = services.run_dataset(run)
    with st.container(border=True):
        st.subheader(f"What if all {run.nouns} were equally common?")
        figure = priors_figure(
            services.prior_sweep(run, part),
            assumed_strength(run),
            theme.theme_for(st.context.theme.type),
            measured_on=split.words(part),
            noun=run.noun,
        )
        chart(figure, "priors", take=f"{run.id}-{part}")
        st.markdown(
            f"Now: **{percent(seen.scores.accuracy)}** accuracy, "
            f"**{percent(seen.scores.macro_recall)}** macro recall "
            f"({plain(seen.measured_on)}). Move the slider at the top of the page to assume "
            "other frequencies. The answers are then recomputed by Bayes' rule; nothing is trained "
            "again."
        )
