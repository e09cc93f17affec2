"""Evaluate: how good a run is, and which languages it confuses."""

import streamlit as st

from namerec.ui import services
from namerec.ui.errors import said_plainly
from namerec.ui.evaluate_sections import section
from namerec.ui.evaluation import pick_evenness, pick_part, score_cards
from namerec.ui.explain import what_am_i_looking_at
from namerec.ui.run_picker import pick_run
from namerec.ui.shell import within_frame

within_frame()

st.title("Evaluate")
what_am_i_looking_at("evaluate")
with said_plainly():
    run = pick_run()
    if run is not None:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
            part = pick_part(run)
            evenness = pick_evenness(run)
        seen = services.evaluation(run, part, evenness)
        score_cards(run, seen.scores, seen.measured_on)
        section(run, part, seen)
