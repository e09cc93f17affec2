"""The Name Recognition Lab. Start it with `streamlit run dashboard.py`."""

from namerec.ui.shell import open_lab

open_lab()
