"""Where the project's own files lie: beside the package in a checkout, within it when installed."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
#: Where a wheel holds what stands at the top of a checkout (pyproject.toml puts it there).
_WITHIN = _PACKAGE / "_app"
#: The folder of dashboard.py, pages/, assets/ and .streamlit/.
ROOT = _WITHIN if _WITHIN.is_dir() else _PACKAGE.parent
ASSETS = ROOT / "assets"
