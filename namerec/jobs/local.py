"""The job manager as this machine runs it: local executor, local corpora, local data folder."""

from __future__ import annotations

from namerec.data import catalogue
from namerec.jobs.executors import LocalExecutor
from namerec.jobs.manager import JobManager
from namerec.runs.store import RunStore


def local_manager() -> JobManager:
    """A manager over the user's data folder, which trains in this process."""
    return JobManager(RunStore(), LocalExecutor(catalogue.load))
