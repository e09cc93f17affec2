"""Train: settings on the left, the run in the middle."""

import streamlit as st

from namerec.ui.frame.errors import show_errors
from namerec.ui.frame.explain import what_am_i_looking_at
from namerec.ui.frame.shell import require_frame
from namerec.ui.train.panel import start_button, training_panel
from namerec.ui.train.settings_form import settings_form

require_frame()

what_am_i_looking_at("train")
config = None
with st.sidebar, show_errors():
    config, branch = settings_form()
    start_button(config, branch)
training_panel(config)
