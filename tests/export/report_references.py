"""Reports read back: the tables, texts and attributes of the HTML, and those of the Markdown."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from namerec.export.report.document import (
    Document,
    Paragraph,
    Picture,
    Points,
    Printed,
    Table,
)

#: Rows of cells.
Rows = list[list[str]]
_TEXTS = ("h1", "h2", "p", "li", "caption", "figcaption", "pre", "title")


@dataclass
class Page(HTMLParser):
    """What stands in an HTML report.

    Attributes:
        tags: All, in order, with their attributes.
        texts: Of headings, paragraphs, items, captions and listings.
        tables: All.
        scripts: By type, empty for those that run; their contents.
        style: Contents of the style elements.
    """

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    tables: list[Rows] = field(default_factory=list)
    scripts: list[tuple[str, str]] = field(default_factory=list)
    style: str = ""

    def __post_init__(self):
        super().__init__()
        self._open: list[str] = []

    @classmethod
    def of(cls, content: bytes) -> "Page":
        page = cls()
        page.feed(content.decode())
        page.close()
        return page

    def attributes(self, name: str) -> list[str]:
        return [found[name] for _, found in self.tags if name in found]

    def handle_starttag(self, tag, attrs):
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if tag not in ("meta", "img"):
            self._open.append(tag)
        if tag == "script":
            self.scripts.append((found.get("type", ""), ""))
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        elif tag in _TEXTS:
            self.texts.append("")

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        inside = self._open[-1] if self._open else ""
        if inside == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif inside == "style":
            self.style += data
        elif inside in ("td", "th"):
            self.tables[-1][-1][-1] += data
        elif inside in _TEXTS:
            self.texts[-1] += data


def unescaped(text: str) -> str:
    """Markdown's text as CommonMark reads it: an ASCII sign behind a backslash is itself."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text).replace("\u2060", "")


def markdown_tables(text: str) -> list[Rows]:
    """The tables of a Markdown report, without the line under the head."""
    tables: list[Rows] = []
    for before, line in zip(["", *text.split("\n")], text.split("\n"), strict=False):
        if not line.startswith("| "):
            continue
        if not before.startswith("| "):
            tables.append([])
        cells = re.split(r"(?<!\\) \| ", line[2:-2])
        if not all(re.fullmatch("-{3}:?", cell) for cell in cells):
            tables[-1].append([unescaped(cell) for cell in cells])
    return tables


def all_words(document: Document) -> list[str]:
    """Every text of a report, whatever it stands in."""
    words = [document.title, document.made]
    for section in document.sections:
        words.append(section.title)
        for block in section.blocks:
            if isinstance(block, Paragraph | Printed):
                words.append(block.words)
            elif isinstance(block, Points):
                words += block.lines
            elif isinstance(block, Table):
                words += [block.caption, *block.head, *(cell for row in block.rows for cell in row)]
            elif isinstance(block, Picture):
                words += [block.title, block.caption]
    return words
