"""Gates, cell and hidden state for one name, letter by letter, for all three networks.

The cells' reference step is replayed with the network's own weights, so what is shown is computed
by the equations in `cells` and nothing else; tests hold it against the networks' own output.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from namerec.core.alphabet import ALPHABET_SIZE, encode
from namerec.core.cells import lstm_step, rnn_step
from namerec.core.models import NameModel
from namerec.core.prediction import after_every_letter
from namerec.core.results import GateTrace


@torch.no_grad()
def trace(model: NameModel, categories: tuple[str, ...], letters: str) -> GateTrace:
    """Replays a network on one name.

    Args:
        model: Any of the three networks; it is put into evaluation mode.
        categories: Names of its outputs.
        letters: A normalised name of one letter or more.

    Returns:
        All states and gates after each letter, and the probabilities after each letter.
    """
    model.eval()
    weight, _ = model.layer_weights()[0]
    indices = torch.from_numpy(encode(letters).astype(np.int64)).to(weight.device)
    x = F.one_hot(indices, ALPHABET_SIZE).to(weight.dtype)  # (T, X)
    backward = model.backward_weights()
    layers: list[dict[str, Tensor]] = []
    for number, weights in enumerate(model.layer_weights()):
        readings = [_replay(model, x, *weights)]
        if backward:
            from_the_end = _replay(model, x.flip(0), *backward[number])
            readings.append({symbol: value.flip(0) for symbol, value in from_the_end.items()})
        layers += readings
        x = torch.cat([reading["h"] for reading in readings], dim=1)
    return GateTrace(
        letters=letters,
        values={
            symbol: torch.stack([layer[symbol] for layer in layers], dim=1).float().cpu().numpy()
            for symbol in layers[0]
        },
        probabilities=after_every_letter(model, letters),
        categories=categories,
        directions=2 if backward else 1,
    )


def _replay(model: NameModel, x: Tensor, weight: Tensor, bias: Tensor) -> dict[str, Tensor]:
    """One layer's gates and states over its inputs (T, X): by symbol, (T, H) each."""
    h = c = x.new_zeros(1, model.config.hidden_size)
    steps: list[dict[str, Tensor]] = []
    for row in x.split(1):
        if model.gated:
            state = lstm_step(row, h, c, weight, bias)
            h, c = state.h, state.c
            steps.append(state._asdict())
        else:
            h = rnn_step(row, h, weight, bias, tanh=model.config.nonlinearity == "tanh")
            steps.append({"h": h})
    return {symbol: torch.cat([step[symbol] for step in steps]) for symbol in steps[0]}
