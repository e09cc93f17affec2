"""The first weights.

PyTorch's own first distribution, from a generator of its own, so that they are the run's first
weights.
"""

import math

import torch
from torch import nn

from namerec.export.program.pieces.settings import SEED

FIRST = torch.Generator().manual_seed(SEED)


@torch.no_grad()
def draw(module: nn.Module, size: int) -> None:
    """Draws a module's weights uniformly between -1/sqrt(size) and 1/sqrt(size)."""
    for parameter in module.parameters():
        parameter.uniform_(-1 / math.sqrt(size), 1 / math.sqrt(size), generator=FIRST)
