"""How jobs are trained: in turn in the thread that calls `work`, or in a thread each.

A training is a stream of records whose clocks stand still while the reader has one, so streams that
are read by turns give the numbers, and count the seconds, that each gives alone.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import threading
from collections.abc import Generator, Iterator, Sequence
from typing import Protocol, TypeVar

from namerec.errors import DivergedError, NamerecError
from namerec.jobs.executors import Executor, Held, StreamRecord
from namerec.jobs.group import Group
from namerec.jobs.job import Job
from namerec.jobs.limits import out_of_time
from namerec.logs import for_run
from namerec.runs.records import RunState
from namerec.settings import settings

log = logging.getLogger(__name__)


#: Seconds of a turn: a step of a small network takes a millisecond, and after another network's it
#: takes a fifth longer, since nothing of it is in the processor's cache any more. Too short to see.
TURN_SECONDS = 0.2


class Runner(Protocol):
    """Somebody who takes turns."""

    over: threading.Event
    stopping: threading.Event

    @property
    def seconds(self) -> float:
        """How long it has been at work."""
        ...


_Runner = TypeVar("_Runner", bound=Runner)


def turns(runners: Sequence[_Runner], turn: float) -> Iterator[_Runner]:
    """Whose turn it is, again and again until all are over.

    Who is to stop comes first, then who has been at work for the fewest seconds; of several such
    who has waited longest. So all get on by the same seconds, whatever one step of theirs takes.

    Args:
        runners: Who takes turns.
        turn: Seconds of work after which it is another one's turn.
    """
    waiting = list(runners)
    while waiting := [runner for runner in waiting if not runner.over.is_set()]:
        chosen = min(waiting, key=lambda runner: (not runner.stopping.is_set(), runner.seconds))
        waiting.remove(chosen)
        waiting.append(chosen)
        until = chosen.seconds + turn
        yield chosen
        while chosen.seconds < until and not any(
            runner.over.is_set() or runner.stopping.is_set() for runner in waiting
        ):
            yield chosen


def work(group: Group, executor: Executor, side_by_side: bool = False) -> None:
    """Trains a group's jobs to their ends; what one of them fails of does not end the others.

    Args:
        group: Whose.
        executor: Trains them.
        side_by_side: Whether they train at the same time, a thread each, and not in turn.
    """
    own, *others = [[job] for job in group.jobs] if side_by_side else [list(group.jobs)]
    threads = []
    for jobs in others:
        name = f"train-{jobs[0].folder.id}"
        args = (group, jobs, executor)
        thread = threading.Thread(target=_in_turn, args=args, name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads
            own += jobs
        else:
            threads.append(thread)
    _in_turn(group, own, executor)
    for thread in threads:
        thread.join()


def _in_turn(group: Group, jobs: Sequence[Job], executor: Executor) -> None:
    trainings = {job.folder.id: _training(job, executor) for job in jobs}
    for job in turns(jobs, TURN_SECONDS):
        with for_run(job.folder.id):
            record = next(trainings[job.folder.id], None)
        if isinstance(record, Held):
            group.order_to_pause(job)
        group.hold(jobs)


def _training(job: Job, executor: Executor) -> Iterator[StreamRecord]:
    """Trains one job; between two records others may have their turn, or all may be paused."""
    try:
        words = yield from _followed(job, executor)
        if not job.snapshot.ended:
            if words:
                job.store_limit(words)
            job.end("stopped", words or None)
    except NamerecError as error:
        state: RunState = "diverged" if isinstance(error, DivergedError) else "failed"
        job.end(state, str(error))
    except Exception as error:
        log.exception("run %s failed", job.folder.id)
        job.end(
            "failed",
            job.stored_message()
            or f"Training failed with an unexpected error ({type(error).__name__}).",
        )
    except BaseException:  # whatever ends a thread: a dead one must not look alive
        log.exception("run %s ended unexpectedly", job.folder.id)
        job.end("failed", "Training ended unexpectedly. Resume the run.")
    finally:
        job.begun.set()
        job.over.set()
        gc.collect()


def _followed(job: Job, executor: Executor) -> Generator[StreamRecord, None, str]:
    """Follows a job's stream until it ends, or is to end; returns which limit ended it, if any."""
    with contextlib.closing(executor.stream(job.folder)) as stream:
        for record in job.records(stream):
            if job.snapshot.ended:
                continue  # nothing holds up the end of a finished run
            yield record
            if job.stopping.is_set():
                break
            if words := out_of_time(job.snapshot.seconds, settings()):
                return words
    return ""
