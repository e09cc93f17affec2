"""Surgery: what a trained network answers with a gate held fast or with units silenced.

An operation is a tuple of cuts. It alters values on the way through `reading.read`, so the whole
network goes on from what was put in: later letters, higher layers and the output all see it. Letter
groups vote on the side; their votes are added unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from namerec.core.alphabet import encode
from namerec.core.cells import GATES
from namerec.core.dataset import Dataset
from namerec.core.models import NameModel
from namerec.core.packing import pack_names
from namerec.core.reading import AlterLayer, by_length, letters_of, one_hot, one_hot_text, read
from namerec.core.results import PredictedNames
from namerec.errors import ConfigError

Level = Literal["0", "1", "mean"]
LEVELS: tuple[Level, ...] = get_args(Level)

GATE_NAMES = {
    "i": "input gate",
    "f": "forget gate",
    "g": "cell candidate",
    "o": "output gate",
}
#: Values that a reading may keep at a time: 64 MB of float32, whatever the network's size.
_MOST_VALUES = 2**24


@dataclass(frozen=True, slots=True)
class HeldGate:
    """A gate of one layer that has the same value at every letter.

    Attributes:
        layer: As in `Reading.steps`: of a network that reads both ways, each direction counts.
        gate: One of `i f g o`.
        level: 0, 1, or each unit's own mean (see `mean_gates`).
    """

    layer: int
    gate: str
    level: Level


@dataclass(frozen=True, slots=True)
class SilencedUnits:
    """Units of one layer, counted from 0, whose hidden and cell state are 0 at every letter."""

    layer: int
    units: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SilencedLayer:
    """A layer whose hidden state is 0 at every letter."""

    layer: int


Cut = HeldGate | SilencedUnits | SilencedLayer


@dataclass(frozen=True, slots=True)
class Operation:
    """Cuts that are made together; none leaves the network as it is.

    Raises:
        ConfigError: If no network could be cut so: an unknown gate or level, a layer or unit below
            0, or one gate held at two values.
    """

    cuts: tuple[Cut, ...] = ()

    def __post_init__(self) -> None:
        held: set[tuple[int, str]] = set()
        for cut in self.cuts:
            if cut.layer < 0 or (isinstance(cut, SilencedUnits) and min(cut.units, default=0) < 0):
                raise ConfigError(f"{cut} counts below 0. Layers and units count from 0.")
            if not isinstance(cut, HeldGate):
                continue
            if cut.gate not in GATES or cut.level not in LEVELS:
                raise ConfigError(
                    f"A gate “{cut.gate}” at “{cut.level}” is not known. Hold one of "
                    f"{', '.join(GATES)} at one of {', '.join(LEVELS)}."
                )
            if (cut.layer, cut.gate) in held:
                raise ConfigError(
                    f"The {GATE_NAMES[cut.gate]} of layer {cut.layer} is held twice. "
                    "Hold it at one value."
                )
            held.add((cut.layer, cut.gate))

    @property
    def needs_means(self) -> bool:
        """Whether a gate is held at its mean."""
        return any(isinstance(cut, HeldGate) and cut.level == "mean" for cut in self.cuts)

    def words(self, layer_name: Callable[[int], str] | None = None) -> str:
        """The operation in words; units are counted from 1, as on the figures.

        Args:
            layer_name: What a layer is called; None if there is only one.
        """
        said: dict[int, list[str]] = {}
        for cut in self.cuts:
            said.setdefault(cut.layer, []).append(_words(cut))
        layers = (
            (f"{layer_name(layer)}: " if layer_name else "") + ", ".join(parts)
            for layer, parts in sorted(said.items())
        )
        return "; ".join(layers) or "nothing is cut"


def _words(cut: Cut) -> str:
    if isinstance(cut, HeldGate):
        return f"{GATE_NAMES[cut.gate]} held at {'its mean' if cut.level == 'mean' else cut.level}"
    if isinstance(cut, SilencedLayer):
        return "all units silenced"
    numbers = [str(unit + 1) for unit in sorted(set(cut.units))]
    if len(numbers) == 1:
        return f"unit {numbers[0]} silenced"
    return f"units {', '.join(numbers[:-1])} and {numbers[-1]} silenced"


def alteration(
    operation: Operation, model: NameModel, means: dict[str, np.ndarray] | None = None
) -> AlterLayer:
    """An operation on a network, as `reading.read` takes it.

    Args:
        operation: What is cut.
        model: The network that it is made on.
        means: By gate, (layers, H), see `mean_gates`; needed if `operation.needs_means`.

    Raises:
        ConfigError: If the network has no such gate, layer or unit, or if means are missing.
    """
    _check(operation, model)
    if operation.needs_means and means is None:
        raise ConfigError("A gate is held at its mean, but no means are given. Measure them first.")
    parameter = next(model.parameters())
    held: dict[tuple[int, str], Tensor] = {}  # (H,), put in for a gate
    silent: dict[tuple[int, str], Tensor] = {}  # (H,), where a state is 0
    for cut in operation.cuts:
        if isinstance(cut, HeldGate):
            level = means[cut.gate][cut.layer] if means and cut.level == "mean" else cut.level
            row = np.full(model.config.hidden_size, level, dtype=np.float64)
            held[cut.layer, cut.gate] = torch.from_numpy(row).to(parameter)
            continue
        off = torch.zeros(model.config.hidden_size, dtype=torch.bool, device=parameter.device)
        off[list(cut.units) if isinstance(cut, SilencedUnits) else slice(None)] = True
        for symbol in "ch":
            silent[cut.layer, symbol] = off | silent.get((cut.layer, symbol), off)

    def alter(layer: int, symbol: str, value: Tensor) -> Tensor:
        if (layer, symbol) in held:
            return held[layer, symbol].expand_as(value)
        if (layer, symbol) in silent:
            return value.masked_fill(silent[layer, symbol], 0)
        return value

    return alter


def _check(operation: Operation, model: NameModel) -> None:
    layers = model.config.num_layers * (2 if model.config.direction == "both" else 1)
    units = model.config.hidden_size
    for cut in operation.cuts:
        if isinstance(cut, HeldGate) and not model.gated:
            raise ConfigError(
                f"The {GATE_NAMES[cut.gate]} cannot be held: an RNN has no gates. Silence units of "
                "it instead, or choose an LSTM."
            )
        if cut.layer >= layers:
            raise ConfigError(
                f"There is no layer {cut.layer} to cut: this network's are 0 to {layers - 1}."
            )
        if isinstance(cut, SilencedUnits) and max(cut.units, default=0) >= units:
            raise ConfigError(
                f"There is no unit {max(cut.units)} to silence: this network's are 0 to "
                f"{units - 1}."
            )


@torch.no_grad()
def mean_gates(model: NameModel, dataset: Dataset, indices: np.ndarray) -> dict[str, np.ndarray]:
    """Every unit's mean of every gate over all letters of some names, in the network as it is.

    Args:
        model: An LSTM; it is put into evaluation mode.
        dataset: The names.
        indices: Which of them, one or more; duplicates count as often as they stand there.

    Returns:
        By gate, `i f g o`, float64, (layers, H).
    """
    model.eval()
    sums = dict.fromkeys(GATES, torch.zeros((), dtype=torch.float64))
    for places in by_length(dataset, indices, _at_once(model, dataset, indices)):
        reading = read(model, one_hot(model, letters_of(dataset, indices[places])))
        for gate in GATES:
            sums[gate] = sums[gate] + reading.stacked(gate).double().sum(dim=(0, 2)).cpu()
    letters = int(dataset.lengths[indices].sum())
    return {gate: np.asarray(total.numpy() / letters) for gate, total in sums.items()}


@torch.no_grad()
def after_every_letter(
    model: NameModel,
    letters: str,
    operation: Operation,
    means: dict[str, np.ndarray] | None = None,
) -> np.ndarray:
    """Log-probabilities of a network under an operation after each letter, (length, categories).

    As in `prediction.after_every_letter`, each beginning of the name is read as a name of its own.

    Args:
        model: Any of the three networks; it is put into evaluation mode.
        letters: A normalised name of one letter or more.
        operation: What is cut.
        means: See `alteration`.

    Raises:
        ConfigError: If the operation does not fit the network.
    """
    model.eval()
    alter = alteration(operation, model, means)
    beginnings = [letters[: end + 1] for end in range(len(letters))]
    output = torch.cat(
        [read(model, one_hot_text(model, [name]), alter).output for name in beginnings]
    )
    names = pack_names([encode(name) for name in beginnings]).to(output.device)
    answers = model.with_votes(output, names).log_softmax(dim=1)
    return np.asarray(answers.cpu().numpy())


@torch.no_grad()
def operated_answers(
    model: NameModel,
    dataset: Dataset,
    indices: np.ndarray,
    operation: Operation,
    means: dict[str, np.ndarray] | None = None,
) -> PredictedNames:
    """A network's answers under an operation on some names of a dataset.

    Args:
        model: Any of the three networks; it is put into evaluation mode.
        dataset: Whose categories the network was built for.
        indices: Which names, int64, (names,), duplicates allowed.
        operation: What is cut.
        means: See `alteration`.

    Raises:
        ConfigError: If the operation does not fit the network.
    """
    model.eval()
    alter = alteration(operation, model, means)
    distinct, inverse = np.unique(indices, return_inverse=True)
    answers = np.empty((len(distinct), model.categories), dtype=np.float32)
    for places in by_length(dataset, distinct, _at_once(model, dataset, distinct)):
        chosen = distinct[places]
        output = read(model, one_hot(model, letters_of(dataset, chosen)), alter).output
        names = dataset.batch(chosen)[0].to(output.device)
        answers[places] = model.with_votes(output, names).log_softmax(dim=1).cpu().numpy()
    return PredictedNames(
        indices=np.asarray(indices, dtype=np.int64),
        labels=dataset.labels[indices],
        log_probabilities=answers[inverse],
    )


def _at_once(model: NameModel, dataset: Dataset, indices: np.ndarray) -> int:
    """How many names may be read at once, so that a reading keeps at most `_MOST_VALUES`."""
    config = model.config
    layers = config.num_layers * (2 if config.direction == "both" else 1)
    symbols = 6 if model.gated else 1
    longest = int(dataset.lengths[indices].max(initial=1))
    return max(1, _MOST_VALUES // (longest * layers * config.hidden_size * symbols))
