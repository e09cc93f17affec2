"""One job: a run that is queued, worked on, or was; its orders, and its snapshot."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
import time

from namerec.core.config import RunConfig
from namerec.core.results import EpochRecord, FinalRecord, Scores, StepRecord
from namerec.core.training import Plan
from namerec.errors import JobError, NamerecError
from namerec.jobs.executors import Held, StreamRecord
from namerec.jobs.snapshot import GrowingSeries, JobSnapshot
from namerec.runs.folder import RunFolder
from namerec.runs.records import ACTIVE_STATES, RunState, StoredState
from namerec.runs.store import RunSummary

log = logging.getLogger(__name__)


def store_queued(run: RunSummary, folder: RunFolder) -> None:
    """Stores that a run waits again, so that it is not removed meanwhile.

    Raises:
        NamerecError: If somebody else has taken it up, changed or removed it, or there is no room.
    """
    try:
        with folder.lock():
            if folder.status() != run.status:
                raise JobError(f"Run {run.id} was changed just now. Look at it, then try again.")
            queued = run.status.model_copy(update={"state": "queued", "message": ""})
            folder.write_status(queued)
    except OSError as error:
        raise JobError(
            f"Run {run.id} cannot be queued: {error.strerror}. See to the disk, then try again."
        ) from None


class Job:
    """A run that is queued, worked on, or was."""

    def __init__(self, folder: RunFolder, config: RunConfig, owner: str, size: int) -> None:
        self.folder = folder
        self.owner = owner
        self.size = size  # bytes that its folder will hold, as estimated
        self._order = threading.Lock()  # so that no pause comes after the order to stop
        self.going = threading.Event()
        self.going.set()
        self.stopping = threading.Event()
        self.begun = threading.Event()
        self.over = threading.Event()
        self.thread: threading.Thread | None = None
        self.series = GrowingSeries()
        self.snapshot = JobSnapshot(folder.id, config, "queued")
        self._first_step: tuple[int, float] | None = None
        self._mark = (0.0, time.monotonic())  # seconds of training at a moment of the clock

    def publish(self, **changes: object) -> None:
        """Puts another snapshot in the place of the last one."""
        self.snapshot = dataclasses.replace(self.snapshot, **changes)  # type: ignore[arg-type]

    def take(self, record: StreamRecord) -> None:
        """Puts a record into the snapshot."""
        if isinstance(record, Plan):
            self.publish(steps=record.steps, epochs=record.epochs)
            self._mark = (self.snapshot.seconds, time.monotonic())
        elif isinstance(record, StepRecord):
            self.series.add(record)
            self.publish(series=self.series.view(), **self._times(record.step))
            self.begun.set()
        elif isinstance(record, EpochRecord):
            self.publish(
                history=(*self.snapshot.history, record),
                seconds=record.seconds,
                names_per_second=record.names_per_second,
            )
            self._mark = (record.seconds, time.monotonic())
        elif isinstance(record, Held):
            self.publish(message=record.message)
            self.order_to_pause()
        elif isinstance(record, FinalRecord):
            scores: tuple[Scores, ...] = tuple(record.scores.values())
            self.publish(state="finished", scores=scores, seconds=record.seconds, remaining=0.0)

    def hold(self) -> bool:
        """Waits while the job is paused; says whether it is to stop."""
        if self.snapshot.ended:
            return False
        if not self.going.is_set():
            paused_since = time.monotonic()
            self._store("paused", self.snapshot.message)
            self.publish(state="paused")
            self.going.wait()
            paused = time.monotonic() - paused_since
            self._mark = (self._mark[0], self._mark[1] + paused)
            if self._first_step is not None:
                self._first_step = (self._first_step[0], self._first_step[1] + paused)
            if not self.stopping.is_set():
                self._store("running", "")
                self.publish(state="running", message="")
        return self.stopping.is_set()

    def order_to_stop(self) -> None:
        """Has the job's thread end after the record it is at, paused or not."""
        with self._order:
            self.stopping.set()
            self.going.set()

    def order_to_pause(self) -> None:
        """Has the job's thread wait after the record it is at, unless it is to stop."""
        with self._order:
            if not self.stopping.is_set():
                self.going.clear()

    def end_without_work(self, state: RunState, message: str = "") -> None:
        """Ends a job that still waits for its turn."""
        self.publish(state=state, place=0, message=message)
        self.begun.set()
        self.over.set()

    def _store(self, state: StoredState, message: str) -> None:
        """Tells other processes of a pause, if that can be stored; while it lasts nobody writes."""
        with contextlib.suppress(NamerecError, OSError):
            status = self.folder.status()
            if status.state in ACTIVE_STATES:
                changed = status.model_copy(update={"state": state, "message": message})
                self.folder.write_status(changed)

    def store_limit(self, words: str) -> None:
        """Stores that a limit ended the run, and after how long, once nobody holds it any more."""
        try:
            with self.folder.lock():
                status = self.folder.status()
                if status.state == "stopped":
                    values = {"message": words, "seconds": self.snapshot.seconds}
                    self.folder.write_status(status.model_copy(update=values))
        except (NamerecError, OSError):
            log.exception("why run %s was ended could not be stored", self.folder.id)

    def stored_message(self) -> str:
        """The sentence in the run's stored status; empty if it cannot be read."""
        try:
            return self.folder.status().message
        except NamerecError:
            return ""

    def _times(self, step: int) -> dict[str, float | None]:
        """Seconds of training so far, and still to go at the pace since this job's first record."""
        now = time.monotonic()
        seconds = self._mark[0] + now - self._mark[1]
        if self._first_step is None:
            self._first_step = (step, now)
            return {"seconds": seconds, "remaining": None}
        first, since = self._first_step
        pace = (now - since) / max(step - first, 1)
        return {"seconds": seconds, "remaining": pace * (self.snapshot.steps - step)}
