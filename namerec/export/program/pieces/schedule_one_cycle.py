"""The learning rate.

It rises to its peak for the first 30 % of the steps, and falls to almost nothing from there.

Source: Smith and Topin, “Super-convergence”, 2018; with cosine flanks as in PyTorch's `OneCycleLR`.
"""

import math

RISE, START, END_OF_CYCLE = 0.3, 1 / 25, 1 / 250_000


def between(start: float, end: float, share: float) -> float:
    """From start to end along half a wave of the cosine, share 0 to 1."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * share))


def share_of_rate(progress: float) -> float:
    """The share of the peak learning rate when a share of all steps is done, 0 to 1 both."""
    if progress < RISE:
        return between(START, 1.0, progress / RISE)
    return between(1.0, END_OF_CYCLE, (progress - RISE) / (1 - RISE))
