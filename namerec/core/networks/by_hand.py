"""The networks whose cells are written by hand: their weights are named, gate by gate."""

from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.corpus.packing import PackedNames
from namerec.core.networks.cells import (
    Alter,
    Cell,
    GRUCell,
    LSTMCell,
    Piece,
    as_computed,
    gru_step,
    lstm_step,
)
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.layers.gru import gru_layer
from namerec.core.networks.layers.lstm import lstm_layer
from namerec.core.networks.name_model import NameModel, Step, Weights


class ByHand(NameModel):
    """What networks share whose cells are written by hand.

    With `direction` *both*, every layer has a second set of cells that reads the name from its
    end, and passes on what both know (Schuster and Paliwal, "Bidirectional recurrent neural
    networks", IEEE Transactions on Signal Processing 45(11), 1997).
    """

    cell: ClassVar[type[Cell]]
    layer: ClassVar[Callable[..., Tensor]]

    def __init__(self, config: ModelConfig, categories: int) -> None:
        super().__init__(config, categories)
        both = config.direction == "both"
        width = 2 * config.hidden_size if both else config.hidden_size
        inputs = [ALPHABET_SIZE] + [width] * (config.num_layers - 1)
        self.cells = nn.ModuleList(self.cell(size, config.hidden_size) for size in inputs)
        if both:
            self.backward_cells = nn.ModuleList(
                self.cell(size, config.hidden_size) for size in inputs
            )
        self.out = nn.Linear(width, categories)
        self.softmax = nn.LogSoftmax(dim=-1)

    def layer_weights(self) -> list[Weights]:
        """See the base class."""
        return [cell.stacked() for cell in self.cells]  # type: ignore[operator]

    def pieces(self, weights: Iterable[Weights]) -> Iterator[Piece]:
        """See the base class."""
        sides = [self.cells, *([self.backward_cells] if self.directions == 2 else [])]
        cells = [cell for layer in zip(*sides, strict=True) for cell in layer]
        for cell, stacked in zip(cells, weights, strict=True):
            yield from cell.pieces(*stacked)

    def backward_weights(self) -> list[Weights]:
        """See the base class."""
        if self.config.direction == "forward":
            return []
        return [cell.stacked() for cell in self.backward_cells]  # type: ignore[operator]

    def forward(self, names: PackedNames) -> Tensor:
        """Log-probabilities of the categories, (B, categories)."""
        readings = [(names, self.layer_weights())]
        mirror = None
        if self.config.direction == "both":
            mirror = names.mirror()
            from_the_end = names.with_letters(names.letters.index_select(0, mirror))
            readings.append((from_the_end, self.backward_weights()))
        x: Tensor | None = None
        for layer in range(self.config.num_layers):
            top = layer == self.config.num_layers - 1
            states = []
            for read, weights in readings:
                turn = mirror if read is not names else None
                given = x if x is None or turn is None else x.index_select(0, turn)
                state = self.layer(read, given, *weights[layer], final=top)
                states.append(state if top or turn is None else state.index_select(0, turn))
            x = self.dropped(torch.cat(states, dim=1) if len(states) > 1 else states[0])
        return torch.as_tensor(self.softmax(self.with_ngram_logits(self.out(x), names)))


class CustomLSTM(ByHand):
    """The LSTM written by hand: four named gates a layer, every layer with its own."""

    cell = LSTMCell
    layer = staticmethod(lstm_layer)

    def forget_biases(self) -> list[Tensor]:
        """See the base class; both directions."""
        cells = [cell for cell in self.modules() if isinstance(cell, LSTMCell)]
        return [cell.forget_gate.bias for cell in cells]

    def step(
        self, x: Tensor, state: Step, weight: Tensor, bias: Tensor, alter: Alter = as_computed
    ) -> Step:
        """See the base class."""
        return lstm_step(x, state["h"], state["c"], weight, bias, alter)._asdict()


class GRU(ByHand):
    """The GRU written by hand: two named gates and a candidate a layer."""

    cell = GRUCell
    layer = staticmethod(gru_layer)

    def forget_biases(self) -> list[Tensor]:
        """See the base class; both directions."""
        cells = [cell for cell in self.modules() if isinstance(cell, GRUCell)]
        return [cell.update_gate.bias for cell in cells]

    def step(
        self, x: Tensor, state: Step, weight: Tensor, bias: Tensor, alter: Alter = as_computed
    ) -> Step:
        """See the base class."""
        return gru_step(x, state["h"], weight, bias, alter)._asdict()
