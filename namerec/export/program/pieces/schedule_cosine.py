"""The learning rate.

It falls from its peak to zero along half a wave of the cosine.

Source: Loshchilov and Hutter, “SGDR”, 2017, equation 5, without restarts.
"""

import math


def share_of_rate(progress: float) -> float:
    """The share of the peak learning rate when a share of all steps is done, 0 to 1 both."""
    return 0.5 * (1 + math.cos(math.pi * progress))
