"""Runs as a version stored them, for all later ones: `stored_formats/<format>/` is a data folder.

    python -m tests.runs.stored_formats

makes that of this version: once, when `namerec.formats.FORMAT` has risen, and it is
never changed after that.
"""

import os
import shutil
import tempfile
from contextlib import closing
from pathlib import Path

from namerec.core.corpus.dataset import Dataset
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.core.training.config import RunConfig, TrainConfig
from namerec.core.training.records import EpochRecord
from namerec.data import catalogue
from namerec.data.own import OwnCorpora
from namerec.data.upload import Upload
from namerec.export.archive.packing import zip_files
from namerec.export.source import Source
from namerec.formats import FORMAT
from namerec.jobs.executors import LocalExecutor
from namerec.jobs.memory_task_results import (
    MemoryEntry,
    MemoryFile,
    MemoryPlan,
    MemorySettings,
    write_results,
)
from namerec.runs.copying import copy_finished
from namerec.runs.folder import METRICS, RunFolder
from namerec.runs.store import RunStore
from tests.conftest import tiny_lines

STORED = Path(__file__).with_suffix("")
#: Of the runs that were stored in the middle of their training.
STOPPED_AFTER, OF_EPOCHS = 2, 3


def _config(kind: str, dataset: str, **training: object) -> RunConfig:
    given = {"dataset": dataset, "batch_size": 16, "learning_rate": 0.02, **training}
    return RunConfig(
        model=ModelConfig(kind=kind, hidden_size=3),  # type: ignore[arg-type]
        training=TrainConfig(**given),  # type: ignore[arg-type]
    )


def _trained(store: RunStore, config: RunConfig, names: Dataset, epochs: int) -> RunFolder:
    """A run that was ended after so many epochs, if it has not finished by then."""
    folder = store.create(config, names)
    with closing(LocalExecutor(catalogue.load).stream(folder)) as stream:
        for record in stream:
            if isinstance(record, EpochRecord) and record.epoch == epochs < config.training.epochs:
                break
    (folder.path / "lock").unlink()
    return folder


def make(target: Path) -> None:
    """Makes the data folder of this version's format."""
    work = Path(tempfile.mkdtemp())
    os.environ["NAMEREC_HOME"] = str(work)
    corpus = OwnCorpora().keep(Upload(Dataset.build("stored", tiny_lines()), ("Kept for later.",)))
    names = catalogue.load(corpus.reference)
    store = RunStore(pretrained=None)
    runs = target / "runs"
    for kind in MODEL_KINDS:
        folder = _trained(store, _config(kind, corpus.reference, epochs=1), names, 1)
        copy_finished(store, folder.id, runs).rename(runs / f"finished-{kind}")
    config = _config(MODEL_KINDS[0], corpus.reference, epochs=OF_EPOCHS)
    folder = _trained(store, config, names, STOPPED_AFTER)
    store.set_label(folder.id, title="Interrupted", note="Killed.", pinned=True)
    folder.write_status(folder.status().model_copy(update={"state": "running"}))
    shutil.copytree(folder.path, runs / "interrupted")
    torn = Path(shutil.copytree(folder.path, runs / "torn")) / METRICS
    lines = torn.read_bytes().splitlines(keepends=True)
    first = next(place for place, line in enumerate(lines) if b'"epoch"' in line[:20])
    torn.write_bytes(b"".join([*lines[:first], lines[first][:30] + b"\n", *lines[first + 1 :]]))
    kept = RunStore(runs, None)
    first_kind = f"finished-{MODEL_KINDS[0]}"
    (packed,) = zip_files(Source.of(kept, first_kind))
    (target / packed.name).write_bytes(packed.content)
    shutil.copytree(work / "corpora", target / "corpora")
    cell = MemoryPlan(settings=MemorySettings(hidden_size=3)).cells()[0]
    entry = MemoryEntry(cell=cell, accuracy=0.5, sequences=100, seconds=1.0)
    write_results(target / "memory_task.json", MemoryFile(entries=(entry,)))


if __name__ == "__main__":
    make(STORED / str(FORMAT))
