"""Matrix products, by the fastest routine this PyTorch brings.

`torch.mm` hands single-precision products to MKL, which on processors that are not Intel's keeps to
256-bit instructions; oneDNN, in the same wheel, uses all the processor has and is up to twice as
fast there. Which routine is used depends on the installation alone, never on a measurement, so that
the same machine gives the same numbers. oneDNN's operator is PyTorch's own but not documented (its
compiler uses it); where it is missing, or the numbers are in double precision or on a GPU, the
documented one does the same work.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

#: oneDNN makes a kernel for every new shape, which takes longer than the product. Rows are
#: therefore filled up to a multiple of this many, so that shapes come again.
ROWS = 16
#: The same for rows that a product sums over; there are more of them.
SUMMED_ROWS = 128


def linear(x: Tensor, weight: Tensor) -> Tensor:
    """The product of x (N, K) with the transposed weight (G, K), (N, G).

    Each may be a transposed view of a whole matrix; other views are slow.
    """
    rows = len(x)
    missing = -rows % ROWS if _fast(x) else 0
    return linear_of_rows(F.pad(x, (0, 0, 0, missing)) if missing else x, 0, rows, weight)


def linear_of_rows(buffer: Tensor, begin: int, end: int, weight: Tensor) -> Tensor:
    """The product of some rows of a buffer with the transposed weight (G, K), (end - begin, G).

    Args:
        buffer: (rows, K). Behind `end` it has enough rows that their number can be filled up to a
            multiple of `ROWS`: they are read, whatever stands in them, and their products dropped.
        begin: The first row wanted.
        end: The row behind the last one wanted.
        weight: (G, K).
    """
    if not _fast(buffer):
        return buffer[begin:end] @ weight.T
    missing = (begin - end) % ROWS
    product: Tensor = _linear(buffer[begin : end + missing], weight, *_PLAIN)
    return product[: end - begin] if missing else product


def summed(one: Tensor, other: Tensor) -> Tensor:
    """The product of the transposed one (N, G) with the other (N, K), (G, K).

    The caller fills both up with zeros to a multiple of `SUMMED_ROWS` rows, see there.
    """
    if not _fast(one):
        return one.T @ other
    if one.shape[1] > other.shape[1]:  # oneDNN copies what stands first; it had better be narrow
        turned: Tensor = _linear(other.T, one.T, *_PLAIN)
        return turned.T
    product: Tensor = _linear(one.T, other.T, *_PLAIN)
    return product


def _fast(x: Tensor) -> bool:
    """Whether oneDNN may be asked for a product with this matrix."""
    return ONEDNN and x.dtype is torch.float32 and x.is_cpu and x.numel() > 0


def _onednn_is_there() -> bool:
    """Whether oneDNN's operators exist in this PyTorch and compute a product."""
    if not torch.backends.mkldnn.is_available():
        return False
    ones = torch.ones(2, 3)
    try:
        product = torch.ops.mkldnn._linear_pointwise.default(ones, ones, *_PLAIN)
        return bool((product == 3).all())
    except (AttributeError, RuntimeError):
        return False


_PLAIN: tuple[Any, ...] = (None, "none", [], "")  # no bias, nothing applied to the product
ONEDNN = _onednn_is_there()
if ONEDNN:
    _linear = torch.ops.mkldnn._linear_pointwise.default
