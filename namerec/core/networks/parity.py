"""The hand-written layers beside PyTorch's own: the same weights in both, compared on names.

Whoever writes an LSTM by hand should show that it is one. A network's recurrent weights are put
into both implementations; outputs and gradients may then differ by rounding alone, in float64 by a
billionth of what they may in float32. What both would share is left out: dropout and n-grams.
"""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.packing import PackedNames
from namerec.core.networks.built_in import (
    Pair,
    beside_state,
    copy_by_hand,
    copy_to_built_in,
    pair_of,
    recurrent_weights,
    weights_of_built_in,
)
from namerec.core.networks.name_model import NameModel

#: The two precisions that are compared.
PRECISIONS = (torch.float32, torch.float64)
#: Names compared on; of a large network fewer, so that all of it takes a second or two.
MOST_NAMES, LEAST_NAMES = 256, 8
#: Weights up to which `MOST_NAMES` are compared on.
_WEIGHTS_AT_EASE = 300_000
#: More recurrent weights are not compared: five copies of them lie in memory, two in float64.
MOST_WEIGHTS = 5_000_000
#: Largest relative difference that rounding explains: a thousand roundings in a row.
ROUNDING = {torch.float32: 1e-4, torch.float64: 1e-12}

#: Rounds of the race: enough for a median, and not for ever.
LEAST_ROUNDS, MOST_ROUNDS = 5, 60
#: Rounds not counted, first: memory is taken and caches are filled.
_WARM_UP_ROUNDS = 2


class Agreement(NamedTuple):
    """How far both are apart on some names, in one precision.

    Attributes:
        precision: `torch.float32` or `torch.float64`.
        output: Largest absolute difference of any name's log-probability of any category, nats.
        gradient: Largest absolute difference in the gradient of the mean loss by any recurrent
            weight or bias.
        largest_gradient: The largest entry of these gradients, as the hand-written layers have it.
    """

    precision: torch.dtype
    output: float
    gradient: float
    largest_gradient: float

    @property
    def relative(self) -> float:
        """`gradient` as a share of the largest gradient, or itself where that is 0."""
        return self.gradient / self.largest_gradient if self.largest_gradient else self.gradient

    @property
    def is_rounding(self) -> bool:
        """Whether rounding explains the differences."""
        most = ROUNDING[self.precision]
        return self.output <= most and self.relative <= most


class Speed(NamedTuple):
    """Whole training steps (forward, loss, backward) of both, in turns on one batch of names.

    Attributes:
        by_hand: Names a second, median over the rounds.
        built_in: The same of PyTorch's own layers.
        ratio: How many times faster by hand; the median of the rounds' ratios.
        rounds: How often each was timed.
        names: In the batch.
        threads: That PyTorch computes with.
    """

    by_hand: float
    built_in: float
    ratio: float
    rounds: int
    names: int
    threads: int


@dataclass(frozen=True, slots=True)
class Parity:
    """What came out.

    Attributes:
        names: How many were compared on.
        agreements: In the order of `PRECISIONS`.
        back: Whether every weight that was copied from the hand-written layers into PyTorch's and
            back is the same to the last bit, in both precisions.
        weights: Recurrent weights and biases, each counted once.
    """

    names: int
    agreements: tuple[Agreement, ...]
    back: bool
    weights: int


def weight_count(model: NameModel) -> int:
    """How many recurrent weights and biases a network has, two biases of one gate as one."""
    return sum(weight.numel() + bias.numel() for weight, bias in recurrent_weights(model))


