"""Hand-written stand-ins: executors that a test feeds or holds back, and a clock that it sets."""

import contextlib
import math
import queue
import threading
from collections.abc import Callable, Generator
from typing import Any

from namerec.core.corpus.dataset import Dataset
from namerec.core.evaluation.results import Scores
from namerec.core.training.loop import Plan
from namerec.core.training.records import EpochRecord, FinalRecord, StepRecord
from namerec.jobs.executors import LocalExecutor, StreamRecord
from namerec.runs.folder import RunFolder

#: Seconds that a test waits for what should happen at once: a bound against hangs.
LIMIT = 60.0


class End:
    """Ends a fed stream without a final record."""


class Feed:
    """What one run's stream gives, record by record."""

    def __init__(self) -> None:
        self.closed = threading.Event()
        self._items: queue.Queue[StreamRecord | BaseException | End] = queue.Queue()
        self._asked = threading.Semaphore(0)

    def put(self, *items: StreamRecord | BaseException | End) -> None:
        """Lets the stream give something, and does not wait."""
        for item in items:
            self._items.put(item)

    def give(self, *items: StreamRecord) -> None:
        """Lets the stream give records; each has been taken in when this returns."""
        for item in items:
            self.wait_until_asked()
            self._items.put(item)
        self.wait_until_asked()
        self._asked.release()  # for the next call

    def wait_until_asked(self) -> None:
        assert self._asked.acquire(timeout=LIMIT), "the stream was not asked for a record"

    def is_asked_within(self, seconds: float) -> bool:
        """Whether the stream is asked for a record again in this time."""
        return self._asked.acquire(timeout=seconds)

    def stream(self) -> Generator[StreamRecord]:
        try:
            while True:
                self._asked.release()
                item = self._items.get(timeout=3 * LIMIT)
                if isinstance(item, End):
                    return
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self.closed.set()


class FedExecutor:
    """Gives what a test feeds it; counts how many streams are open at once."""

    def __init__(self) -> None:
        self.most_open = 0
        self.begun: list[str] = []
        self._feeds: dict[str, Feed] = {}
        self._open = 0
        self._lock = threading.Lock()

    def feed(self, run_id: str) -> Feed:
        """The feed of a run, before it begins or after."""
        with self._lock:
            return self._feeds.setdefault(run_id, Feed())

    def fresh_feed(self, run_id: str) -> Feed:
        """Another feed for a run that is gone on with."""
        with self._lock:
            self._feeds[run_id] = Feed()
            return self._feeds[run_id]

    def stream(self, run: RunFolder) -> Generator[StreamRecord]:
        feed = self.feed(run.id)
        with self._lock:
            self.begun.append(run.id)
            self._open += 1
            self.most_open = max(self.most_open, self._open)
        try:
            yield from feed.stream()
        finally:
            with self._lock:
                self._open -= 1

    def give_up(self) -> None:
        """Ends all streams, so that no thread stays behind a failed test."""
        with self._lock:
            feeds = list(self._feeds.values())
        for feed in feeds:
            feed.put(End())


class HeldBackExecutor(LocalExecutor):
    """Trains for real, but no run further than an epoch, until the test raises or lifts that.

    There a run gives its plan again and again, which changes nothing, so that it follows orders.
    """

    def __init__(
        self, load_dataset: Callable[[str], Dataset], *where: Any, epoch: float = 1
    ) -> None:
        super().__init__(load_dataset, *where)
        self._epoch = epoch

    def go_on(self, epoch: float = math.inf) -> None:
        """Lets all runs train up to another epoch, or to their ends."""
        self._epoch = epoch

    def most_epochs(self) -> float:
        """The epoch that no run may go beyond now."""
        return self._epoch

    def stream(self, run: RunFolder) -> Generator[StreamRecord]:
        tick = threading.Event()
        with contextlib.closing(super().stream(run)) as stream:
            for record in stream:
                if isinstance(record, Plan):
                    layout = record
                yield record
                while isinstance(record, EpochRecord) and record.epoch >= self.most_epochs():
                    tick.wait(0.005)
                    yield layout


class FakeClock:
    """Stands in for the `time` module where a test says how time passes."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


def wait_until(condition: Callable[[], bool], seconds: float = LIMIT) -> None:
    """Waits for something that no event tells of."""
    tick, deadline = threading.Event(), threading.Event()
    timer = threading.Timer(seconds, deadline.set)
    timer.daemon = True
    timer.start()
    try:
        while not condition():
            assert not deadline.is_set(), "what was waited for did not happen"
            tick.wait(0.002)
    finally:
        timer.cancel()


def plan_of(epochs: int = 2, steps: int = 10) -> Plan:
    """So many epochs of so many steps."""
    return Plan(tuple(steps * (epoch + 1) for epoch in range(epochs)))


def step_record(step: int, loss: float = 1.0) -> StepRecord:
    return StepRecord(step, step / 10, loss, 0.5, 0.01)


def epoch_record(epoch: int, seconds: float = 1.0) -> EpochRecord:
    return EpochRecord(
        epoch=epoch,
        step=10 * epoch,
        train_loss=0.5,
        train_accuracy=0.75,
        validation_loss=0.25,
        validation_accuracy=0.875,
        validation_macro_recall=0.5,
        validation_confusion=((1, 0), (0, 1)),
        seconds=seconds,
        names_per_second=100.0 * epoch,
        best=True,
    )


def final_record(seconds: float = 2.0) -> FinalRecord:
    scores = Scores("test", "leak-free", 10, 0.5, 0.75, 0.5, 0.5, 1.0)
    return FinalRecord({"test": scores}, {}, best_epoch=2, seconds=seconds, names_per_second=50.0)
