"""Runs trained for real, and the programs made of them carried out."""

import contextlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.protocols import Part
from namerec.core.training.config import RunConfig, validated
from namerec.core.training.records import EpochRecord
from namerec.export.program.script import SCRIPT
from namerec.export.source import MadeFile, Source
from namerec.jobs.executors import LocalExecutor
from namerec.runs.lineage import Origin
from namerec.runs.store import RunStore

#: Accented, in several categories, twice, in another case, empty once read, very short and long.
AWKWARD = (
    ("Müller", "Alphan"),
    ("Muller", "Betan"),
    ("muller", "Gamman"),
    ("O'Brien", "Betan"),
    ("O'Brien", "Betan"),
    ("de la Cruz, jr.", "Gamman"),
    ("X", "Alphan"),
    ("123", "Alphan"),
    ("Ñ" * 70, "Betan"),
)


class Results(NamedTuple):
    """A program's own scores on some names."""

    loss: float
    accuracy: float
    macro_recall: float


def with_awkward_names(lines: Sequence[LabelledName]) -> Dataset:
    """Names that are more trouble than the usual ones, among these."""
    awkward = [LabelledName(name, category) for name, category in AWKWARD]
    return Dataset.build("awkward", [*lines[:20], *awkward, *lines[20:]])


def settings(kind: str, model: dict[str, Any], **training: Any) -> RunConfig:
    """Settings that train in a blink."""
    return validated(
        {
            "model": {"kind": kind, "hidden_size": 8, **model},
            "training": {"epochs": 3, "batch_size": 16, "learning_rate": 0.02, **training},
        }
    )


def trained(
    root: Path,
    config: RunConfig,
    dataset: Dataset,
    origin: Origin | None = None,
    epochs: int | None = None,
) -> Source:
    """A run trained to its end, or for its first epochs, and stored under a folder."""
    store = RunStore(root, pretrained=None)
    folder = store.create(config, dataset, origin)
    stream = LocalExecutor(lambda reference: dataset).stream(folder)
    with contextlib.closing(stream):
        for record in stream:
            if isinstance(record, EpochRecord) and record.epoch == epochs:
                break
    return source_of(folder.path, dataset)


def source_of(run: Path, dataset: Dataset) -> Source:
    """A stored run of these names."""
    store = RunStore(run.parent, pretrained=None)
    return Source.of(store, run.name, lambda reference: dataset)


def written(files: Sequence[MadeFile], folder: Path) -> Path:
    """The files in a folder of their own."""
    folder.mkdir(parents=True)
    for file in files:
        (folder / file.name).write_bytes(file.content)
    return folder


def executed(files: Sequence[MadeFile], folder: Path) -> dict[str, Any]:
    """What the names of a script stand for after it has been carried out here.

    Besides, `printed` is what it printed.
    """
    script = written(files, folder) / SCRIPT
    names: dict[str, Any] = {"__file__": str(script), "__name__": "__main__"}
    argv, printed = sys.argv, io.StringIO()
    sys.argv = [str(script)]
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(script.read_bytes(), script.name, "exec"), names)
    finally:
        sys.argv = argv
    return names | {"printed": printed.getvalue()}


def assert_reaches_the_run(made: dict[str, Any], source: Source, tolerance: float) -> None:
    """A program's curve and results are the run's: losses within a tolerance, answers all alike."""
    _, epochs = source.folder.metrics()
    assert [row["epoch"] for row in made["CURVE"]] == [record.epoch for record in epochs]
    for row, record in zip(made["CURVE"], epochs, strict=True):
        for name in ("train_loss", "validation_loss"):
            assert abs(row[name] - getattr(record, name)) <= tolerance, (name, record.epoch)
        for name in ("train_accuracy", "validation_accuracy", "validation_macro_recall"):
            assert abs(row[name] - getattr(record, name)) <= 1e-9, (name, record.epoch)
    assert made["best_epoch"] == source.run.status.best_epoch
    parts: tuple[Part, ...] = ("validation", "test")
    for part in parts:
        scores = source.run.status.scores[part]
        assert abs(made["RESULTS"][part].accuracy - scores.accuracy) <= 1e-9
        assert abs(made["RESULTS"][part].macro_recall - scores.macro_recall) <= 1e-9
        assert abs(made["RESULTS"][part].loss - scores.loss) <= tolerance
