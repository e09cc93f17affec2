"""Guide: lessons over the real pages, and a quiz against the network."""

import streamlit as st

from namerec.ui.frame.errors import show_errors
from namerec.ui.frame.explain import what_am_i_looking_at
from namerec.ui.frame.shell import require_frame
from namerec.ui.guide.page import guide_panel

require_frame()

st.title("Guide")
what_am_i_looking_at("guide")
with show_errors():
    guide_panel()
