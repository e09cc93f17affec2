"""How large the files of one packed run can be: what its settings imply, and no more.

Asked before any of them is unpacked, so that a small zip cannot take a large computer's time.
"""

from __future__ import annotations

from namerec.core.corpus.protocols import holds_out
from namerec.core.corpus.splits import COURSE_DRAWS
from namerec.core.training.config import EVALUATIONS_PER_RUN, TrainConfig
from namerec.core.training.loop import STEP_RECORDS
from namerec.export.archive.contents import MAX_BYTES
from namerec.runs.folder import LAST, METRICS, PREDICTIONS
from namerec.runs.lineage import BEFORE, FIRST
from namerec.runs.records import RunInfo, RunStatus

#: Most unpacked bytes for one packed byte of a file. Records pack to a fifth or a twentieth, and
#: the n-gram logits, mostly zeros, to a tenth; what packs better is stored as it is.
MAX_RATIO = 100

#: Bytes of a number in weights and answers, and of the two whole numbers that go with an answer.
_FLOAT, _INDICES = 4, 16
#: Weights and an optimizer's two moments of each: the most that a checkpoint holds.
_COPIES = 3
#: Bytes of a tensor file besides its values: names and shapes, a checksum, random state.
_HEADER = 64 * 1024
#: Most epochs of one run.
_MOST_EPOCHS = 1000
#: Bytes of a record without its confusion matrix, and of a file of hardly any; records take 250.
_RECORD, _FEW_RECORDS = 600, 16 * 1024
#: Bytes of an empty cell of a confusion matrix, brackets counted; and of a count in one besides.
_CELL, _DIGITS = 4, 8


def implied_bytes(name: str, info: RunInfo, status: RunStatus) -> int | None:
    """How large a file can be in a run of such settings; None if they do not tell.

    Args:
        name: The file's.
        info: What the run is.
        status: How far it has come.
    """
    categories = len(info.dataset.categories)
    if name == PREDICTIONS:
        return _answers(info) * (_FLOAT * categories + _INDICES) + _HEADER
    if name == METRICS:
        # An epoch's records are stored before the status that counts it.
        epochs = min(status.epoch + 1, _epochs(info.config.training))
        return _records(1, epochs, info)
    if name == BEFORE:
        runs = len(info.branch_points)
        epochs = min(info.branch_points[-1].epoch, runs * _MOST_EPOCHS) if runs else 0
        return _records(runs, epochs, info)
    if name.endswith(".safetensors"):
        weights = _FLOAT * info.config.model.parameter_count(categories)
        return (_COPIES if name in (LAST, FIRST) else 1) * weights + _HEADER
    return None


def implied_by(name: str, info: RunInfo) -> str:
    """What bounds a file, in words: the subject of a sentence."""
    if name == PREDICTIONS:
        return f"answers on {_answers(info):,} of its names"
    if name in (METRICS, BEFORE):
        return "the records of its epochs"
    parameters = info.config.model.parameter_count(len(info.dataset.categories))
    return f"the {parameters:,} parameters of its network"


def _answers(info: RunInfo) -> int:
    """Most answers that a run stores: held-out names have one each, drawn ones as many as drawn."""
    if holds_out(info.config.training.protocol):
        return info.dataset.names
    return sum(COURSE_DRAWS.values())


def _epochs(training: TrainConfig) -> int:
    return training.epochs if training.steps is None else EVALUATIONS_PER_RUN


def _records(runs: int, epochs: int, info: RunInfo) -> int:
    """Bytes of the records of so many runs that have so many epochs together."""
    cells = len(info.dataset.categories) ** 2
    matrix = _CELL * cells + _DIGITS * min(cells, info.dataset.names)
    # A step is recorded at the end of an epoch too, whatever the number of the others.
    lines = runs * STEP_RECORDS + 2 * epochs
    return min(MAX_BYTES, _FEW_RECORDS + lines * _RECORD + epochs * matrix)
