"""A run as plain files: its weights, settings, curves and answers."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from namerec.core.corpus.protocols import Part
from namerec.core.evaluation.scores import predict_names
from namerec.core.training.records import EpochRecord, StepRecord
from namerec.errors import DataError
from namerec.export import about
from namerec.export.source import MadeFile, Source
from namerec.export.spreadsheet import answers_table, as_csv
from namerec.runs.fitting import check_weights
from namerec.runs.folder import BEST
from namerec.runs.lineage import gap, history
from namerec.runs.records import BranchPoint
from namerec.runs.tensors import CHECKSUM

#: The parts whose answers are written: those that nothing was trained on, if anything was held out.
_HELD_OUT: tuple[Part, ...] = ("validation", "test")


def table_files(source: Source) -> list[MadeFile]:
    """The settings and curves; of a run with a network also its weights and predictions.

    Raises:
        RunError: If the run's files are damaged.
    """
    files = [*settings_files(source), *curves_files(source)]
    if not source.run.has_network:
        return files
    files += weights_files(source)
    try:
        return files + predictions_files(source)
    except DataError as error:  # the names are gone; all else does not need them
        words = f"{files[0].words} The predictions are left out. {error}".strip()
        return [files[0]._replace(words=words), *files[1:]]


def weights_files(source: Source) -> list[MadeFile]:
    """The weights of the best epoch, as stored, with texts that say what they are.

    Raises:
        RunError: If no epoch was finished, or the file is damaged.
    """
    info = source.run.info
    # What is damaged, or not this network's, is not handed on.
    check_weights(source.folder.best_weights(), info, BEST)
    stored = (source.folder.path / BEST).read_bytes()
    texts = {
        "run": info.id,
        "epoch": str(about.lineage_epoch(info, source.run.status.best_epoch)),
        "network": info.config.model.title,
        "settings": info.config.model.model_dump_json(),
        "trained_on": about.trained_on(source),
        "categories": json.dumps(info.dataset.categories, ensure_ascii=False),
        "scores": json.dumps(about.scores(source)),
    }
    content = _with_texts(stored, texts)
    among = "the best of this run" if info.branch_points else "the best"
    words = f"The weights of {about.best_epoch_words(source)}, {among} on validation."
    return [MadeFile(f"{source.run.id}-weights.safetensors", content, words)]


def _with_texts(stored: bytes, texts: dict[str, str]) -> bytes:
    """A safetensors file with more texts in its header; the tensors stay as they lie there.

    By hand, because the library writes texts in any order, and equal runs have equal files.
    """
    size = int.from_bytes(stored[:8], "little")
    header: dict[str, Any] = json.loads(stored[8 : 8 + size])
    if CHECKSUM in header:
        texts = texts | {CHECKSUM: "The tensor of this name is a checksum of the others."}
    header["__metadata__"] = header.get("__metadata__", {}) | texts
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # what follows is aligned to 8 bytes
    return len(text).to_bytes(8, "little") + text + stored[8 + size :]


def settings_files(source: Source) -> list[MadeFile]:
    """All that decided the run's numbers, as JSON."""
    text = json.dumps(about.settings(source), indent=2, ensure_ascii=False) + "\n"
    return [MadeFile(f"{source.run.id}-settings.json", text.encode())]


def curves_files(source: Source) -> list[MadeFile]:
    """Every record of training as a line of CSV, from the first run of its lineage on.

    Raises:
        RunError: If there are more than can be read.
    """
    told = history(source.folder)
    unsorted: list[StepRecord | EpochRecord] = [*told.steps, *told.epochs]
    records = sorted(unsorted, key=lambda record: record.step)
    table = _curves(source, records, told.branch_points)
    words = "Each line is the mean since the previous line of the same kind."
    if told.branch_points:
        words += " Steps, epochs and seconds are counted from the start of the first run."
    if missing := gap(source.folder, source.run.status):
        words += f" {missing.words}"
    return [MadeFile(f"{source.run.id}-curves.csv", as_csv(table).encode(), words)]


def _curves(
    source: Source,
    records: Sequence[StepRecord | EpochRecord],
    branch_points: tuple[BranchPoint, ...],
) -> pd.DataFrame:
    trained, held_out = "training names, dropout on", about.measured_on(source, "validation")
    columns = {
        "epoch": "epochs done",
        "step": "steps done",
        "seconds": "training time (s)",
        "loss": f"loss (nats; {trained})",
        "gradient_norm": "gradient norm (before clipping)",
        "learning_rate": "learning rate",
        "train_accuracy": f"accuracy (0 to 1; {trained})",
        "validation_loss": f"validation loss (nats; {held_out})",
        "validation_accuracy": f"validation accuracy (0 to 1; {held_out})",
        "validation_macro_recall": f"validation macro recall (0 to 1; {held_out})",
        "names_per_second": "speed (training names per s)",
    }
    rows = []
    for record in records:
        kind = "step" if isinstance(record, StepRecord) else "epoch"
        run = next(
            (
                branch_point.run
                for branch_point in branch_points
                if record.step <= branch_point.step
            ),
            source.run.id,
        )
        values = {title: getattr(record, name, np.nan) for name, title in columns.items()}
        if isinstance(record, EpochRecord):
            values[columns["loss"]] = record.train_loss
        best = record.best if isinstance(record, EpochRecord) else None
        said = {None: "", True: "yes", False: "no"}[best]
        rows.append({"record": kind, "run": run} | values | {"best so far in its run": said})
    return pd.DataFrame(
        rows, columns=["record", "run", *columns.values(), "best so far in its run"]
    )


def predictions_files(source: Source) -> list[MadeFile]:
    """The network's answers on the validation and test part, a line of CSV a name.

    Those of a run that is not finished are asked of its best epoch so far.

    Raises:
        DataError: If the names are no longer there.
        RunError: If there is no network, or the run's files are damaged.
    """
    stored = source.folder.predictions() if source.run.state == "finished" else {}
    try:
        dataset, split = source.dataset, source.split
    except DataError:
        raise DataError(
            f"The answers of run {source.run.id} cannot be listed: its {about.NAMES_GONE}. Upload "
            "the same names on the Dataset page."
        ) from None
    tables = []
    for part in _HELD_OUT:
        answers = stored.get(part)
        if answers is None:
            answers = predict_names(source.model, dataset, split.part(part))
        table = answers_table(dataset, answers)
        table.insert(2, "part", part)
        table.insert(3, "measured on", split.words(part))
        tables.append(table)
    content = as_csv(pd.concat(tables, ignore_index=True)).encode()
    words = f"Answers of {about.best_epoch_words(source)}; probabilities are 0 to 1."
    return [MadeFile(f"{source.run.id}-predictions.csv", content, words)]
