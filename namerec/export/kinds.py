"""Everything that can be made of runs, in one table that the command line and the pages share.

What makes the files is imported when it is asked for: the table alone costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from namerec.export.source import MadeFile, Source

#: A file's name, perhaps in one folder of its own: no path on any system, and shown as it is.
_NAME = re.compile(r"(?:[0-9A-Za-z][\w-]*/)?[0-9A-Za-z][\w.-]{0,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Export:
    """A kind of files that runs can be exported as.

    Attributes:
        title: What it is called beside its button.
        help: What it is, in a sentence or two.
        make: Makes it of a `Source`, or of all of them together if it takes `several`.
        several: Whether several runs together give one thing, such as a report that compares them.
    """

    title: str
    help: str
    make: Callable[..., list[MadeFile]]
    several: bool = False


def _by(module: str, name: str) -> Callable[..., list[MadeFile]]:
    """A function of a module of this package, imported when it is called."""

    def make(*sources: Source) -> list[MadeFile]:
        files: list[MadeFile] = getattr(import_module(f"namerec.export.{module}"), name)(*sources)
        return files

    return make


#: By the word that `namerec export --to` takes. A new kind is one entry here.
EXPORTS: dict[str, Export] = {
    "report": Export(
        "Report",
        "What the course report shows, of one run or several: networks, learning curves, confusion "
        "matrices, scores and a comparison. One HTML file, and Markdown with pictures.",
        _by("report.files", "report_files"),
        several=True,
    ),
    "figures": Export(
        "Figures",
        "Loss, accuracy and confusion matrix, each as PNG, SVG and HTML.",
        _by("report.files", "figure_files"),
    ),
    "tables": Export(
        "Weights and tables",
        "The weights as safetensors, the settings as JSON, the learning curves and the predictions "
        "for held-out names as CSV.",
        _by("tables", "table_files"),
    ),
    "script": Export(
        "Python script",
        "A program in plain PyTorch, without namerec. It builds the network, trains it on the same "
        "names with the same settings, and compares its learning curve with this run's.",
        _by("program.script", "script_files"),
    ),
    "notebook": Export(
        "Jupyter notebook",
        "The same program, explained step by step.",
        _by("program.notebook", "notebook_files"),
    ),
    "onnx": Export(
        "ONNX model",
        "The trained network for onnxruntime and other programs. Its predictions are compared with "
        "the original's on 1,000 names.",
        _by("onnx.graph", "onnx_files"),
    ),
    "zip": Export(
        "Whole run as a zip",
        "Everything that is stored of the run, with its names if they are your own. Import it on "
        "another computer to open the run and resume it there: namerec import FILE.zip",
        _by("archive.packing", "zip_files"),
    ),
}


def make(kind: str, sources: Sequence[Source]) -> list[MadeFile]:
    """Makes the files of one kind.

    Args:
        kind: One of `EXPORTS`.
        sources: The runs. Of several, a kind that takes one at a time makes a folder each.

    Raises:
        NamerecError: If it cannot be made of one of the runs; the message says of which.
    """
    export = EXPORTS[kind]
    if export.several or len(sources) == 1:
        return _checked(export.make(*sources))
    files = []
    for source in sources:
        for file in _checked(export.make(source)):
            # A zip is named after its run; other files of two runs may have one name.
            name = file.name if kind == "zip" else f"{source.run.id}/{file.name}"
            files.append(file._replace(name=name))
    return files


def one_file(files: Sequence[MadeFile], stem: str) -> MadeFile:
    """The only file, or a zip of all, for those who can give but one.

    Args:
        files: At least one.
        stem: What the zip is called, without an ending.
    """
    from namerec.export.archive.packing import zipped
    from namerec.export.source import MadeFile

    if len(files) == 1:
        return files[0]
    return MadeFile(f"{stem}.zip", zipped((file.name, file.content) for file in files))


def _checked(files: list[MadeFile]) -> list[MadeFile]:
    """Nothing is written outside of the folder that was asked for, whoever made a name."""
    for file in files:
        if not _NAME.fullmatch(file.name):
            raise ValueError(f"no safe name of a file: {file.name!a}")
    return files
