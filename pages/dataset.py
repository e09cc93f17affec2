"""Dataset: which names there are, what is wrong with them, and bringing your own."""

import streamlit as st

from namerec.ui.dataset.page import dataset_panel
from namerec.ui.frame.errors import said_plainly
from namerec.ui.frame.explain import what_am_i_looking_at
from namerec.ui.frame.shell import within_frame

within_frame()

st.title("Dataset")
what_am_i_looking_at("dataset")
with said_plainly():
    dataset_panel()
