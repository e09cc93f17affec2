"""The panels of the start page. Nothing here needs torch, so that it paints at once."""

from __future__ import annotations

import streamlit as st

from namerec.core.networks.kinds import KINDS

_NAME = "start_name"


def name_invitation() -> None:
    """A box that takes a name straight to the Name page."""
    with (
        st.form("invitation", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        name = st.text_input(
            "Type a surname", key=_NAME, placeholder="Okafor, Dvořák, Nakamura, 김 …", max_chars=200
        )
        asked = st.form_submit_button(
            "Ask the network", type="primary", icon=":material/spellcheck:"
        )
    if asked and name.strip():
        st.switch_page("pages/name.py", query_params={"name": name})


def steps() -> None:
    """Three cards, one for each thing there is to do."""
    cards = (
        (
            "pages/train.py",
            ":material/model_training:",
            "Train",
            "Choose a network and its settings, and start. You see loss and accuracy while it "
            "learns, and you can pause it, stop it or visit other pages.",
        ),
        (
            "pages/evaluate.py",
            ":material/grid_on:",
            "Evaluate",
            "How good is the network on names it has never seen? Click a cell of the confusion "
            "matrix to read the names it got wrong.",
        ),
        (
            "pages/name.py",
            ":material/spellcheck:",
            "Look inside",
            "Type a name and follow it through the network: the answer after each letter, and "
            "every gate of every unit.",
        ),
    )
    with st.grid(3, min_column_width=260):
        for page, icon, title, text in cards:
            with st.container(border=True, height="stretch"):
                st.page_link(page, label=f"**{title}**", icon=icon)
                st.markdown(text)


def networks() -> None:
    """The networks in a sentence each."""
    st.subheader(f"{len(KINDS)} networks, one task")
    with st.grid(len(KINDS), min_column_width=260):
        for kind in KINDS.values():
            st.markdown(f"**{kind.title}**  \n{kind.meaning}")
