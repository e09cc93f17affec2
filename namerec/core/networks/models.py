"""The networks by kind, made from a configuration; each has the course report's structure.

`MODELS` is the only place that knows which class stands for which kind.
"""

import math

import torch
from torch import nn

from namerec.core.networks.by_hand import GRU, CustomLSTM
from namerec.core.networks.cells import Cell
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.kinds import ModelKind
from namerec.core.networks.lstm import LSTM
from namerec.core.networks.name_model import NameModel
from namerec.core.networks.ngrams import CharNgrams
from namerec.core.networks.rnn import RNN

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
