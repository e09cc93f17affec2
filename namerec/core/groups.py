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

from namerec.core.alphabet import ALPHABET_SIZE
from namerec.core.config import GROUP_BUCKETS
from namerec.core.packing import NO_LETTER, PackedNames

#: Symbols of a group: the letters, and the two ends of a name.
_BEGINNING, _END = ALPHABET_SIZE, ALPHABET_SIZE + 1
_SYMBOLS = ALPHABET_SIZE + 2
#: Marks a row where no whole group ends, or one with a letter dropped from it.
_NONE = -1
#: Knuth's multiplicative hash, then a prime, so that similar groups land far from each other.
_MULTIPLIER, _PRIME = 2_654_435_761, 2**31 - 1


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
        rows, places = groups_of(names, self.longest)
        votes = F.embedding(rows, self.votes)
        if dropout > 0:
            keep = torch.empty(len(rows), 1).bernoulli_(1 - dropout, generator=generator)
            votes = votes * keep.div_(1 - dropout).to(votes)
        total = votes.new_zeros(len(names), votes.shape[1]).index_add(0, places, votes)
        return total.index_select(0, names.restore)


def groups_of(names: PackedNames, longest: int) -> tuple[Tensor, Tensor]:
    """Finds all groups of 2 to `longest` letters in a batch of names.

    A group is told apart by a number in base `_SYMBOLS`, which grows by one letter a time step: the
    group of n letters that ends here is the group of n - 1 that ended one letter before, and this
    letter.

    Args:
        names: B names with N letters.
        longest: Letters in the longest groups, 2 or more.

    Returns:
        The row of votes of each group, int64, below (longest - 1) * GROUP_BUCKETS, (groups,), and
        the place in the batch's sorted order of the name it stands in, int64, (groups,).
    """
    batch, letters = len(names), names.letters
    sorted_places = torch.arange(batch, device=letters.device)
    here = torch.cat([sorted_places[:size] for size in names.batch_sizes])  # (N,)
    places = torch.cat([here, sorted_places])  # each letter's name, then each name's end
    last = batch + names.last_rows()[names.sorted_rows]
    symbols = letters.masked_fill(letters == NO_LETTER, _NONE)
    # What ends at the state before the first letter, and at each letter: (B + N,).
    ending = torch.cat([torch.full_like(sorted_places, _BEGINNING), symbols])
    rows, names_of_rows = [], []
    for length in range(2, longest + 1):
        before = torch.cat([ending[names.previous], ending[last]])
        symbol = torch.cat([symbols, torch.full_like(sorted_places, _END)])
        grown = before * _SYMBOLS + symbol
        grown = grown.masked_fill((before == _NONE) | (symbol == _NONE), _NONE)
        whole = grown != _NONE
        bucket = grown[whole] * _MULTIPLIER % _PRIME % GROUP_BUCKETS
        rows.append(bucket + (length - 2) * GROUP_BUCKETS)
        names_of_rows.append(places[whole])
        ending = torch.cat([torch.full_like(sorted_places, _NONE), grown[: len(letters)]])
    return torch.cat(rows), torch.cat(names_of_rows)
