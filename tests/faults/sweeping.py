"""A sweep of the tiny dataset in a process that is killed after so many flushes to the disk.

    python -m tests.faults.sweeping HOME

Its children carry one sweep on, each until its turn to die; the last one to its end. Prints how
many were killed.
"""

import os
import signal
import threading

import torch

from namerec.cluster.folder import SweepFolder, create_sweep
from namerec.cluster.search import Search
from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.splits import make_split
from namerec.core.tasks.sweep import Range, SweepPlan
from namerec.core.training.loop import train
from namerec.jobs.executors import LocalExecutor
from namerec.jobs.manager import JobManager
from namerec.runs.store import RunStore
from tests.conftest import tiny_config, tiny_lines

#: What is searched: four trials of two runs of four epochs.
PLAN = SweepPlan.checked(
    tiny_config(epochs=4),
    {"learning_rate": Range(low=1e-5, high=0.1, log=True), "num_layers": Range(low=1, high=2)},
    seeds=2,
    trials=4,
    prune="median",
)
#: After how many flushes the first one dies, and how many more each next one has.
FIRST, MORE = 3, 4


def main() -> None:
    """See the module's text."""
    torch.set_num_threads(1)
    dataset = Dataset.build("tiny", tiny_lines())
    list(train(PLAN.base, dataset, make_split(dataset, "leak-free", 0)))  # so children are quick
    folder = create_sweep(PLAN, "killed")
    killed = 0
    while True:
        child = os.fork()
        if child == 0:
            _die_after(FIRST + MORE * killed, folder, dataset)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert status == 0
            print(killed)
            return
        killed += 1


def _die_after(flushes: int, folder: SweepFolder, dataset: Dataset) -> None:
    left = flushes

    def fsync_or_die(descriptor: int) -> None:
        nonlocal left  # no flush itself: what is written outlives the process, not the machine
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    os.fsync = fsync_or_die  # type: ignore[assignment]

    def load(reference: str) -> Dataset:
        return dataset

    manager = JobManager(RunStore(pretrained=None), LocalExecutor(load))
    Search(folder, manager, load).run(threading.Event())
    manager.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
