"""Reading names of one length with the readable cells, open to whoever looks on or cuts in.

The networks' own `forward` is fast and shows nothing. This is the same computation letter by
letter, for every network: traces keep every value of it, gradients through time ask autograd
for them, attributions put other inputs in, ablation alters values on the way. Tests hold it to the
networks' own answers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from namerec.core.corpus.alphabet import ALPHABET_SIZE, encode
from namerec.core.corpus.dataset import Dataset
from namerec.core.networks.cells import as_computed
from namerec.core.networks.name_model import NameModel, Step

#: Puts a value in place of a computed one: (layer, symbol, value (B, H)) -> (B, H). Layers count as
#: in `Reading.steps`.
AlterLayer = Callable[[int, str, Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Reading:
    """All that a network computed on B names of T letters.

    Attributes:
        steps: By layer and letter, T steps each. A network that reads in both directions has two
            entries a layer, the second of which reads from the end; its steps, too, stand at the
            letter that they read.
        after: The top layer's hidden state after each name's last letter, (B, H); with two
            directions both, each after the letter that it read last, (B, 2H).
        output: Of the output layer, before n-gram logits and softmax, (B, categories).
    """

    steps: list[list[Step]]
    after: Tensor
    output: Tensor

    def stacked(self, symbol: str) -> Tensor:
        """One symbol at all letters and layers, (T, layers, B, H)."""
        layers = [torch.stack([step[symbol] for step in steps]) for steps in self.steps]
        return torch.stack(layers, dim=1)


def one_hot(model: NameModel, letters: np.ndarray) -> Tensor:
    """Letter indices, (B, T), as a network's input, (T, B, 57), of its type and on its device."""
    parameter = next(model.parameters())
    indices = torch.from_numpy(letters.astype(np.int64)).to(parameter.device)
    return F.one_hot(indices, ALPHABET_SIZE).transpose(0, 1).to(parameter.dtype)


def one_hot_text(model: NameModel, names: list[str]) -> Tensor:
    """Normalised names of one length as a network's input, (T, B, 57)."""
    return one_hot(model, np.stack([encode(name) for name in names]))


def read(model: NameModel, x: Tensor, alter: AlterLayer | None = None) -> Reading:
    """Reads B names of T letters, without dropout.

    Args:
        model: Any network.
        x: The letters, (T, B, 57): one-hot, or anything between.
        alter: Cuts in, at every value computed.
    """
    backward = model.backward_weights()
    layers: list[list[Step]] = []
    inputs = list(x)
    for number, weights in enumerate(model.layer_weights()):
        last = inputs[-1]
        readings = [_layer(model, inputs, *weights, alter, len(layers))]
        if backward:
            turned = inputs[::-1]
            from_the_end = _layer(model, turned, *backward[number], alter, len(layers) + 1)
            readings.append(from_the_end[::-1])
        layers += readings
        inputs = [
            torch.cat([step["h"] for step in steps], dim=1) for steps in zip(*readings, strict=True)
        ]
    top = layers[-1]
    before = top[-2]["h"] if len(top) > 1 else torch.zeros_like(top[0]["h"])
    after = torch.cat([layers[-2][-1]["h"], top[0]["h"]], dim=1) if backward else top[-1]["h"]
    return Reading(layers, after, model.read_out(last, before, after))


def _layer(
    model: NameModel,
    inputs: list[Tensor],
    weight: Tensor,
    bias: Tensor,
    alter: AlterLayer | None,
    layer: int,
) -> list[Step]:
    """One layer over its inputs, (B, X) each, in the order in which it reads them."""

    def here(symbol: str, value: Tensor) -> Tensor:
        return as_computed(symbol, value) if alter is None else alter(layer, symbol, value)

    zero = inputs[0].new_zeros(len(inputs[0]), model.config.hidden_size)
    state = dict.fromkeys(model.kind.states, zero)
    steps: list[Step] = []
    for x in inputs:
        state = model.step(x, state, weight, bias, here)
        steps.append(state)
    return steps


def by_length(dataset: Dataset, indices: np.ndarray, most: int) -> Iterator[np.ndarray]:
    """Groups names by length, so that each group can be read at once.

    Args:
        dataset: The names.
        indices: Which of them, int64, (names,).
        most: Names in a group, at most.

    Yields:
        Places in `indices` of names of one length, int64, (at most `most`,).
    """
    lengths = dataset.lengths[indices]
    for length in np.unique(lengths):
        places = np.flatnonzero(lengths == length)
        for begin in range(0, len(places), most):
            yield places[begin : begin + most]


def letters_of(dataset: Dataset, indices: np.ndarray) -> np.ndarray:
    """The letters of names of one length, uint8, (names, length)."""
    return dataset.letters[indices, : int(dataset.lengths[indices[0]])]
