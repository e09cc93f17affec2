"""Character n-grams.

Besides what the network reads letter by letter, every run of neighbouring letters has a logit of
its own for each category: endings such as “-ovic” speak for themselves. A name's beginning and end
count as letters. The logits stand in one large table; an n-gram's row in it is found by hashing, so
that no list of n-grams is needed.
"""

from functools import cache

import torch
from torch import Tensor

from namerec.export.program.pieces.names import LETTERS, letters_of
from namerec.export.program.pieces.settings import LONGEST_NGRAM

BEGINNING, END = len(LETTERS), len(LETTERS) + 1
SYMBOLS = len(LETTERS) + 2
ROWS = 16_384  # rows of logits for each length of n-gram


@cache
def ngrams_of(text: str) -> Tensor:
    """The row of logits of each n-gram of 2, 3, ... letters that ends at each letter of a name.

    (length + 1, LONGEST_NGRAM - 1), the last row for the name's end; -1 where there are too few
    letters for such an n-gram.
    """
    symbols = [BEGINNING, *letters_of(text).tolist(), END]
    found = []
    for end in range(2, len(symbols) + 1):
        of_end = []
        for length in range(2, LONGEST_NGRAM + 1):
            number = 0  # the n-gram, written in base SYMBOLS
            for symbol in symbols[max(end - length, 0) : end]:
                number = number * SYMBOLS + symbol
            row = number * 2_654_435_761 % (2**31 - 1) % ROWS + (length - 2) * ROWS
            of_end.append(row if length <= end else -1)
        found.append(of_end)
    return torch.tensor(found)
