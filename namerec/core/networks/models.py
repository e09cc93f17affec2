"""The three networks, one signature: packed names in, log-probabilities out.

    `forward(names: PackedNames) -> (B, categories)`, rows in the batch's own order.

Each follows the course report's structure at its sizes; `MODELS` is the only place that knows which
class stands for which kind.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.corpus.packing import PackedNames
from namerec.core.networks.cells import LSTMCell
from namerec.core.networks.config import ModelConfig, ModelKind
from namerec.core.networks.layers.lstm import lstm_layer
from namerec.core.networks.layers.rnn import rnn_layer
from namerec.core.networks.ngrams import CharNgrams


class NameModel(nn.Module):
    """What the three networks share: their sizes, and where their randomness comes from.

    Attributes:
        generator: Source of the dropout masks. Training sets it, so that a run's numbers do not
            depend on what else the process draws.
    """

    gated: ClassVar[bool]

    def __init__(self, config: ModelConfig, categories: int) -> None:
        super().__init__()
        self.config = config
        self.categories = categories
        self.generator: torch.Generator | None = None
        self.ngrams: CharNgrams | None = (
            CharNgrams(config.char_ngrams, categories) if config.char_ngrams else None
        )

    def layer_weights(self) -> list[tuple[Tensor, Tensor]]:
        """Each layer's weight (G, X + H) and bias (G,); G is 4H stacked i, f, g, o, or H."""
        raise NotImplementedError

    def backward_weights(self) -> list[tuple[Tensor, Tensor]]:
        """The same of the cells that read from the end; empty for a network that only reads on."""
        return []

    def forget_biases(self) -> list[Tensor]:
        """Each layer's bias of the forget gate, (H,), as it is stored; none without such gates."""
        return []

    def read_out(self, last: Tensor, before: Tensor, after: Tensor) -> Tensor:
        """The output layer's answer to the top layer, before n-gram logits and softmax.

        Args:
            last: The top layer's input at the last letter, (B, X).
            before: Its hidden state before the last letter, (B, H).
            after: Its hidden state after the last letter, (B, H); with two directions, both, each
                after the letter that it read last, (B, 2H).
        """
        raise NotImplementedError

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

    gated = False

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

    def layer_weights(self) -> list[tuple[Tensor, Tensor]]:
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

    def read_out(self, last: Tensor, before: Tensor, after: Tensor) -> Tensor:
        """See the base class; the state after the last letter is not read."""
        output: Tensor = self.i2o(torch.cat([last, before], dim=1))
        return output


class LSTM(NameModel):
    """PyTorch's own `nn.LSTM` with a linear layer on its last hidden state."""

    gated = True

    def __init__(self, config: ModelConfig, categories: int) -> None:
        super().__init__(config, categories)
        self.rnn = nn.LSTM(ALPHABET_SIZE, config.hidden_size, config.num_layers)
        self.out = nn.Linear(config.hidden_size, categories)
        self.softmax = nn.LogSoftmax(dim=-1)

    def layer_weights(self) -> list[tuple[Tensor, Tensor]]:
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

    def read_out(self, last: Tensor, before: Tensor, after: Tensor) -> Tensor:
        """See the base class; only the state after the last letter is read."""
        output: Tensor = self.out(after)
        return output

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


class CustomLSTM(NameModel):
    """The LSTM written by hand: four named gates a layer, every layer with its own.

    With `direction` *both*, every layer has a second set of cells that reads the name from its
    end, and passes on what both know (Schuster and Paliwal, "Bidirectional recurrent neural
    networks", IEEE Transactions on Signal Processing 45(11), 1997).
    """

    gated = True

    def __init__(self, config: ModelConfig, categories: int) -> None:
        super().__init__(config, categories)
        both = config.direction == "both"
        width = 2 * config.hidden_size if both else config.hidden_size
        inputs = [ALPHABET_SIZE] + [width] * (config.num_layers - 1)
        self.cells = nn.ModuleList(LSTMCell(size, config.hidden_size) for size in inputs)
        if both:
            self.backward_cells = nn.ModuleList(
                LSTMCell(size, config.hidden_size) for size in inputs
            )
        self.out = nn.Linear(width, categories)
        self.softmax = nn.LogSoftmax(dim=-1)

    def layer_weights(self) -> list[tuple[Tensor, Tensor]]:
        """See the base class."""
        return [cell.stacked() for cell in self.cells]  # type: ignore[operator]

    def forget_biases(self) -> list[Tensor]:
        """See the base class; both directions."""
        cells = [cell for cell in self.modules() if isinstance(cell, LSTMCell)]
        return [cell.forget_gate.bias for cell in cells]

    def backward_weights(self) -> list[tuple[Tensor, Tensor]]:
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
                state = lstm_layer(read, given, *weights[layer], final=top)
                states.append(state if top or turn is None else state.index_select(0, turn))
            x = self.dropped(torch.cat(states, dim=1) if len(states) > 1 else states[0])
        return torch.as_tensor(self.softmax(self.with_ngram_logits(self.out(x), names)))

    def read_out(self, last: Tensor, before: Tensor, after: Tensor) -> Tensor:
        """See the base class; only the states after the last letters are read."""
        output: Tensor = self.out(after)
        return output


MODELS: dict[ModelKind, type[NameModel]] = {"rnn": RNN, "lstm": LSTM, "custom_lstm": CustomLSTM}


def build(config: ModelConfig, categories: int, seed: int = 0) -> NameModel:
    """Makes a network with freshly drawn weights.

    PyTorch's own initial distributions, drawn from a generator of our own: uniform within
    1/sqrt(fan-in) for `nn.Linear`, within 1/sqrt(hidden size) for `nn.LSTM` and the custom
    LSTM's gates; n-grams have no logits yet. The forget gates' biases are raised by
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
    gates = {gate for cell in model.modules() if isinstance(cell, LSTMCell) for gate in cell.gates}
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, CharNgrams):
                module.logits.zero_()  # no n-gram speaks for anything before it was met
            elif isinstance(module, nn.LSTM | LSTMCell):
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
