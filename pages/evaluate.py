"""Evaluate: how good a run is, and which languages it confuses."""

import streamlit as st

from namerec.ui import services
from namerec.ui.errors import said_plainly
from namerec.ui.evaluation import category_table, matrix_panel, pick_part, score_cards
from namerec.ui.run_picker import noun, pick_run
from namerec.ui.shell import within_frame

within_frame()

st.title("Evaluate")
with said_plainly():
    run = pick_run()
    if run is not None:
        part = pick_part(run)
        matrix, scores, measured_on = services.evaluation(run, part)
        score_cards(scores, measured_on)
        matrix_panel(run, part, matrix)
        category_table(matrix, noun(run))
