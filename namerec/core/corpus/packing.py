"""Names of different lengths in one batch, without padding.

A batch is sorted by length, longest first, and laid out time step by time step: first every name's
first letter, then the second letters of those that have one, and so on. A time step is then a
contiguous block of rows, and the blocks only shrink. This is the layout of
`torch.nn.utils.rnn.PackedSequence`, with the indices that the hand-written layers need besides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from namerec.core.corpus.alphabet import ALPHABET_SIZE

#: Index of "no letter", for letters dropped in training: its one-hot vector is zero.
NO_LETTER = ALPHABET_SIZE


@dataclass(frozen=True, slots=True)
class PackedNames:
    """A batch of B names with N letters in all and at most T each.

    Attributes:
        letters: Letter indices as they are read, int64, 0..57, (N,).
        spelling: The same before any of them was dropped, int64, 0..56, (N,).
        batch_sizes: Names still running at each time step, (T,), never growing.
        sorted_rows: The batch row at each place of the sorted order, int64, (B,).
        restore: The sorted place of each batch row, int64, (B,): undoes the sorting.
        previous: For each of the N rows, the row of the same name's previous letter, counted in a
            buffer that begins with B rows for the state before the first letter; int64, (N,).
        last: The row of each name's last letter, int64, (B,), in the batch's own order.
    """

    letters: Tensor
    spelling: Tensor
    batch_sizes: tuple[int, ...]
    sorted_rows: Tensor
    restore: Tensor
    previous: Tensor
    last: Tensor

    def __len__(self) -> int:
        return len(self.restore)

    def mirror(self) -> Tensor:
        """The rows in which every name is read from its end, int64, (N,); its own inverse."""
        sizes = torch.tensor(self.batch_sizes, device=self.last.device)
        begins = sizes.cumsum(0) - sizes
        steps = torch.arange(len(sizes), device=sizes.device).repeat_interleave(sizes)
        places = torch.arange(len(self.letters), device=sizes.device) - begins[steps]
        last = self.last.index_select(0, self.sorted_rows) - torch.arange(
            len(self), device=sizes.device
        )  # the begin of each name's last time step
        last_steps = torch.searchsorted(begins, last)
        return begins[last_steps[places] - steps] + places

    def with_letters(self, letters: Tensor) -> PackedNames:
        """The same names read with other letters, (N,), such as some dropped."""
        return replace(self, letters=letters)

    def to(self, device: torch.device) -> PackedNames:
        """The same batch on another device."""
        if device.type == "cpu":
            return self
        return PackedNames(
            self.letters.to(device),
            self.spelling.to(device),
            self.batch_sizes,
            self.sorted_rows.to(device),
            self.restore.to(device),
            self.previous.to(device),
            self.last.to(device),
        )


def pack(letters: np.ndarray, lengths: np.ndarray) -> PackedNames:
    """Lays a padded batch out time step by time step.

    Args:
        letters: Letter indices, uint8, (B, at least the longest length); what stands beyond a
            name's length is ignored.
        lengths: Letters in each name, 1 or more, (B,).

    Returns:
        The batch without padding.

    Raises:
        ValueError: If the batch is empty or a name has no letters.
    """
    batch = len(lengths)
    if batch == 0 or int(lengths.min()) < 1:
        raise ValueError("a batch needs at least one name, and every name at least one letter")
    order = np.argsort(-lengths.astype(np.int64), kind="stable")
    sorted_lengths = lengths[order]
    running = np.arange(int(sorted_lengths[0]))[:, None] < sorted_lengths[None, :]  # (T, B)
    sizes = running.sum(axis=1)
    rows = letters[order, : len(sizes)].T[running]  # (N,)
    # In the buffer, step t begins at B + (rows before step t); step -1 at 0.
    begins = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    before = np.concatenate(([0], batch + begins[:-1]))
    previous = np.repeat(before, sizes) + np.broadcast_to(np.arange(batch), running.shape)[running]
    restore = np.empty(batch, dtype=np.int64)
    restore[order] = np.arange(batch)
    last = np.empty(batch, dtype=np.int64)
    last[order] = begins[sorted_lengths.astype(np.int64) - 1] + np.arange(batch)
    indices = torch.from_numpy(rows.astype(np.int64))
    return PackedNames(
        letters=indices,
        spelling=indices,
        batch_sizes=tuple(sizes.tolist()),
        sorted_rows=torch.from_numpy(order),
        restore=torch.from_numpy(restore),
        previous=torch.from_numpy(previous),
        last=torch.from_numpy(last),
    )


def pack_names(names: list[np.ndarray]) -> PackedNames:
    """Packs encoded names, each uint8 of shape (length,), into one batch."""
    lengths = np.array([len(name) for name in names])
    letters = np.zeros((len(names), int(lengths.max(initial=1))), dtype=np.uint8)
    for row, name in zip(letters, names, strict=True):
        row[: len(name)] = name
    return pack(letters, lengths)
