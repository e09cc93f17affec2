"""Dropout.

In training a random share of the hidden states is set to zero, so that the network does not come to
depend on any one of them; the others are raised to make up for it.
"""

import torch
from torch import Tensor

from namerec.export.program.pieces.chance import GENERATOR
from namerec.export.program.pieces.settings import DROPOUT


def dropped(states: Tensor) -> Tensor:
    """Hidden states of any shape, a random share of them set to zero."""
    keep = torch.empty(states.shape).bernoulli_(1 - DROPOUT, generator=GENERATOR)
    return states * (keep / (1 - DROPOUT))
