"""The networks, one signature: packed names in, log-probabilities out.

    `forward(names: PackedNames) -> (B, categories)`, rows in the batch's own order.

Each follows the course report's structure at its sizes; `MODELS` is the only place that knows which
class stands for which kind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

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
    rnn_step,
)
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.kinds import Kind, ModelKind
from namerec.core.networks.layers.gru import gru_layer
from namerec.core.networks.layers.lstm import lstm_layer
from namerec.core.networks.layers.rnn import rnn_layer
from namerec.core.networks.ngrams import CharNgrams

#: One layer's weight and bias, see `NameModel.layer_weights`.
Weights = tuple[Tensor, Tensor]
#: What one step computes, by symbol, (B, H) each.
Step = dict[str, Tensor]


class NameModel(nn.Module):
    """What the networks share: their sizes, and where their randomness comes from.

    Attributes:
        generator: Source of the dropout masks. Training sets it, so that a run's numbers do not
            depend on what else the process draws.
    """

    def __init__(self, config: ModelConfig, categories: int) -> None:
        super().__init__()
        self.config = config
        self.categories = categories
        self.generator: torch.Generator | None = None
        self.ngrams: CharNgrams | None = (
            CharNgrams(config.char_ngrams, categories) if config.char_ngrams else None
        )

    @property
    def kind(self) -> Kind:
        """The network's entry in the table."""
        return self.config.network

    @property
    def directions(self) -> int:
        """1, or 2 if every layer reads from the end, too."""
        return self.config.directions

    def step(
        self, x: Tensor, state: Step, weight: Tensor, bias: Tensor, alter: Alter = as_computed
    ) -> Step:
        """One time step of one layer, as the readable cells compute it.

        Args:
            x: What the layer reads, (B, X).
            state: What the step before handed on, `kind.states`, (B, H) each.
            weight: Of the layer, see `layer_weights`.
            bias: Of the layer.
            alter: Cuts in; what it gives is what the step goes on with.

        Returns:
            All of `kind.symbols`, (B, H) each.
        """
        raise NotImplementedError

    def layer_weights(self) -> list[Weights]:
        """Each layer's weight (G, X + H) and bias, stacked as `kind.stacked` is.

        Biases are (G,), or longer by H for each symbol that reads the state through a gate.
        """
        raise NotImplementedError

    def backward_weights(self) -> list[Weights]:
        """The same of the cells that read from the end; empty for a network that only reads on."""
        return []

    def forget_biases(self) -> list[Tensor]:
        """Each layer's bias of the gate that keeps, (H,), as it is stored; none without one."""
        return []

    def pieces(self, weights: Iterable[Weights]) -> Iterator[Piece]:
        """Each parameter of hand-written layers, and the piece of stacked weights that it is.

        Args:
            weights: One for each layer; of two directions both in turn.

        Raises:
            TypeError: If the layers are PyTorch's own.
        """
        raise TypeError(f"{type(self).__name__} has no hand-written layers")

    @property
    def output_layer(self) -> nn.Linear:
        """What makes the answer of the top layer."""
        layer = self.out
        assert isinstance(layer, nn.Linear)  # noqa: S101 - for the type alone
        return layer

    def read_out(self, last: Tensor, before: Tensor, after: Tensor) -> Tensor:
        """The output layer's answer to the top layer, before n-gram logits and softmax.

        That is of the state after the last letter, unless `kind.reads_before`.

        Args:
            last: The top layer's input at the last letter, (B, X).
            before: Its hidden state before the last letter, (B, H).
            after: Its hidden state after the last letter, (B, H); with two directions, both, each
                after the letter that it read last, (B, 2H).
        """
        output: Tensor = self.output_layer(after)
        return output

    def with_ngram_logits(self, output: Tensor, names: PackedNames) -> Tensor:
        """Adds the logits of the names' character n-grams, if there are any, to (B, categories)."""
        if self.ngrams is None:
            return output
        dropout = self.config.ngram_dropout if self.training else 0.0
        logits: Tensor = self.ngrams(names, dropout, self.generator)
        return output + logits

    def dropped(self, states: Tensor) -> Tensor:
        """Dropout as in Srivastava et al., JMLR 15, 2014 (inverted), from our own generator."""
        probability = self.config.dropout
        if not self.training or probability == 0:
            return states
        keep = (
            torch.empty(states.shape, dtype=states.dtype)
            .bernoulli_(1 - probability, generator=self.generator)
            .to(states.device)
        )
        return states * keep.div_(1 - probability)


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


class _LSTM(NameModel):
    """What the LSTMs share: their step."""

    def step(
        self, x: Tensor, state: Step, weight: Tensor, bias: Tensor, alter: Alter = as_computed
    ) -> Step:
        """See the base class."""
        return lstm_step(x, state["h"], state["c"], weight, bias, alter)._asdict()


