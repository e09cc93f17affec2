"""What a layer reads, letters or the states of the layer below, and the gradients it hands back."""

from typing import Any

import torch
from torch import Tensor

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.corpus.packing import PackedNames
from namerec.core.networks.layers.rows import Gradients
from namerec.core.networks.prefixes import Prefixes, each_name_alone, share_prefixes
from namerec.core.networks.products import linear


def rows_of(names: PackedNames, x: Tensor | None, weight: Tensor) -> Prefixes:
    """The rows to compute. What lies above letters differs even where names begin alike."""
    return share_prefixes(names, len(weight)) if x is None else each_name_alone(names)


def input_part(rows: Prefixes, x: Tensor | None, weight: Tensor, bias: Tensor) -> Tensor:
    """What the input adds to the products of all M rows, bias included, (M, G)."""
    if x is not None:
        return linear(x, weight[:, : x.shape[1]].contiguous()).add_(bias)
    table = weight.new_zeros(ALPHABET_SIZE + 1, weight.shape[0])  # last row: no letter
    table[:ALPHABET_SIZE] = weight[:, :ALPHABET_SIZE].T
    table += bias
    return table.index_select(0, rows.letters)


def weight_gradients(
    rows: Prefixes, x: Tensor | None, gradients: Gradients, recurrent: Tensor
) -> tuple[Tensor, Tensor]:
    """Gradients of weight (G, X + H) and bias (G,), summed over all time steps.

    Args:
        rows: What was computed.
        x: The input, or None where it is the letters.
        gradients: Of what the input was added to.
        recurrent: The gradient of the recurrent weights, (G, H).
    """
    dz = gradients.rows
    if x is not None:
        return torch.cat([gradients.of_input_weight(x), recurrent], dim=1), dz.sum(0)
    table = torch.ops.aten.embedding_dense_backward(dz, rows.letters, ALPHABET_SIZE + 1, -1, False)
    # Every letter adds to exactly one row of the table, so its rows sum to the bias's gradient.
    return torch.cat([table[:ALPHABET_SIZE].T, recurrent], dim=1), table.sum(0)


def input_gradient(ctx: Any, x: Tensor | None, weight: Tensor, dz: Tensor) -> Tensor | None:
    """Gradient of the input, (N, X); None where it is letters, or nobody asks."""
    if x is None or not ctx.needs_input_grad[1]:
        return None
    return linear(dz, weight[:, : x.shape[1]].T.contiguous())
