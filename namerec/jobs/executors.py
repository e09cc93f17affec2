"""Where training runs: an executor turns a run into a stream of records.

Nothing above it cares how. The one here stores what it is given by `core.training.loop.train`, in
the thread that iterates the stream, or by something with that function's signature that trains
elsewhere (`jobs.pool`).
"""

from __future__ import annotations

import contextlib
import errno
import logging
import traceback
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

import torch

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.splits import make_split
from namerec.core.training.loop import Checkpoint, Plan, Progress, Record, plan, train
from namerec.core.training.records import EpochRecord, FinalRecord, StepRecord
from namerec.disk import write_whole
from namerec.errors import ConfigError, DataError, DivergedError, NamerecError, RunError
from namerec.jobs.limits import check_memory, check_network
from namerec.jobs.memory import available
from namerec.jobs.slices import Records, Waiting
from namerec.runs.folder import RunFolder
from namerec.runs.lineage import initial_weights
from namerec.runs.records import PartScores, RunInfo
from namerec.settings import settings

log = logging.getLogger(__name__)
_Written = TypeVar("_Written")

#: How the system says that there is no room: a full disk, a used-up quota, a limit on files.
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Held:
    """Training cannot go on for now; asking for the next record tries again.

    Attributes:
        message: Why, and what to do, in a sentence.
    """

    message: str


#: What an executor yields: the plan once, then what core.training yields, checkpoints stored; and
#: what holds it up, or that nothing has come for a moment.
StreamRecord = Plan | StepRecord | EpochRecord | FinalRecord | Held | Waiting


class Executor(Protocol):
    """Trains a run and stores it."""

    def stream(self, run: RunFolder) -> Generator[StreamRecord]:
        """Trains the run from where it stands; every epoch is on disk before it is yielded.

        Closing the stream stops the training; the run is then *stopped*.

        Raises:
            NamerecError: If the run cannot be trained, or not stored.
        """
        ...


class LocalExecutor:
    """Trains runs of this machine's data folder.

    Args:
        load_dataset: Reads the names that a run asks for.
        records: Trains; in the thread that iterates the stream, if nothing else is said.
        free: How many bytes a training may take there.
        processes: How many train each run together.
    """

    def __init__(
        self,
        load_dataset: Callable[[str], Dataset],
        records: Records | None = None,
        free: Callable[[], int] = available,
        processes: int = 1,
    ) -> None:
        self._load_dataset = load_dataset
        self._records = records
        self._free = free
        self._processes = processes

    def stream(self, run: RunFolder) -> Generator[StreamRecord]:
        """See `Executor`."""
        with run.lock():
            keeper = _StatusKeeper(run)
            try:
                yield from self._train(run, keeper)
            except (GeneratorExit, KeyboardInterrupt):
                keeper.stop()
                raise
            except OSError as error:
                failure = RunError(
                    f"Run {run.id} cannot be stored: {error.strerror or error}. Check the disk, "
                    "then resume the run from its last stored epoch."
                )
                keeper.fail(failure)
                raise failure from error
            except Exception as error:
                keeper.fail(error)
                raise

    def _train(self, run: RunFolder, keeper: _StatusKeeper) -> Generator[StreamRecord]:
        info = run.info()
        _ensure_as_many(info, self._processes)
        torch.set_num_threads(info.threads)  # others could change a sum's last digit
        begin = partial(keeper.change, state="running", message="")
        yield from _once_there_is_room(run, begin)
        dataset = self._load_dataset(info.config.training.dataset)
        if dataset.fingerprint != info.dataset.fingerprint:
            raise DataError(
                f"The names in “{dataset.title}” are not those that this run was started with. Put "
                "the old files back, or start a new run on the new ones."
            )
        training = info.config.training
        # Now that it is its turn: what is free, and the limits, may have changed while it waited.
        check_network(info.config, len(dataset.categories), settings())
        check_memory(info.config, dataset, settings(), self._free())
        split = make_split(dataset, training.protocol, training.split_draw)
        layout = plan(training, len(split.train))
        resumed = yield from _once_there_is_room(run, run.resumed)
        progress = resumed.checkpoint.progress if resumed else None
        yield from _once_there_is_room(run, partial(keeper.begin, layout, progress))
        yield layout
        go = self._records or train
        records = go(info.config, dataset, split, resumed, initial_weights(run))
        with contextlib.closing(records):
            for record in _stored(run, keeper, records):
                yield record
                trained = isinstance(record, EpochRecord) and record.epoch == layout.epochs
                if trained and info.trial is not None:
                    keeper.stop()  # its test names are asked only if it is resumed
                    return


