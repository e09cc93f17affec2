"""The votes of letter groups.

A table with a row of votes for each group, learned together with the rest of the network.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from namerec.export.program.pieces.chance import GENERATOR
from namerec.export.program.pieces.groups import ROWS
from namerec.export.program.pieces.names import CATEGORIES
from namerec.export.program.pieces.packing import Batch
from namerec.export.program.pieces.settings import GROUP_DROPOUT, LONGEST_GROUP


class LetterGroups(nn.Module):
    """The votes of names' letter groups; there are none yet before training."""

    def __init__(self) -> None:
        super().__init__()
        self.votes = nn.Parameter(torch.zeros((LONGEST_GROUP - 1) * ROWS, len(CATEGORIES)))

    def forward(self, names: Batch) -> Tensor:
        """Sums the votes of each name's groups, (B, categories)."""
        votes = F.embedding(names.groups, self.votes)
        #: if group_dropout
        if self.training:  # some groups are left out, so that none is relied on alone
            keep = torch.empty(len(votes), 1).bernoulli_(1 - GROUP_DROPOUT, generator=GENERATOR)
            votes = votes * (keep / (1 - GROUP_DROPOUT))
        #: end
        return votes.new_zeros(len(names.last), len(CATEGORIES)).index_add(0, names.owners, votes)
