"""Slices: a training in pieces, from one checkpoint to a later one.

A slice depends on nothing but what it is given, and training resumes bit for bit. So any process
can train it, and another one can train it again if that process dies.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Protocol

import torch

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.splits import Split, make_split
from namerec.core.networks.config import ModelConfig
from namerec.core.training.config import RunConfig, TrainConfig
from namerec.core.training.loop import InitialWeights, Record, Resumed, train
from namerec.core.training.records import EpochRecord

#: Seconds after which a slice ends with the epoch it is at: long enough that taking up a checkpoint
#: costs next to nothing, short enough that those who share a process have their turn soon.
SLICE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing has come for a moment: whoever iterates can look whether to stop.

    Attributes:
        working: Whether it is being trained meanwhile, and not waiting for its turn.
    """

    working: bool


class Records(Protocol):
    """Trains as `core.training.loop.train` does, here or elsewhere, on as many threads as here."""

    def __call__(
        self,
        config: RunConfig,
        dataset: Dataset,
        split: Split,
        resumed: Resumed | None = None,
        initial: InitialWeights | None = None,
    ) -> Generator[Record | Waiting]:
        """The records from there to the end."""
        ...


@dataclass(frozen=True, slots=True)
class Slice:
    """What a process needs to train a slice.

    Attributes:
        config: Network and settings.
        threads: PyTorch's.
        resumed: Where to go on from; None to begin.
        initial: What to begin with; None for weights drawn from the seed.
        names: Dataset and split; None for those that the process was given last.
        seconds: Of training after which it ends with the epoch that it is at.
    """

    config: RunConfig
    threads: int
    resumed: Resumed | None
    initial: InitialWeights | None
    names: tuple[Dataset, Split] | None = field(default=None, repr=False)
    seconds: float = SLICE_SECONDS


def records_of(asked: Slice) -> Generator[Record]:
    """Trains a slice: at least one epoch, and whole epochs until its seconds are over.

    It has ended the training if its last record is a `FinalRecord`.

    Raises:
        ValueError: If no names were given.
    """
    if asked.names is None:
        raise ValueError("a slice without names")
    torch.set_num_threads(asked.threads)
    began = time.monotonic()
    for record in train(asked.config, *asked.names, asked.resumed, asked.initial):
        yield record
        if isinstance(record, EpochRecord) and time.monotonic() - began >= asked.seconds:
            return


def rehearsal() -> Generator[Record]:
    """A training on six letters.

    PyTorch imports its compiler, 800 modules, when the first optimizer is made.
    """
    names = Dataset.build("rehearsal", (LabelledName(name, name.upper()) for name in "aabbcc"))
    config = RunConfig(
        model=ModelConfig(hidden_size=1),
        # Not on a GPU: what asks for one can give none to what it forks.
        training=TrainConfig(protocol="course", epochs=1, device="cpu"),
    )
    return train(config, names, make_split(names, "course", seed=0))
