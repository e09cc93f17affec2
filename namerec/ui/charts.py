"""A figure that stands still, drawn the same way on every page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.figures import theme

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def chart(figure: Figure, key: str) -> None:
    """Draws a figure with its words for screen readers."""
    st.plotly_chart(
        figure, key=key, theme=None, config=theme.STILL_CONFIG, alt=theme.alt_text(figure)
    )
