"""A run to make files of: tiny, trained in a blink, with texts that a spreadsheet would run."""

from dataclasses import replace
from pathlib import Path

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.errors import DataError
from namerec.export.source import Source
from namerec.runs.store import RunStore
from tests.conftest import tiny_config, tiny_lines
from tests.runs.references import Solo


def hostile_dataset() -> Dataset:
    """72 names in three categories, the first of which and whose names look like formulas."""
    lines = [
        LabelledName(f"={line.name}", "=Alphan") if line.category == "Alphan" else line
        for line in tiny_lines()
    ]
    return Dataset.build("tiny", lines)


def trained(root: Path, epochs: int | None = None) -> Source:
    """A run stored in a folder: finished, or stopped after some epochs."""
    dataset = hostile_dataset()
    store = RunStore(root, pretrained=None)
    folder = Solo(tiny_config(), dataset).store(store, epochs)
    return Source.of(store, folder.id, lambda reference: dataset)


def without_corpus(source: Source) -> Source:
    """The same run after its names were removed."""

    def gone(reference: str) -> Dataset:
        raise DataError("It was removed.")

    return replace(source, load=gone)
