"""Runs: all that was trained, compared, raced, reported and taken away."""

import streamlit as st

from namerec.ui.errors import said_plainly
from namerec.ui.explain import what_am_i_looking_at
from namerec.ui.runs_sections import section
from namerec.ui.shell import within_frame

within_frame()

st.title("Runs")
what_am_i_looking_at("runs")
with said_plainly():
    section()
