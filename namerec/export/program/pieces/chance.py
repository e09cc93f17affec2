"""Chance.

All random choices of the training come from one generator, in the run's own order, so that they
are the run's own choices.
"""

import torch

from namerec.export.program.pieces.settings import SEED, THREADS

torch.set_num_threads(THREADS)
GENERATOR = torch.Generator().manual_seed(SEED)
