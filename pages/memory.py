"""Memory: why gates, measured: gradients through time, the recall task, and the parity proof."""

import streamlit as st

from namerec.ui.errors import said_plainly
from namerec.ui.explain import what_am_i_looking_at
from namerec.ui.memory_sections import section
from namerec.ui.shell import within_frame

within_frame()

st.title("Memory: RNN against LSTM")
what_am_i_looking_at("memory")
with said_plainly():
    section()
