"""Trains two runs in processes of their own until it is ended, and says when both are at it.

    python -m tests.faults.training FOLDER

with the names in a folder, and data folder and processes as the environment says.
"""

import sys
import threading

from namerec.data import catalogue
from namerec.jobs.local import local_manager
from tests.conftest import tiny_config
from tests.jobs.fakes import wait_until


def main() -> None:
    """See the module's text."""
    folder = sys.argv[1]
    config = tiny_config(steps=1_000_000, batch_size=1, dataset=folder)
    manager = local_manager()
    for _ in range(2):
        manager.start(config, catalogue.load(folder))
    wait_until(lambda: all(job.step for job in manager.active()))
    print("training", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
