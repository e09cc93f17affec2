"""`python -m namerec` whose trainings take their time over the third epoch: a signal ends them."""

import signal
import time
from collections.abc import Iterator

from namerec.cli import main
from namerec.core.training.loop import Record, train
from namerec.core.training.records import EpochRecord
from namerec.jobs import executors


def _held_back(*given: object) -> Iterator[Record]:
    for record in train(*given):  # type: ignore[arg-type]
        yield record
        while isinstance(record, EpochRecord) and record.epoch == 2:
            time.sleep(0.01)


if __name__ == "__main__":
    # A shell script ignores Ctrl-C for what it runs in the background, tests and their processes.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    executors.train = _held_back  # type: ignore[assignment, attr-defined]
    main()
