"""Name: one typed name, its ranking, and every gate letter by letter."""

import streamlit as st

from namerec.ui import services
from namerec.ui.errors import said_plainly
from namerec.ui.name_reading import answer_panel, gate_panel, name_input
from namerec.ui.run_picker import pick_run
from namerec.ui.shell import within_frame

within_frame()

st.title("Name")
with said_plainly():
    run = pick_run()
    if run is not None:
        name = name_input()
        trace = services.gate_trace(run.id, name.letters)
        answer_panel(run, name, trace)
        gate_panel(trace)
