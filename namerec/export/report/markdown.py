"""A report as Markdown with pictures."""

from __future__ import annotations

import re

from namerec.export.report.document import (
    PAPER,
    Block,
    Document,
    Paragraph,
    Picture,
    Points,
    Printed,
    Table,
)
from namerec.export.source import MadeFile

#: Folder of the pictures beside the file.
PICTURES = "report"
# What stands for itself only with a backslash before it, anywhere in a line or at its beginning.
_MARKUP = re.compile(r"([\\`*_\[\]<>|~$#&!])")
_AT_THE_BEGINNING = re.compile(r"^(\s*)([-+=:]|\d+(?=[.)](?:\s|$)))")
# Addresses are made links after escapes are taken away; a sign of no width breaks them up.
_LINKED = re.compile(r"://|www(?=\.)|@|(?:https?|mailto|ftp|xmpp)(?=:)", re.IGNORECASE)
_WORD_JOINER = "\u2060"


def markdown_files(document: Document, title: str) -> list[MadeFile]:
    """The text and its pictures.

    Args:
        document: The report.
        title: Of the text's file, without an ending.
    """
    pictures: list[MadeFile] = []
    lines = [f"# {escaped(document.title)}", "", escaped(document.made), ""]
    for place, section in enumerate(document.sections):
        if place:
            lines += [f"## {escaped(section.title)}", ""]
        for block in section.blocks:
            if isinstance(block, Picture):
                name = f"{PICTURES}/{len(pictures) + 1:02d}-{block.slug}.png"
                pictures.append(MadeFile(name, block.still(PAPER, "png")))
                lines += [f"![{escaped(block.title)}]({name})", "", escaped(block.caption), ""]
            else:
                lines += [*_written(block), ""]
    return [MadeFile(f"{title}.md", "\n".join(lines).encode()), *pictures]


def escaped(text: str) -> str:
    """Plain text as Markdown that shows it letter by letter, in one line."""
    line = re.sub(r"[\r\n\t]+", " ", text.encode("utf-8", "replace").decode())
    unlinked = _LINKED.sub(lambda found: found[0] + _WORD_JOINER, line)
    marked = _MARKUP.sub(r"\\\1", unlinked)
    return _AT_THE_BEGINNING.sub(_escaped_beginning, marked)


def _escaped_beginning(found: re.Match[str]) -> str:
    sign = found[2]
    # A number is no list's item if the point behind it is not one: 1\. is.
    return f"{found[1]}{sign}\\" if sign[-1].isdigit() else f"{found[1]}\\{sign}"


def _written(block: Block) -> list[str]:
    if isinstance(block, Paragraph):
        words = escaped(block.words)
        return [{"plain": words, "quiet": words, "warning": f"> **Note:** {words}"}[block.tone]]
    if isinstance(block, Points):
        return [f"- {escaped(line)}" for line in block.lines]
    if isinstance(block, Printed):
        return ["```text", *block.words.splitlines(), "```"]
    if isinstance(block, Table):
        marks = ["---"] * (len(block.head) - block.numbers) + ["---:"] * block.numbers
        head, *rows = ([escaped(cell) for cell in row] for row in (block.head, *block.rows))
        return [
            escaped(block.caption),
            "",
            *(f"| {' | '.join(row)} |" for row in (head, marks, *rows)),
        ]
    raise TypeError(f"a {type(block).__name__} is written by its own kind of file")
