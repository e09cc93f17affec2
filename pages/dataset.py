"""Dataset: which names there are, what is wrong with them, and bringing your own."""

import streamlit as st

from namerec.ui.dataset.page import dataset_panel
from namerec.ui.frame.errors import show_errors
from namerec.ui.frame.explain import what_am_i_looking_at
from namerec.ui.frame.shell import require_frame

require_frame()

st.title("Dataset")
what_am_i_looking_at("dataset")
with show_errors():
    dataset_panel()