class LSTM(_LSTM):
    """PyTorch's own `nn.LSTM` with a linear layer on its last hidden state."""

    def __init__(self, config: ModelConfig, categories: int) -> None:
        super().__init__(config, categories)
        self.rnn = nn.LSTM(ALPHABET_SIZE, config.hidden_size, config.num_layers)
        self.out = nn.Linear(config.hidden_size, categories)
        self.softmax = nn.LogSoftmax(dim=-1)

    def layer_weights(self) -> list[Weights]:
        """See the base class; `nn.LSTM` keeps two biases, which only ever act as their sum."""
        result = []
        for layer in self.rnn.all_weights:
            input_weight, recurrent_weight, input_bias, recurrent_bias = layer
            weight = torch.cat([input_weight, recurrent_weight], dim=1)
            result.append((weight, input_bias + recurrent_bias))
        return result

    def forward(self, names: PackedNames) -> Tensor:
        """Log-probabilities of the categories, (B, categories)."""
        x = F.one_hot(names.letters, ALPHABET_SIZE + 1)[:, :ALPHABET_SIZE]
        rows: Tensor = x.to(self.out.weight.dtype)  # (N, 57)
        sizes = torch.tensor(names.batch_sizes)
        if self.training and self.config.dropout > 0 and self.config.num_layers > 1:
            final = self._layer_by_layer(rows, sizes)
        else:
            _, (states, _) = self.rnn(PackedSequence(rows, sizes))
            final = states[-1]
        final = self.dropped(final.index_select(0, names.restore))
        return torch.as_tensor(self.softmax(self.with_ngram_logits(self.out(final), names)))

    def forget_biases(self) -> list[Tensor]:
        """See the base class; of the two biases, the one beside the recurrent weights."""
        size = self.config.hidden_size
        return [weights[3][size : 2 * size] for weights in self.rnn.all_weights]

    def _layer_by_layer(self, rows: Tensor, sizes: Tensor) -> Tensor:
        """The same kernel a layer at a time, with dropout between from our own generator.

        `nn.LSTM(dropout=...)` draws from the process-wide generator, which other threads share.
        """
        batch = int(sizes[0])
        final = rows
        for layer, weights in enumerate(self.rnn.all_weights):
            zero = rows.new_zeros(1, batch, self.config.hidden_size)
            rows, states, _ = torch.lstm(
                self.dropped(rows) if layer else rows,
                sizes,
                [zero, zero],
                list(weights),
                True,  # has_biases
                1,  # num_layers
                0.0,  # dropout
                self.training,
                False,  # bidirectional
            )
            final = states[-1]
        return final


class _ByHand(NameModel):
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


class CustomLSTM(_ByHand, _LSTM):
    """The LSTM written by hand: four named gates a layer, every layer with its own."""

    cell = LSTMCell
    layer = staticmethod(lstm_layer)

    def forget_biases(self) -> list[Tensor]:
        """See the base class; both directions."""
        cells = [cell for cell in self.modules() if isinstance(cell, LSTMCell)]
        return [cell.forget_gate.bias for cell in cells]


class GRU(_ByHand):
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


MODELS: dict[ModelKind, type[NameModel]] = {
    "rnn": RNN,
    "lstm": LSTM,
    "custom_lstm": CustomLSTM,
    "gru": GRU,
}


def build(config: ModelConfig, categories: int, seed: int = 0) -> NameModel:
    """Makes a network with freshly drawn weights.

    PyTorch's own initial distributions, drawn from a generator of our own: uniform within
    1/sqrt(fan-in) for `nn.Linear`, within 1/sqrt(hidden size) for its recurrent layers and the
    gates of cells; n-grams have no logits yet. The biases of gates that keep are raised by
    `config.forget_bias`.

    Args:
        config: The shape.
        categories: How many categories it tells apart, 1 or more.
        seed: Of the weights.
    """
    with torch.device("meta"):
        model = MODELS[config.kind](config, categories)
    model.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    cells = [module for module in model.modules() if isinstance(module, Cell)]
    gates = {gate for cell in cells for gate in cell.children()}
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, CharNgrams):
                module.logits.zero_()  # no n-gram speaks for anything before it was met
            elif isinstance(module, nn.RNNBase | Cell):
                _draw(module, module.hidden_size, generator)
            elif isinstance(module, nn.Linear) and module not in gates:
                _draw(module, module.in_features, generator)
        if config.forget_bias:
            for bias in model.forget_biases():
                bias += config.forget_bias
    return model


def _draw(module: nn.Module, size: int, generator: torch.Generator) -> None:
    bound = 1 / math.sqrt(size)
    for parameter in module.parameters():
        parameter.uniform_(-bound, bound, generator=generator)


def describe(config: ModelConfig, categories: int) -> str:
    """The printed structure of a network, without drawing its weights."""
    with torch.device("meta"):
        return str(MODELS[config.kind](config, categories))
