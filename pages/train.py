"""Train: settings on the left, the run in the middle."""

import streamlit as st

from namerec.ui.frame.errors import said_plainly
from namerec.ui.frame.explain import what_am_i_looking_at
from namerec.ui.frame.shell import within_frame
from namerec.ui.train.panel import start_button, training_panel
from namerec.ui.train.settings_form import settings_form

within_frame()

what_am_i_looking_at("train")
config = None
with st.sidebar, said_plainly():
    config, going_on = settings_form()
    start_button(config, going_on)
training_panel(config)
