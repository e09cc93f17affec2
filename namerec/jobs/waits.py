"""How long waiting runs wait for their turn: an estimate, from the speeds that jobs have shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from namerec.core.networks.kinds import ModelKind
from namerec.jobs.group import Group
from namerec.jobs.job import Job


def waits(
    running: Sequence[Group], waiting: Iterable[Group], jobs: Iterable[Job], most_running: int
) -> dict[str, float]:
    """Seconds until waiting runs begin, by run; those are left out of which it cannot be told.

    Args:
        running: What trains now.
        waiting: What waits, the next to begin first.
        jobs: What has shown a speed, the latest last.
        most_running: How many may train at a time.
    """
    paces = _paces(jobs)
    free_at = [0.0] * most_running  # when each place is free, in rising order
    for group in running:
        free_at = _taken(free_at, group, 0.0, paces)
    found: dict[str, float] = {}
    for group in waiting:
        begins = free_at[group.places(most_running) - 1]
        if math.isinf(begins):
            break
        found |= {job.folder.id: begins for job in group.jobs}
        free_at = _taken(free_at, group, begins, paces)
    return found


def _taken(
    free_at: list[float], group: Group, begins: float, paces: dict[ModelKind, float]
) -> list[float]:
    """When each place is free once a group has had those that are free first."""
    places = group.places(len(free_at))
    if not places:
        return free_at
    seconds = [_seconds(job, paces) for job in group.jobs]
    ends = begins + max(*seconds, sum(seconds) / places)
    return sorted([*free_at[places:], *[ends] * places])


def _seconds(job: Job, paces: dict[ModelKind, float]) -> float:
    """Seconds that a job still needs; infinitely many while nobody knows."""
    seen = job.snapshot
    if seen.ended:
        return 0.0
    if seen.state == "paused":
        return math.inf
    if seen.remaining is not None:
        return seen.remaining
    slowest = max(paces.values(), default=math.inf)
    return paces.get(seen.config.model.kind, slowest) * job.names_to_read * (1 - seen.progress)


def _paces(jobs: Iterable[Job]) -> dict[ModelKind, float]:
    """Seconds a name, by kind of network."""
    found = {}
    for job in jobs:
        seen = job.snapshot
        if seen.seconds and seen.progress:
            done = job.names_to_read * seen.progress
            found[seen.config.model.kind] = seen.seconds / done
    return found
