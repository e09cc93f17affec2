"""Ablations of a network, described before any is made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from namerec.core.networks.kinds import GATES, SYMBOL_TITLES
from namerec.errors import ConfigError

Level = Literal["0", "1", "mean"]
LEVELS: tuple[Level, ...] = get_args(Level)


@dataclass(frozen=True, slots=True)
class HeldGate:
    """A gate of one layer that has the same value at every letter.

    Attributes:
        layer: As in `Reading.steps`: of a network that reads both ways, each direction counts.
        gate: One of the network's `gates`.
        level: 0, 1, or each unit's own mean (see `mean_gates`).
    """

    layer: int
    gate: str
    level: Level


@dataclass(frozen=True, slots=True)
class AblatedUnits:
    """Units of one layer, counted from 0, whose states are 0 at every letter."""

    layer: int
    units: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AblatedLayer:
    """A layer whose states are 0 at every letter."""

    layer: int


AblatedPart = HeldGate | AblatedUnits | AblatedLayer


@dataclass(frozen=True, slots=True)
class Ablation:
    """Parts that are held or silenced together; none leaves the network as it is.

    Raises:
        ConfigError: If no network has such parts: an unknown gate or level, a layer or unit below
            0, or one gate held at two values.
    """

    parts: tuple[AblatedPart, ...] = ()

    def __post_init__(self) -> None:
        held: set[tuple[int, str]] = set()
        for part in self.parts:
            if part.layer < 0 or (
                isinstance(part, AblatedUnits) and min(part.units, default=0) < 0
            ):
                raise ConfigError(
                    f"{part} has a negative layer or unit. Layers and units are counted from 0."
                )
            if not isinstance(part, HeldGate):
                continue
            if part.gate not in GATES or part.level not in LEVELS:
                raise ConfigError(
                    f"A gate “{part.gate}” at “{part.level}” is not known. Hold one of "
                    f"{', '.join(GATES)} at one of {', '.join(LEVELS)}."
                )
            if (part.layer, part.gate) in held:
                raise ConfigError(
                    f"The {SYMBOL_TITLES[part.gate]} of layer {part.layer} is held twice. "
                    "Hold it at one value."
                )
            held.add((part.layer, part.gate))

    @property
    def needs_means(self) -> bool:
        """Whether a gate is held at its mean."""
        return any(isinstance(part, HeldGate) and part.level == "mean" for part in self.parts)

    def words(self, layer_name: Callable[[int], str] | None = None) -> str:
        """The ablation in words; units are counted from 1, as on the figures.

        Args:
            layer_name: What a layer is called; None if there is only one.
        """
        said: dict[int, list[str]] = {}
        for part in self.parts:
            said.setdefault(part.layer, []).append(_words(part))
        layers = (
            (f"{layer_name(layer)}: " if layer_name else "") + ", ".join(parts)
            for layer, parts in sorted(said.items())
        )
        return "; ".join(layers) or "nothing is changed"


def _words(part: AblatedPart) -> str:
    if isinstance(part, HeldGate):
        level = "its mean" if part.level == "mean" else part.level
        return f"{SYMBOL_TITLES[part.gate]} held at {level}"
    if isinstance(part, AblatedLayer):
        return "all units silenced"
    numbers = [str(unit + 1) for unit in sorted(set(part.units))]
    if len(numbers) == 1:
        return f"unit {numbers[0]} silenced"
    return f"units {', '.join(numbers[:-1])} and {numbers[-1]} silenced"
