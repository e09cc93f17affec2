"""Live charts: Plotly, updated in place.

`st.plotly_chart` mounts a new chart at every change of its data, which flickers and loses the
user's zoom. This component mounts once and calls `Plotly.react`. Its styles hold for the page.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from namerec.figures.base.library import plotly_source
from namerec.figures.base.spec import as_spec
from namerec.figures.base.theme import ZOOM_CONFIG, alt_text

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_HERE = Path(__file__).parent
_COMPONENT = st.components.v2.component(
    "namerec_live_chart",
    html='<div class="chart"></div>',
    css=(_HERE / "live_chart.css").read_text(encoding="utf-8"),
    js=(_HERE / "live_chart.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def chart_library() -> None:
    """Brings plotly.js to the browser; once a page, outside of the fragment that updates."""
    _COMPONENT(data={"library": plotly_source()}, key="plotly_library", height=1)


def live_chart(figure: Figure, *, key: str, subject: str) -> None:
    """Draws a chart, or updates the one already there under this key.

    Args:
        figure: What to draw; its layout has a height.
        key: Of the chart on its page.
        subject: What it is about; while that stays the same, the user's zoom is kept.
    """
    spec = as_spec(figure.update_layout(uirevision=subject))
    _COMPONENT(
        data={"spec": spec, "alt": alt_text(figure), "config": ZOOM_CONFIG},
        key=key,
        height=int(spec["layout"]["height"]),
    )
