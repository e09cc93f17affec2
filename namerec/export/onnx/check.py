"""A network's ONNX file beside the network: the same names into both, answers compared."""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

from namerec.core.corpus.alphabet import ALPHABET_SIZE, MAX_LETTERS
from namerec.core.corpus.packing import pack
from namerec.core.inside.name_samples import spread_over
from namerec.core.networks.name_model import NameModel
from namerec.errors import DataError, RunError
from namerec.export.about import measured_on
from namerec.export.source import Source

#: Names compared on, besides one of a single letter and one of the most letters.
MOST_NAMES = 1000
#: Names read at once: the states of the largest network at 64 letters then take 70 MB.
_BATCH = 128
#: Largest difference that rounding explains, as a share of the name's largest log-probability or
#: of 1 nat: a thousand roundings in a row, as in `core.networks.parity`. States of a
#: recurrence without nonlinearity can grow with every letter, and what is rounded off with them.
ROUNDING = 1e-4
#: A network's answer that moves by more than rounding where its weights are moved by about their
#: last binary place (relative to their size, several draws) is decided by the order of a sum, and
#: the file has another order: it is not compared there. After a training that nearly diverged
#: there are such names. On the others a difference may be so many times what the draws moved.
_NUDGE = 2.0**-23
_DRAWS = 4
_UNSTEADY = 10
#: Share of the names that must be left to compare.
LEAST_STEADY = 0.5


class Difference(NamedTuple):
    """How far a file's answers are from the network's own.

    Attributes:
        names: What it was compared on, in words.
        probabilities: Largest absolute difference of any name's probability of any category.
        log_probabilities: The same of the logarithms, nats.
        excess: The largest share that a difference takes of what rounding explains: 1 or less.
        unsteady: Share of the names, 0..1, that are left out, because the last binary place of
            the weights decides the network's own answers to them.
        version: Of onnxruntime.
    """

    names: str
    probabilities: float
    log_probabilities: float
    excess: float
    unsteady: float
    version: str

    @property
    def is_rounding(self) -> bool:
        """Whether rounding explains the differences; not if one of them is no number."""
        return self.excess <= 1 and self.unsteady <= 1 - LEAST_STEADY

    @property
    def words(self) -> str:
        """What was found, in a sentence."""
        return (
            f"Compared with the network itself on {self.names}, by onnxruntime {self.version}: "
            f"the largest difference of a probability is {self.probabilities:.2g}, of a "
            f"log-probability {self.log_probabilities:.2g} nats.{self._unsteady_words}"
        )

    @property
    def _unsteady_words(self) -> str:
        if not self.unsteady:
            return ""
        return (
            f" Left out are {100 * self.unsteady:.2g} % of these names: the last binary place of "
            "the weights decides the network's own answers to them."
        )


class _Names(NamedTuple):
    """Names to compare on: letters, int64, (names, longest), lengths, int64, (names,), words."""

    letters: np.ndarray
    lengths: np.ndarray
    words: str


def ensure_agreement(source: Source, content: bytes) -> Difference:
    """Compares a file with the run's network.

    Raises:
        RunError: If they answer differently, by more than rounding explains.
    """
    difference = check(source, content)
    if difference.unsteady > 1 - LEAST_STEADY:
        raise RunError(
            f"The ONNX file of run {source.run.id} cannot be checked, so it was not made: on "
            f"{100 * difference.unsteady:.0f} % of {difference.names} the last binary place of "
            "the weights decides the network's own answers. They are very large, as after a "
            "training that nearly diverged. Train it with a lower learning rate."
        )
    if not difference.is_rounding:
        raise RunError(
            f"The ONNX file of run {source.run.id} was not made: it does not answer as the network "
            f"does. On {difference.names} log-probabilities differ by up to "
            f"{difference.log_probabilities:.2g} nats, where at most {ROUNDING:g} of the largest "
            "is rounding. Export the weights instead, and report this with the run."
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
    largest, unsteady = [(0.0, 0.0, 0.0)], 0
    for letters, lengths in _batches(asked):
        wanted = ["log_probabilities", "probabilities"]
        theirs = session.run(wanted, {"letters": letters, "lengths": lengths})
        ours = _own_answers(model, letters, lengths)
        found = _differences(ours, *theirs)
        if found[2] > 1:
            spread = _spread(model, letters, lengths, ours)
            steady = spread <= _rounding(ours)
            unsteady += int((~steady).sum())
            if not steady.any():
                continue
            logarithms, shares = (values[steady] for values in theirs)
            allowed = _UNSTEADY * spread[steady]
            found = _differences(ours[steady], logarithms, shares, allowed)
        largest.append(found)
    # np.max, because it gives nan where one of them is.
    apart, shares_apart, excess = np.max(largest, axis=0).tolist()
    left_out = unsteady / len(asked.lengths)
    return Difference(asked.words, shares_apart, apart, excess, left_out, onnxruntime.__version__)


def _session(content: bytes) -> Any:
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors alone
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _differences(
    ours: np.ndarray,
    logarithms: np.ndarray,
    shares: np.ndarray,
    allowed: np.ndarray | float = 0.0,  # besides rounding, (B,)
) -> tuple[float, float, float]:
    """The largest of log-probabilities, of probabilities, and as a share of what rounding is."""
    apart = np.abs(logarithms - ours).max(axis=1)  # (B,)
    shares_apart = np.abs(shares - np.exp(ours)).max(axis=1)
    allowed = np.maximum(_rounding(ours), allowed)
    # A probability is 1 or less, so it differs by no more than its logarithm does.
    excess = np.maximum(apart, shares_apart) / allowed
    return float(apart.max()), float(shares_apart.max()), float(excess.max())


def _rounding(ours: np.ndarray) -> np.ndarray:
    """What rounding explains of a difference of log-probabilities, nats, (B,)."""
    return np.asarray(ROUNDING * np.maximum(np.abs(ours).max(axis=1), 1))


@torch.no_grad()
def _own_answers(model: NameModel, letters: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    return np.asarray(model(pack(letters.astype(np.uint8), lengths)).cpu().numpy())


@torch.no_grad()
def _spread(
    model: NameModel, letters: np.ndarray, lengths: np.ndarray, ours: np.ndarray
) -> np.ndarray:
    """By how much answers move with the last binary place of the weights, nats, (B,)."""
    generator = torch.Generator().manual_seed(0)
    largest = np.zeros(len(ours))
    for _ in range(_DRAWS):
        moved = copy.deepcopy(model)
        for parameter in moved.parameters():
            draw = torch.randn(parameter.shape, generator=generator)
            parameter.mul_(1 + _NUDGE * draw.to(parameter))
        apart = np.abs(_own_answers(moved, letters, lengths) - ours).max(axis=1)
        largest = np.maximum(largest, apart)
    return largest


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
