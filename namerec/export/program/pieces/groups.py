"""Letter groups.

Besides what the network reads letter by letter, every group of neighbouring letters has a vote of
its own for each category: endings such as “-ovic” speak for themselves. A name's beginning and end
count as letters. The votes stand in one large table; a group's row in it is found by hashing, so
that no list of groups is needed.
"""

from functools import cache

import torch
from torch import Tensor

from namerec.export.program.pieces.names import LETTERS, letters_of
from namerec.export.program.pieces.settings import LONGEST_GROUP

BEGINNING, END = len(LETTERS), len(LETTERS) + 1
SYMBOLS = len(LETTERS) + 2
ROWS = 16_384  # rows of votes for each length of group


@cache
def groups_of(text: str) -> Tensor:
    """The row of votes of each group of 2, 3, ... letters that ends at each letter of a name.

    (length + 1, LONGEST_GROUP - 1), the last row for the name's end; -1 where there are too few
    letters for such a group.
    """
    symbols = [BEGINNING, *letters_of(text).tolist(), END]
    found = []
    for end in range(2, len(symbols) + 1):
        of_end = []
        for length in range(2, LONGEST_GROUP + 1):
            number = 0  # the group, written in base SYMBOLS
            for symbol in symbols[max(end - length, 0) : end]:
                number = number * SYMBOLS + symbol
            row = number * 2_654_435_761 % (2**31 - 1) % ROWS + (length - 2) * ROWS
            of_end.append(row if length <= end else -1)
        found.append(of_end)
    return torch.tensor(found)
