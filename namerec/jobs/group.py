"""Jobs that one thread trains in turn: a single one, or a race. They are paused together."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from namerec.jobs.job import Job


class Group:
    """Jobs that share a thread and a place in the queue.

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

    def hold(self) -> None:
        """Waits while paused: until they may go on, or one of them is to stop."""
        if self._free_to_go():
            return
        for job in self._alive():
            if job.snapshot.state != "paused":
                job.show_pause()
        with self._changed:
            self._changed.wait_for(self._free_to_go)
            going = not self._paused
        for job in self._alive():
            if going and not job.stopping.is_set():
                job.show_resumed()

    def _free_to_go(self) -> bool:
        alive = self._alive()
        return not self._paused or not alive or any(job.stopping.is_set() for job in alive)

    def _alive(self) -> list[Job]:
        return [job for job in self.jobs if not job.snapshot.ended]
