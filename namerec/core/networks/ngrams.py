"""Character n-grams: what a name's neighbouring letters say, wherever in the name they stand.

An n-gram model knows thousands of endings and clusters by heart, which a recurrent network of a
hundred units has no room for, and knows nothing else. This layer gives a network both: every run
of 2 to n neighbouring letters, the name's beginning and end counted as letters, has a logit of its
own for each category, learned together with the recurrent part and added to its output.

N-grams are found by hashing (Weinberger et al., "Feature hashing for large scale multitask
learning", ICML 2009), so that no vocabulary has to be stored with a network.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.corpus.packing import PackedNames
from namerec.core.networks.config import NGRAM_BUCKETS

#: Symbols of an n-gram: the letters, and the two ends of a name.
BEGINNING, END = ALPHABET_SIZE, ALPHABET_SIZE + 1
SYMBOLS = ALPHABET_SIZE + 2
#: Marks a row where no n-gram of that length ends: the name is too short for it yet.
_NONE = -1
#: Knuth's multiplicative hash, then a prime, so that similar n-grams land far from each other.
MULTIPLIER, PRIME = 2_654_435_761, 2**31 - 1


class CharNgrams(nn.Module):
    """The logits of a name's character n-grams.

    Args:
        longest: Letters in the longest n-grams, 2 or more.
        categories: How many categories there are.
    """

    def __init__(self, longest: int, categories: int) -> None:
        super().__init__()
        self.longest = longest
        self.logits = nn.Parameter(torch.zeros((longest - 1) * NGRAM_BUCKETS, categories))

    def forward(
        self, names: PackedNames, dropout: float, generator: torch.Generator | None
    ) -> Tensor:
        """Sums the logits of each name's n-grams.

        Args:
            names: B names.
            dropout: Share of n-grams whose logits are left out, the others' being raised to make
                up for it (0 when not training).
            generator: Decides which.

        Returns:
            Logits, (B, categories), in the batch's own order.
        """
        rows, owners = ngrams_of(names, self.longest)
        logits = F.embedding(rows, self.logits)
        if dropout > 0:
            keep = torch.empty(len(rows), 1).bernoulli_(1 - dropout, generator=generator)
            logits = logits * keep.div_(1 - dropout).to(logits)
        return logits.new_zeros(len(names), logits.shape[1]).index_add(0, owners, logits)


def ngrams_of(names: PackedNames, longest: int) -> tuple[Tensor, Tensor]:
    """Finds all n-grams of 2 to `longest` letters in a batch of names.

    An n-gram is told apart by a number in base `SYMBOLS`, which grows by one letter a time step:
    the n-gram that ends here is the (n - 1)-gram that ended one letter before, and this letter.

    Letter dropout leaves them alone: they have their own.

    Args:
        names: B names with N letters.
        longest: Letters in the longest n-grams, 2 or more.

    Returns:
        The row of logits of each n-gram, int64, below (longest - 1) * NGRAM_BUCKETS, (n-grams,),
        and the name it stands in, as a row of the batch, int64, (n-grams,).
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
        bucket = grown[whole] * MULTIPLIER % PRIME % NGRAM_BUCKETS
        rows.append(bucket + (length - 2) * NGRAM_BUCKETS)
        owners_of_rows.append(owners[whole])
        ending = torch.cat([torch.full_like(every_name, _NONE), grown[: len(letters)]])
    return torch.cat(rows), torch.cat(owners_of_rows)
