"""The choice of a preset of one's own on the Train page."""

from __future__ import annotations

import streamlit as st

from namerec.errors import NamerecError
from namerec.runs.own_presets import own_presets, remove_preset
from namerec.text import plain
from namerec.ui.train.settings_state import apply_own

_OWN, _NOTICE = "set_own_preset", "train_preset_notice"


def choose_own_preset() -> None:
    """Draws it where there are some; choosing one fills the form in."""
    try:
        kept = own_presets()
    except NamerecError as error:
        st.warning(plain(str(error)), icon=":material/bookmark_remove:")
        return
    if not kept:
        return

    def fill() -> None:
        title = st.session_state[_OWN]
        if title in kept:
            apply_own(kept[title])

    def remove() -> None:
        try:
            remove_preset(st.session_state[_OWN])
            st.session_state[_OWN] = None
        except NamerecError as error:
            st.session_state[_NOTICE] = str(error)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Your presets", list(reversed(kept)), key=_OWN, index=None, on_change=fill,
            placeholder="Choose one", persist_state="session",
            help="Settings that you kept from a sweep. Choosing one fills the form in.",
        )  # fmt: skip
        if chosen is not None:
            st.button("", icon=":material/delete:", key="remove_own_preset", on_click=remove,
                      help="Remove this preset. Runs that used it stay.")  # fmt: skip
    if said := st.session_state.pop(_NOTICE, ""):
        st.warning(plain(said))
