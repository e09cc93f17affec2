"""The simple recurrent network."""

from collections.abc import Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.corpus.packing import PackedNames
from namerec.core.networks.cells import Alter, Piece, as_computed, rnn_step
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.layers.rnn import rnn_layer
from namerec.core.networks.name_model import NameModel, Step, Weights


class RNN(NameModel):
    """The report's RNN: `i2h` and `i2o` both read the letter and the previous hidden state.

    The output of the last time step is computed from the last letter and the state *before* it;
    there is no nonlinearity in the recurrence unless `nonlinearity` is *tanh*.
    """

    def __init__(self, config: ModelConfig, categories: int) -> None:
        super().__init__(config, categories)
        hidden = config.hidden_size
        top_input = ALPHABET_SIZE if config.num_layers == 1 else hidden
        self.i2h = nn.Linear(ALPHABET_SIZE + hidden, hidden)
        if config.num_layers > 1:
            self.deeper = nn.ModuleList(
                nn.Linear(2 * hidden, hidden) for _ in range(config.num_layers - 1)
            )
        self.i2o = nn.Linear(top_input + hidden, categories)
        self.softmax = nn.LogSoftmax(dim=1)

    def _layers(self) -> list[nn.Linear]:
        return [self.i2h, *(self.deeper if self.config.num_layers > 1 else [])]

    def layer_weights(self) -> list[Weights]:
        """See the base class; G is H."""
        return [(layer.weight, layer.bias) for layer in self._layers()]

    def forward(self, names: PackedNames) -> Tensor:
        """Log-probabilities of the categories, (B, categories)."""
        tanh = self.config.nonlinearity == "tanh"
        *lower, top = self.layer_weights()
        x: Tensor | None = None
        for weight, bias in lower:
            x = self.dropped(rnn_layer(names, x, weight, bias, tanh=tanh, final=False))
        before = self.dropped(rnn_layer(names, x, *top, tanh=tanh, final=True))
        last = names.last
        if x is None:
            letters = names.letters.index_select(0, last)
            last_input = F.one_hot(letters, ALPHABET_SIZE + 1)[:, :ALPHABET_SIZE].to(before.dtype)
        else:
            last_input = x.index_select(0, last)
        output = self.read_out(last_input, before, before)
        return torch.as_tensor(self.softmax(self.with_ngram_logits(output, names)))

    def step(
        self, x: Tensor, state: Step, weight: Tensor, bias: Tensor, alter: Alter = as_computed
    ) -> Step:
        """See the base class."""
        tanh = self.config.nonlinearity == "tanh"
        return {"h": rnn_step(x, state["h"], weight, bias, tanh=tanh, alter=alter)}

    def pieces(self, weights: Iterable[Weights]) -> Iterator[Piece]:
        """See the base class."""
        for layer, stacked in zip(self._layers(), weights, strict=True):
            yield from zip((layer.weight, layer.bias), stacked, strict=True)

    @property
    def output_layer(self) -> nn.Linear:
        """See the base class."""
        return self.i2o

    def read_out(self, last: Tensor, before: Tensor, after: Tensor) -> Tensor:
        """See the base class; the state after the last letter is not read."""
        output: Tensor = self.i2o(torch.cat([last, before], dim=1))
        return output
