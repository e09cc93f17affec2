"""One training step on one name, written out: forward, loss, backward, update, for one weight.

The gradient of a weight of the recurrence is a sum over the letters: at each letter the sensitivity
of the loss to the sum that the weight is part of, times what the weight was multiplied with there.

Source: Werbos, "Backpropagation through time: what it does and how to do it", Proceedings of the
IEEE 78(10), 1990; the update is plain stochastic gradient descent.
"""

import copy
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from namerec.core.corpus.alphabet import ALPHABET_SIZE, LETTERS, encode
from namerec.core.corpus.packing import pack_names
from namerec.core.inside.reading import one_hot_text, read
from namerec.core.networks.name_model import NameModel

#: By how much the weight is moved, both ways, to see what the loss does. In 64-bit numbers the
#: error of the quotient is about the square of it.
NUDGE = 1e-4


@dataclass(frozen=True, slots=True)
class WeightPlace:
    """One weight of a network's lowest layer, of the cells that read from the beginning.

    Attributes:
        symbol: Of what it goes into: one of the network's `stacked` ones.
        unit: Of which unit, 0 the first.
        source: What it is multiplied with: a letter's index, 0..56, or 57 and the number of a unit
            of the previous hidden state.
    """

    symbol: str
    unit: int
    source: int

    @property
    def from_letter(self) -> str | None:
        """The letter it belongs to; None if it reads the previous hidden state."""
        return LETTERS[self.source] if self.source < ALPHABET_SIZE else None

    @property
    def from_unit(self) -> int | None:
        """The unit of the previous hidden state that it reads; None if it belongs to a letter."""
        return self.source - ALPHABET_SIZE if self.source >= ALPHABET_SIZE else None


@dataclass(frozen=True, slots=True, eq=False)
class LetterShare:
    """What one letter adds to the weight's gradient.

    Attributes:
        letter: That is read.
        sensitivity: Of the loss to the sum that the weight is part of, nats per unit.
        read: What the weight is multiplied with: 1 or 0 for a letter, or the unit's state.
        product: Of both.
    """

    letter: str
    sensitivity: float
    read: float
    product: float


@dataclass(frozen=True, slots=True, eq=False)
class TrainingStep:
    """One step of plain gradient descent on one name, dropout off, in 64-bit numbers.

    Attributes:
        label: Index of the right category.
        before: Log-probabilities before the step, (categories,).
        after: The same after all weights have moved.
        place: The weight that is followed.
        weight: Its value before the step.
        gradient: Of the loss by it, by autograd.
        shares: What each letter adds to the gradient, in the name's order.
        quotient: Of the loss's and the weight's change when it alone is moved by `NUDGE` both ways.
        norm: Euclidean norm of the gradient by all weights.
        rate: The learning rate.
    """

    label: int
    before: np.ndarray
    after: np.ndarray
    place: WeightPlace
    weight: float
    gradient: float
    shares: tuple[LetterShare, ...]
    quotient: float
    norm: float
    rate: float

    @property
    def loss(self) -> float:
        """Before the step, nats: minus the right category's log-probability."""
        return -float(self.before[self.label])

    @property
    def loss_after(self) -> float:
        """After the step."""
        return -float(self.after[self.label])

    @property
    def weight_after(self) -> float:
        """The weight's value after the step."""
        return self.weight - self.rate * self.gradient

    @property
    def expected(self) -> float:
        """By how much the loss would change if it were a plane: minus rate times squared norm."""
        return -self.rate * self.norm**2


def training_step(
    model: NameModel, letters: str, label: int, rate: float, place: WeightPlace | None = None
) -> TrainingStep:
    """Takes one step on a copy of a network.

    Args:
        model: The network; it stays as it is.
        letters: A normalised name.
        label: Index of the category that is right.
        rate: The learning rate, above 0.
        place: The weight to follow; None for the one with the largest gradient.
    """
    moved = copy.deepcopy(model).double().eval()
    moved.requires_grad_(True)
    names = pack_names([encode(letters)])
    parameters = dict(moved.named_parameters())
    before = moved(names)[0]
    loss = -before[label]
    given = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
    gradients = {
        name: torch.zeros_like(parameter) if gradient is None else gradient
        for (name, parameter), gradient in zip(parameters.items(), given, strict=True)
    }
    if place is None:
        place = largest_gradient(moved, letters, label)
    name, index = _parameter_of(moved, place)
    weight = float(parameters[name].detach()[index])
    quotient = _quotient(moved, parameters[name], index, letters, label)
    shares = _shares(moved, letters, label, place)
    with torch.no_grad():
        for key, parameter in parameters.items():
            parameter.sub_(rate * gradients[key])
        after = moved(names)[0]
    return TrainingStep(
        label=label,
        before=before.detach().numpy(),
        after=after.numpy(),
        place=place,
        weight=weight,
        gradient=float(gradients[name][index]),
        shares=shares,
        quotient=quotient,
        norm=math.sqrt(sum(float((gradient**2).sum()) for gradient in gradients.values())),
        rate=rate,
    )


