"""Processes whose surroundings fail them: `python -m tests.faults.driven memory|clock FOLDER`.

Each trains runs of the tiny dataset in the folder, through a job manager, and prints as JSON what
became of them.

    memory  the second of two runs in the queue fits into the memory that is left, the first not
    clock   during each of three runs the clock is set: back by a day, forth by two, back by one;
            half of it while the run is paused; no run may take more than an hour
"""

from __future__ import annotations

import datetime
import json
import os
import re
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any

#: Address space that is left to a process without memory, bytes: a thread's and a small network's.
LEFT = 200 * 10**6
#: How far behind the clock is at the end of each run, seconds.
BEHIND = (24 * 3600.0, -24 * 3600.0, 0.0)
#: Seconds a run may take.
LIMIT = 60.0


def main() -> None:
    """See the module's text."""
    command, folder = sys.argv[1:]
    result = {"memory": _memory, "clock": _clock}[command](Path(folder))
    print(json.dumps(result))


def _memory(root: Path) -> dict[str, Any]:
    from namerec.core.corpus.dataset import Dataset
    from namerec.core.networks.config import ModelConfig
    from namerec.jobs.executors import LocalExecutor
    from namerec.jobs.local import rehearse
    from namerec.jobs.manager import JobManager
    from namerec.runs.store import RunStore
    from tests.conftest import tiny_config, tiny_lines

    dataset = Dataset.build("tiny", tiny_lines())
    store = RunStore(root, pretrained=None)
    manager = JobManager(store, LocalExecutor(lambda reference: dataset))
    large = ModelConfig(kind="lstm", hidden_size=1024, num_layers=4)
    # Made here and not by the manager, whose limits would refuse what does not fit.
    ids = [
        store.create(config, dataset).id
        for config in (tiny_config().model_copy(update={"model": large}), tiny_config())
    ]
    rehearse()
    held = re.search(r"^VmSize:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert held is not None
    resource.setrlimit(resource.RLIMIT_AS, (int(held[1]) * 1024 + LEFT, resource.RLIM_INFINITY))
    for run_id in ids:
        manager.resume(run_id)
    ended = [manager.wait(run_id, LIMIT) for run_id in ids]
    return {
        "ids": ids,
        "states": [snapshot.state for snapshot in ended],
        "messages": [snapshot.message for snapshot in ended],
    }


def _clock(root: Path) -> dict[str, Any]:
    clock = _Clock()
    clock.install()  # before anything is imported that asks it
    os.environ["NAMEREC_MOST_MINUTES"] = "60"
    from namerec.core.corpus.dataset import Dataset
    from namerec.core.training.records import EpochRecord
    from namerec.jobs.executors import LocalExecutor
    from namerec.jobs.manager import JobManager
    from namerec.runs.store import RunStore
    from tests.conftest import tiny_config, tiny_lines

    class Setting(LocalExecutor):
        """Has each run paused at its second epoch, and sets the clock after the fourth."""

        def stream(self, run):
            for record in super().stream(run):
                epoch = record.epoch if isinstance(record, EpochRecord) else 0
                if epoch == 2:
                    manager.pause(run.id)
                yield record
                if epoch == 4:
                    clock.behind = behind

    dataset = Dataset.build("tiny", tiny_lines())
    manager = JobManager(RunStore(root, pretrained=None), Setting(lambda reference: dataset))
    ids: list[str] = []
    negative: list[str] = []
    seen = threading.Event()
    for behind in BEHIND:
        ids.append(manager.start(tiny_config(epochs=6), dataset))
        while (snapshot := manager.snapshot(ids[-1])) is not None and not snapshot.ended:
            durations = (snapshot.seconds, snapshot.remaining or 0.0, snapshot.names_per_second)
            if min(durations) < 0:
                negative.append(repr(durations))
            if snapshot.state == "paused":
                clock.behind = (clock.behind + behind) / 2
                manager.proceed(ids[-1])
            seen.wait(0.001)
    return {"ids": ids, "negative": negative, "now": time.time()}


class _Clock:
    """The system's clock, which only an administrator can set, as this process asks for it."""

    def __init__(self) -> None:
        self.behind = 0.0

    def install(self) -> None:
        """Puts it in the place of all the ways to ask for the time of day."""
        real, real_ns, clock = time.time, time.time_ns, self

        class Moment(datetime.datetime):
            @classmethod
            def now(cls, tz=None):
                return super().now(tz) - datetime.timedelta(seconds=clock.behind)

        time.time = lambda: real() - self.behind
        time.time_ns = lambda: real_ns() - int(self.behind * 1e9)
        datetime.datetime = Moment  # type: ignore[misc]


if __name__ == "__main__":
    main()
