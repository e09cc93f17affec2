"""Gates, cell and hidden state for one name, letter by letter, for all three networks.

The cells' reference step is replayed with the network's own weights, so what is shown is computed
by the equations in `cells` and nothing else; tests hold it against the networks' own output.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from namerec.core.alphabet import ALPHABET_SIZE, encode
from namerec.core.cells import lstm_step, rnn_step
from namerec.core.models import NameModel
from namerec.core.packing import pack_names
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
    weights = [(w.detach(), b.detach()) for w, b in model.layer_weights()]
    dtype, device = weights[0][0].dtype, weights[0][0].device
    indices = torch.from_numpy(encode(letters).astype(np.int64)).to(device)
    inputs = F.one_hot(indices, ALPHABET_SIZE).to(dtype)
    size = model.config.hidden_size
    zero = torch.zeros(1, size, dtype=dtype, device=device)
    h, c = [zero] * len(weights), [zero] * len(weights)
    recorded: dict[str, list[list[torch.Tensor]]] = {}
    top: list[tuple[torch.Tensor, ...]] = []
    for letter in inputs:
        x = letter[None]
        row: dict[str, list[torch.Tensor]] = {}
        for layer, (weight, bias) in enumerate(weights):
            before, last_input = h[layer], x
            if model.gated:
                state = lstm_step(x, h[layer], c[layer], weight, bias)
                h[layer], c[layer] = state.h, state.c
                step = state._asdict()
            else:
                tanh = model.config.nonlinearity == "tanh"
                h[layer] = rnn_step(x, h[layer], weight, bias, tanh=tanh)
                step = {"h": h[layer]}
            for symbol, value in step.items():
                row.setdefault(symbol, []).append(value[0])
            x = h[layer]
        top.append((last_input, before, h[-1]))
        for symbol, values in row.items():
            recorded.setdefault(symbol, []).append(values)
    beginnings = pack_names([encode(letters)[: end + 1] for end in range(len(letters))]).to(device)
    answers = model.read_out(beginnings, *(torch.cat(states) for states in zip(*top, strict=True)))
    return GateTrace(
        letters=letters,
        values={
            symbol: torch.stack([torch.stack(layers) for layers in steps]).float().cpu().numpy()
            for symbol, steps in recorded.items()
        },
        probabilities=answers.exp().float().cpu().numpy(),
        categories=categories,
    )