def names_for(weights: int) -> int:
    """How many names a network of so many recurrent weights is compared on."""
    return max(LEAST_NAMES, min(MOST_NAMES, MOST_NAMES * _WEIGHTS_AT_EASE // max(weights, 1)))


def parity(model: NameModel, dataset: Dataset, indices: np.ndarray) -> Parity:
    """Compares a network with its counterpart.

    Args:
        model: A network that `has_counterpart`; it is left as it is.
        dataset: Names whose categories the network was built for.
        indices: Which of them, int64, (names,).
    """
    agreements, back = [], True
    for precision in PRECISIONS:
        pair = pair_of(model, precision)
        agreements.append(agreement(pair, dataset, indices, precision))
        back = back and comes_back(pair)
    return Parity(len(indices), tuple(agreements), back, weight_count(model))


def agreement(
    pair: Pair, dataset: Dataset, indices: np.ndarray, precision: torch.dtype
) -> Agreement:
    """How far both are apart, in outputs and in gradients of the mean loss by every weight."""
    names, labels = dataset.batch(indices)
    answers = []
    for network in pair:
        network.zero_grad()
        answered = network(names)
        F.nll_loss(answered, labels).backward()
        answers.append(answered.detach())
    differences, sizes = [], []
    theirs = [[_gradient(tensor) for tensor in layer] for layer in pair.built_in.recurrent()]
    ours = [(torch.zeros_like(w), torch.zeros_like(b)) for w, b in recurrent_weights(pair.by_hand)]
    for parameter, piece in pair.by_hand.pieces(ours):
        piece.copy_(_gradient(parameter))
    for (weight, bias), (read, recurrent, one, other) in zip(ours, theirs, strict=True):
        # Where only the sum of the two biases acts, the gradient by either is that by the sum.
        rows = len(weight)
        differences += [weight - torch.cat([read, recurrent], dim=1), bias[:rows] - one]
        differences.append(beside_state(bias, rows) - other)
        sizes += [weight, bias]
    return Agreement(
        precision, _largest(answers[0] - answers[1]), _largest(*differences), _largest(*sizes)
    )


def comes_back(pair: Pair) -> bool:
    """Whether hand-written weights, copied into PyTorch's layers and back, are the same bits."""
    there, back = copy.deepcopy(pair.built_in), copy.deepcopy(pair.by_hand)
    weights = recurrent_weights(pair.by_hand)
    _forget(there, back)  # so that what is not copied is missed
    copy_to_built_in(weights, there)
    copy_by_hand(weights_of_built_in(there), back)
    old, new = ([t for layer in w for t in layer] for w in (weights, recurrent_weights(back)))
    return [_bits(tensor) for tensor in old] == [_bits(tensor) for tensor in new]


def speed(model: NameModel, dataset: Dataset, indices: np.ndarray, seconds: float = 0.8) -> Speed:
    """Lets both implementations take turns in float32 on one batch, already laid out.

    A shared machine's speed drifts; both of a round drift together, so that its ratio holds where
    single times do not. Who goes first changes from round to round.

    Args:
        model: As for `parity`.
        dataset: As for `parity`.
        indices: The names in the batch, int64, (names,).
        seconds: After these no round is begun, but for the least number of rounds.
    """
    pair = pair_of(model, torch.float32)
    names, labels = dataset.batch(indices)
    taken: tuple[list[float], list[float]] = ([], [])
    end = time.perf_counter() + seconds
    for number in range(_WARM_UP_ROUNDS + MOST_ROUNDS):
        counted = number >= _WARM_UP_ROUNDS
        if counted and len(taken[0]) >= LEAST_ROUNDS and time.perf_counter() > end:
            break
        for which in (0, 1) if number % 2 else (1, 0):
            lasted = _timed(lambda which=which: training_step(pair[which], names, labels))  # type: ignore[misc]
            if counted:
                taken[which].append(lasted)
    by_hand, built_in = (len(indices) / median(lasted) for lasted in taken)
    ratio = median(theirs / ours for ours, theirs in zip(*taken, strict=True))
    return Speed(by_hand, built_in, ratio, len(taken[0]), len(indices), torch.get_num_threads())


def training_step(network: nn.Module, names: PackedNames, labels: Tensor) -> None:
    """What is timed: forward and backward, without an optimizer's own work."""
    network.zero_grad()
    F.nll_loss(network(names), labels).backward()


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


@torch.no_grad()
def _forget(*networks: nn.Module) -> None:
    for network in networks:
        for parameter in network.parameters():
            parameter.zero_()


def _gradient(parameter: Tensor) -> Tensor:
    """A parameter's gradient; zeros where nothing depends on it, as with names of one letter."""
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def _largest(*tensors: Tensor) -> float:
    """The largest absolute value; nan if any is."""
    return float(torch.stack([tensor.abs().max() for tensor in tensors]).max())


def _bits(tensor: Tensor) -> bytes:
    return bytes(tensor.detach().numpy().tobytes())
