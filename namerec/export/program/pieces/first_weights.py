"""The initial weights.

Drawn from the distribution that PyTorch uses, but from a generator with the run's seed, so that
training begins with the run's initial weights.
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
