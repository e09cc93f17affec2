"""Snapshots of stored runs, kept until the run changes."""

from __future__ import annotations

from namerec.jobs.snapshot import JobSnapshot, stored_snapshot
from namerec.runs.folder import RunFolder
from namerec.runs.records import RunState, RunStatus
from namerec.runs.summary import RunSummary

#: Snapshots of stored runs kept in memory, some 200 kB each.
SNAPSHOTS_KEPT = 32


class SnapshotCache:
    """Makes snapshots of stored runs, and keeps the latest."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[RunStatus, RunState, str], JobSnapshot]] = {}

    def at(self, run: RunSummary, folder: RunFolder) -> JobSnapshot:
        """A run as its folder tells it.

        Raises:
            RunError: If there are more metrics than can be read.
        """
        now = (run.status, run.state, run.newer)
        known = self._known.get(run.id)
        if known is None or known[0] != now:
            if len(self._known) >= SNAPSHOTS_KEPT:
                self._known.clear()
            known = (now, stored_snapshot(run, folder))
            self._known[run.id] = known
        return known[1]
