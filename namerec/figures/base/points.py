"""Curves of many points thinned to what a screen can show."""

import numpy as np

#: Most points of a line: about as many as a chart has pixels, few enough to send every second.
MOST_POINTS = 500


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
