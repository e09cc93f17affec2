"""Start: what the lab is, and where to begin."""

import streamlit as st

from namerec.ui.frame.explain import what_am_i_looking_at
from namerec.ui.frame.shell import require_frame
from namerec.ui.start.panels import name_invitation, networks, steps

require_frame()

st.title("Watch a network learn to read names")
st.markdown(
    "Which of 18 languages does a surname come from? Here you train a recurrent network on that "
    "question in seconds, with real PyTorch, and then open it up: who it takes for whom, and "
    "what each of its gates does at each letter of a name you type."
)
what_am_i_looking_at("start")
name_invitation()
steps()
networks()
