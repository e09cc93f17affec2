"""What of this machine's set-up decides how fast, and in which last digit, numbers come out."""

from __future__ import annotations

import os

#: Most threads taken from the environment; more than any machine here gains from.
MOST_THREADS = 64


def thread_count() -> int:
    """PyTorch's threads: `NAMEREC_THREADS` if set, else 1; 1..64.

    A step on a hundred names is too small to be shared: a second thread gains little alone, and
    when its core is busy with a page or a browser the first one waits for it.
    """
    given = os.environ.get("NAMEREC_THREADS", "")
    return min(max(1, int(given)), MOST_THREADS) if given.isdecimal() and len(given) < 9 else 1
