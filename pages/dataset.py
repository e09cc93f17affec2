"""Dataset: which names there are, what is wrong with them, and bringing your own."""

import streamlit as st

from namerec.ui.dataset import dataset_panel
from namerec.ui.errors import said_plainly
from namerec.ui.explain import what_am_i_looking_at
from namerec.ui.shell import within_frame

within_frame()

st.title("Dataset")
what_am_i_looking_at("dataset")
with said_plainly():
    dataset_panel()
