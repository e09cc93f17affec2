"""The job manager as this machine runs it: its cores, its corpora, its data folder."""

from __future__ import annotations

from namerec.data import catalogue
from namerec.jobs.baselines import BaselineKeeper
from namerec.jobs.cores import most_trainings
from namerec.jobs.executors import LocalExecutor
from namerec.jobs.manager import JobManager
from namerec.jobs.slices import rehearsal
from namerec.runs.store import RunStore
from namerec.settings import home, settings


def local_baselines() -> BaselineKeeper:
    """The baselines, kept in the user's data folder."""
    return BaselineKeeper(home() / "baselines")


def local_manager() -> JobManager:
    """A manager over the user's data folder, which trains in this process or in some of its own."""
    most = most_trainings(settings())
    if most == 1:
        return JobManager(RunStore(), LocalExecutor(catalogue.load))
    from namerec.jobs.pool import Pool  # has what other systems have not

    pool = Pool(most)
    pool.start()
    executor = LocalExecutor(catalogue.load, pool.train, pool.free)
    return JobManager(RunStore(), executor, most, pool.close)


def rehearse() -> None:
    """Trains one step on six letters, so that the first real run starts at once."""
    next(rehearsal())
