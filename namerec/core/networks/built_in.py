"""PyTorch's own recurrent layers with the weights of a network of ours, and the way back.

Dropout and character n-grams, which would be the same in both, are left out.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.corpus.packing import PackedNames
from namerec.core.networks.cells import LSTMCell
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.models import LSTM, RNN, CustomLSTM, NameModel, build

#: One layer's weight (G, X + H) and bias (G,), as `NameModel.layer_weights` has them.
Weights = tuple[Tensor, Tensor]


class BuiltIn(nn.Module):
    """PyTorch's own `nn.LSTM` or `nn.RNN` in place of a network's recurrent part.

    `nn.RNN` shows the states of its top layer alone, but the RNN's output layer reads the layer
    below as well: of several layers the top one is an `nn.RNN` of its own.
    """

    def __init__(self, config: ModelConfig, categories: int) -> None:
        super().__init__()
        self.directions = 2 if config.direction == "both" else 1
        hidden, layers = config.hidden_size, config.num_layers
        self.gated = config.kind != "rnn"
        parts: list[nn.RNNBase] = []
        if self.gated:
            both = self.directions == 2
            parts.append(nn.LSTM(ALPHABET_SIZE, hidden, layers, bidirectional=both))
            width = self.directions * hidden
        else:
            if layers > 1:
                parts.append(nn.RNN(ALPHABET_SIZE, hidden, layers - 1))
            top_input = hidden if layers > 1 else ALPHABET_SIZE
            parts.append(nn.RNN(top_input, hidden))
            width = top_input + hidden
        self.parts = nn.ModuleList(parts)
        self.out = nn.Linear(width, categories)

    def recurrent(self) -> list[list[Tensor]]:
        """Each layer's and direction's weights and biases: W_ih, W_hh, b_ih, b_hh."""
        return [tensors for part in self.parts for tensors in part.all_weights]  # type: ignore[union-attr]

    def forward(self, names: PackedNames) -> Tensor:
        """Log-probabilities of the categories, (B, categories)."""
        letters = F.one_hot(names.letters, ALPHABET_SIZE + 1)[:, :ALPHABET_SIZE]
        rows: Tensor = letters.to(self.out.weight.dtype)  # (N, 57)
        sizes = torch.tensor(names.batch_sizes)
        below = rows
        states = rows
        for part in self.parts:
            below = rows
            packed, states = part(PackedSequence(rows, sizes))
            rows = packed.data
        if self.gated:
            final = torch.cat(list(states[0][-self.directions :]), dim=1)
            read = final.index_select(0, names.restore)
        else:
            # The state before the last letter, in a buffer that begins with the initial states.
            buffer = torch.cat([rows.new_zeros(len(names), rows.shape[1]), rows])
            before = buffer.index_select(0, names.previous[names.last])
            read = torch.cat([below.index_select(0, names.last), before], dim=1)
        return F.log_softmax(self.out(read), dim=1)


class Pair(NamedTuple):
    """One network in both implementations, with the same weights, in evaluation mode."""

    by_hand: NameModel
    built_in: BuiltIn


def has_counterpart(config: ModelConfig) -> bool:
    """Whether PyTorch has layers like this network's: `nn.RNN` is never without nonlinearity."""
    return config.kind != "rnn" or config.nonlinearity == "tanh"


def recurrent_weights(model: NameModel) -> list[Weights]:
    """Each layer's weight and bias; of two directions the one that reads on comes first."""
    forward, backward = model.layer_weights(), model.backward_weights()
    if not backward:
        return forward
    return [weights for both in zip(forward, backward, strict=True) for weights in both]


@torch.no_grad()
def copy_to_built_in(weights: Iterable[Weights], network: BuiltIn) -> None:
    """Puts weights into PyTorch's layers: the whole bias into one of the two, zero into the other.

    PyTorch keeps what reads the input and what reads the state apart, and stacks gates alike.
    """
    for (weight, bias), tensors in zip(weights, network.recurrent(), strict=True):
        read, recurrent, one, other = tensors
        read.copy_(weight[:, : read.shape[1]])
        recurrent.copy_(weight[:, read.shape[1] :])
        one.copy_(bias)
        other.zero_()


def weights_of_built_in(network: BuiltIn) -> list[Weights]:
    """The weights of PyTorch's layers as the hand-written ones have them: one bias, the sum."""
    return [
        (torch.cat([read, recurrent], dim=1), one + other)
        for read, recurrent, one, other in network.recurrent()
    ]


@torch.no_grad()
def copy_by_hand(weights: Iterable[Weights], network: NameModel) -> None:
    """Puts weights into hand-written layers, gate by gate."""
    for (weight, bias), gates in zip(weights, gates_of(network), strict=True):
        pieces = zip(gates, weight.chunk(len(gates)), bias.chunk(len(gates)), strict=True)
        for gate, of_weight, of_bias in pieces:
            gate.weight.copy_(of_weight)
            gate.bias.copy_(of_bias)


def pair_of(model: NameModel, precision: torch.dtype) -> Pair:
    """A network in both implementations, without dropout and character n-grams.

    Args:
        model: Any of the three networks that `has_counterpart`; it is left as it is.
        precision: What both compute with.
    """
    # Converted first: the sum of two biases is then rounded in the precision asked for.
    weighed = copy.deepcopy(model).to(precision)
    plain = {"char_ngrams": 0, "ngram_dropout": 0.0, "dropout": 0.0, "forget_bias": 0.0}
    kind = "rnn" if isinstance(model, RNN) else "custom_lstm"
    config = model.config.model_copy(update=plain | {"kind": kind})
    by_hand = build(config, model.categories).to(precision)
    with torch.device("meta"):  # PyTorch would draw weights from a generator that all share
        built_in = BuiltIn(config, model.categories)
    built_in = built_in.to_empty(device="cpu").to(precision)
    weights = recurrent_weights(weighed)
    copy_by_hand(weights, by_hand)
    if isinstance(weighed, LSTM):
        built_in.parts[0].load_state_dict(weighed.rnn.state_dict())  # with both its biases
    else:
        copy_to_built_in(weights, built_in)
    output = _output_layer(weighed).state_dict()
    _output_layer(by_hand).load_state_dict(output)
    built_in.out.load_state_dict(output)
    return Pair(by_hand.eval(), built_in.eval())


def gates_of(model: NameModel) -> list[tuple[nn.Linear, ...]]:
    """The layers that hold each of `recurrent_weights`, as they are stacked there."""
    if isinstance(model, RNN):
        deeper = list(model.deeper) if model.config.num_layers > 1 else []
        return [(layer,) for layer in (model.i2h, *deeper) if isinstance(layer, nn.Linear)]
    if not isinstance(model, CustomLSTM):
        raise TypeError(f"{type(model).__name__} has no hand-written layers")
    sides = [model.cells]
    if model.config.direction == "both":
        sides.append(model.backward_cells)
    cells = [cell for layer in zip(*sides, strict=True) for cell in layer]
    return [cell.gates for cell in cells if isinstance(cell, LSTMCell)]


def _output_layer(model: NameModel) -> nn.Linear:
    layer = model.i2o if isinstance(model, RNN) else model.out
    assert isinstance(layer, nn.Linear)  # noqa: S101 - for the type alone
    return layer
