"""Evaluate: how good a run is, and which languages it confuses."""

import streamlit as st

from namerec.ui.evaluate.head import pick_part, score_cards
from namerec.ui.evaluate.sections import section
from namerec.ui.frame.errors import show_errors
from namerec.ui.frame.explain import what_am_i_looking_at
from namerec.ui.frame.shell import require_frame
from namerec.ui.shared import services
from namerec.ui.shared.priors import pick_prior_strength
from namerec.ui.shared.run_picker import pick_run

require_frame()

st.title("Evaluate")
what_am_i_looking_at("evaluate")
with show_errors():
    run = pick_run()
    if run is not None:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
            part = pick_part(run)
            prior_strength = pick_prior_strength(run)
        seen = services.evaluation(run, part, prior_strength)
        score_cards(run, seen.scores, seen.measured_on)
        section(run, part, seen)
