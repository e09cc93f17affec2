"""PyTorch's own recurrent layers with the weights of a network of ours, and the way back.

Dropout and character n-grams, which would be the same in both, are left out.
"""

import copy
from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.corpus.packing import PackedNames
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.models import build
from namerec.core.networks.name_model import NameModel, Weights


class BuiltIn(nn.Module):
    """PyTorch's own recurrent layers in place of a network's.

    They show the states of their top layer alone. Where the output layer reads the layer below as
    well, the top layer is one of its own.

    Args:
        config: Of a network that `has_counterpart`.
        categories: How many it tells apart.
    """

    def __init__(self, config: ModelConfig, categories: int) -> None:
        super().__init__()
        self.directions = config.directions
        self.reads_before = config.network.reads_before
        #: How many numbers of the two biases of a layer are kept apart by a gate.
        self.apart = config.hidden_size * len(config.network.behind_gates)
        hidden, layers = config.hidden_size, config.num_layers
        layer: Callable[..., nn.RNNBase] = getattr(
            nn, str(config.variant.counterpart).removeprefix("nn.")
        )
        parts: list[nn.RNNBase] = []
        if self.reads_before:
            if layers > 1:
                parts.append(layer(ALPHABET_SIZE, hidden, layers - 1))
            top_input = hidden if layers > 1 else ALPHABET_SIZE
            parts.append(layer(top_input, hidden))
            width = top_input + hidden
        else:
            both = self.directions == 2
            parts.append(layer(ALPHABET_SIZE, hidden, layers, bidirectional=both))
            width = self.directions * hidden
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
        states: Tensor | tuple[Tensor, Tensor] = rows
        for part in self.parts:
            below = rows
            packed, states = part(PackedSequence(rows, sizes))
            rows = packed.data
        if not self.reads_before:
            top = (
                states[0] if isinstance(states, tuple) else states
            )  # nn.LSTM gives the cell's, too
            final = torch.cat(list(top[-self.directions :]), dim=1)
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
    return config.variant.counterpart is not None


def recurrent_weights(model: NameModel) -> list[Weights]:
    """Each layer's weight and bias; of two directions the one that reads on comes first."""
    forward, backward = model.layer_weights(), model.backward_weights()
    if not backward:
        return forward
    return [weights for both in zip(forward, backward, strict=True) for weights in both]


@torch.no_grad()
def copy_to_built_in(weights: Iterable[Weights], network: BuiltIn) -> None:
    """Puts weights into PyTorch's layers: the whole bias into one of the two, zero into the other.

    PyTorch keeps what reads the input and what reads the state apart, and stacks gates alike. What
    is read through a gate has its bias beside the state.
    """
    for (weight, bias), tensors in zip(weights, network.recurrent(), strict=True):
        read, recurrent, one, other = tensors
        read.copy_(weight[:, : read.shape[1]])
        recurrent.copy_(weight[:, read.shape[1] :])
        rows = len(weight)
        one.copy_(bias[:rows])
        other.copy_(beside_state(torch.cat([torch.zeros_like(one), bias[rows:]]), rows))


def weights_of_built_in(network: BuiltIn) -> list[Weights]:
    """The weights of PyTorch's layers as the hand-written ones have them.

    Of the two biases that is the sum, but for those that are kept apart by a gate.
    """
    result = []
    for read, recurrent, one, other in network.recurrent():
        apart = network.apart
        summed = len(one) - apart
        bias = torch.cat([one[:summed] + other[:summed], one[summed:], other[summed:]])
        result.append((torch.cat([read, recurrent], dim=1), bias))
    return result


def beside_state(bias: Tensor, rows: int) -> Tensor:
    """The part of a stacked bias that is added to what reads the state, (rows,).

    Args:
        bias: See `NameModel.layer_weights`.
        rows: Of the weight.
    """
    apart = len(bias) - rows
    return torch.cat([bias[: rows - apart], bias[rows:]])


@torch.no_grad()
def copy_by_hand(weights: Iterable[Weights], network: NameModel) -> None:
    """Puts weights into hand-written layers."""
    for parameter, piece in network.pieces(weights):
        parameter.copy_(piece)


def pair_of(model: NameModel, precision: torch.dtype) -> Pair:
    """A network in both implementations, without dropout and character n-grams.

    Args:
        model: A network that `has_counterpart`; it is left as it is.
        precision: What both compute with.
    """
    # Converted first: the sum of two biases is then rounded in the precision asked for.
    weighed = copy.deepcopy(model).to(precision)
    plain = {"char_ngrams": 0, "ngram_dropout": 0.0, "dropout": 0.0, "forget_bias": 0.0}
    config = model.config.model_copy(update=plain | {"kind": model.kind.by_hand})
    by_hand = build(config, model.categories).to(precision)
    with torch.device("meta"):  # PyTorch would draw weights from a generator that all share
        built_in = BuiltIn(config, model.categories)
    built_in = built_in.to_empty(device="cpu").to(precision)
    weights = recurrent_weights(weighed)
    copy_by_hand(weights, by_hand)
    own = [module for module in weighed.children() if isinstance(module, nn.RNNBase)]
    if own:
        built_in.parts[0].load_state_dict(own[0].state_dict())  # with both its biases
    else:
        copy_to_built_in(weights, built_in)
    output = weighed.output_layer.state_dict()
    by_hand.output_layer.load_state_dict(output)
    built_in.out.load_state_dict(output)
    return Pair(by_hand.eval(), built_in.eval())
