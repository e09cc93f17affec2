"""Which names each step of a training looks at: drawn, laid together by length, letters dropped."""

import math
from collections.abc import Iterator

import numpy as np
import torch

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.packing import NO_LETTER, PackedNames
from namerec.core.training.config import TrainConfig

#: Batches that are sorted by length together, so that a batch holds names of similar length while
#: its names stay a random draw.
POOL_BATCHES = 32


class Batches:
    """The batches of one training.

    Args:
        training: Its settings.
        dataset: The names.
        train_part: The training part, int64, (names,).
        generator: Of the order of names, drawn as it is asked for.
    """

    def __init__(
        self,
        training: TrainConfig,
        dataset: Dataset,
        train_part: np.ndarray,
        generator: torch.Generator,
    ) -> None:
        self._training, self._dataset = training, dataset
        self._train_part, self._generator = train_part, generator

    def of_epoch(self, steps: int) -> Iterator[np.ndarray]:
        """Indices of the names of each of an epoch's steps, int64, (names,) each.

        Args:
            steps: How many, where training is counted in steps; else every name comes once.
        """
        size = self._training.batch_size
        in_epochs = self._training.steps is None
        drawn = self._draw(len(self._train_part) if in_epochs else steps * size)
        if size > 1:
            drawn = self._similar_lengths_together(drawn, size)
        batches = np.array_split(drawn, np.arange(size, len(drawn), size))
        for index in torch.randperm(len(batches), generator=self._generator).tolist():
            yield batches[index]

    def with_dropped_letters(self, names: PackedNames, noise: torch.Generator) -> PackedNames:
        """The names with letters blanked at random, as `letter_dropout` asks."""
        share = self._training.letter_dropout
        if share == 0:
            return names
        drop = torch.rand(len(names.letters), generator=noise) < share
        return names.with_letters(names.letters.masked_fill(drop, NO_LETTER))

    def _similar_lengths_together(self, drawn: np.ndarray, size: int) -> np.ndarray:
        for begin in range(0, len(drawn), size * POOL_BATCHES):
            pool = drawn[begin : begin + size * POOL_BATCHES]
            pool[:] = pool[np.argsort(self._dataset.lengths[pool], kind="stable")]
        return drawn

    def _draw(self, count: int) -> np.ndarray:
        """Draws names of the training part: each once if *natural*, else by category."""
        part = self._train_part
        sampling = self._training.sampling
        if sampling == "natural":
            rounds = math.ceil(count / len(part))
            order = [torch.randperm(len(part), generator=self._generator) for _ in range(rounds)]
            return np.asarray(part[torch.cat(order).numpy()[:count]])
        power = {"square root": -0.5, "balanced": -1.0}[sampling]
        support = self._dataset.support(part)
        weights = torch.from_numpy(np.maximum(support, 1) ** power)[self._dataset.labels[part]]
        chosen = torch.multinomial(weights, count, replacement=True, generator=self._generator)
        return np.asarray(part[chosen.numpy()])
