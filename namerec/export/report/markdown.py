"""A report as Markdown with pictures."""

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
from namerec.text import as_markdown

#: Folder of the pictures beside the file.
PICTURES = "report"


def markdown_files(document: Document, title: str) -> list[MadeFile]:
    """The text and its pictures.

    Args:
        document: The report.
        title: Of the text's file, without an ending.
    """
    pictures: list[MadeFile] = []
    lines = [f"# {as_markdown(document.title)}", "", as_markdown(document.made), ""]
    for place, section in enumerate(document.sections):
        if place:
            lines += [f"## {as_markdown(section.title)}", ""]
        for block in section.blocks:
            if isinstance(block, Picture):
                name = f"{PICTURES}/{len(pictures) + 1:02d}-{block.slug}.png"
                pictures.append(MadeFile(name, block.still(PAPER, "png")))
                lines += [
                    f"![{as_markdown(block.title)}]({name})",
                    "",
                    as_markdown(block.caption),
                    "",
                ]
            else:
                lines += [*_written(block), ""]
    return [MadeFile(f"{title}.md", "\n".join(lines).encode()), *pictures]


def _written(block: Block) -> list[str]:
    if isinstance(block, Paragraph):
        words = as_markdown(block.words)
        return [{"plain": words, "quiet": words, "warning": f"> **Note:** {words}"}[block.tone]]
    if isinstance(block, Points):
        return [f"- {as_markdown(line)}" for line in block.lines]
    if isinstance(block, Printed):
        return ["```text", *block.words.splitlines(), "```"]
    if isinstance(block, Table):
        marks = ["---"] * (len(block.head) - block.numbers) + ["---:"] * block.numbers
        head, *rows = ([as_markdown(cell) for cell in row] for row in (block.head, *block.rows))
        return [
            as_markdown(block.caption),
            "",
            *(f"| {' | '.join(row)} |" for row in (head, marks, *rows)),
        ]
    raise TypeError(f"a {type(block).__name__} is written by its own kind of file")
