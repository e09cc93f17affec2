"""A report as one HTML file that needs no network, on a screen, on paper and without scripts.

On a screen the figures are interactive, drawn by the one plotly.js in the file. On paper, and where
no script runs, pictures of the same figures stand in their place.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re

from namerec.export.report.document import (
    PAPER,
    Block,
    Document,
    Paragraph,
    Picture,
    Points,
    Printed,
    Section,
    Table,
)
from namerec.export.report.page import SCRIPT, STYLE
from namerec.export.source import MadeFile
from namerec.figures.base.library import plotly_source
from namerec.figures.base.spec import as_spec
from namerec.figures.base.theme import DARK, LIGHT

# Text that a page cannot hold: nothing stands for it.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def html_file(document: Document, title: str) -> MadeFile:
    """The whole report as one file.

    Args:
        document: The report.
        title: Of the file, without an ending.
    """
    library = plotly_source()
    contents = "".join(
        f'<li><a href="#part-{place}">{escaped(section.title)}</a></li>'
        for place, section in enumerate(document.sections)
        if place
    )
    page = "\n".join(
        [
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(library, SCRIPT)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{escaped(document.title)}</title>",
            f"<style>{STYLE}</style></head><body><main>",
            f'<header><h1>{escaped(document.title)}</h1><p class="quiet">'
            f"{escaped(document.made)}</p></header>",
            *(_section(section, place) for place, section in enumerate(document.sections[:1])),
            f'<nav aria-label="Contents"><h2>Contents</h2><ol>{contents}</ol></nav>',
            *(_section(section, place + 1) for place, section in enumerate(document.sections[1:])),
            f"</main><script>{library}</script><script>{SCRIPT}</script></body></html>",
        ]
    )
    content = page.encode("utf-8", "replace")
    words = (
        f"{len(content) / 1e6:.1f} MB, of which {len(library) / 1e6:.1f} are the library that "
        "draws its figures without a network."
    )
    return MadeFile(f"{title}.html", content, words)


def escaped(text: str) -> str:
    """Plain text as HTML, also between quotes."""
    return html.escape(_CONTROL.sub("\ufffd", text), quote=True)


def _policy(*scripts: str) -> str:
    """Nothing is fetched from anywhere, and no other script than these runs."""
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _section(section: Section, place: int) -> str:
    blocks = "\n".join(map(_written, section.blocks))
    heading = f"<h2>{escaped(section.title)}</h2>" if place else ""
    return f'<section id="part-{place}">{heading}{blocks}</section>'


def _written(block: Block) -> str:
    if isinstance(block, Paragraph):
        return f'<p class="{block.tone}">{escaped(block.words)}</p>'
    if isinstance(block, Points):
        return f"<ul>{''.join(f'<li>{escaped(line)}</li>' for line in block.lines)}</ul>"
    if isinstance(block, Printed):
        return f'<pre tabindex="0">{escaped(block.words)}</pre>'
    if isinstance(block, Table):
        return _table(block)
    return _figure(block)


def _table(table: Table) -> str:
    kinds = ("words", "number")

    def row(cells: tuple[str, ...], tag: str) -> str:
        words = len(cells) - table.numbers
        return "".join(
            f'<{tag} class="{kinds[place >= words]}">{escaped(cell)}</{tag}>'
            for place, cell in enumerate(cells)
        )

    rows = "".join(f"<tr>{row(cells, 'td')}</tr>" for cells in table.rows)
    return (
        f'<div class="table" role="region" aria-label="{escaped(table.caption)}" tabindex="0">'
        f"<table><caption>{escaped(table.caption)}</caption><thead><tr>{row(table.head, 'th')}"
        f"</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _figure(picture: Picture) -> str:
    still = base64.b64encode(picture.still(PAPER, "svg")).decode()
    specs = {theme.name: as_spec(picture.figure(theme)) for theme in (LIGHT, DARK)}
    # In JSON these letters can be written so, and then nothing in it ends the element.
    data = json.dumps(specs, separators=(",", ":"), allow_nan=False)
    for letter in "<>&":
        data = data.replace(letter, f"\\u{ord(letter):04x}")
    caption = escaped(picture.caption)
    return (
        f'<figure class="{"square" if picture.square else "wide"}">'
        f"<h3>{escaped(picture.title)}</h3>"
        f'<img class="still" alt="{caption}" src="data:image/svg+xml;base64,{still}">'
        f'<div class="chart" role="img" aria-label="{caption}" hidden></div>'
        f'<script type="application/json">{data}</script>'
        f"<figcaption>{caption}</figcaption></figure>"
    )
