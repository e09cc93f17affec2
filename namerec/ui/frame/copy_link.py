"""The button at the top of every page that copies the link to what is seen."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_COMPONENT = st.components.v2.component(
    "namerec_copy_link",
    html='<div class="namerec-copy-link"></div>',
    css=(_HERE / "copy_link.css").read_text(encoding="utf-8"),
    js=(_HERE / "copy_link.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def copy_link() -> None:
    """Draws the button. The link is the browser's own address, so the server is not asked."""
    _COMPONENT(key="copy_link", height=1)
