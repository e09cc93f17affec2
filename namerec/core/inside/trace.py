"""What a network computed while it read one name. No torch in here."""

from dataclasses import dataclass, field

import numpy as np

from namerec.core.evaluation.results import Prediction
from namerec.core.networks.kinds import KINDS, Kind, ModelKind


@dataclass(frozen=True, slots=True)
class GateTrace:
    """Everything a network computed while reading one name.

    Attributes:
        letters: The name as read; its length is the number of time steps.
        values: By symbol, float32, (length, layers, units).
        probabilities: After each letter, float32, (length, categories).
        categories: Names of the last axis of `probabilities`.
        kind: The network, whose symbols the values are of.
        directions: 2 if every layer reads from the end, too, and is two on the second axis of
            `values`; what reads from the end stands at the letter that it has just read.
    """

    letters: str
    values: dict[str, np.ndarray] = field(repr=False)
    probabilities: np.ndarray = field(repr=False)
    categories: tuple[str, ...] = field(repr=False)
    kind: ModelKind
    directions: int = 1

    @property
    def network(self) -> Kind:
        """The network's entry in the table."""
        return KINDS[self.kind]

    @property
    def layers(self) -> int:
        """Number of layers, each direction counted."""
        return int(self.values["h"].shape[1])

    def prediction(self, name: str) -> Prediction:
        """The ranking after the last letter."""
        return Prediction.of(name, self.letters, self.probabilities[-1], self.categories)

    def layer_name(self, layer: int) -> str:
        """What a place on the second axis of `values` is called: layer 2, or layer 2 ←."""
        number, direction = divmod(layer, self.directions)
        arrow = f" {'→←'[direction]}" if self.directions == 2 else ""
        return f"layer {number + 1}{arrow}"
