"""Names of different lengths in one batch.

The names of a batch are sorted by length, longest first, and laid out letter by letter: first the
first letters of all names, then the second letters of those that have one, and so on. So no name
has to be filled up to the length of another one, and the names that still have letters are always
the first ones. This is PyTorch's `PackedSequence`.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pack_sequence

from namerec.export.program.pieces.names import LETTERS, letters_of
from namerec.export.program.pieces.ngrams import ngrams_of


class Batch(NamedTuple):
    """B names with N letters in all, and at most T each."""

    letters: Tensor  # indices into LETTERS, (N,)
    sizes: list[int]  # how many names have a first letter, a second one, ...: (T,)
    last: Tensor  # where each name's last letter stands among the N, (B,)
    #: if both
    mirror: Tensor  # where each letter's counterpart stands if names are read from their ends, (N,)
    #: end
    #: if ngrams
    ngrams: Tensor  # the row of logits of each character n-gram, (G,)
    owners: Tensor  # which of the B names it stands in, (G,)
    #: end


def pack(texts: list[str]) -> Batch:
    """Lays names out letter by letter."""
    order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
    packed = pack_sequence([letters_of(texts[place]) for place in order])
    begins = packed.batch_sizes.cumsum(0) - packed.batch_sizes  # of each time step, (T,)
    lengths = torch.tensor([len(texts[place]) for place in order])
    last = torch.empty(len(texts), dtype=torch.int64)
    last[order] = begins[lengths - 1] + torch.arange(len(texts))
    #: if both
    rows = [begins[:length] + place for place, length in enumerate(lengths.tolist())]
    mirror = pack_sequence([of_name.flip(0) for of_name in rows]).data
    #: end
    #: if ngrams
    ngrams = [ngrams_of(text) for text in texts]
    at_letters = pack_sequence([ngrams[place][:-1] for place in order]).data
    at_ends = torch.stack([of_name[-1] for of_name in ngrams])
    found = torch.cat([at_letters, at_ends]).T  # (LONGEST_NGRAM - 1, N + B)
    in_order = [torch.full((len(texts[place]),), place) for place in order]
    owners = torch.cat([pack_sequence(in_order).data, torch.arange(len(texts))]).expand_as(found)
    #: end
    return Batch(
        packed.data,
        packed.batch_sizes.tolist(),
        last,
        #: if both
        mirror,
        #: end
        #: if ngrams
        found[found >= 0],
        owners[found >= 0],
        #: end
    )


def one_hot(letters: Tensor) -> Tensor:
    """57 numbers for each letter, 1 at its own place and 0 elsewhere, (N, 57)."""
    #: if letter_dropout
    # A letter that is not shown has the index behind the last one: all its numbers are 0.
    rows = F.one_hot(letters, len(LETTERS) + 1)[:, :-1]
    #: else
    rows = F.one_hot(letters, len(LETTERS))
    #: end
    return rows.float()