def _stored(
    run: RunFolder, keeper: _StatusKeeper, records: Iterable[Record | Waiting]
) -> Generator[StreamRecord]:
    """Stores records; each epoch is on the disk before it is yielded."""
    waiting: list[StepRecord] = []
    point: Checkpoint | None = None
    for record in records:
        if isinstance(record, Checkpoint):
            point = record
            continue
        if isinstance(record, StepRecord):
            waiting.append(record)
        elif isinstance(record, EpochRecord) and point is not None:
            for write in run.epoch_writes([*waiting, record], point):
                yield from _once_there_is_room(run, write)
            waiting = []
            yield from _once_there_is_room(run, partial(keeper.epoch, record))
        elif isinstance(record, FinalRecord):
            yield from _once_there_is_room(run, partial(run.write_predictions, record.predictions))
            yield from _once_there_is_room(run, partial(keeper.finish, record))
        yield record


def _ensure_as_many(info: RunInfo, processes: int) -> None:
    if info.processes == processes:
        return
    by = "torchrun --standalone --nproc-per-node {} -m namerec train --distributed --resume {}"
    how = "python -m namerec train --resume {1}" if info.processes == 1 else by
    many = "1 process" if info.processes == 1 else f"{info.processes:,} processes"
    raise ConfigError(
        f"Run {info.id} is trained by {many}, and here "
        f"{'is' if processes == 1 else 'are'} {processes:,}: its numbers would be others. Resume "
        f"it with “{how.format(info.processes, info.id)}”, or start a new run from it."
    )


def _once_there_is_room(
    run: RunFolder, write: Callable[[], _Written]
) -> Generator[Held, None, _Written]:
    """Writes, again and again as long as it is asked to while the disk is full."""
    while True:
        try:
            return write()
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            log.warning("run %s is held: %s", run.id, error)
            yield Held(
                f"The disk is full ({error.strerror}), so run {run.id} is paused; nothing of it is "
                "lost. Free some space on the disk of the data folder, then resume the run."
            )


def settle(run: RunFolder) -> None:
    """Stores as stopped, at its checkpoint, a run that was killed and is not to be gone on with.

    Raises:
        RunError: If somebody trains it, or its files are damaged.
        OSError: If it cannot be stored.
    """
    with run.lock():
        resumed = run.resumed()
        progress = resumed.checkpoint.progress if resumed else None
        _StatusKeeper(run).change(state="stopped", **_standing(progress))


class _StatusKeeper:
    """The stored status of a run that is being trained."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._status = run.status()

    def change(self, **values: object) -> None:
        changed = self._status.model_copy(update=values)
        self._run.write_status(changed)
        self._status = changed  # not before: what could not be stored has not happened

    def begin(self, layout: Plan, progress: Progress | None) -> None:
        """Says where training begins: a run that was killed can be further than its status."""
        self.change(epochs=layout.epochs, steps=layout.steps, **_standing(progress))

    def stop(self) -> None:
        # Ctrl-C comes at any moment: also when a status has just been stored and is not known here.
        with contextlib.suppress(NamerecError):
            self._status = self._run.status()
        if self._status.state != "finished":
            try:
                self.change(state="stopped")
            except OSError:  # then it is found *interrupted*, and can be gone on with
                log.exception("the stop of run %s could not be stored", self._run.id)

    def epoch(self, record: EpochRecord) -> None:
        values: dict[str, object] = {
            "epoch": record.epoch,
            "step": record.step,
            "seconds": record.seconds,
            "names_per_second": record.names_per_second,
        }
        if record.best:
            values |= {
                "best_epoch": record.epoch,
                "validation_accuracy": record.validation_accuracy,
            }
        self.change(**values)

    def finish(self, record: FinalRecord) -> None:
        scores = {part: PartScores(**scored.as_dict()) for part, scored in record.scores.items()}
        self.change(
            state="finished",
            seconds=record.seconds,
            names_per_second=record.names_per_second,
            scores=scores,
        )

    def fail(self, error: Exception) -> None:
        message = str(error) if isinstance(error, NamerecError) else _unforeseen(error)
        if not isinstance(error, NamerecError):
            log.exception("run %s failed", self._run.id)
        cause = traceback.format_exc().encode()
        state = "diverged" if isinstance(error, DivergedError) else "failed"
        writes: tuple[Callable[[], None], ...] = (
            partial(self.change, state=state, message=message),
            partial(write_whole, self._run.path / "error.txt", cause),
        )
        for write in writes:  # each by itself: where one has no room, the other may have some
            try:
                write()
            except OSError:
                log.exception("the failure of run %s could not be stored", self._run.id)


def _standing(progress: Progress | None) -> dict[str, object]:
    """How far a run has come, as its status says it."""
    return {
        "epoch": progress.epoch if progress else 0,
        "step": progress.step if progress else 0,
        "best_epoch": progress.best_epoch if progress else 0,
        "validation_accuracy": progress.best_score[0] if progress else None,
        "seconds": progress.seconds if progress else 0.0,
    }


def _unforeseen(error: Exception) -> str:
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
        return (
            "There was not enough memory for this training. Make the batch, the network or the "
            "n-grams smaller, or close other programs, and start again. The full error is in "
            "“error.txt” in the run's folder."
        )
    return (
        f"Training failed with an unexpected error ({type(error).__name__}: {str(error)[:200]}). "
        "The full error is in “error.txt” in the run's folder."
    )
