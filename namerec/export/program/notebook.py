"""A run as a Jupyter notebook: the script's program, cell by cell, with its text between them."""

from typing import Any

import nbformat

from namerec.export.program.assembly import as_comment
from namerec.export.program.script import facts, needed_packages, program_of
from namerec.export.program.tables import tables
from namerec.export.source import MadeFile, Source

NOTEBOOK = "train_names.ipynb"

_TITLE = """# A run of the Name Recognition Lab

This notebook builds the run's network, trains it on the run's names with the run's settings, and
prints its results beside the run's. It is plain PyTorch. Open it in the folder of its tables, and
run all cells from the top."""


def notebook_files(source: Source) -> list[MadeFile]:
    """The run as a notebook, and the tables that it reads.

    The same run gives the same bytes. What people have written is in the tables, and in a comment
    as a Python literal: never in the text between the cells.

    Args:
        source: The run; it need not be finished.

    Raises:
        DataError: If its names are no longer there.
        RunError: If its files are damaged.
    """
    program = program_of(source, "notebook")
    made_of = as_comment("\n".join(facts(source)))
    cells = [_text("title", _TITLE), _code("imports", f"{made_of}\n\n{program.imports}")]
    for section in program.sections:
        text = f"## {section.title}\n\n{section.text}".rstrip()
        cells += [_text(f"about-{section.name}", text), _code(section.name, section.code)]
    notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    content = _as_bytes(notebook)
    words = f"Open it with Jupyter in the folder of its tables. It needs {needed_packages(source)}."
    return [MadeFile(NOTEBOOK, content, words), *tables(source)]


def _as_bytes(notebook: dict[str, Any]) -> bytes:
    node = nbformat.from_dict(notebook)  # type: ignore[no-untyped-call]
    nbformat.validate(node)
    text: str = nbformat.writes(node)  # type: ignore[no-untyped-call]
    return text.encode() + b"\n"


def _text(name: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}


def _code(name: str, source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": name.replace("_", "-"),
        "metadata": {},
        "source": source,
        "execution_count": None,
        "outputs": [],
    }
