"""Learning rates as functions of progress, so that resuming needs no state of theirs."""

import math
from collections.abc import Callable

from namerec.core.training.config import Schedule, TrainConfig

#: The one-cycle policy's defaults: rise for 30 % of the steps, from 1/25 of the peak; end near 0.
RISE, START, END = 0.3, 1 / 25, 1 / 250_000


def learning_rate(training: TrainConfig, progress: float) -> float:
    """The learning rate when a share of all steps is done.

    Args:
        training: Peak rate and schedule.
        progress: Steps done over steps in all, 0..1.
    """
    return training.learning_rate * SCHEDULES[training.schedule](progress)


def _constant(progress: float) -> float:  # noqa: ARG001 - one signature for all schedules
    return 1.0


def _cosine(progress: float) -> float:
    """Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5, without restarts."""
    return 0.5 * (1 + math.cos(math.pi * progress))


def _one_cycle(progress: float) -> float:
    """Smith and Topin, "Super-convergence", 2018, with cosine flanks as in PyTorch's OneCycleLR."""
    if progress < RISE:
        return _between(START, 1.0, progress / RISE)
    return _between(1.0, END, (progress - RISE) / (1 - RISE))


def _between(start: float, end: float, share: float) -> float:
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * share))


SCHEDULES: dict[Schedule, Callable[[float], float]] = {
    "constant": _constant,
    "cosine": _cosine,
    "one-cycle": _one_cycle,
}
