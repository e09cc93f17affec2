"""Background training: a queue, a thread a job or race, and snapshots for whoever looks on.

One manager a server. A thread iterates its executor's stream and replaces one immutable snapshot
by assignment; readers take it without a lock and can do nothing to it. A thread that dies leaves
its cause in the snapshot.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from namerec.core.corpus.dataset import Dataset
from namerec.core.tasks.memory_task import is_memory_task
from namerec.core.training.config import RunConfig
from namerec.errors import JobError, NamerecError
from namerec.jobs.executors import Executor
from namerec.jobs.group import Group
from namerec.jobs.job import queued_together, store_queued, taken_up
from namerec.jobs.limits import (
    check_disk,
    check_network,
    check_queue,
    check_start,
    still_to_store,
)
from namerec.jobs.owner import LAB, Owner
from namerec.jobs.queue import Queue
from namerec.jobs.race import new_race
from namerec.jobs.snapshot import JobSnapshot
from namerec.jobs.snapshot_cache import SnapshotCache
from namerec.jobs.work import work
from namerec.runs.lineage import Origin, Point, branch_from
from namerec.runs.records import ACTIVE_STATES, Trial
from namerec.runs.store import RunStore
from namerec.runs.summary import RunSummary
from namerec.settings import settings

log = logging.getLogger(__name__)

#: Seconds a shutdown waits for the training threads to store their stop.
SHUTDOWN_SECONDS = 8.0


class JobManager:
    """Queues runs and trains them in the background.

    Args:
        store: Where they lie.
        executor: Trains them.
        most_running: How many at a time; the networks of a race count one by one, and train side by
            side if that is more than one.
        close: Called at the end of `shutdown`.
    """

    def __init__(
        self,
        store: RunStore,
        executor: Executor,
        most_running: int = 1,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self.store = store
        self.most_running = most_running
        self._close = close
        self._queue = Queue(
            partial(work, executor=executor, side_by_side=most_running > 1), most_running
        )
        self._asking = threading.Lock()  # held from asking for room until it is taken
        self._snapshot_cache = SnapshotCache()
        atexit.register(self.shutdown)

    # -- beginning

    def start(
        self,
        config: RunConfig,
        dataset: Dataset,
        owner: Owner = LAB,
        go_on_from: tuple[str, Point] | None = None,
    ) -> str:
        """Makes a run and queues it.

        Args:
            config: Network and settings.
            dataset: The names that `config.training.dataset` stands for.
            owner: Who asks, as `ui.server.access.owner` says.
            go_on_from: A run with whose weights it begins, and where in that run; None for weights
                drawn from the seed.

        Returns:
            The run's id.

        Raises:
            NamerecError: If this server's limits do not allow it, it cannot be stored, or it cannot
                go on from that run.
        """
        origin = None
        if go_on_from is not None:
            run_id, point = go_on_from
            origin = branch_from(self.store.open(run_id), point, config, dataset.fingerprint)
        (run_id,) = self._start([config], dataset, owner, origin=origin)
        return run_id

    def start_race(self, configs: Sequence[RunConfig], dataset: Dataset, owner: Owner = LAB) -> str:
        """Makes runs that train in turn, or side by side where each has a process.

        So all have trained for about the same seconds. Their numbers, and each one's seconds, are
        those that they have alone. They take one place in the queue and are paused together;
        stopped, or failed, each is by itself.

        Args:
            configs: Networks and settings.
            dataset: The names that their `training.dataset` stands for.
            owner: As in `start`.

        Returns:
            What the runs have in common, their `RunInfo.race`.

        Raises:
            NamerecError: If this server's limits do not allow all of them together, or they cannot
                be stored; then none is made.
        """
        race = new_race()
        self._start(configs, dataset, owner, race=race)
        return race

    def start_trial(
        self, configs: Sequence[RunConfig], dataset: Dataset, trial: Trial, owner: Owner = LAB
    ) -> list[str]:
        """Makes the runs of a sweep's trial, which train in turn as those of a race do.

        Args:
            configs: The same settings, a seed each.
            dataset: The names that their `training.dataset` stands for.
            trial: Which.
            owner: As in `start`.

        Returns:
            Their ids.

        Raises:
            NamerecError: As `start_race`.
        """
        return self._start(configs, dataset, owner, trial=trial)

    def _start(
        self,
        configs: Sequence[RunConfig],
        dataset: Dataset,
        owner: Owner,
        origin: Origin | None = None,
        race: str = "",
        trial: Trial | None = None,
    ) -> list[str]:
        with self._asking:
            self._queue.ensure_open()
            check_start(
                configs,
                dataset,
                owner=owner,
                owners=self._queue.owners(),
                jobs=self.active(),
                home=self.store.root.parent,
                promised=self._queue.promised(),
                settings=settings(),
            )
            jobs = queued_together(
                self.store,
                configs,
                dataset,
                owner=owner,
                origin=origin,
                race=race,
                trial=trial,
            )
            self._queue.add(Group(jobs))
        return [job.folder.id for job in jobs]

    def resume(self, run_id: str, owner: Owner = LAB) -> None:
        """Queues a run that was interrupted, stopped or failed, from its last stored epoch.

        Whether it fits into memory is asked when its turn comes and its names are read.

        Args:
            run_id: Which.
            owner: Who asks, as in `start`.

        Raises:
            NamerecError: If there is no such run, it cannot be gone on with, or this server's
                limits do not allow it.
        """
        summary = self.store.resumable(run_id)
        folder, config = self.store.open(run_id), summary.info.config
        job = taken_up(summary, folder, owner)
        with self._asking:
            self._queue.ensure_open()
            self._queue.ensure_idle(run_id)
            check_queue(
                owner=owner, owners=self._queue.owners(), jobs=self.active(), settings=settings()
            )
            check_network(config, len(summary.info.dataset.categories), settings())
            more = still_to_store(job.size, folder.path)
            check_disk(self.store.root.parent, settings(), more, self._queue.promised())
            store_queued(summary, folder)
            self._queue.add(Group([job]))

    # -- orders

    def pause(self, run_id: str) -> None:
        """Holds a running job before its next record, and those that race with it.

        Raises:
            JobError: If it is not running.
        """
        job = self._queue.ordered(run_id, "paused", {"running"})
        if not self._queue.group(job).order_to_pause(job):
            raise JobError(f"Run {run_id} is being stopped, so it cannot be paused.")

    def proceed(self, run_id: str) -> None:
        """Lets a paused job go on, and those that race with it.

        Raises:
            JobError: If it is not paused.
        """
        job = self._queue.ordered(run_id, "continued", {"paused", "running"})
        self._queue.group(job).order_to_resume()

    def stop(self, run_id: str) -> None:
        """Ends a job after the record it is at; what its last epoch stored is kept.

        Those that race with it go on.

        Raises:
            JobError: If it has ended already.
        """
        job = self._queue.ordered(run_id, "stopped", {"queued", "running", "paused"})
        if self._queue.stop(job):
            try:
                with job.folder.lock():
                    status = job.folder.status()
                    if status.state == "queued":  # else another process has taken it up
                        stopped = status.model_copy(update={"state": "stopped"})
                        job.folder.write_status(stopped)
            except (NamerecError, OSError):  # it is found *interrupted*, and can be gone on with
                log.exception("the stop of run %s could not be stored", run_id)
            job.end_without_work("stopped")

    # -- looking

    def snapshot(self, run_id: str) -> JobSnapshot | None:
        """The job's latest snapshot, or None if this manager never had it."""
        job = self._queue.job(run_id)
        return job.snapshot if job else None

    def look(self, run_id: str) -> JobSnapshot:
        """The job's latest snapshot; of a run this manager never had, one made from its folder.

        Raises:
            NamerecError: If there is no such run, or it is damaged.
        """
        own = self.snapshot(run_id)
        if own is not None and not own.ended:
            return own
        folder = self.store.open(run_id)
        summary = self.store.summary(folder)
        if own is not None and (
            not isinstance(summary, RunSummary) or summary.status.state in ACTIVE_STATES
        ):
            return own  # its end could not be stored
        if not isinstance(summary, RunSummary):
            raise JobError(summary.reason)
        return self._snapshot_cache.at(summary, folder)

    def active(self) -> list[JobSnapshot]:
        """Snapshots of all jobs that run or wait, running ones first."""
        snapshots = [job.snapshot for job in self._queue.jobs()]
        waiting = [snapshot for snapshot in snapshots if not snapshot.ended]
        return sorted(waiting, key=lambda snapshot: snapshot.place)

    def waits(self) -> dict[str, float]:
        """Seconds until waiting runs begin, about, by run; where nobody knows, a run is left out.

        Told from the speeds that runs of their kinds have shown here.
        """
        return self._queue.waits()

    def latest(self) -> JobSnapshot | None:
        """The job started last, running or ended; None if there was none.

        Experiments and the trials of sweeps are left out.
        """
        jobs = reversed(self._queue.jobs())
        snapshots = [job.snapshot for job in jobs if job.trial is None]
        named = (job for job in snapshots if not is_memory_task(job.config.training.dataset))
        return next(named, None)

    def wait_for_record(self, run_id: str, seconds: float) -> None:
        """Waits until a job has given its first record, but no longer than so many seconds."""
        job = self._queue.job(run_id)
        if job is not None and not job.snapshot.place:
            job.begun.wait(seconds)

    def wait(self, run_id: str, seconds: float) -> JobSnapshot:
        """Waits until a job has ended.

        Raises:
            JobError: If there is no such job, or it is still at work after so many seconds.
        """
        job = self._queue.job(run_id)
        if job is None:
            raise JobError(f"This server has no job for run “{run_id}”.")
        if not job.over.wait(seconds):
            raise JobError(f"Run {run_id} is still {job.snapshot.state} after {seconds:g} seconds.")
        return job.snapshot

    def shutdown(self) -> None:
        """Stops all jobs and waits until their threads have stored it; none begins after it."""
        atexit.unregister(self.shutdown)
        waiting, threads = self._queue.close()
        for job in waiting:
            job.end_without_work("interrupted")
        deadline = time.monotonic() + SHUTDOWN_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._close()
