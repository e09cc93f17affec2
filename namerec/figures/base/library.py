"""The plotly.js that the installed Plotly package brings along."""

from functools import cache
from pathlib import Path

import plotly


@cache
def plotly_source() -> str:
    """The minified source, 4.5 MB: the same version that the figures are made for."""
    path = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return path.read_text(encoding="utf-8")
