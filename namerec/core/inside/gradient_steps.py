"""Gradients through time summed up over names: how large they are at each letter back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from namerec.core.inside.gradients import GradientNorms

#: Logarithms are taken of no norm, or share of one, below this: gradients can underflow to zero.
FLOOR = 1e-30
#: How sure it is that an interval holds the mean that all names of their kind would have, 0..1.
CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False)
class ByStep:
    """How large gradients are at K steps back; the means are geometric.

    Attributes:
        steps: Letters back from the end, int64, (K,).
        names: Names with a gradient there, int64, (K,).
        mean: Geometric mean of their norms, (K,); of their shares of the norm at the first of
            `steps` if relative.
        low: 10th percentile, (K,).
        high: 90th percentile, (K,).
        error: Standard error of the mean of log10, (K,); not a number where there is one name.
        floored: How many norms count as `FLOOR` because they are below.
        vanished: Names left out because their gradient at the end, which shares are of, is zero.
        overflowed: Names left out because a gradient of theirs is too large to be computed.
    """

    steps: np.ndarray
    names: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    error: np.ndarray
    floored: int = 0
    vanished: int = 0
    overflowed: int = 0

    @classmethod
    def empty(cls) -> ByStep:
        """Of a network that has no such gradient."""
        nothing = np.empty(0)
        none = np.empty(0, dtype=np.int64)
        return cls(none, none, nothing, nothing, nothing, nothing)

    @property
    def per_letter(self) -> float | None:
        """By what the mean is multiplied per letter back, from the first to the last of `steps`."""
        if len(self.steps) < 2:
            return None
        letters = int(self.steps[-1] - self.steps[0])
        return float((self.mean[-1] / self.mean[0]) ** (1 / letters))

    def interval(self, place: int) -> tuple[float, float] | None:
        """Ends of the interval of `CONFIDENCE` of one mean; None where there is one name.

        Of Student's t distribution on the logarithms.

        Args:
            place: Which of the K steps.
        """
        names = int(self.names[place])
        if names < 2:
            return None
        from scipy.special import stdtrit  # takes a moment to import

        times = float(stdtrit(names - 1, (1 + CONFIDENCE) / 2))
        factor = float(10 ** (times * self.error[place]))
        mean = float(self.mean[place])
        return mean / factor, mean * factor


def by_step(
    measured: GradientNorms, symbol: str, layer: int, *, relative: bool, least: int = 1
) -> ByStep:
    """Sums up one layer's norms by how far back they are.

    Args:
        measured: Of at least one name.
        symbol: One of `measured.norms`.
        layer: Which layer, 0 for the one that reads the letters.
        relative: Whether each name's norms are divided by its first one, at the end of the name;
            a name whose first norm is zero has no share to count and is left out.
        least: Steps that fewer names than this have are left out, since a mean of them says
            little.
    """
    norms = measured.norms[symbol][layer]  # (N, T)
    too_large = np.isinf(norms).any(axis=1)
    norms, vanished = norms[~too_large], 0
    if relative:
        first = norms[:, int(np.isfinite(norms).sum(axis=0).argmax())]
        vanished = int((first == 0).sum())
        norms = norms[first > 0] / first[first > 0, None]
    counts = np.isfinite(norms).sum(axis=0)
    steps = np.flatnonzero(counts >= min(least, max(int(counts.max()), 1)))
    columns = [column[np.isfinite(column)] for column in norms[:, steps].T]
    logs = [np.log10(np.maximum(column, FLOOR)) for column in columns]
    low, mean, high = (
        np.array([10 ** float(of(log)) for log in logs])
        for of in (_percentile(10), np.mean, _percentile(90))
    )
    return ByStep(
        steps=steps,
        names=counts[steps].astype(np.int64),
        mean=mean,
        low=low,
        high=high,
        error=np.array([_standard_error(log) for log in logs]),
        floored=sum(int((column < FLOOR).sum()) for column in columns),
        vanished=vanished,
        overflowed=int(too_large.sum()),
    )


def _percentile(rank: float) -> Callable[[np.ndarray], float]:
    return lambda values: float(np.percentile(values, rank))


def _standard_error(values: np.ndarray) -> float:
    if len(values) < 2:
        return float("nan")
    return float(values.std(ddof=1) / np.sqrt(len(values)))
