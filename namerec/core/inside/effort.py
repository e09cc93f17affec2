"""How much work and room a network's readings take, known before any is begun."""

from typing import NamedTuple

from namerec.core.networks.name_model import NameModel


class Effort(NamedTuple):
    """What one letter of one name takes.

    Attributes:
        weights: Numbers that are multiplied; n-gram logits, which are looked up, are none.
        values: Numbers computed by all layers, every gate among them.
    """

    weights: int
    values: int

    def at_once(self, length: int, most_values: int) -> int:
        """How many names of a length may be read at once, 1 or more.

        Args:
            length: Letters of the longest name.
            most_values: Numbers that may be kept at a time; one name may take more.
        """
        return max(1, most_values // max(1, length * self.values))


def effort(model: NameModel) -> Effort:
    """What one letter of one name takes in a network."""
    looked_up = 0 if model.ngrams is None else model.ngrams.logits.numel()
    weights = sum(parameter.numel() for parameter in model.parameters()) - looked_up
    config = model.config
    layers = config.num_layers * config.directions
    return Effort(weights, layers * config.hidden_size * len(model.kind.symbols))
