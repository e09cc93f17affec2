"""Guide: lessons over the real pages, and a quiz against the network."""

import streamlit as st

from namerec.ui.frame.errors import said_plainly
from namerec.ui.frame.explain import what_am_i_looking_at
from namerec.ui.frame.shell import within_frame
from namerec.ui.guide.page import guide_panel

within_frame()

st.title("Guide")
what_am_i_looking_at("guide")
with said_plainly():
    guide_panel()
