"""A report as one HTML file that needs no network, on a screen, on paper and without scripts.

On a screen the figures are interactive, drawn by the one plotly.js in the file. On paper, and where
no script runs, pictures of the same figures stand in their place.
"""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from namerec.export.report.document import PAPER, Document, Picture
from namerec.export.source import MadeFile
from namerec.figures.base.library import plotly_source
from namerec.figures.base.spec import as_spec
from namerec.figures.base.theme import DARK, LIGHT

_FOLDER = Path(__file__).resolve().parent
# Marks that a page cannot hold.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def html_file(document: Document, title: str) -> MadeFile:
    """The whole report as one file."""
    library = plotly_source()
    content = page_of(document, library)
    words = (
        f"{len(content) / 1e6:.1f} MB, of which {len(library) / 1e6:.1f} are the library that "
        "draws its figures without a network."
    )
    return MadeFile(f"{title}.html", content, words)


def page_of(document: Document, library: str) -> bytes:
    """The page.

    Args:
        document: The report.
        library: Source of plotly.js.
    """
    style, script = (
        (_FOLDER / name).read_text(encoding="utf-8") for name in ("page.css", "page.js")
    )
    page = _ENVIRONMENT.get_template("page.html.jinja")
    written = page.render(report=document, style=style, scripts=[library, script])
    return written.encode("utf-8", "replace")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _still(picture: Picture) -> str:
    return base64.b64encode(picture.still(PAPER, "svg")).decode()


def _specs(picture: Picture) -> dict[str, Any]:
    return {theme.name: as_spec(picture.figure(theme)) for theme in (LIGHT, DARK)}


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    finalize=lambda value: _CONTROL.sub("\ufffd", value) if type(value) is str else value,
)
_ENVIRONMENT.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
_ENVIRONMENT.filters.update(
    digest=_digest, kind=lambda block: type(block).__name__, specs=_specs, still=_still
)
