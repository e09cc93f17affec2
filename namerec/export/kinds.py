"""All that can be made of runs, in one table that the command line and the pages share.

What makes them is imported when it is asked for: the table alone costs nothing.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from namerec.errors import DataError, RunError

if TYPE_CHECKING:
    from namerec.export.source import MadeFile, Source

#: A file's name, perhaps in one folder of its own: no path on any system, and shown as it is.
_NAME = re.compile(r"(?:[0-9A-Za-z][\w-]*/)?[0-9A-Za-z][\w.-]{0,200}", re.ASCII)
#: When all files of a zip were made, as it says: equal files give equal zips.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Export:
    """A kind of file that runs can be carried away as.

    Attributes:
        title: What a button calls it.
        help: What it is, in a sentence or two.
        make: Makes it, of one run, or of one and more if it takes `several`.
        several: Whether several runs together give one thing, such as a report that compares them.
    """

    title: str
    help: str
    make: Callable[[Sequence[Source]], list[MadeFile]]
    several: bool = False


def _onnx(sources: Sequence[Source]) -> list[MadeFile]:
    from namerec.export.onnx.graph import onnx_files

    return onnx_files(_only(sources))


def _script(sources: Sequence[Source]) -> list[MadeFile]:
    from namerec.export.program.script import script_files

    return script_files(_only(sources))


def _notebook(sources: Sequence[Source]) -> list[MadeFile]:
    from namerec.export.program.notebook import notebook_files

    return notebook_files(_only(sources))


def _report(sources: Sequence[Source]) -> list[MadeFile]:
    from namerec.export.report.files import report_files

    return report_files(sources)


def _figures(sources: Sequence[Source]) -> list[MadeFile]:
    from namerec.export.report.files import figure_files

    return figure_files(_only(sources))


def _tables(sources: Sequence[Source]) -> list[MadeFile]:
    from namerec.export import tables

    source = _only(sources)
    # Of a run without a finished epoch there are settings and curves, and no network to ask.
    files = [*tables.settings_files(source), *tables.curves_files(source)]
    if not source.run.has_network:
        return files
    files += tables.weights_files(source)
    try:
        return files + tables.predictions_files(source)
    except DataError as error:  # the names are gone; all else does not need them
        words = f"{files[0].words} The predictions are left out. {error}".strip()
        return [files[0]._replace(words=words), *files[1:]]


def _zip(sources: Sequence[Source]) -> list[MadeFile]:
    from namerec.export.archive.zip_file import zip_files

    return zip_files(_only(sources))


def _only(sources: Sequence[Source]) -> Source:
    if len(sources) != 1:
        raise RunError(
            f"This is made of one run at a time, not of {len(sources):,}. Choose one run."
        )
    return sources[0]


#: By the word that `namerec export --to` takes. A new kind is one entry here.
EXPORTS: dict[str, Export] = {
    "report": Export(
        "Report",
        "What the course report holds, of one run or several: networks, curves, matrices, scores "
        "and the comparison. As one HTML file, and as Markdown with pictures.",
        _report,
        several=True,
    ),
    "figures": Export(
        "Figures", "Loss, accuracy and prediction matrix, each as PNG, SVG and HTML.", _figures
    ),
    "tables": Export(
        "Weights, settings, curves and answers",
        "The weights as safetensors, the settings as JSON, the curves and the answers on held-out "
        "names as CSV.",
        _tables,
    ),
    "script": Export(
        "Python script",
        "Plain PyTorch without namerec that builds the network, trains it on the same names with "
        "the same settings, and checks its curve against this run's.",
        _script,
    ),
    "notebook": Export("Jupyter notebook", "The same program, explained step by step.", _notebook),
    "onnx": Export(
        "ONNX network",
        "The trained network for onnxruntime and other programs, checked against this one on "
        "1,000 names.",
        _onnx,
    ),
    "zip": Export(
        "Run, as a zip",
        "The whole run, with its names if they are your own, to be opened and gone on with on "
        "another computer: namerec import FILE.zip",
        _zip,
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
        return _checked(export.make(sources))
    files = []
    for source in sources:
        for file in _checked(export.make([source])):
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
    from namerec.export.source import MadeFile

    if len(files) == 1:
        return files[0]
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for file in files:
            info = zipfile.ZipInfo(file.name, _NO_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            archive.writestr(info, file.content)
    return MadeFile(f"{stem}.zip", written.getvalue(), " ".join(_said(files)))


def _said(files: Iterable[MadeFile]) -> list[str]:
    """What there is to say about files, each sentence once."""
    return list(dict.fromkeys(file.words for file in files if file.words))


def _checked(files: list[MadeFile]) -> list[MadeFile]:
    """Nothing is written outside of the folder that was asked for, whoever made a name."""
    for file in files:
        if not _NAME.fullmatch(file.name):
            raise ValueError(f"no safe name of a file: {file.name!a}")
    return files
