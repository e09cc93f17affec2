"""Prefixes that names share are computed once.

After the same letters a network that reads on is in the same state, whichever name they begin. A
batch of names is therefore a prefix tree (a trie): its first letters are the roots, every distinct
prefix is one node, and a name is a way from a root. A layer that reads letters computes each
node once; what comes back to a node is the sum over its children, as the chain rule has it. How
many letters of 1,024 surnames remain to be computed says `namerec bench`, `letters_read@1024`.

Most of that lies in the first few letters. From the first time step at which hardly two names have
a prefix in common, every name has a row of its own, in the layout of `packing`.
"""

from itertools import accumulate
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from namerec.core.corpus.alphabet import ALPHABET_SIZE
from namerec.core.corpus.packing import PackedNames

#: Prefixes are shared while there are at most this many for each name that still runs. Beyond,
#: finding them, gathering and adding up takes as long as what they save.
WORTH_SHARING = 0.9
#: The same holds for batches in which a layer computes fewer values than this before activation.
LEAST_VALUES = 300_000
_READABLE = ALPHABET_SIZE + 1  # letters, and "no letter"


class Prefixes(NamedTuple):
    """The rows that a layer computes for a batch of B names with N letters in T time steps: M.

    The rows of a time step lie one after the other, and those that the next one goes on from come
    first. In the first time steps a row is a prefix, from then on it is a name. Where states are
    kept, `sizes[0]` rows for the state before the first letter come before all others.

    Attributes:
        letters: Read at each row, int64, (M,).
        sizes: Rows of each time step, (T,).
        parents: For each time step, the row of the one before that each of its rows goes on from,
            counted from the first of that time step, int64, (size,); None where row n goes on from
            row n, and for the first letters.
        continued: How many rows of each time step the next one goes on from, (T,).
        previous: For each row, the row it goes on from, among states, int64, (M,).
        shared_steps: Time steps whose rows are prefixes.
        places: For each row of states in the batch's own layout, with B rows before the first
            letters, the one here, int64, (B + N,); None if they are the same.
    """

    letters: Tensor
    sizes: tuple[int, ...]
    parents: tuple[Tensor | None, ...]
    continued: tuple[int, ...]
    previous: Tensor
    shared_steps: int
    places: Tensor | None

    def of_own(self, own: Tensor) -> Tensor:
        """The rows of states that stand for some rows of the batch's own layout."""
        return own if self.places is None else self.places.index_select(0, own)


def each_name_alone(names: PackedNames) -> Prefixes:
    """The rows of a batch in which every letter of every name is computed."""
    sizes = names.batch_sizes
    return Prefixes(
        letters=names.letters,
        sizes=sizes,
        parents=(None,) * len(sizes),
        continued=(*sizes[1:], 0),
        previous=names.previous,
        shared_steps=0,
        places=None,
    )


def share_prefixes(names: PackedNames, width: int) -> Prefixes:
    """The rows of a batch in which every prefix that names share is computed once.

    Args:
        names: The batch. On a GPU, where few rows take as long as many, nothing is shared.
        width: Values that the layer computes of each row before activation.
    """
    if names.letters.device.type != "cpu" or len(names.letters) * width < LEAST_VALUES:
        return each_name_alone(names)
    letters, own = names.letters.numpy(), names.batch_sizes
    levels = _levels(letters, own)
    if not levels:
        return each_name_alone(names)
    steps = len(levels)
    sizes = (*(len(level.first) for level in levels), *own[steps:])
    begins = list(accumulate(sizes, initial=sizes[0]))  # of each time step, among states
    own_begins = list(accumulate(own, initial=0))
    parents: list[np.ndarray | None] = [None] * len(own)
    continued = [*own[1:], 0]
    previous = [np.arange(sizes[0])]
    places = [np.zeros(own[0], dtype=np.int64)]
    read = []
    for step, level in enumerate(levels):
        begin = begins[step]
        read.append(letters[own_begins[step] + level.first])
        places.append(begin + level.of_name)
        if step + 1 == len(own):
            break
        # The time step behind the last level goes over from prefixes to names.
        names_on = levels[step + 1].first if step + 1 < steps else np.arange(own[steps])
        parents[step + 1] = of_next = level.of_name[names_on]
        continued[step] = int(of_next.max()) + 1
        previous.append(begin + of_next)
    # From here on everything is the batch's own, further to the front.
    rest = own_begins[steps]
    moved = sum(sizes) - own_begins[-1] + sizes[0] - own[0]
    later = own_begins[min(steps + 1, len(own))]
    previous.append(names.previous.numpy()[later:] + moved)
    places.append(np.arange(own[0] + rest, own[0] + own_begins[-1]) + moved)
    return Prefixes(
        letters=torch.from_numpy(np.concatenate([*read, letters[rest:]])),
        sizes=sizes,
        parents=tuple(None if one is None else torch.from_numpy(one) for one in parents),
        continued=tuple(continued),
        previous=torch.from_numpy(np.concatenate(previous)),
        shared_steps=steps,
        places=torch.from_numpy(np.concatenate(places)),
    )


class _Level(NamedTuple):
    """The distinct prefixes of one time step.

    Attributes:
        first: The first name of each, by its sorted place, (prefixes,), ascending. It is the
            longest of them, so that prefixes from which names go on come first.
        of_name: The prefix of each name that still runs, (running,).
    """

    first: np.ndarray
    of_name: np.ndarray


def _levels(letters: np.ndarray, sizes: tuple[int, ...]) -> list[_Level]:
    """The prefixes of the first time steps, as far as sharing them is worth it."""
    found: list[_Level] = []
    before, count = np.zeros(sizes[0], dtype=np.int64), 1
    begin = 0
    for running in sizes:
        names = np.arange(running)
        key = before[:running] * _READABLE + letters[begin : begin + running]
        first_of_key = np.full(count * _READABLE, running)
        np.minimum.at(first_of_key, key, names)
        first = first_of_key[key]
        new = first == names
        number = np.cumsum(new)
        if number[-1] > WORTH_SHARING * running:
            break
        before, count = number[first] - 1, int(number[-1])
        found.append(_Level(first=np.flatnonzero(new), of_name=before))
        begin += running
    return found
