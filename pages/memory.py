"""Memory: why gates, measured: gradients through time, the memory task, and the parity proof."""

import streamlit as st

from namerec.ui.frame.errors import show_errors
from namerec.ui.frame.explain import what_am_i_looking_at
from namerec.ui.frame.shell import require_frame
from namerec.ui.memory.sections import section

require_frame()

st.title("Memory: what gates are for")
what_am_i_looking_at("memory")
with show_errors():
    section()
