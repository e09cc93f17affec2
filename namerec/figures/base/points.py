"""Curves of many points thinned to what a screen can show, and broken where records are missing."""

import numpy as np

#: Most points of a line: about as many as a chart has pixels, few enough to send every second.
MOST_POINTS = 500
#: Epochs between two points of a line without a gap, and what may be lost in rounding.
_NEXT = 1 + 1e-6


def decimate(x: np.ndarray, y: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Thins a line out without losing a peak.

    The first and the last point stay; of every bucket of the points between them, the lowest and
    the highest. Points that are not numbers give way to those that are.

    Args:
        x: Positions, (points,).
        y: Values, (points,).
        most: Most points to keep, 4 or more.

    Returns:
        Positions and values of the points kept, in their order.

    Raises:
        ValueError: If `most` is less than 4.
    """
    if most < 4:
        raise ValueError(f"a line keeps its ends and one bucket: {most} points are fewer than 4")
    if len(x) <= most:
        return x, y
    inner = y[1:-1]
    buckets = (most - 2) // 2
    size = -(-len(inner) // buckets)
    padded = np.full(buckets * size, np.nan)
    padded[: len(inner)] = inner
    rows = padded.reshape(buckets, size)
    missing = np.isnan(rows)
    lowest = np.where(missing, np.inf, rows).argmin(axis=1)
    highest = np.where(missing, -np.inf, rows).argmax(axis=1)
    starts = np.arange(buckets) * size
    kept = np.concatenate([starts + lowest, starts + highest])
    kept = np.minimum(kept, len(inner) - 1) + 1
    kept = np.unique(np.concatenate([[0], kept, [len(x) - 1]]))
    return x[kept], y[kept]


def after_gaps(x: np.ndarray, epoch: np.ndarray) -> np.ndarray:
    """Where a line goes on after a whole epoch without a record.

    Args:
        x: Positions, rising, (points,).
        epoch: The epoch of each point, fractions between the ends of epochs, (points,).

    Returns:
        The positions of the first points behind each gap, (gaps,).
    """
    return x[1:][np.diff(epoch) > _NEXT]


def broken(x: np.ndarray, y: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A line that is not drawn across gaps: behind each is a value that is no number.

    Args:
        x: Positions, rising, (points,).
        y: Values, (points,).
        starts: Positions where it goes on, as in `after_gaps`; also of points left out since.

    Returns:
        Positions and values, (points + gaps,).
    """
    places = np.searchsorted(x, starts)
    return np.insert(x, places, starts), np.insert(y.astype(np.float64), places, np.nan)
