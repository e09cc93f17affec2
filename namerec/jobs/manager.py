"""Background training: a queue, a thread a job, and snapshots for whoever looks on.

One manager a server. A job's thread iterates its executor's stream and replaces one immutable
snapshot by assignment; readers take it without a lock and can do nothing to it. A thread that dies
leaves its cause in the snapshot.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import logging
import threading
import time

from namerec.core.config import RunConfig
from namerec.core.dataset import Dataset
from namerec.core.recall import is_recall
from namerec.errors import DivergedError, JobError, NamerecError
from namerec.jobs.executors import Executor
from namerec.jobs.job import Job, store_queued
from namerec.jobs.limits import (
    check_disk,
    check_network,
    check_queue,
    check_start,
    out_of_time,
    still_to_store,
)
from namerec.jobs.memory import stored
from namerec.jobs.snapshot import GrowingSeries, JobSnapshot, stored_snapshot
from namerec.logs import for_run
from namerec.runs.records import ACTIVE_STATES, RunState, RunStatus
from namerec.runs.store import RunStore, RunSummary
from namerec.settings import settings

log = logging.getLogger(__name__)

#: Seconds a shutdown waits for the training thread to store its stop.
SHUTDOWN_SECONDS = 8.0
#: Why a run has failed that the system gives no thread for.
_NO_THREAD = (
    "Training could not begin: the system gives no more threads. Close other programs or end "
    "other trainings, then go on with the run."
)
#: Ended jobs kept in memory; the folders of all others are the truth about them.
JOBS_KEPT = 8
#: Snapshots of stored runs kept in memory, some 200 kB each.
SNAPSHOTS_KEPT = 32


class JobManager:
    """Queues runs and trains them in the background."""

    def __init__(self, store: RunStore, executor: Executor, most_running: int = 1) -> None:
        self.store = store
        self._executor = executor
        self._most_running = most_running
        self._lock = threading.Lock()
        self._asking = threading.Lock()  # held from asking for room until it is taken
        self._jobs: dict[str, Job] = {}
        self._queue: list[Job] = []
        self._closed = False
        self._looked_at: dict[str, tuple[tuple[RunStatus, RunState], JobSnapshot]] = {}
        atexit.register(self.shutdown)

    def start(self, config: RunConfig, dataset: Dataset, owner: str = "") -> str:
        """Makes a run and queues it.

        Args:
            config: Network and settings.
            dataset: The names that `config.training.dataset` stands for.
            owner: Who asks, as `ui.access.user` says; empty for the lab itself.

        Returns:
            The run's id.

        Raises:
            NamerecError: If this server's limits do not allow it, or it cannot be stored.
        """
        with self._asking:
            self._insist_on_being_open()
            check_start(
                config,
                dataset,
                owner=owner,
                owners=self._owners(),
                jobs=self.active(),
                home=self.store.root.parent,
                promised=self._promised(),
                settings=settings(),
            )
            folder = self.store.create(config, dataset)
            size = stored(config, len(dataset), len(dataset.categories))
            self._enqueue(Job(folder, config, owner, size))
        return folder.id

    def resume(self, run_id: str, owner: str = "") -> None:
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
        names, categories = summary.info.dataset.names, len(summary.info.dataset.categories)
        job = Job(folder, config, owner, stored(config, names, categories))
        before = stored_snapshot(summary, folder)
        # The status counts what a limit ended in the middle of an epoch, the checkpoint does not.
        if words := out_of_time(max(before.seconds, summary.status.seconds), settings()):
            raise JobError(words)
        job.series = GrowingSeries.of(before.series)
        job.publish(series=job.series.view(), history=before.history, seconds=before.seconds)
        with self._asking:
            self._insist_on_being_open()
            self._insist_on_nobody(run_id)
            check_queue(owner=owner, owners=self._owners(), jobs=self.active(), settings=settings())
            check_network(config, categories, settings())
            more = still_to_store(job.size, folder.path)
            check_disk(self.store.root.parent, settings(), more, self._promised())
            store_queued(summary, folder)
            self._enqueue(job)

    def pause(self, run_id: str) -> None:
        """Holds a running job before its next record.

        Raises:
            JobError: If it is not running.
        """
        with self._lock:
            job = self._ordered(run_id, "paused", {"running"})
            if job.stopping.is_set():
                raise JobError(f"Run {run_id} is being stopped, so it cannot be paused.")
            job.order_to_pause()

    def proceed(self, run_id: str) -> None:
        """Lets a paused job go on.

        Raises:
            JobError: If it is not paused.
        """
        self._ordered(run_id, "continued", {"paused", "running"}).going.set()

    def stop(self, run_id: str) -> None:
        """Ends a job after the record it is at; what its last epoch stored is kept.

        Raises:
            JobError: If it has ended already.
        """
        with self._lock:
            job = self._ordered(run_id, "stopped", {"queued", "running", "paused"})
            job.order_to_stop()
            waiting = job in self._queue
            if waiting:
                self._queue.remove(job)
                self._number_the_queue()
        if waiting:
            try:
                status = job.folder.status().model_copy(update={"state": "stopped"})
                job.folder.write_status(status)
            except (
                NamerecError,
                OSError,
            ):  # then it is found *interrupted*, and can be gone on with
                log.exception("the stop of run %s could not be stored", run_id)
            job.end_without_work("stopped")

    def snapshot(self, run_id: str) -> JobSnapshot | None:
        """The job's latest snapshot, or None if this manager never had it."""
        job = self._jobs.get(run_id)
        return job.snapshot if job else None

    def look(self, run_id: str) -> JobSnapshot:
        """The job's latest snapshot; of a run this manager never had, one made from its folder.

        Raises:
            NamerecError: If there is no such run, or it is damaged.
        """
        job = self._jobs.get(run_id)
        if job is not None and not job.snapshot.ended:
            return job.snapshot
        folder = self.store.open(run_id)
        summary = self.store.summary(folder)
        if job is not None and (
            not isinstance(summary, RunSummary) or summary.status.state in ACTIVE_STATES
        ):
            return job.snapshot  # its end could not be stored
        if not isinstance(summary, RunSummary):
            raise JobError(summary.reason)
        known = self._looked_at.get(run_id)
        if known is None or known[0] != (summary.status, summary.state):
            if len(self._looked_at) >= SNAPSHOTS_KEPT:
                self._looked_at.clear()
            known = ((summary.status, summary.state), stored_snapshot(summary, folder))
            self._looked_at[run_id] = known
        return known[1]

    def active(self) -> list[JobSnapshot]:
        """Snapshots of all jobs that run or wait, running ones first."""
        snapshots = [job.snapshot for job in list(self._jobs.values())]
        waiting = [snapshot for snapshot in snapshots if not snapshot.ended]
        return sorted(waiting, key=lambda snapshot: snapshot.place)

    def latest(self) -> JobSnapshot | None:
        """The job started last, running or ended, experiments left out; None if there was none."""
        snapshots = [job.snapshot for job in reversed(list(self._jobs.values()))]
        named = (job for job in snapshots if not is_recall(job.config.training.dataset))
        return next(named, None)

    def wait_for_record(self, run_id: str, seconds: float) -> None:
        """Waits until a job has given its first record, but no longer than so many seconds."""
        job = self._jobs.get(run_id)
        if job is not None and not job.snapshot.place:
            job.begun.wait(seconds)

    def wait(self, run_id: str, seconds: float) -> JobSnapshot:
        """Waits until a job has ended.

        Raises:
            JobError: If there is no such job, or it is still at work after so many seconds.
        """
        job = self._jobs.get(run_id)
        if job is None:
            raise JobError(f"There is no job for run “{run_id}” in this server.")
        if not job.over.wait(seconds):
            raise JobError(f"Run {run_id} is still {job.snapshot.state} after {seconds:g} seconds.")
        return job.snapshot

    def shutdown(self) -> None:
        """Stops all jobs and waits until their threads have stored it; none begins after it."""
        atexit.unregister(self.shutdown)
        with self._lock:
            self._closed = True
            waiting, self._queue = self._queue, []
            jobs = self._all()
            for job in jobs:
                job.order_to_stop()
        for job in waiting:
            job.end_without_work("interrupted")
        deadline = time.monotonic() + SHUTDOWN_SECONDS
        for job in jobs:
            if job.thread is not None:
                job.thread.join(max(0.0, deadline - time.monotonic()))

    # -- inside

    def _owners(self) -> dict[str, str]:
        return {job.folder.id: job.owner for job in self._all()}

    def _promised(self) -> int:
        """Bytes that the jobs which run or wait will still store; 0 where no limit asks."""
        if not settings().most_disk:
            return 0
        jobs = [job for job in self._all() if not job.snapshot.ended]
        return sum(still_to_store(job.size, job.folder.path) for job in jobs)

    def _insist_on_being_open(self) -> None:
        if self._closed:
            raise JobError("This server is ending, so it begins no training. Start it again first.")

    def _insist_on_nobody(self, run_id: str) -> None:
        known = self._jobs.get(run_id)
        if known is not None and not known.snapshot.ended:
            raise JobError(f"Run {run_id} is {known.snapshot.state} already.")

    def _ordered(self, run_id: str, verb: str, allowed: set[str]) -> Job:
        job = self._jobs.get(run_id)
        if job is None:
            raise JobError(f"Run “{run_id}” is not at work in this server, so it cannot be {verb}.")
        state = job.snapshot.state
        if state not in allowed:
            raise JobError(f"Run {run_id} is {state}, so it cannot be {verb}.")
        return job

    def _enqueue(self, job: Job) -> None:
        with self._lock:
            self._insist_on_being_open()
            self._insist_on_nobody(job.folder.id)
            self._jobs.pop(job.folder.id, None)  # so that the latest job is the last
            ended = [run_id for run_id, old in self._jobs.items() if old.over.is_set()]
            for run_id in ended[:-JOBS_KEPT]:
                del self._jobs[run_id]
            self._jobs[job.folder.id] = job
            self._queue.append(job)
        self._start_what_may_run()

    def _start_what_may_run(self) -> None:
        with self._lock:
            running = sum(job.thread is not None and not job.over.is_set() for job in self._all())
            while self._queue and running < self._most_running:
                job = self._queue.pop(0)
                job.publish(state="running", place=0)
                self._number_the_queue()  # before anybody can see the job's first record
                job.thread = threading.Thread(
                    target=self._work, args=(job,), name=f"train-{job.folder.id}", daemon=True
                )
                try:
                    job.thread.start()
                except RuntimeError:  # the system gives no more threads
                    log.exception("run %s could not begin", job.folder.id)
                    job.thread = None
                    job.end_without_work("failed", _NO_THREAD)
                    continue
                running += 1
            self._number_the_queue()

    def _all(self) -> list[Job]:
        return list(self._jobs.values())

    def _number_the_queue(self) -> None:
        """Tells waiting jobs their places; the caller holds the lock."""
        for place, job in enumerate(self._queue, 1):
            job.publish(state="queued", place=place)

    def _work(self, job: Job) -> None:
        with for_run(job.folder.id):
            self._train(job)

    def _train(self, job: Job) -> None:
        words = ""
        try:
            with contextlib.closing(self._executor.stream(job.folder)) as stream:
                for record in stream:
                    job.take(record)
                    if job.hold():
                        break
                    words = out_of_time(job.snapshot.seconds, settings())
                    if words and not job.snapshot.ended:
                        break
            if not job.snapshot.ended:
                if words:
                    job.store_limit(words)
                    job.publish(message=words)
                job.publish(state="stopped", remaining=None)
        except NamerecError as error:
            state: RunState = "diverged" if isinstance(error, DivergedError) else "failed"
            job.publish(state=state, message=str(error), remaining=None)
        except Exception as error:
            log.exception("run %s failed", job.folder.id)
            message = job.stored_message() or f"Training failed: {type(error).__name__}."
            job.publish(state="failed", message=message, remaining=None)
        finally:
            if not job.snapshot.ended:  # not even an Exception: a dead thread must not look alive
                job.publish(
                    state="failed", message="Training ended without a word.", remaining=None
                )
            job.begun.set()
            job.over.set()
            gc.collect()
            self._start_what_may_run()
