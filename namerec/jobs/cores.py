"""How many trainings a machine has cores for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from namerec.settings import Settings

#: Where trainings have processes of their own; elsewhere processes share nothing of what each
#: imports, and one training at a time is in the server itself.
HAS_POOL = sys.platform == "linux"


def most_trainings(settings: Settings) -> int:
    """How many may go on at a time: as many as were set, or as there are cores, less one."""
    if not HAS_POOL:
        return 1
    return settings.workers or max(1, (cores() - 1) // settings.threads)


def cores(limit: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Cores that this process may use, a container's limit counted."""
    affinity = getattr(os, "sched_getaffinity", None)
    there = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        quota, period = map(int, limit.read_text("ascii").split())
    except (OSError, ValueError):  # “max” is no number: no limit
        return there
    return min(there, max(1, quota // period))
