"""What was recorded of a run, along steps, epochs, names seen or seconds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from namerec.core.training.config import TrainConfig
from namerec.core.training.records import EpochRecord

#: What curves can be drawn along: optimizer steps, epochs, names seen, seconds of training.
Along = Literal["step", "epoch", "names", "seconds"]


class Stretch(NamedTuple):
    """Steps that were taken with one set of settings."""

    after: int
    training: TrainConfig


class Place(NamedTuple):
    """How far training is at one moment."""

    step: int
    epoch: float
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class RunCurves:
    """A run's records, and those of what it goes on from, in one count.

    Attributes:
        step: Step numbers of the step records, rising, (records,).
        loss: Their mean training losses in nats, dropout on, (records,).
        epochs: The epoch records, in order.
        stretches: The settings, in order; the first begins after step 0.
        now: Where training is; None if that is its last epoch record.
        training_names: Names in the training part; None if that is not known.
    """

    step: np.ndarray
    loss: np.ndarray
    epochs: Sequence[EpochRecord]
    stretches: tuple[Stretch, ...]
    now: Place | None = None
    training_names: int | None = None

    def at(self, steps: np.ndarray, along: Along) -> np.ndarray:
        """Where steps are on another axis.

        Epochs and seconds are known where an epoch ends, and taken to rise evenly between. Within
        an epoch, names are counted in whole batches; so they are altogether if it is not known how
        many names there are.

        Args:
            steps: Step numbers, (n,).
            along: The axis.

        Returns:
            Steps, epochs, names or seconds, float64, (n,).
        """
        places = np.asarray(steps, dtype=np.float64)
        if along == "step":
            return places
        if along == "names":
            return self._names_seen(places)
        known = [Place(0, 0.0, 0.0), *(Place(e.step, e.epoch, e.seconds) for e in self.epochs)]
        if self.now is not None and self.now.step > known[-1].step:
            known.append(self.now)
        heights = [place.epoch if along == "epoch" else place.seconds for place in known]
        return np.interp(places, [place.step for place in known], heights)

    def _names_seen(self, steps: np.ndarray) -> np.ndarray:
        seen = np.zeros_like(steps)
        ends = [*(stretch.after for stretch in self.stretches[1:]), math.inf]
        for (after, training), end in zip(self.stretches, ends, strict=True):
            taken = np.clip(steps - after, 0, end - after)
            seen += names_seen(taken, training, self.training_names)
        return seen


def names_seen(steps: np.ndarray, training: TrainConfig, names: int | None) -> np.ndarray:
    """How many names a network has been shown, each as often as it was.

    Args:
        steps: Optimizer steps since the beginning, (n,).
        training: The settings.
        names: In the training part, which are an epoch; None if that is not known.

    Returns:
        float64, (n,). An epoch's last batch is smaller; a run counted in steps has only full ones.
    """
    if training.steps is not None or names is None:
        return np.asarray(steps * training.batch_size, dtype=np.float64)
    whole, begun = np.divmod(steps, math.ceil(names / training.batch_size))
    return np.asarray(whole * names + np.minimum(begun * training.batch_size, names))
