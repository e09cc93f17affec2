"""A pool of processes, in which as many trainings go on at once as there are cores for.

A training is a chain of slices (`jobs.slices`). The server keeps the last checkpoint of each, so a
process that dies costs no more than what came after it: the slice is trained again in another one.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Generator
from dataclasses import dataclass, replace

import torch

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.splits import Split
from namerec.core.training.config import RunConfig
from namerec.core.training.loop import Checkpoint, InitialWeights, Record, Resumed
from namerec.core.training.records import EpochRecord, FinalRecord, StepRecord
from namerec.errors import ConfigError, JobError
from namerec.jobs.limits import check_memory
from namerec.jobs.memory import available, beside, need
from namerec.jobs.processes import ForkServer, Worker, WorkerLostError
from namerec.jobs.slices import SLICE_SECONDS, Slice, Waiting
from namerec.jobs.wire import Failure, SliceEnd
from namerec.settings import settings

log = logging.getLogger(__name__)

#: Seconds until whoever reads a training may look whether to stop or to pause.
LOOK_SECONDS = 0.05
#: Why a training fails that the system gives no process for.
_NO_PROCESS = (
    "Training could not start, because the system gives no more processes or pipes ({}). Close "
    "other programs or stop other trainings, then resume the run."
)
#: Processes that may die in a row without an epoch in between, before the run is given up.
MOST_LOSSES = 2


@dataclass(eq=False)
class _Training:
    """A training that has been let in.

    Attributes:
        need: Bytes that it will take in all.
        names: Dataset and split.
        asked: What comes next of it.
        shown: The last step of which there was a record: a slice that is trained again gives the
            same ones again.
        worker: The process that trains it now.
    """

    need: int
    names: tuple[Dataset, Split]
    asked: Slice
    shown: int
    worker: Worker | None = None
    point: Checkpoint | None = None

    def still_to_take(self) -> int:
        """Bytes that it has not taken yet."""
        return max(0, self.need - (self.worker.taken() if self.worker else 0))

    def is_new(self, record: Record) -> bool:
        """Notes a record, and says whether it is a new one."""
        if isinstance(record, StepRecord):
            if record.step <= self.shown:
                return False
            self.shown = record.step
        elif isinstance(record, Checkpoint):
            self.point = record
        elif isinstance(record, EpochRecord) and self.point is not None:
            before = self.asked.resumed
            best = self.point.weights if self.point.best or not before else before.best_weights
            self.asked = replace(self.asked, resumed=Resumed(self.point, best), initial=None)
        return True


class Pool:
    """Trains in processes; see the module's text.

    Args:
        most: Processes at a time.
        seconds: Of a slice.
    """

    def __init__(self, most: int, seconds: float = SLICE_SECONDS) -> None:
        self._most, self._seconds = most, seconds
        self._server = ForkServer()
        self._changed = threading.Condition()
        self._trainings: list[_Training] = []
        self._waiting: list[_Training] = []  # for a process: who came first gets one first
        self._at_work = 0
        self._idle: list[Worker] = []

    def start(self) -> None:
        """Imports what the first training would wait for, in the background."""
        self._server.start()

    def close(self) -> None:
        """Ends all processes."""
        self._server.close()
        while self._idle:
            self._idle.pop().end()

    def free(self) -> int:
        """Bytes that a training could take if it were alone."""
        with self._changed:
            workers = [training.worker for training in self._trainings]
        return available() + sum(worker.taken() for worker in workers if worker)

    def train(
        self,
        config: RunConfig,
        dataset: Dataset,
        split: Split,
        resumed: Resumed | None = None,
        initial: InitialWeights | None = None,
    ) -> Generator[Record | Waiting]:
        """Trains as `jobs.slices.Records` says; closed, it ends the process that is at it.

        Raises:
            JobError: If the processes that train it die again and again.
            ConfigError: If there is not enough memory for it, though it is alone.
        """
        # Without the names as they are written, which training does not ask for.
        letters = replace(dataset, names=("",) * len(dataset), unreadable=())
        training = _Training(
            need=need(config, dataset).total + beside(config, len(dataset.categories)),
            names=(letters, split),
            asked=Slice(config, torch.get_num_threads(), resumed, initial, seconds=self._seconds),
            shown=resumed.checkpoint.progress.step if resumed else 0,
        )
        losses = 0
        while not self._let_in(training, dataset):
            yield Waiting(working=False)
        try:
            while True:
                try:
                    with contextlib.closing(self._slice(training)) as records:
                        for record in records:
                            if isinstance(record, EpochRecord):
                                losses = 0
                            yield record
                    if isinstance(record, FinalRecord):
                        return
                except WorkerLostError as loss:
                    losses += 1
                    log.warning("the process of a training ended %s", loss)
                    if losses == MOST_LOSSES:
                        raise _given_up(loss) from None
        finally:
            self._let_out(training)

    def _let_in(self, training: _Training, dataset: Dataset) -> bool:
        """Whether there is memory for a training beside the others; then it counts as taken."""
        config, categories = training.asked.config, len(dataset.categories)
        with self._changed:
            promised = sum(other.still_to_take() for other in self._trainings)
            free = available() - promised - beside(config, categories)
            try:
                check_memory(config, dataset, settings(), free)
            except ConfigError:
                if not self._trainings:
                    raise
                self._changed.wait(LOOK_SECONDS)
                return False
            self._trainings.append(training)
            return True

    def _let_out(self, training: _Training) -> None:
        with self._changed:
            self._trainings.remove(training)
            if training in self._waiting:
                self._waiting.remove(training)
            idle, self._idle = (self._idle, []) if not self._trainings else ([], self._idle)
        for worker in idle:
            worker.end()

    def _slice(self, training: _Training) -> Generator[Record | Waiting]:
        """The new records of a slice."""
        while (worker := self._process(training)) is None:
            yield Waiting(working=False)
        going_on = False
        try:
            while not worker.pid:
                if worker.answer(LOOK_SECONDS) is None:
                    yield Waiting(working=False)
            known = worker.holds is training.names
            worker.ask(replace(training.asked, names=None if known else training.names))
            worker.holds = training.names
            while not isinstance(said := worker.answer(LOOK_SECONDS), SliceEnd):
                if said is None:
                    yield Waiting(working=True)
                elif isinstance(said, Failure):
                    said.error.add_note(f"In the process that trained it:\n{said.trace}")
                    raise said.error
                elif training.is_new(said):
                    yield said
                    if isinstance(said, FinalRecord):
                        return
            going_on = True
        finally:
            self._give_back(training, worker, going_on=going_on)

    def _process(self, training: _Training) -> Worker | None:
        """The process of a training whose turn it is; None if it is not.

        Raises:
            JobError: If the system gives none.
        """
        with self._changed:
            if training not in self._waiting:
                self._waiting.append(training)
            if training not in self._waiting[: self._most - self._at_work]:
                self._changed.wait(LOOK_SECONDS)
                return None
            self._idle.sort(key=lambda worker: worker.holds is training.names)
            try:
                worker = self._idle.pop() if self._idle else self._server.fork()
            except OSError as error:
                raise JobError(_NO_PROCESS.format(error.strerror or error)) from None
            self._waiting.remove(training)
            self._at_work += 1
            training.worker = worker
            return worker

    def _give_back(self, training: _Training, worker: Worker, *, going_on: bool) -> None:
        """Takes a training's process away; it is ended unless the slice has ended well.

        So is one that has ended its training: then all of its memory is free again.
        """
        with self._changed:
            training.worker = None
            self._at_work -= 1
            if going_on:
                self._idle.append(worker)
            self._changed.notify_all()
        if not going_on:
            worker.end()


def _given_up(loss: WorkerLostError) -> JobError:
    return JobError(
        f"The process that trained this run died {MOST_LOSSES} times without finishing an epoch in "
        f"between; the last one ended {loss}. SIGKILL mostly means that memory ran out: then make "
        "the batch or the network smaller, or close other programs. Resume the run from its last "
        "stored epoch."
    )
