"""A network's ONNX file beside the network: the same names into both, answers compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

from namerec.core.alphabet import ALPHABET_SIZE, MAX_LETTERS
from namerec.core.models import NameModel
from namerec.core.name_samples import spread_over
from namerec.core.packing import pack
from namerec.errors import DataError, RunError
from namerec.export.about import measured_on
from namerec.export.source import Source

#: Names compared on, besides one of a single letter and one of the most letters.
MOST_NAMES = 1000
#: Names read at once: the states of the largest network at 64 letters then take 70 MB.
_BATCH = 128
#: Largest difference that rounding explains, as a share of the name's largest log-probability or
#: of 1 nat: a thousand roundings in a row, as in `core.parity`. States of a recurrence without
#: nonlinearity can grow with every letter, and what is rounded off grows with them.
ROUNDING = 1e-4


class Difference(NamedTuple):
    """How far a file's answers are from the network's own.

    Attributes:
        names: What it was compared on, in words.
        probabilities: Largest absolute difference of any name's probability of any category.
        log_probabilities: The same of the logarithms, nats.
        excess: The largest share of `ROUNDING` that a difference takes: 1 or less is rounding.
        version: Of onnxruntime.
    """

    names: str
    probabilities: float
    log_probabilities: float
    excess: float
    version: str

    @property
    def is_rounding(self) -> bool:
        """Whether rounding explains the differences; not if one of them is no number."""
        return self.excess <= 1

    @property
    def words(self) -> str:
        """What was found, in a sentence."""
        return (
            f"Compared with the network itself on {self.names}, by onnxruntime {self.version}: "
            f"no probability differs by more than {self.probabilities:.1g}, no log-probability by "
            f"more than {self.log_probabilities:.1g} nats."
        )


class _Names(NamedTuple):
    """Names to compare on: letters, int64, (names, longest), lengths, int64, (names,), words."""

    letters: np.ndarray
    lengths: np.ndarray
    words: str


def insist_on_agreement(source: Source, content: bytes) -> Difference:
    """Compares a file with the run's network.

    Raises:
        RunError: If they answer differently, by more than rounding explains.
    """
    difference = check(source, content)
    if not difference.is_rounding:
        raise RunError(
            f"The ONNX file of run {source.run.id} was not made: it does not answer as the network "
            f"does. On {difference.names} log-probabilities differ by up to "
            f"{difference.log_probabilities:.1g} nats, where at most {ROUNDING:g} of the "
            "largest is rounding. Take the weights away instead, and report this with the run."
        )
    return difference


def check(source: Source, content: bytes, names: int = MOST_NAMES) -> Difference:
    """Asks file and network for the same names.

    Args:
        source: The run. If its corpus is there, its test names are asked for, and made-up ones
            where there are too few of them.
        content: The file.
        names: How many; a made-up name of one letter and one of the most letters come on top.

    Raises:
        RunError: If there is no network.
    """
    import onnxruntime

    session, model = _session(content), source.model
    asked = _names(source, names)
    largest = [(0.0, 0.0, 0.0)]
    for letters, lengths in _batches(asked):
        wanted = ["log_probabilities", "probabilities"]
        theirs = session.run(wanted, {"letters": letters, "lengths": lengths})
        largest.append(_differences(_own_answers(model, letters, lengths), *theirs))
    # np.max, because it gives nan where one of them is.
    logarithms, shares, excess = np.max(largest, axis=0).tolist()
    return Difference(asked.words, shares, logarithms, excess, onnxruntime.__version__)


def _session(content: bytes) -> Any:
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors alone
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _differences(
    ours: np.ndarray, logarithms: np.ndarray, shares: np.ndarray
) -> tuple[float, float, float]:
    """The largest of log-probabilities, of probabilities, and as a share of what rounding is."""
    apart = np.abs(logarithms - ours).max(axis=1)  # (B,)
    shares_apart = np.abs(shares - np.exp(ours)).max(axis=1)
    allowed = ROUNDING * np.maximum(np.abs(ours).max(axis=1), 1)
    # A probability is 1 or less, so it differs by no more than its logarithm does.
    excess = np.maximum(apart, shares_apart) / allowed
    return float(apart.max()), float(shares_apart.max()), float(excess.max())


@torch.no_grad()
def _own_answers(model: NameModel, letters: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    return np.asarray(model(pack(letters.astype(np.uint8), lengths)).cpu().numpy())


def _batches(asked: _Names) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for begin in range(0, len(asked.lengths), _BATCH):
        lengths = asked.lengths[begin : begin + _BATCH]
        yield asked.letters[begin : begin + _BATCH, : lengths.max()], lengths


def _names(source: Source, most: int) -> _Names:
    """The names to compare on; behind their ends stand letters, which nobody may read."""
    generator = np.random.default_rng(0)
    try:
        held_out = spread_over(np.unique(source.split.test), most)
        letters, lengths = source.dataset.letters[held_out], source.dataset.lengths[held_out]
    except DataError:
        letters, lengths = np.empty((0, 0)), np.empty(0)
    found = len(lengths)
    made_up = generator.integers(1, MAX_LETTERS, most - found, endpoint=True)
    every_length = np.concatenate([lengths, made_up, [1, MAX_LETTERS]]).astype(np.int64)
    table = generator.integers(0, ALPHABET_SIZE, (len(every_length), int(every_length.max())))
    letters = letters[:, : table.shape[1]]
    known = np.arange(letters.shape[1]) < lengths[:, None]
    table[:found, : letters.shape[1]][known] = letters[known]
    words = [f"{found:,} {measured_on(source, 'test')},"] if found else []
    words.append(
        f"{len(made_up) + 2:,} made-up names, the shortest of 1 letter, the longest of "
        f"{MAX_LETTERS}"
    )
    return _Names(table, every_length, " and ".join(words))
