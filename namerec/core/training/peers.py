"""Who else trains the same network: nobody, or other processes with a share of each batch each.

With several, every process draws the same batches, computes the gradient of its share, and takes
the same step with the sum of them all (`torch.nn.parallel.DistributedDataParallel`; Li et al.,
"PyTorch Distributed: Experiences on Accelerating Data Parallel Training", VLDB 13(12), 2020). A
batch is as large as for one process: what is computed is the same but for the order of sums, and
for what dropout draws, as each process draws its own. A training in N processes is repeated bit for
bit, and resumed so, by N processes.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from namerec.core.networks.name_model import NameModel


class Alone:
    """One process, whose share is everything.

    Attributes:
        rank: This process's number, from 0.
        world: How many processes there are.
    """

    rank, world = 0, 1

    def network(self, model: NameModel) -> Callable[..., Tensor]:
        """The network as it is trained."""
        return model

    def noise(self, order: torch.Generator, seed: int, epoch: int) -> torch.Generator:
        """The source of an epoch's dropout, given that of the order of names."""
        return order

    def share(self, batch: np.ndarray) -> tuple[np.ndarray, float]:
        """This process's part of a batch, and its weight, 0..1: how much of the batch it is."""
        return batch, 1.0

    def total(self, *numbers: float) -> tuple[float, ...]:
        """Each number, summed over all processes."""
        return numbers

    def part(self, indices: np.ndarray) -> np.ndarray:
        """This process's part of what is to be answered; it may be empty."""
        return indices

    def gathered(self, rows: np.ndarray, count: int) -> np.ndarray:
        """All answers, (count, ...), of which each process has those of its `part`."""
        return rows


class Peers(Alone):
    """The processes of the default process group, which must be there."""

    def __init__(self) -> None:
        self.rank, self.world = dist.get_rank(), dist.get_world_size()

    def network(self, model: NameModel) -> Callable[..., Tensor]:
        """See the base class; going backward through it sums up the gradients."""
        return DistributedDataParallel(model, gradient_as_bucket_view=True)

    def noise(self, order: torch.Generator, seed: int, epoch: int) -> torch.Generator:
        """See the base class; another one for each process, and for each epoch.

        So it is no part of a checkpoint.
        """
        drawn = np.random.SeedSequence([seed, epoch, self.rank]).generate_state(1, np.uint64)
        return torch.Generator().manual_seed(int(drawn[0]))

    def share(self, batch: np.ndarray) -> tuple[np.ndarray, float]:
        """See `share_of`."""
        return share_of(batch, self.rank, self.world)

    def total(self, *numbers: float) -> tuple[float, ...]:
        """See the base class."""
        summed = torch.tensor(numbers, dtype=torch.float64)
        dist.all_reduce(summed)
        return tuple(summed.tolist())

    def part(self, indices: np.ndarray) -> np.ndarray:
        """See the base class."""
        return indices[self.rank :: self.world]

    def gathered(self, rows: np.ndarray, count: int) -> np.ndarray:
        """See the base class."""
        most = math.ceil(count / self.world)
        mine = torch.zeros(most, *rows.shape[1:])
        mine[: len(rows)] = torch.from_numpy(rows)
        everyones = torch.empty(self.world, *mine.shape)
        dist.all_gather(list(everyones), mine)
        return everyones.transpose(0, 1).flatten(0, 1)[:count].numpy()

    def told(self, content: bytes | None = None) -> bytes:
        """What rank 0 gives here, on every process."""
        size = torch.tensor([len(content or b"")])
        dist.broadcast(size, 0)
        held = torch.frombuffer(bytearray(content or bytes(int(size))), dtype=torch.uint8)
        dist.broadcast(held, 0)
        return held.numpy().tobytes()


def share_of(batch: np.ndarray, rank: int, world: int) -> tuple[np.ndarray, float]:
    """One process's part of a batch, and how much of the batch it is.

    A batch lies sorted by length, so every world-th name makes parts that take like time. A process
    for which no name is left has one of another's that counts for nothing: it must go backward all
    the same, as the others wait for its gradient.
    """
    mine = batch[rank::world]
    return (mine, len(mine) / len(batch)) if len(mine) else (batch[:1], 0.0)
