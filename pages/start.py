"""Start: what the lab is, and where to begin."""

import streamlit as st

from namerec.ui.frame.explain import what_am_i_looking_at
from namerec.ui.frame.shell import require_frame
from namerec.ui.start.panels import name_invitation, networks, steps

require_frame()

st.title("Watch a network learn to read names")
st.markdown(
    "Which of 18 languages does a surname come from? Here you train a recurrent network to answer "
    "that, in seconds and with real PyTorch. Then you look inside it: which languages it confuses, "
    "and what each of its gates does at each letter of a name that you type."
)
what_am_i_looking_at("start")
name_invitation()
steps()
networks()
