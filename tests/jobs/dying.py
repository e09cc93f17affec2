"""Processes that train a run of the tiny dataset and are killed with SIGKILL on the way.

    python -m tests.jobs.dying tell FOLDER        trains one run, says so after every epoch, and
                                                  waits before the last
    python -m tests.jobs.dying everywhere FOLDER  trains a run for every flush to the disk there is,
                                                  and dies at the first, the second, the third ...

Both print the runs' ids first.
"""

import os
import signal
import sys
from pathlib import Path

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.splits import make_split
from namerec.core.training.config import RunConfig
from namerec.core.training.loop import train
from namerec.core.training.records import EpochRecord
from namerec.jobs.executors import LocalExecutor
from namerec.runs.folder import RunFolder
from namerec.runs.store import RunStore
from tests.conftest import tiny_config, tiny_lines

#: A run whose best epochs are the first and the last of three.
THREE_EPOCHS = tiny_config(epochs=3, seed=6, learning_rate=0.2)
#: A run that waits before its end to be killed.
LONG = tiny_config(epochs=20, letter_dropout=0.1)


def main() -> None:
    """See the module's text."""
    command, root = sys.argv[1:]
    store = RunStore(Path(root), pretrained=None)
    dataset = Dataset.build("tiny", tiny_lines())
    if command == "tell":
        folder = store.create(LONG, dataset)
        print(folder.id, flush=True)
        for record in LocalExecutor(lambda reference: dataset).stream(folder):
            if isinstance(record, EpochRecord):
                print(record.epoch, flush=True)
                if record.epoch == LONG.training.epochs - 1:
                    signal.pause()
    else:
        _die_everywhere(store, THREE_EPOCHS, dataset)


def _die_everywhere(store: RunStore, config: RunConfig, dataset: Dataset) -> None:
    list(train(config, dataset, make_split(dataset, "leak-free", 0)))  # so that children are quick
    killed = True
    while killed:
        folder = store.create(config, dataset)
        child = os.fork()
        if child == 0:
            _die_at(len(list(store.root.iterdir())), folder, dataset)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        assert killed or status == 0
        if killed:
            print(folder.id, flush=True)


def _die_at(flush: int, folder: RunFolder, dataset: Dataset) -> None:
    flushes = 0

    def fsync_or_die(descriptor: int) -> None:
        nonlocal flushes  # no flush itself: what is written outlives the process, not the machine
        flushes += 1
        if flushes == flush:
            os.kill(os.getpid(), signal.SIGKILL)

    os.fsync = fsync_or_die  # type: ignore[assignment]
    for _ in LocalExecutor(lambda reference: dataset).stream(folder):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
