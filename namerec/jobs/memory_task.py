"""The memory task: its trainings go through the job queue one after the other.

One training waits in the queue at a time, so that a network somebody starts on the Train page is
next, not twenty-fifth. Everything is in the JSON file after every training: an experiment whose
server was killed can be gone on with. Once a result stands there, the run it came of is removed.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from namerec.core.tasks.memory_task import memory_dataset, noise_of
from namerec.errors import JobError, NamerecError, RunError
from namerec.jobs.manager import JobManager
from namerec.jobs.memory_task_results import (
    MemoryCell,
    MemoryEntry,
    MemoryFile,
    MemoryPlan,
    keep_results,
    read_results,
)
from namerec.jobs.snapshot import JobSnapshot
from namerec.runs.deletion import remove
from namerec.runs.records import RESUMABLE_STATES
from namerec.settings import home

_LOG = logging.getLogger(__name__)

#: Seconds that one training is waited for at a time; a paused one may take for ever.
_PATIENCE = 3600.0

MemoryState = Literal["running", "stopping", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class MemoryProgress:
    """Where an experiment stands that is not complete.

    Attributes:
        plan: What was asked for.
        state: `stopped` also after the server was ended in the middle of it.
        done: Trainings done, of `total`.
        total: Trainings in all.
        cell: The one underway, if any.
        job: Its snapshot.
        remaining: Seconds still to go at the pace so far, None until it can be told.
        message: Why it failed, in a sentence.
    """

    plan: MemoryPlan
    state: MemoryState
    done: int
    total: int
    cell: MemoryCell | None = None
    job: JobSnapshot | None = None
    remaining: float | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class _Work:
    """What the experiment's thread is at."""

    plan: MemoryPlan
    cell: MemoryCell | None = None
    run_id: str = ""
    weight_done: float = 0.0
    since: float = 0.0


