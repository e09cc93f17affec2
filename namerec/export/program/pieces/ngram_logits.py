"""The logits of character n-grams.

A table with a row of logits for each n-gram, learned together with the rest of the network.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from namerec.export.program.pieces.chance import GENERATOR
from namerec.export.program.pieces.names import CATEGORIES
from namerec.export.program.pieces.ngrams import ROWS
from namerec.export.program.pieces.packing import Batch
from namerec.export.program.pieces.settings import LONGEST_NGRAM, NGRAM_DROPOUT


class CharNgrams(nn.Module):
    """The logits of names' character n-grams; all are 0 before training."""

    def __init__(self) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros((LONGEST_NGRAM - 1) * ROWS, len(CATEGORIES)))

    def forward(self, names: Batch) -> Tensor:
        """Sums the logits of each name's n-grams, (B, categories)."""
        logits = F.embedding(names.ngrams, self.logits)
        #: if ngram_dropout
        if self.training:  # some are left out, so that none is relied on alone
            keep = torch.empty(len(logits), 1).bernoulli_(1 - NGRAM_DROPOUT, generator=GENERATOR)
            logits = logits * (keep / (1 - NGRAM_DROPOUT))
        #: end
        return logits.new_zeros(len(names.last), len(CATEGORIES)).index_add(0, names.owners, logits)
