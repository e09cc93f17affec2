"""One unit at one letter in numbers: all that goes into its gates, and what comes of it.

Source: the equations of `cells`, written out for one unit.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from namerec.core.corpus.alphabet import ALPHABET_SIZE, encode
from namerec.core.inside.trace import GateTrace
from namerec.core.networks.kinds import Factor, ModelKind
from namerec.core.networks.name_model import NameModel


class Share(NamedTuple):
    """What one unit of the previous hidden state adds to a sum.

    Attributes:
        unit: Which, 0 the first.
        weight: Of the connection.
        state: What it held after the letter read before.
        product: Of both.
    """

    unit: int
    weight: float
    state: float
    product: float


class Passed(NamedTuple):
    """What becomes of a sum over the previous hidden state that is read through a gate.

    Attributes:
        gate: Its symbol.
        value: Of the gate, which the sum is multiplied by.
        bias: What is added to the sum before that.
    """

    gate: str
    value: float
    bias: float


@dataclass(frozen=True, slots=True)
class WeightedSum:
    """What goes into one gate, a candidate or a new state, and its value.

    Attributes:
        symbol: One of the network's `stacked` ones.
        activation: `sigmoid`, `tanh`, or `none`.
        below: What the letter adds (its weight), or all units of the layer below together.
        before: What all units of the previous hidden state add together, before any gate.
        bias: What is added whatever is read.
        total: Of these three.
        value: Of the activation at the total.
        largest: The units of the previous hidden state that add most in size, the largest first.
        passed: The gate that `before` goes through, if there is one.
    """

    symbol: str
    activation: str
    below: float
    before: float
    bias: float
    total: float
    value: float
    largest: tuple[Share, ...]
    passed: Passed | None = None


@dataclass(frozen=True, slots=True)
class UnitStep:
    """One time step of one unit.

    Attributes:
        letter: That is read.
        first: Whether it is the first that the layer reads, with nothing remembered.
        lowest: Whether the layer reads letters, not another layer.
        kind: The network.
        sums: In the order in which their weights are stacked.
        before: The unit's states before the step, by symbol.
        values: All that the step computed, by symbol, as in `GateTrace.values`.
    """

    letter: str
    first: bool
    lowest: bool
    kind: ModelKind
    sums: tuple[WeightedSum, ...]
    before: dict[str, float]
    values: dict[str, float]

    def factor(self, factor: Factor) -> float:
        """The value of a factor of an equation."""
        if factor.form == "before":
            return self.before[factor.symbol]
        value = self.values[factor.symbol]
        return {"now": value, "tanh": math.tanh(value), "rest": 1 - value}[factor.form]


def most_active(trace: GateTrace, layer: int, place: int) -> int:
    """The unit whose hidden state is largest in size after one letter."""
    return int(np.abs(trace.values["h"][place, layer]).argmax())


@torch.no_grad()
def unit_step(
    model: NameModel, trace: GateTrace, layer: int, place: int, unit: int, shares: int = 5
) -> UnitStep:
    """Writes out one unit's step.

    Args:
        model: That computed the trace.
        trace: Of a name.
        layer: As in `GateTrace.values`, each direction counted.
        place: Which letter, 0 the first.
        unit: Which unit of the layer, 0 the first.
        shares: How many units of the previous hidden state to name.

    Returns:
        All values, computed from the trace's states with 64-bit numbers.
    """
    number, direction = divmod(layer, trace.directions)
    weights = model.backward_weights() if direction else model.layer_weights()
    weight, bias = weights[number]
    hidden = trace.values["h"]
    earlier = place + 1 if direction else place - 1
    first = not 0 <= earlier < len(trace.letters)
    size = hidden.shape[2]
    state = np.zeros(size) if first else hidden[earlier, layer].astype(np.float64)
    below = _below(trace, number, place)
    kind = model.kind
    sums: dict[str, WeightedSum] = {}
    for block, symbol in enumerate(kind.stacked):
        passed = None
        if symbol.through:
            behind = len(kind.stacked) + kind.behind_gates.index(symbol)
            gate_bias = float(bias[behind * size + unit])
            passed = Passed(symbol.through, sums[symbol.through].value, gate_bias)
        row = block * size + unit
        function = str(symbol.function(model.config.nonlinearity))
        own = _row(weight, row), float(bias[row])
        sums[symbol.name] = _sum(symbol.name, function, own, below, state, passed, shares)
    before = {
        symbol: 0.0 if first else float(trace.values[symbol][earlier, layer, unit])
        for symbol in kind.states
    }
    values = {symbol: one.value for symbol, one in sums.items()}
    step = UnitStep(
        trace.letters[place], first, number == 0, kind.key, tuple(sums.values()), before, values
    )
    for symbol in kind.symbols:
        if symbol.terms:
            values[symbol.name] = sum(
                math.prod(step.factor(factor) for factor in factors) for factors in symbol.terms
            )
    return step


def _row(weight: Tensor, row: int) -> np.ndarray:
    return np.asarray(weight[row].double().cpu().numpy())


def _below(trace: GateTrace, number: int, place: int) -> np.ndarray:
    """What a layer reads at a letter: the letter, one-hot, or the layer below, (X,)."""
    if number == 0:
        one_hot = np.zeros(ALPHABET_SIZE)
        one_hot[int(encode(trace.letters[place])[0])] = 1
        return one_hot
    of_layers = trace.values["h"][place, (number - 1) * trace.directions :][: trace.directions]
    return np.asarray(of_layers.astype(np.float64).ravel())


def _sum(
    symbol: str,
    activation: str,
    read_by: tuple[np.ndarray, float],
    below: np.ndarray,
    state: np.ndarray,
    passed: Passed | None,
    shares: int,
) -> WeightedSum:
    """One sum: weights (X + H,) and bias reading what is below (X,) and the previous state (H,)."""
    weights, bias = read_by
    own = weights[len(below) :]
    products = own * state
    largest = np.argsort(-np.abs(products), kind="stable")[:shares]
    from_below, from_before = float(weights[: len(below)] @ below), float(products.sum())
    arriving = from_before if passed is None else passed.value * (from_before + passed.bias)
    total = from_below + arriving + bias
    return WeightedSum(
        symbol=symbol,
        activation=activation,
        below=from_below,
        before=from_before,
        bias=bias,
        total=total,
        value=_activated(activation, total),
        largest=tuple(
            Share(unit, float(own[unit]), float(state[unit]), float(products[unit]))
            for unit in largest.tolist()
        ),
        passed=passed,
    )


def _activated(activation: str, total: float) -> float:
    if activation == "none":
        return total
    # The sigmoid by way of tanh, which does not overflow.
    return math.tanh(total) if activation == "tanh" else (1 + math.tanh(total / 2)) / 2
