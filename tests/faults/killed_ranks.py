"""The command line, in processes that are killed: rank 1 after epoch 1, rank 0 after epoch 2.

Fails if threads of the group outlive it.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

from namerec.cli import main
from namerec.core.training.loop import Record, train
from namerec.core.training.records import EpochRecord
from namerec.jobs import distributed

#: Who dies, and after which epoch, each time that torchrun starts them.
DEATHS = [(1, 1), (0, 2)]


def _killed(*given: object) -> Iterator[Record]:
    here = (int(os.environ["RANK"]), int(os.environ["TORCHELASTIC_RESTART_COUNT"]))
    for record in train(*given):  # type: ignore[arg-type]
        yield record
        if isinstance(record, EpochRecord):
            rank, again = here
            if (rank, record.epoch) in DEATHS[again : again + 1]:
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    distributed.train = _killed  # type: ignore[assignment, attr-defined]
    try:
        main()
    finally:
        threads = {task.read_text().strip() for task in Path("/proc/self/task").glob("*/comm")}
        if left := {name for name in threads if "gloo" in name}:
            raise AssertionError(f"may abort the process as it exits: {left}")
