"""One job: a run that is queued, worked on, or was; its snapshot, and its seconds."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import shutil
import threading
import time
from collections.abc import Iterator, Sequence

from namerec.core.corpus.dataset import Dataset
from namerec.core.evaluation.results import Scores
from namerec.core.training.config import RunConfig
from namerec.core.training.loop import Plan
from namerec.core.training.records import EpochRecord, FinalRecord, StepRecord
from namerec.errors import JobError, NamerecError
from namerec.jobs.executors import Held, StreamRecord
from namerec.jobs.limits import folder_bytes, out_of_time
from namerec.jobs.memory import stored
from namerec.jobs.owner import Owner
from namerec.jobs.slices import Waiting
from namerec.jobs.snapshot import GrowingSeries, JobSnapshot, Lineage, stored_snapshot
from namerec.runs.folder import RunFolder
from namerec.runs.lineage import Origin
from namerec.runs.records import ACTIVE_STATES, RunState, StoredState, Trial
from namerec.runs.store import RunStore
from namerec.runs.summary import RunSummary
from namerec.settings import settings

log = logging.getLogger(__name__)


def queued_together(
    store: RunStore,
    configs: Sequence[RunConfig],
    dataset: Dataset,
    *,
    owner: Owner,
    origin: Origin | None = None,
    race: str = "",
    trial: Trial | None = None,
) -> list[Job]:
    """Makes runs, all or none, and their jobs.

    Args:
        store: Where.
        configs: Networks and settings.
        dataset: The names.
        owner: Who asks.
        origin: Where they begin in another run, as in `RunStore.create`, like the next.
        race: What they have in common.
        trial: Of which sweep they are.

    Raises:
        RunError: If the data folder cannot be written.
    """
    jobs: list[Job] = []
    try:
        for config in configs:
            folder = store.create(config, dataset, origin, race, trial)
            size = stored(config, len(dataset), len(dataset.categories))
            job = Job(folder, config, owner, size + folder_bytes(folder.path), len(dataset))
            job.publish(race=race)
            job.trial = trial
            if origin is not None:
                job.publish(before=Lineage.of(origin.branch_points, origin.steps, origin.epochs))
            jobs.append(job)
    except NamerecError:
        for job in jobs:  # nobody has seen them yet
            shutil.rmtree(job.folder.path, ignore_errors=True)
        raise
    return jobs


def store_queued(run: RunSummary, folder: RunFolder) -> None:
    """Stores that a run waits again, so that it is not removed meanwhile.

    Raises:
        NamerecError: If somebody else has taken it up, changed or removed it, or there is no room.
    """
    try:
        with folder.lock():
            if folder.status() != run.status:
                raise JobError(
                    f"Run {run.id} has just been changed. Check its state, then try again."
                )
            queued = run.status.model_copy(update={"state": "queued", "message": ""})
            folder.write_status(queued)
    except OSError as error:
        raise JobError(
            f"Run {run.id} cannot be queued: {error.strerror}. Check the disk, then try again."
        ) from None


def taken_up(run: RunSummary, folder: RunFolder, owner: Owner) -> Job:
    """The job of a run that is gone on with, which shows what the run has come to.

    Raises:
        JobError: If it has had all the minutes that are allowed.
        RunError: If there are more metrics than can be read.
    """
    names, categories = run.info.dataset.names, len(run.info.dataset.categories)
    config = run.info.config
    job = Job(folder, config, owner, stored(config, names, categories), names)
    job.trial = run.info.trial
    before = stored_snapshot(run, folder)
    # The status counts what a limit ended in the middle of an epoch, the checkpoint does not.
    if words := out_of_time(max(before.seconds, run.status.seconds), settings()):
        raise JobError(words)
    job.series = GrowingSeries.of(before.series)
    job.publish(
        series=job.series.view(),
        history=before.history,
        seconds=before.seconds,
        before=before.before,
        gap=before.gap,
    )
    return job


class Job:
    """A run that is queued, worked on, or was."""

    def __init__(
        self, folder: RunFolder, config: RunConfig, owner: Owner, size: int, names: int
    ) -> None:
        training = config.training
        steps = training.steps
        # About: of its corpus's names, those that are held out count too.
        self.names_to_read = steps * training.batch_size if steps else training.epochs * names
        self.folder = folder
        self.owner = owner
        self.trial: Trial | None = None
        self.size = size  # bytes that its folder will hold, as estimated
        self.stopping = threading.Event()
        self.begun = threading.Event()
        self.over = threading.Event()
        self.series = GrowingSeries()
        self.snapshot = JobSnapshot(folder.id, config, "queued")
        self._worked = 0.0  # seconds that records were waited for
        self._first_step: tuple[int, float] | None = None
        self._mark = (0.0, 0.0)  # seconds of training when it had worked for so many

    def publish(self, **changes: object) -> None:
        """Puts another snapshot in the place of the last one."""
        self.snapshot = dataclasses.replace(self.snapshot, **changes)  # type: ignore[arg-type]

    @property
    def seconds(self) -> float:
        """Seconds of training so far, pauses and other jobs' turns left out."""
        return self.snapshot.seconds

    def records(self, stream: Iterator[StreamRecord]) -> Iterator[StreamRecord]:
        """A stream's records, each in the snapshot when it comes out.

        Only the time that they are waited for counts as the job's, unless it waits for its turn.
        """
        while True:
            since = time.monotonic()
            record = next(stream, None)
            if not isinstance(record, Waiting) or record.working:
                self._worked += time.monotonic() - since
            if record is None:
                return
            self._take(record)
            yield record

    def _take(self, record: StreamRecord) -> None:
        if isinstance(record, Plan):
            self.publish(steps=record.steps, epochs=record.epochs)
            self._mark = (self.snapshot.seconds, self._worked)
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
            self._mark = (record.seconds, self._worked)
        elif isinstance(record, Held):
            self.publish(message=record.message)
        elif isinstance(record, FinalRecord):
            scores: tuple[Scores, ...] = tuple(record.scores.values())
            self.publish(state="finished", scores=scores, seconds=record.seconds, remaining=0.0)

    def show_pause(self) -> None:
        """Says, here and in the folder, that it is paused."""
        self._store("paused", self.snapshot.message)
        self.publish(state="paused")

    def show_resumed(self) -> None:
        """Says that it is no longer."""
        self._store("running", "")
        self.publish(state="running", message="")

    def end(self, state: RunState, message: str | None = None) -> None:
        """Says that it has ended before its final record, and why if that is known."""
        words = self.snapshot.message if message is None else message
        self.publish(state=state, message=words, remaining=None)

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
        seconds = self._mark[0] + self._worked - self._mark[1]
        if self._first_step is None:
            self._first_step = (step, self._worked)
            return {"seconds": seconds, "remaining": None}
        first, since = self._first_step
        pace = (self._worked - since) / max(step - first, 1)
        return {"seconds": seconds, "remaining": pace * (self.snapshot.steps - step)}
