"""Runs: all that was trained, to compare, race, report on and export."""

import streamlit as st

from namerec.ui.frame.errors import show_errors
from namerec.ui.frame.explain import what_am_i_looking_at
from namerec.ui.frame.shell import require_frame
from namerec.ui.runs.sections import section

require_frame()

st.title("Runs")
what_am_i_looking_at("runs")
with show_errors():
    section()
