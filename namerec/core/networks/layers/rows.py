"""What the hand-written layers do with the rows they compute: states, answers, gradients."""

from collections.abc import Iterator
from itertools import accumulate

import torch
import torch.nn.functional as F
from torch import Tensor

from namerec.core.corpus.packing import PackedNames
from namerec.core.networks.prefixes import Prefixes
from namerec.core.networks.products import ROWS, SUMMED_ROWS, linear_of_rows, summed

#: Rows whose factors are computed together: few enough to stay in the processor's cache meanwhile.
BLOCK = 1024


def in_blocks(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """The same rows of all tensors, a block at a time."""
    return zip(*(tensor.split(BLOCK) for tensor in tensors), strict=True)


def states_of(rows: Prefixes, like: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """A buffer for the states before the first letters, which are zero, and after each letter.

    Returns:
        The buffer, (first rows + M + ROWS, H), with spare rows at its end for `linear_of_rows`, and
        its view of the states after the letters, (M, H), still to be computed.
    """
    buffer = like.new_empty(rows.sizes[0] + len(rows.letters) + ROWS, size)
    buffer[: rows.sizes[0]] = 0
    buffer[-ROWS:] = 0
    return buffer, after_letters(rows, buffer)


def after_letters(rows: Prefixes, states: Tensor) -> Tensor:
    """The states after the letters, (M, H), of a buffer of `states_of`."""
    first = rows.sizes[0]
    return states[first : first + len(rows.letters)]


def handed_on(before: Tensor, parents: Tensor | None, count: int) -> Tensor:
    """What the rows of a time step take over from those of the one before, (count, width)."""
    return before[:count] if parents is None else before.index_select(0, parents)


#: Where gradients of states come in: for each of the T time steps the first of its rows that is
#: reached, and the gradients of that row and those behind it, (some, H).
Arriving = list[tuple[int, Tensor]]


class StatesOfLetters:
    """The states after every letter of every name, packed, of those of all rows."""

    def __init__(self, names: PackedNames, rows: Prefixes) -> None:
        self._rows = rows
        self._shared = sum(names.batch_sizes[: rows.shared_steps])
        self._read = None if rows.places is None else rows.places[len(names) :]

    def of(self, states: Tensor) -> Tensor:
        """The states returned, (N, H)."""
        if self._read is None:
            return after_letters(self._rows, states)
        return states.index_select(0, self._read)

    def gradients(self, grad: Tensor) -> Arriving:
        """Where the gradient of what was returned, (N, H), comes in, by time step."""
        rows, shared = self._rows, self._shared
        own = grad[shared:].split(rows.sizes[rows.shared_steps :])
        if self._read is None:
            return [(0, one) for one in own]
        return [*_added_up(rows, self._read[:shared], grad[:shared]), *((0, one) for one in own)]


class StateOfNames:
    """One state of each name, of those of all rows: after its last letter, or before it."""

    def __init__(self, names: PackedNames, rows: Prefixes, *, before_last: bool) -> None:
        self._names, self._rows = names, rows
        last = (
            names.previous.index_select(0, names.last) if before_last else names.last + len(names)
        )
        self._read = rows.of_own(last)
        # Names are sorted by length, so those that are read in one time step lie between those that
        # go on longer and those that were read before.
        self._running = (*names.batch_sizes, 0, 0)[1 if before_last else 0 :]

    def of(self, states: Tensor) -> Tensor:
        """The states returned, (B, H), in the batch's own order."""
        return states.index_select(0, self._read)

    def gradients(self, grad: Tensor) -> Arriving:
        """Where the gradient of what was returned, (B, H), comes in, by time step."""
        rows, running = self._rows, self._running
        shared = rows.shared_steps
        grad = grad.index_select(0, self._names.sorted_rows)
        own: Arriving = [
            (running[step + 1], grad[running[step + 1] : running[step]])
            for step in range(shared, len(rows.sizes))
        ]
        if not shared:
            return own
        longer = running[shared]
        read = self._read.index_select(0, self._names.sorted_rows[longer:])
        return [*_added_up(rows, read, grad[longer:]), *own]


def _added_up(rows: Prefixes, read: Tensor, grad: Tensor) -> Arriving:
    """Gradients (n, H) of shared states, added up by the row of each; by time step."""
    sizes = (rows.sizes[0], *rows.sizes[: rows.shared_steps])
    sums = grad.new_zeros(sum(sizes), grad.shape[1]).index_add_(0, read, grad)
    return [(0, one) for one in sums.split(sizes)[1:]]  # the initial state learns nothing


class Gradients:
    """The gradients of the products of all M rows, and what becomes of them.

    Attributes:
        rows: The gradient of each row, (M, G), a view of the buffer; the layer fills it.
    """

    def __init__(self, rows: Prefixes, like: Tensor, width: int) -> None:
        self._rows = rows
        count = len(rows.letters)
        # Zeros behind the rows: `summed` wants multiples of rows behind the first letters, before
        # which there is no state; behind them lie more, for `linear_of_rows`.
        self._end = count + -(count - rows.sizes[0]) % SUMMED_ROWS
        self._buffer = like.new_empty(self._end + ROWS, width)
        self._buffer[count:] = 0
        self.rows = self._buffer[:count]
        self._begins = list(accumulate(rows.sizes, initial=0))

    def hand_back(self, step: int, recurrent: Tensor, dh: Tensor) -> Tensor:
        """Takes the gradients of a time step to the hidden states that its rows went on from.

        Args:
            step: Which, 1 or later.
            recurrent: The transposed recurrent weight, (H, G).
            dh: The gradient of this time step's states, (at least its rows, H), which are done.

        Returns:
            That of the time step before, as far as it comes from this one, (at least its rows, H):
            `dh` itself, overwritten, where every row went on from one of its own.
        """
        begin, end = self._begins[step], self._begins[step + 1]
        parents = self._rows.parents[step]
        if parents is None:
            dh[: end - begin].copy_(linear_of_rows(self._buffer, begin, end, recurrent))
            return dh
        # Rows that went on from a common one had its product in common.
        before = self._rows.sizes[step - 1]
        sums = self.rows.new_zeros(before + ROWS, self.rows.shape[1])
        sums.index_add_(0, parents, self._buffer[begin:end])
        return linear_of_rows(sums, 0, before, recurrent)

    def of_recurrent_weight(self, states: Tensor) -> Tensor:
        """The gradient of the recurrent weights, (G, H), one product over all time steps.

        Args:
            states: Of all rows, see `states_of`.
        """
        first = self._rows.sizes[0]
        previous = self._rows.previous[first:]
        before = states.new_empty(self._end - first, states.shape[1])
        torch.index_select(states, 0, previous, out=before[: len(previous)])
        before[len(previous) :] = 0
        return summed(self._buffer[first : self._end], before)

    def of_input_weight(self, x: Tensor) -> Tensor:
        """The gradient of the weights that read the input x (M, X), (G, X)."""
        return summed(self._buffer[: self._end], F.pad(x, (0, 0, 0, self._end - len(x))))
