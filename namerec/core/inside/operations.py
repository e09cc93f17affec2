"""What surgery may do to a network: operations, described before any is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from namerec.core.networks.cells import GATES
from namerec.errors import ConfigError

Level = Literal["0", "1", "mean"]
LEVELS: tuple[Level, ...] = get_args(Level)

GATE_NAMES = {
    "i": "input gate",
    "f": "forget gate",
    "g": "cell candidate",
    "o": "output gate",
}


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
