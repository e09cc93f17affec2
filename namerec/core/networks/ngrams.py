"""Letter groups: what a name's neighbouring letters say, wherever in the name they stand.

An n-gram model knows thousands of endings and clusters by heart, which a recurrent network of a
hundred units has no room for, and knows nothing else. This layer gives a network both: every group
of 2 to n neighbouring letters, the name's beginning and end counted as letters, has a vote of its
own for each category, learned together with the recurrent part and added to its output.

Groups are found by hashing (Weinberger et al., "Feature hashing for large scale multitask
learning", ICML 2009), so that no vocabulary has to be stored with a network.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.corpus.packing import PackedNames
from namerec.core.networks.config import GROUP_BUCKETS

#: Symbols of a group: the letters, and the two ends of a name.
BEGINNING, END = ALPHABET_SIZE, ALPHABET_SIZE + 1
SYMBOLS = ALPHABET_SIZE + 2
#: Marks a row where no group of that length ends: the name is too short for it yet.
_NONE = -1
#: Knuth's multiplicative hash, then a prime, so that similar groups land far from each other.
MULTIPLIER, PRIME = 2_654_435_761, 2**31 - 1


class LetterGroups(nn.Module):
    """The votes of a name's letter groups.

    Args:
        longest: Letters in the longest groups, 2 or more.
        categories: How many categories are voted for.
    """

    def __init__(self, longest: int, categories: int) -> None:
        super().__init__()
        self.longest = longest
        self.votes = nn.Parameter(torch.zeros((longest - 1) * GROUP_BUCKETS, categories))

    def forward(
        self, names: PackedNames, dropout: float, generator: torch.Generator | None
    ) -> Tensor:
        """Sums the votes of each name's groups.

        Args:
            names: B names.
            dropout: Share of groups whose votes are left out, the others' being raised to make up
                for it (0 when not training).
            generator: Decides which.

        Returns:
            Votes, (B, categories), in the batch's own order.
        """
        rows, owners = groups_of(names, self.longest)
        votes = F.embedding(rows, self.votes)
        if dropout > 0:
            keep = torch.empty(len(rows), 1).bernoulli_(1 - dropout, generator=generator)
            votes = votes * keep.div_(1 - dropout).to(votes)
        return votes.new_zeros(len(names), votes.shape[1]).index_add(0, owners, votes)


def groups_of(names: PackedNames, longest: int) -> tuple[Tensor, Tensor]:
    """Finds all groups of 2 to `longest` letters in a batch of names.

    A group is told apart by a number in base `SYMBOLS`, which grows by one letter a time step: the
    group of n letters that ends here is the group of n - 1 that ended one letter before, and this
    letter.

    Letter dropout leaves them alone: they have their own.

    Args:
        names: B names with N letters.
        longest: Letters in the longest groups, 2 or more.

    Returns:
        The row of votes of each group, int64, below (longest - 1) * GROUP_BUCKETS, (groups,), and
        the name it stands in, as a row of the batch, int64, (groups,).
    """
    batch, letters = len(names), names.spelling
    every_name = torch.arange(batch, device=letters.device)
    of_letters = [names.sorted_rows[:running] for running in names.batch_sizes]
    owners = torch.cat([*of_letters, every_name])  # of each letter, then of each end
    last = batch + names.last
    # What ends at the state before the first letter, and at each letter: (B + N,).
    ending = torch.cat([torch.full_like(every_name, BEGINNING), letters])
    rows, owners_of_rows = [], []
    for length in range(2, longest + 1):
        before = torch.cat([ending[names.previous], ending[last]])
        symbol = torch.cat([letters, torch.full_like(every_name, END)])
        whole = before != _NONE
        grown = torch.where(whole, before * SYMBOLS + symbol, _NONE)
        bucket = grown[whole] * MULTIPLIER % PRIME % GROUP_BUCKETS
        rows.append(bucket + (length - 2) * GROUP_BUCKETS)
        owners_of_rows.append(owners[whole])
        ending = torch.cat([torch.full_like(every_name, _NONE), grown[: len(letters)]])
    return torch.cat(rows), torch.cat(owners_of_rows)
