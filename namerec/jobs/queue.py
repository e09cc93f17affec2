"""The queue: which jobs train now, and which wait for their turn."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from namerec.errors import JobError
from namerec.jobs.group import Group
from namerec.jobs.job import Job
from namerec.jobs.limits import still_to_store
from namerec.jobs.owner import Owner
from namerec.jobs.turns import Turns
from namerec.jobs.waits import waits
from namerec.settings import settings

log = logging.getLogger(__name__)

#: Why a run has failed that the system gives no thread for.
_NO_THREAD = (
    "Training could not start, because the system allows no more threads. Close other programs or "
    "stop other trainings, then resume the run."
)
#: Ended jobs kept in memory; the folders of all others are the truth about them.
JOBS_KEPT = 8


class Queue:
    """Gives groups of jobs a thread each, as many at a time as may train.

    A race takes as many places as it has networks: each may have a process of its own.
    """

    def __init__(self, work: Callable[[Group], None], most_running: int) -> None:
        self._work = work
        self._most_running = most_running
        self._lock = threading.Lock()
        self._jobs: dict[str, tuple[Job, Group]] = {}
        self._waiting = Turns()
        self._closed = False

    def job(self, run_id: str) -> Job | None:
        """The job of a run, at work or ended; None if there was none or it is forgotten."""
        found = self._jobs.get(run_id)
        return found[0] if found else None

    def group(self, job: Job) -> Group:
        """Those that are trained with a job."""
        return self._jobs[job.folder.id][1]

    def jobs(self) -> list[Job]:
        """All jobs, in the order in which they came."""
        return [job for job, _ in list(self._jobs.values())]

    def owners(self) -> dict[str, Owner]:
        """Who asked for which job, by run."""
        return {job.folder.id: job.owner for job in self.jobs()}

    def promised(self) -> int:
        """Bytes that the jobs which run or wait will still store; 0 where no limit asks."""
        if not settings().most_disk:
            return 0
        at_work = [job for job in self.jobs() if not job.snapshot.ended]
        return sum(still_to_store(job.size, job.folder.path) for job in at_work)

    def waits(self) -> dict[str, float]:
        """Seconds until waiting runs begin, about, as `jobs.waits` says."""
        with self._lock:
            groups = {id(group): group for _, group in self._jobs.values()}.values()
            running = [group for group in groups if group.thread is not None and not group.over]
            return waits(running, self._waiting, self.jobs(), self._most_running)

    def ordered(self, run_id: str, verb: str, allowed: set[str]) -> Job:
        """The job that an order is for.

        Raises:
            JobError: If there is none, or it is in no state in which it can be carried out.
        """
        job = self.job(run_id)
        if job is None:
            raise JobError(
                f"Run “{run_id}” is not being trained by this server, so it cannot be {verb}."
            )
        state = job.snapshot.state
        if state not in allowed:
            raise JobError(f"Run {run_id} is {state}, so it cannot be {verb}.")
        return job

    def ensure_open(self) -> None:
        """Refuses whatever comes after the end.

        Raises:
            JobError: If the queue is closed.
        """
        if self._closed:
            raise JobError(
                "This server is shutting down, so it starts no training. Start the server again "
                "first."
            )

    def ensure_idle(self, run_id: str) -> None:
        """Refuses a second job for one run.

        Raises:
            JobError: If a job of it trains or waits.
        """
        known = self.job(run_id)
        if known is not None and not known.snapshot.ended:
            raise JobError(f"Run {run_id} is {known.snapshot.state} already.")

    def add(self, group: Group) -> None:
        """Lets a group train, at once or when its turn comes.

        Raises:
            JobError: If the queue is closed, or a job of one of its runs trains or waits.
        """
        with self._lock:
            self.ensure_open()
            for job in group.jobs:
                self.ensure_idle(job.folder.id)
            for job in group.jobs:
                self._jobs.pop(job.folder.id, None)  # so that the latest job is the last
            ended = [run_id for run_id, (old, _) in self._jobs.items() if old.over.is_set()]
            for run_id in ended[:-JOBS_KEPT]:
                del self._jobs[run_id]
            self._jobs |= {job.folder.id: (job, group) for job in group.jobs}
            self._waiting.add(group)
        self._begin_what_may()

    def stop(self, job: Job) -> bool:
        """Has a job end after the record it is at; who waits leaves the queue.

        Returns:
            Whether it was waiting; then the caller has to end it.
        """
        with self._lock:
            group = self.group(job)
            group.order_to_stop(job)
            waiting = group in self._waiting and job in group.jobs
            if waiting:
                group.jobs.remove(job)
                if not group.jobs:
                    self._waiting.remove(group)
                self._number()
            return waiting

    def close(self) -> tuple[list[Job], list[threading.Thread]]:
        """Has all jobs end, and lets none begin any more.

        Returns:
            Those that were waiting, whom the caller has to end; and the threads of the others.
        """
        with self._lock:
            self._closed = True
            waiting = [job for group in self._waiting for job in group.jobs]
            self._waiting = Turns()
            for job, group in self._jobs.values():
                group.order_to_stop(job)
            groups = {id(group): group for _, group in self._jobs.values()}.values()
        return waiting, [group.thread for group in groups if group.thread is not None]

    def _begin_what_may(self) -> None:
        with self._lock:
            groups = {id(group): group for _, group in self._jobs.values()}.values()
            most = self._most_running
            running = sum(group.places(most) for group in groups if group.thread is not None)
            while (group := next(iter(self._waiting), None)) is not None:
                places = group.places(most)
                if running + places > most:
                    break  # whoever is next waits until there are enough, and the others behind it
                self._waiting.take()
                running += places * self._begin(group)
            self._number()

    def _begin(self, group: Group) -> bool:
        """Gives a group its thread; the caller holds the lock. Whether there was one."""
        for job in group.jobs:
            job.publish(state="running", place=0)
        self._number()  # before anybody can see their first records
        name = f"train-{group.jobs[0].folder.id}"
        group.thread = threading.Thread(target=self._train, args=(group,), name=name, daemon=True)
        try:
            group.thread.start()
        except RuntimeError:  # the system gives no more threads
            log.exception("%s could not begin", name)
            group.thread = None
            for job in group.jobs:
                job.end_without_work("failed", _NO_THREAD)
            return False
        return True

    def _train(self, group: Group) -> None:
        try:
            self._work(group)
        finally:
            for job in group.jobs:
                if not job.over.is_set():  # a dead thread must not look alive
                    job.end_without_work("failed", "Training ended unexpectedly. Resume the run.")
            self._begin_what_may()

    def _number(self) -> None:
        """Tells waiting jobs their places; the caller holds the lock."""
        for place, group in enumerate(self._waiting, 1):
            for job in group.jobs:
                job.publish(state="queued", place=place)
