"""Train: settings on the left, the run in the middle."""

import streamlit as st

from namerec.ui.errors import said_plainly
from namerec.ui.settings_form import settings_form
from namerec.ui.shell import within_frame
from namerec.ui.training import start_button, training_panel

within_frame()

config = None
with st.sidebar, said_plainly():
    config = settings_form()
    start_button(config)
training_panel(config)
