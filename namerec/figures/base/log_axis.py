"""Logarithmic axes with whole numbers on them: Plotly's own have bare digits between powers."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from namerec.text import count

#: Tens on an axis from which on only they are written; below, 2 and 5 too, below one all digits.
FEW_DECADES = 2.5


def powers(values: Sequence[np.ndarray]) -> dict[str, Any]:
    """Settings of a logarithmic axis that suits some values.

    Args:
        values: All that is drawn along it, above zero; arrays of any length.
    """
    settings: dict[str, Any] = {"type": "log"}
    if not values:
        return settings
    together = np.concatenate(values)
    least, most = float(together.min()), float(together.max())
    decades = math.log10(most / least)
    digits = range(1, 10) if decades < 1 else (1, 2, 5) if decades < FEW_DECADES else (1,)
    lowest, highest = math.floor(math.log10(least)), math.ceil(math.log10(most))
    ticks = [digit * 10.0**power for power in range(lowest, highest + 1) for digit in digits]
    words = [count(int(tick)) if tick >= 1 else f"{tick:.6g}" for tick in ticks]
    return settings | {"tickmode": "array", "tickvals": ticks, "ticktext": words}
