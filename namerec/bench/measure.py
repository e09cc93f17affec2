"""Times contestants in turns, and takes ratios round by round.

A shared machine's speed drifts; two contestants timed one right after the other drift together, so
the ratio of a round holds where single times do not.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from namerec.bench.contestants import Batch, Step
from namerec.core.corpus.dataset import Dataset

#: Rounds not counted, first: memory is taken and caches are filled.
WARM_UP_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds a name for one contestant, by round."""

    seconds: tuple[float, ...]

    @property
    def names_per_second(self) -> float:
        """Median over the rounds."""
        return 1 / statistics.median(self.seconds)

    @property
    def spread(self) -> tuple[float, float]:
        """Names per second of the slowest and of the fastest quarter of the rounds."""
        low, _, high = statistics.quantiles(self.seconds, n=4)
        return 1 / high, 1 / low

    def faster_than(self, other: Timing) -> float:
        """How many times faster than another contestant: median of the rounds' ratios."""
        return statistics.median(
            theirs / ours for ours, theirs in zip(self.seconds, other.seconds, strict=True)
        )


def batches(dataset: Dataset, size: int, seed: int, *, similar: bool = False) -> Iterator[Batch]:
    """Endless batches of names drawn at random.

    Args:
        dataset: The names.
        size: Names a batch.
        seed: Of the draw.
        similar: Whether a batch holds names of one length only.
    """
    generator = np.random.default_rng(seed)
    while True:
        pool = np.arange(len(dataset))
        if similar:
            length = dataset.lengths[generator.integers(len(dataset))]
            pool = np.flatnonzero(dataset.lengths == length)
        chosen = generator.choice(pool, size)
        lengths = dataset.lengths[chosen]
        yield Batch(
            dataset.letters[chosen, : int(lengths.max())],
            lengths,
            torch.from_numpy(dataset.labels[chosen]),
        )


def race(
    contestants: Mapping[str, Step], draw: Iterator[Batch], rounds: int, steps: int
) -> dict[str, Timing]:
    """Lets contestants take turns on the same batches.

    Args:
        contestants: Training steps by name.
        draw: Where the batches come from.
        rounds: How often each is timed.
        steps: Steps a turn.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + WARM_UP_ROUNDS):
        turn = [next(draw) for _ in range(steps)]
        names = sum(len(batch.lengths) for batch in turn)
        for name, step in contestants.items():
            taken = timed(lambda step=step, turn=turn: [step(batch) for batch in turn])  # type: ignore[misc]
            if number >= WARM_UP_ROUNDS:
                seconds[name].append(taken / names)
    return {name: Timing(tuple(values)) for name, values in seconds.items()}


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def matrix_product_rate(rounds: int) -> float:
    """PyTorch's own rate on a float32 product of 1024 x 1024 matrices, operations a second."""
    size = 1024
    one, other = torch.randn(size, size), torch.randn(size, size)
    one @ other
    return 2 * size**3 / statistics.median(timed(lambda: one @ other) for _ in range(rounds))