def symbols(model: NameModel) -> tuple[str, ...]:
    """What a weight can go into, in the order in which they are stacked."""
    return tuple(symbol.name for symbol in model.kind.stacked)


def largest_gradient(model: NameModel, letters: str, label: int) -> WeightPlace:
    """The weight of the lowest layer by which the loss changes most."""
    gradients = np.concatenate(
        [was.sensitivities.T @ was.inputs for was in _through_time(model, letters, label)], axis=1
    )  # (G, 57 + H)
    row, source = divmod(int(np.abs(gradients).argmax()), gradients.shape[1])
    block, unit = divmod(row, model.config.hidden_size)
    return WeightPlace(symbols(model)[block], unit, source)


def _lowest(model: NameModel) -> Tensor:
    """The lowest layer's weight, reading from the beginning, (G, 57 + H)."""
    return model.layer_weights()[0][0]


def _row(model: NameModel, place: WeightPlace) -> int:
    return symbols(model).index(place.symbol) * model.config.hidden_size + place.unit


def _parameter_of(model: NameModel, place: WeightPlace) -> tuple[str, tuple[int, ...]]:
    """Where a weight is kept: the parameter's name, and the place in it.

    The stacked weight is made of parameters, and autograd knows how.
    """
    named = dict(model.named_parameters())
    entry = _lowest(model)[_row(model, place), place.source]
    found = torch.autograd.grad(entry, list(named.values()), allow_unused=True)
    for name, gradient in zip(named, found, strict=True):
        if gradient is not None and bool(gradient.any()):
            return name, tuple(int(at) for at in gradient.nonzero()[0])
    raise AssertionError("every stacked weight is somebody's parameter")


@torch.no_grad()
def _quotient(
    model: NameModel, parameter: Tensor, index: tuple[int, ...], letters: str, label: int
) -> float:
    """The central difference quotient of the loss by one weight."""
    names = pack_names([encode(letters)])
    weight = float(parameter[index])
    losses = []
    for nudged in (weight + NUDGE, weight - NUDGE):
        parameter[index] = nudged
        losses.append(-float(model(names)[0, label]))
    parameter[index] = weight
    return (losses[0] - losses[1]) / (2 * NUDGE)


def _shares(
    model: NameModel, letters: str, label: int, place: WeightPlace
) -> tuple[LetterShare, ...]:
    """Each letter's share in a weight's gradient."""
    of_letters, of_states = _through_time(model, letters, label)
    if place.from_unit is None:
        was, source = of_letters, place.source
    else:
        was, source = of_states, place.from_unit
    sensitivity, was_read = was.sensitivities[:, _row(model, place)], was.inputs[:, source]
    rows = zip(letters, sensitivity.tolist(), was_read.tolist(), strict=True)
    return tuple(LetterShare(letter, of, by, of * by) for letter, of, by in rows)


class _Sums(NamedTuple):
    """Sums of one kind of input at each letter.

    Attributes:
        sensitivities: Of the loss to each, (T, G).
        inputs: What they read, (T, X) or (T, H).
    """

    sensitivities: np.ndarray
    inputs: np.ndarray


def _through_time(model: NameModel, letters: str, label: int) -> tuple[_Sums, _Sums]:
    """The lowest layer at each letter: its sums over the letter, and over the state before it.

    Both are added up and the loss is as sensitive to the one as to the other, but for what a gate
    lets through of the state.
    """
    x = one_hot_text(model, [letters])
    reading = read(model, x)
    output = model.with_ngram_logits(reading.output, pack_names([encode(letters)]))
    loss = -F.log_softmax(output, dim=1)[0, label]
    steps = reading.steps[0]
    stacked = model.kind.stacked
    values = [step[symbol.name] for step in steps for symbol in stacked]
    by_value = iter(torch.autograd.grad(loss, values, allow_unused=True))
    of_letters, of_states = [], []
    for step in steps:
        whole, passed = [], []
        for symbol in stacked:
            given = next(by_value)  # none where nothing depends on it, as on an RNN's last state
            value = step[symbol.name]
            slope = torch.zeros_like(value) if given is None else given
            slope = slope * _derivative(model, symbol.name, value)
            whole.append(slope)
            passed.append(slope * step[symbol.through] if symbol.through else slope)
        of_letters.append(torch.cat(whole, dim=1)[0])
        of_states.append(torch.cat(passed, dim=1)[0])
    before = [torch.zeros_like(steps[0]["h"][0]), *(step["h"][0] for step in steps[:-1])]
    pairs = ((of_letters, list(x[:, 0])), (of_states, before))
    letter_sums, state_sums = (
        _Sums(*(torch.stack(rows).detach().numpy() for rows in pair)) for pair in pairs
    )
    return letter_sums, state_sums


def _derivative(model: NameModel, symbol: str, value: Tensor) -> Tensor:
    """Of a gate's, the candidate's or the new state's activation, at its values."""
    function = model.kind.symbol(symbol).function(model.config.nonlinearity)
    if function == "sigmoid":
        return value * (1 - value)
    return 1 - value**2 if function == "tanh" else torch.ones_like(value)
