"""How much memory a training will need, told before any of it is taken, and how much there is.

The estimate counts the arrays that `core.training.loop` and `core.networks.layers` are known to
hold at once. It is a bound to refuse by, no measurement: for networks of all kinds it was 1.1 to
2.3 times the measured peak with large batches, and up to 4.3 times where a batch is a few names
and little is needed. A run on a GPU is counted as if it were trained here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.corpus.dataset import Dataset
from namerec.core.evaluation.scores import EVALUATION_BATCH
from namerec.core.networks.config import NGRAM_BUCKETS, ModelConfig
from namerec.core.training.config import RunConfig, TrainConfig
from namerec.core.training.loop import plan
from namerec.runs.folder import MAX_MILESTONE_BYTES

MEGABYTE = 1_000_000
#: Bytes left to the rest of the server: pages, and what PyTorch's kernels take for themselves.
RESERVE = 256 * MEGABYTE
#: Bytes that a process takes that trains for the server, beside what it shares with others.
PROCESS = 64 * MEGABYTE
#: Numbers an optimizer keeps for each weight.
_MOMENTS = {"sgd": 0, "adam": 2, "adamw": 2}
_FLOAT, _INDEX = 4, 8
#: Bytes that a name takes beside its letters: the text, its label and its place in the split.
_NAME = 160
#: Bytes of a step's and of an epoch's line in `metrics.jsonl`, and of a cell of the confusion
#: matrix in the latter: mostly a digit, a comma and a blank, as a large one is mostly empty.
_STEP_LINE, _EPOCH_LINE, _CELL = 160, 400, 4
#: Bytes for the small things of any training: batches being drawn, records, what is being written.
_BASE = 24 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Need:
    """What a training will need, bytes.

    Attributes:
        network: Weights, gradients, optimizer state, and the copies of the best and last epoch.
        batch: What the largest batch takes on its way through the network and back, or, if
            that is more, what `EVALUATION_BATCH` names take.
        names: The dataset, and the drawing of batches from it.
    """

    network: int
    batch: int
    names: int

    @property
    def total(self) -> int:
        """All of it, and what any training takes."""
        return _BASE + self.network + self.batch + self.names


def need(config: RunConfig, dataset: Dataset) -> Need:
    """Estimates what a training will need."""
    histogram = np.bincount(dataset.lengths, minlength=1)
    return _need(config, histogram, len(dataset.categories))


def beside(config: RunConfig, categories: int) -> int:
    """Bytes that a training takes in all beside `need` if it has a process of its own.

    The process itself; and checkpoints, both in it and in the server, beside each other: the one
    that a slice began with, with the best weights, and the next one, as it goes over and as it is.
    With 3 and 13 million weights it was 1.3 and 1.1 times what both took more than `need`.
    """
    checkpoint = 1 + _MOMENTS[config.training.optimizer]
    copies = 1 + 7 * checkpoint
    return PROCESS + copies * _FLOAT * config.model.parameter_count(categories)


def largest_part(config: RunConfig, dataset: Dataset) -> tuple[str, int | str]:
    """The setting by whose halving most memory would be saved, and its value."""
    histogram = np.bincount(dataset.lengths, minlength=1)
    values = config.model.model_dump() | config.training.model_dump()

    def left_when_halved(name: str) -> int:
        part = "model" if name in ModelConfig.model_fields else "training"
        less = getattr(config, part).model_copy(update={name: _half(name, values[name])})
        changed = config.model_copy(update={part: less})
        return _need(changed, histogram, len(dataset.categories)).total

    asked = ("hidden_size", "batch_size", "num_layers", "char_ngrams", "steps", "direction")
    most = min((name for name in asked if values[name] is not None), key=left_when_halved)
    return most, values[most]


def stored(config: RunConfig, names: int, categories: int) -> int:
    """Estimates the bytes that a run's folder will hold when it has finished.

    Checkpoint, best and kept weights; step records, and a confusion matrix an epoch, as text; and
    the answers on the held-out names, counted as if all names were.
    """
    weights = _FLOAT * config.model.parameter_count(categories)
    layout = plan(config.training, names)
    epochs = layout.epochs
    kept = epochs.bit_length() if weights <= MAX_MILESTONE_BYTES else 0  # epochs 1, 2, 4, 8 ...
    records = layout.steps // layout.record_every + 2 * epochs
    metrics = records * _STEP_LINE + epochs * (_EPOCH_LINE + _CELL * categories**2)
    predictions = names * (2 * _INDEX + _FLOAT * categories)
    tensors = (2 + _MOMENTS[config.training.optimizer] + kept) * weights
    return tensors + metrics + predictions + MEGABYTE


def _half(name: str, value: int | str) -> int | str:
    if isinstance(value, str):
        return "forward"
    return value // 2 if name == "char_ngrams" else max(1, value // 2)


def _need(config: RunConfig, histogram: np.ndarray, categories: int) -> Need:
    model, training = config.model, config.training
    names = int(histogram.sum())
    drawn = plan(training, names).ends[0] * training.batch_size if training.steps else names
    batch = min(training.batch_size, drawn)
    trained = _activations(
        model, batch, longest_letters(histogram, batch), categories, training=True
    )
    looked_at = min(EVALUATION_BATCH, names)
    letters = longest_letters(histogram, looked_at)
    evaluated = _activations(model, looked_at, letters, categories, training=False)
    width = len(histogram)
    return Need(
        network=_copies(training) * _FLOAT * model.parameter_count(categories),
        batch=max(trained, evaluated),
        # A random order, the names in it, sorted, and in batches; and answers, three times.
        names=names * (width + _NAME + 3 * _FLOAT * categories) + 5 * _INDEX * drawn,
    )


def _copies(training: TrainConfig) -> int:
    """Copies of all weights when an epoch is stored: the most there are at one time.

    Weights, gradients and moments; the best ones; the checkpoint's weights and moments; and the
    file's content, which is made in memory.
    """
    moments = _MOMENTS[training.optimizer]
    return (2 + moments) + 1 + 2 * (1 + moments)


def longest_letters(histogram: np.ndarray, names: int) -> int:
    """Letters of so many names, the longest there are; names are drawn again if need be."""
    in_all = int(histogram.sum())
    rounds, rest = divmod(names, in_all)
    longest_first = histogram[::-1]
    taken = np.minimum(longest_first.cumsum(), rest)
    counts = np.diff(taken, prepend=0) + rounds * longest_first
    return int((counts * np.arange(len(histogram))[::-1]).sum())


def _activations(
    model: ModelConfig, names: int, letters: int, categories: int, *, training: bool
) -> int:
    """Bytes that a batch takes in the layers, and in the logits of its n-grams."""
    kind, directions = model.network, model.directions
    states = letters + names
    one = _FLOAT * states * model.hidden_size
    layers = model.num_layers if training else 1
    kept = layers * directions * kind.kept * one
    # Between layers: what was read, its dropout mask, and the gradient coming back.
    between = (model.num_layers - 1) * directions * (3 if training else 1) * one
    at_work = kind.at_work * one if training else directions * one
    one_hot = (_FLOAT + _INDEX) * letters * ALPHABET_SIZE if kind.reads_one_hot else 0
    ngrams = max(model.char_ngrams - 1, 0) * states
    logits = ngrams * ((4 if training else 2) * _FLOAT * categories + 4 * _INDEX)
    # While the logits' gradient is made there is a second one of all of them.
    buckets = max(model.char_ngrams - 1, 0) * NGRAM_BUCKETS * categories * _FLOAT
    rows = 6 * _INDEX * states
    return kept + between + at_work + one_hot + logits + (buckets if training else 0) + rows


# -- what there is


def available() -> int:
    """Bytes that can still be taken here, cgroup limits counted."""
    return max(0, min(int(psutil.virtual_memory().available), *free_in_cgroups()))


# By hand, as psutil knows the machine alone: in a container its limit is often a tenth of that, and
# whoever takes more is killed.
def free_in_cgroups(
    root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")
) -> Iterable[int]:
    """Bytes left under the limits of this process's cgroups, of version 2 and 1."""
    try:
        lines = own.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers and "memory" not in controllers.split(","):
            continue
        base = root / "memory" if controllers else root
        limit, used = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes")
            if controllers
            else ("memory.max", "memory.current")
        )
        # In a container the path is often not below what is mounted; the mount itself is then it.
        for folder in (base / path.lstrip("/"), base):
            left = _left(folder / limit, folder / used, folder / "memory.stat")
            if left is not None:
                yield left


def _left(limit: Path, used: Path, statistics: Path) -> int | None:
    try:
        most = int(limit.read_text("ascii"))  # “max” is no number: no limit
        now = int(used.read_text("ascii"))
    except (OSError, ValueError):
        return None
    return most - now + _given_back(statistics)


def _given_back(statistics: Path) -> int:
    """Bytes of file cache that count as used and are given up as soon as they are needed."""
    try:
        for line in statistics.read_text("ascii").splitlines():
            name, _, value = line.partition(" ")
            if name in ("inactive_file", "total_inactive_file") and value.isdecimal():
                return int(value)
    except (OSError, ValueError):
        pass
    return 0
