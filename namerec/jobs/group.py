"""Jobs that are trained together: a single one, or a race. They are paused together."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from namerec.jobs.job import Job


class Group:
    """Jobs that share a place in the queue.

    Attributes:
        jobs: Those that are to be trained; who is stopped while waiting is no longer among them.
        owner: Who asked for them.
        thread: What trains them, None before.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = list(jobs)
        self.owner = jobs[0].owner
        self.thread: threading.Thread | None = None
        self._changed = threading.Condition()
        self._paused = False

    @property
    def over(self) -> bool:
        """Whether all have ended."""
        return all(job.over.is_set() for job in self.jobs)

    def places(self, most: int) -> int:
        """How many of so many places it takes: one for each of its jobs."""
        return min(sum(not job.over.is_set() for job in self.jobs), most)

    def order_to_stop(self, job: Job) -> None:
        """Has the thread end a job after the record it is at, paused or not."""
        with self._changed:
            job.stopping.set()
            self._changed.notify_all()

    def order_to_pause(self, job: Job) -> bool:
        """Has the thread wait after the record it is at; not for a job that is to stop anyway.

        Returns:
            Whether it will.
        """
        with self._changed:
            if job.stopping.is_set():
                return False
            self._paused = True
            return True

    def order_to_resume(self) -> None:
        """Takes the order to pause back."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def hold(self, jobs: Sequence[Job]) -> None:
        """Waits while paused: until they may go on, or one of these is to stop.

        Args:
            jobs: Those that the caller's thread trains.
        """

        def free_to_go() -> bool:
            alive = _alive(jobs)
            return not self._paused or not alive or any(job.stopping.is_set() for job in alive)

        if free_to_go():
            return
        for job in _alive(jobs):
            if job.snapshot.state != "paused":
                job.show_pause()
        with self._changed:
            self._changed.wait_for(free_to_go)
            going = not self._paused
        for job in _alive(jobs):
            if going and not job.stopping.is_set():
                job.show_resumed()


def _alive(jobs: Sequence[Job]) -> list[Job]:
    return [job for job in jobs if not job.snapshot.ended]
