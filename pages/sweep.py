"""Sweep: a search over settings, live."""

import streamlit as st

from namerec.ui.frame.errors import show_errors
from namerec.ui.frame.explain import what_am_i_looking_at
from namerec.ui.frame.shell import require_frame
from namerec.ui.sweep.panel import sweep_page

require_frame()

st.title("Sweep")
what_am_i_looking_at("sweep")
with show_errors():
    sweep_page()
