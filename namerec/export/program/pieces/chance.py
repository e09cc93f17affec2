"""Random numbers.

All that is random in the training comes from one generator, in the same order as in the run, so
that it comes out as it did there.
"""

import torch

from namerec.export.program.pieces.settings import SEED, THREADS

torch.set_num_threads(THREADS)
GENERATOR = torch.Generator().manual_seed(SEED)
