"""Matrix products, by the fastest routine this PyTorch brings.

`torch.mm` hands single-precision products to MKL, which on processors that are not Intel's keeps to
256-bit instructions; oneDNN, in the same wheel, uses all the processor has and is up to twice as
fast there. Which routine is used depends on the installation alone, never on a measurement, so that
the same machine gives the same numbers. oneDNN's operator is PyTorch's own but not documented (its
compiler uses it); where it is missing, or the numbers are in double precision or on a GPU, the
documented one does the same work.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor


def linear(x: Tensor, weight: Tensor) -> Tensor:
    """The product of x (N, K) with the transposed weight (G, K), (N, G).

    Each may be a transposed view of a whole matrix; other views are slow.
    """
    if _by_onednn(x):
        product: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")
        return product
    return x @ weight.T


def linear_plus(x: Tensor, weight: Tensor, summand: Tensor) -> Tensor:
    """The same plus a summand (N, G), in one call."""
    if _by_onednn(x):
        total: Tensor = torch.ops.mkldnn._linear_pointwise.binary(x, summand, weight, None, "add")
        return total
    return torch.addmm(summand, x, weight.T)


def _by_onednn(x: Tensor) -> bool:
    fits = x.dtype == torch.float32 and x.device.type == "cpu" and x.numel() > 0
    return fits and _onednn_is_there()


@cache
def _onednn_is_there() -> bool:
    """Whether oneDNN's operator exists in this PyTorch and computes a product."""
    if not torch.backends.mkldnn.is_available():
        return False
    ones = torch.ones(2, 3)
    try:
        return bool(
            (torch.ops.mkldnn._linear_pointwise(ones, ones, None, "none", [], "") == 3).all()
        )
    except (AttributeError, RuntimeError):
        return False
