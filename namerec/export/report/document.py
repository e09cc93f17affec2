"""What a report is made of: sections of paragraphs, lists, tables, listings and pictures.

All texts are plain; who writes them to a file escapes them.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from namerec.figures.base.theme import LIGHT, Theme
from namerec.text import literal, shortened

if TYPE_CHECKING:
    from namerec.figures.stills.frame import StillForm


#: The colours of pictures that are printed or put into other texts.
PAPER = replace(LIGHT, background="#ffffff")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; a quiet one says how something was measured, a warning what is missing."""

    words: str
    tone: Literal["plain", "quiet", "warning"] = "plain"


@dataclass(frozen=True, slots=True)
class Points:
    """A list of sentences."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Printed:
    """Lines as a program prints them."""

    words: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        caption: What it shows, and what that was measured on.
        head: Names of the columns.
        rows: Cells, as many in each row as there are columns.
        numbers: So many of the last columns hold numbers.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A figure, to be drawn in either way.

    Attributes:
        slug: Its file's name, without an ending.
        title: What it is.
        caption: What it shows, in words.
        figure: Makes the interactive figure, Plotly's.
        still: Makes the picture that needs no browser, under a title of its own.
        square: Whether a wider page gives it nothing.
    """

    slug: str
    title: str
    caption: str
    figure: Callable[[Theme], Any]
    still: Callable[[Theme, StillForm], bytes]
    square: bool = False


Block = Paragraph | Points | Printed | Table | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A part with a heading."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report.

    Attributes:
        title: Of it.
        made: When, and of what, in a line.
        sections: The first one stands under the title without a heading.
    """

    title: str
    made: str
    sections: tuple[Section, ...]


# -- how it is written


def said(text: str, most: int = 120) -> str:
    """Text put in by a person as a report says it: one line, no control mark, not too long."""
    return html.unescape(literal(shortened(text.replace("\n", " "), most)))


def said_whole(text: str) -> str:
    """The same of a text of any length."""
    size = 100
    return "".join(said(text[begin : begin + size]) for begin in range(0, len(text), size))
