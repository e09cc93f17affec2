"""Sweeps of a server: each in a thread of its own, started, stopped and resumed by the pages."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from namerec.cluster.folder import SweepFolder, create_sweep, open_sweep
from namerec.cluster.search import Search
from namerec.core.corpus.dataset import Dataset
from namerec.core.tasks.sweep import SweepPlan
from namerec.errors import JobError, NamerecError
from namerec.jobs.limits import check_start
from namerec.jobs.manager import JobManager
from namerec.jobs.owner import LAB, Owner
from namerec.settings import settings

log = logging.getLogger(__name__)

#: Seconds that a shutdown waits for the threads: they look twenty times a second.
_SHUTDOWN_SECONDS = 2.0


class Searches:
    """Carries sweeps on in the background."""

    def __init__(self, manager: JobManager, load: Callable[[str], Dataset]) -> None:
        self._manager, self._load = manager, load
        self._lock = threading.Lock()
        self._threads: dict[str, tuple[threading.Thread, threading.Event]] = {}
        self._messages: dict[str, str] = {}

    def start(self, plan: SweepPlan, owner: Owner = LAB) -> str:
        """Makes a sweep and begins it.

        Args:
            plan: What is searched.
            owner: Who asks, as in `JobManager.start`.

        Returns:
            Its name.

        Raises:
            NamerecError: If its names cannot be read, this server's limits do not allow its
                trials, or it cannot be stored.
        """
        names = self._load(plan.base.training.dataset)
        home = self._manager.store.root.parent
        check_start(plan.configs({}), names, home=home, settings=settings())
        folder = create_sweep(plan)
        self._begin(folder, owner)
        return folder.name

    def resume(self, name: str, owner: Owner = LAB) -> None:
        """Carries a sweep on.

        Raises:
            NamerecError: If there is none, or somebody carries it on already.
        """
        folder = open_sweep(name)
        if folder.is_running():
            raise JobError(f"Sweep {name} is being carried on already.")
        self._begin(folder, owner)

    def stop(self, name: str) -> None:
        """Ends a sweep at its next look, and its runs; it can be resumed.

        Raises:
            JobError: If this server does not carry it on.
        """
        thread, stopping = self._threads.get(name, (None, None))
        if thread is None or stopping is None or not thread.is_alive():
            raise JobError(
                f"Sweep {name} is not carried on by this server, so it cannot be stopped here."
            )
        stopping.set()

    def message(self, name: str) -> str:
        """Why a sweep's thread has ended too early, in a sentence; empty if it has not."""
        return self._messages.get(name, "")

    def wait(self, name: str, seconds: float) -> None:
        """Waits until a sweep's thread has ended, but no longer than so many seconds."""
        if name in self._threads:
            self._threads[name][0].join(seconds)

    def shutdown(self) -> None:
        """Stops all sweeps and waits until their threads have ended, before the manager's jobs."""
        for _, stopping in self._threads.values():
            stopping.set()
        for thread, _ in self._threads.values():
            thread.join(_SHUTDOWN_SECONDS)

    def _begin(self, folder: SweepFolder, owner: Owner) -> None:
        with self._lock:
            known = self._threads.get(folder.name)
            if known is not None and known[0].is_alive():
                raise JobError(f"Sweep {folder.name} is being carried on already.")
            self._messages.pop(folder.name, None)
            stopping = threading.Event()
            thread = threading.Thread(
                target=self._work,
                args=(folder, owner, stopping),
                name=f"sweep-{folder.name}",
                daemon=True,
            )
            self._threads[folder.name] = (thread, stopping)
            thread.start()

    def _work(self, folder: SweepFolder, owner: Owner, stopping: threading.Event) -> None:
        try:
            Search(folder, self._manager, self._load, owner).run(stopping)
        except NamerecError as error:
            self._messages[folder.name] = str(error)
        except Exception as error:
            log.exception("sweep %s ended unexpectedly", folder.name)
            self._messages[folder.name] = (
                f"The sweep ended unexpectedly ({type(error).__name__}). Resume it."
            )
