"""Name: one typed name, its ranking, and what the network does with it letter by letter."""

import streamlit as st

from namerec.ui.frame.errors import show_errors
from namerec.ui.frame.explain import what_am_i_looking_at
from namerec.ui.frame.shell import require_frame
from namerec.ui.name.priors import pick_priors
from namerec.ui.name.reading import answer_line, name_input
from namerec.ui.name.sections import section
from namerec.ui.shared import services
from namerec.ui.shared.run_picker import pick_run

require_frame()

st.title("Name")
what_am_i_looking_at("name")
with show_errors():
    run = pick_run()
    if run is not None:
        name = name_input()
        priors = pick_priors(run)
        trace = services.gate_trace(run, name.letters, priors)
        answer_line(name, trace)
        section(run, name, trace)
