"""The Name Recognition Lab. Start it with `streamlit run dashboard.py`.

Streamlit reads this file as a module for its server, and as a script for every page it draws.
"""

import streamlit as st

if __name__ == "__main__":
    from namerec.ui.frame.shell import open_lab

    open_lab()
else:
    from namerec.ui.server.parts import server_parts

    app = st.App(__file__, **server_parts())