class MemoryKeeper:
    """Runs one experiment at a time in the background, and keeps all results.

    Args:
        manager: Whose queue the trainings go through.
        path: The results' JSON file; made when needed.
    """

    def __init__(self, manager: JobManager, path: Path | None = None) -> None:
        self._manager = manager
        self._path = path if path is not None else home() / "memory_task.json"
        earlier = path is None and not self._path.exists()  # as earlier versions called the file
        self._known = read_results(home() / "recall.json" if earlier else self._path)
        self._changing = threading.Lock()
        self._work: _Work | None = None
        self._cancelled = threading.Event()
        self._over = threading.Event()
        self._over.set()
        self._message = ""

    def known(self) -> MemoryFile:
        """All results so far; quick enough for every rerun."""
        return self._known

    def complete(self, plan: MemoryPlan) -> None:
        """Measures what is missing of a plan.

        Raises:
            JobError: If an experiment is underway.
        """
        self._begin(plan, anew=False)

    def start(self, plan: MemoryPlan) -> None:
        """Measures everything in a plan; what was known of it stays until its successor is there.

        Raises:
            JobError: If an experiment is underway.
        """
        self._begin(plan, anew=True)

    def go_on(self) -> None:
        """Measures what is missing of the experiment begun last.

        Raises:
            JobError: If there is none, or one is underway.
        """
        if self._known.asked is None:
            raise JobError("There is no unfinished memory task to resume. Start one.")
        self._begin(self._known.asked, anew=False)

    def cancel(self) -> None:
        """Ends the experiment underway, and its training; what is measured stays."""
        self._cancelled.set()
        with self._changing:
            work = self._work
        if work is not None and work.run_id:
            with contextlib.suppress(JobError):  # it has ended by itself
                self._manager.stop(work.run_id)

    def wait(self, seconds: float) -> bool:
        """Waits until no experiment is underway; says whether that is so."""
        return self._over.wait(seconds)

    def progress(self) -> MemoryProgress | None:
        """Where the experiment begun last stands; None if it is complete, or there was none."""
        work, known = self._work, self._known
        if work is None:
            if known.asked is None:
                return None
            state: MemoryState = "failed" if self._message else "stopped"
            return replace(_counted(known, known.asked, state), message=self._message)
        stopping = self._cancelled.is_set()
        counted = _counted(known, work.plan, "stopping" if stopping else "running")
        job = self._manager.snapshot(work.run_id) if work.run_id else None
        return replace(counted, cell=work.cell, job=job, remaining=_remaining(known, work, job))

    # -- inside

    def _begin(self, plan: MemoryPlan, *, anew: bool) -> None:
        with self._changing:
            if self._work is not None:
                raise JobError("A memory task is already running. Stop it first.")
            self._work = _Work(plan, since=time.monotonic())
            self._cancelled.clear()
            self._over.clear()
            self._message = ""
            known = self._known
            self._known = (
                known.asked_anew(plan) if anew else known.model_copy(update={"asked": plan})
            )
        threading.Thread(target=self._run, args=(plan,), name="memory task", daemon=True).start()

    def _run(self, plan: MemoryPlan) -> None:
        try:
            self._keep()
            for cell in self._known.missing(plan):
                entry = self._trained(cell)
                if entry is None:
                    break
                self._learn(entry)
            else:
                self._known = self._known.model_copy(update={"asked": None, "outdated": ()})
                self._keep()
        except NamerecError as error:
            self._message = str(error)
        except Exception as error:  # noqa: BLE001 - a dead thread must not look busy
            _LOG.exception("The memory task failed")
            self._message = (
                f"The experiment failed with an unexpected error ({type(error).__name__}). See the "
                "server's log, then start it again."
            )
        finally:
            with self._changing:
                self._work = None
            self._over.set()

    def _trained(self, cell: MemoryCell) -> MemoryEntry | None:
        """Trains through the queue; None if that was stopped, here or on the Train page."""
        with self._changing:
            if self._cancelled.is_set():
                return None
            self._change(cell=cell)
            run_id = self._queued(cell)
            self._change(run_id=run_id)
        while True:
            with contextlib.suppress(JobError):  # still at work
                ended = self._manager.wait(run_id, _PATIENCE)
                break
        if ended.state in ("failed", "diverged"):
            return MemoryEntry(
                cell=cell, accuracy=None, sequences=0, seconds=ended.seconds,
                message=ended.message[:1000],
            )  # fmt: skip
        test = next((scores for scores in ended.scores if scores.part == "test"), None)
        if ended.state != "finished" or test is None:
            return None
        return MemoryEntry(
            cell=cell,
            accuracy=test.accuracy,
            sequences=test.names,
            seconds=round(ended.seconds, 3),
        )

    def _queued(self, cell: MemoryCell) -> str:
        """Queues a training: one of the same settings that was left unfinished, or a new one."""
        here = {job.run_id for job in self._manager.active()}
        for run in self._manager.store.summaries():
            left = run.experiment and run.state in RESUMABLE_STATES - {"failed"}
            if left and run.info.config == cell.config and run.id not in here:
                self._manager.resume(run.id)
                return run.id
        config = cell.config
        return self._manager.start(config, memory_dataset(noise_of(config.training.dataset)))

    def _learn(self, entry: MemoryEntry) -> None:
        self._known = self._known.with_entry(entry)
        done, run_id = (self._work.weight_done, self._work.run_id) if self._work else (0.0, "")
        self._change(cell=None, run_id="", weight_done=done + entry.cell.weight)
        if self._keep() and entry.accuracy is not None:
            self._clear_away(run_id)

    def _clear_away(self, run_id: str) -> None:
        """Removes a finished run whose result is kept, so that runs do not pile up."""
        try:
            remove(self._manager.store, run_id)
        except RunError as error:  # it stays listed, as an experiment
            _LOG.warning("A run of the memory task was not removed: %s", error)

    def _change(self, **more: object) -> None:
        if self._work is not None:
            self._work = replace(self._work, **more)  # type: ignore[arg-type]

    def _keep(self) -> bool:
        """Writes the results; says whether they are on the disk."""
        try:
            self._known = keep_results(self._path, self._known)
        except OSError:  # known all the same, until the server ends
            _LOG.exception("The results of the memory task could not be kept in %s", self._path)
            return False
        return True


def _counted(known: MemoryFile, plan: MemoryPlan, state: MemoryState) -> MemoryProgress:
    total = len(plan.cells())
    return MemoryProgress(plan, state, total - len(known.missing(plan)), total)


def _remaining(known: MemoryFile, work: _Work, job: JobSnapshot | None) -> float | None:
    """Seconds still to go, from the time that what is done has taken."""
    of_current = work.cell.weight * job.progress if work.cell and job else 0.0
    done = work.weight_done + of_current
    left = sum(cell.weight for cell in known.missing(work.plan)) - of_current
    return (time.monotonic() - work.since) * left / done if done > 0 else None
