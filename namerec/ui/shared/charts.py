"""A figure that stands still, drawn the same way on every page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.figures.base import theme

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def chart(figure: Figure, key: str, *, take: str = "") -> None:
    """Draws a figure with its words for screen readers.

    Args:
        figure: The figure.
        key: Of the element.
        take: Beginning of a file's name; if given, the figure can be downloaded.
    """
    config = theme.CAMERA_CONFIG if take else theme.STILL_CONFIG
    st.plotly_chart(figure, key=key, theme=None, config=config, alt=theme.alt_text(figure))
    if take:
        figure_download(figure, key, take)


def figure_download(figure: Figure, key: str, stem: str) -> None:
    """A button that saves a figure as a page of its own, made when it is pressed."""
    st.download_button(
        "Download as HTML",
        lambda: theme.as_page(figure),
        file_name=f"{stem}-{key}.html",
        mime="text/html",
        key=f"take_{key}",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        help="An interactive page that works offline, too. The camera on that page saves the "
        "picture as SVG; the camera over the chart here saves it as PNG.",
    )
