"""Guide: lessons over the real pages, and a quiz against the network."""

import streamlit as st

from namerec.ui.errors import said_plainly
from namerec.ui.explain import what_am_i_looking_at
from namerec.ui.guide import guide_panel
from namerec.ui.shell import within_frame

within_frame()

st.title("Guide")
what_am_i_looking_at("guide")
with said_plainly():
    guide_panel()
