"""Servers that are made to end while they train, and what the run they leave must hold."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from hashlib import sha256
from pathlib import Path

from namerec.data import catalogue
from namerec.jobs.executors import LocalExecutor
from namerec.jobs.manager import JobManager
from namerec.runs.folder import BEST, RunFolder
from namerec.runs.networks import load_network
from namerec.runs.records import RunState
from namerec.runs.store import RunStore
from namerec.runs.tensors import write_tensors
from tests.core.references import without_times
from tests.faults.servers import Server
from tests.faults.sessions import Session
from tests.runs.references import Solo, assert_no_debris

#: Seconds in which a process ends that is asked to, and in which a run that nobody trains any
#: more is seen to be interrupted: a bound against hangs, where other work shares the machine.
MOST_SECONDS = 60.0
#: How many epochs further than reported a server may train before it is ended, so that the run has
#: not ended by then; and settings for three such servers, an epoch being one step.
LIFE = 40
SETTINGS = {"epochs": 3 * LIFE, "Hidden_units": 8}
#: Seconds between two looks of a session that waits for the moment, and that it waits for at most.
LOOK = 0.05
LIMIT = 300.0
#: What a run is found to be whose process has ended so.
STATES: dict[signal.Signals, RunState] = {
    signal.SIGKILL: "interrupted",
    signal.SIGTERM: "stopped",
    signal.SIGINT: "stopped",
}


def state_shown(tab: Session) -> str:
    """What the run's badge says."""
    badge = re.search(r"-badge\[[^]]*?:material/\w+: ([^]]*)\]", tab.words())
    return badge[1] if badge else ""


def epoch_shown(tab: Session) -> int:
    """The epoch that the page says the run has done; 0 if it says none."""
    epoch = re.search(r"^epoch (\d+) of", tab.words(), re.MULTILINE)
    return int(epoch[1]) if epoch else 0


def watch(tab: Session, chance: random.Random, seen: int) -> int:
    """Looks on until the run is some epochs further than before, and for a moment more.

    Args:
        tab: Which shows the run.
        chance: Says how many epochs, and how long a moment.
        seen: The epoch it had come to before.

    Returns:
        The last epoch that was reported.
    """
    beyond, since = seen + chance.randint(1, 10), time.monotonic()
    while (reported := epoch_shown(tab)) < beyond:
        assert time.monotonic() - since < LIMIT, tab.words()
        time.sleep(LOOK)  # sooner than the page asks for, lest the run goes far beyond
        tab.look()
    time.sleep(chance.uniform(0, 0.1))  # the fault's moment, not a wait for anything
    return reported


def end(server: Server, how: signal.Signals) -> float:
    """Sends the server's process a signal; nothing it started may be left of it.

    Returns:
        Seconds until it had ended.
    """
    assert server.process is not None
    group = server.process.pid
    started = time.monotonic()
    os.kill(group, how)
    server.process.wait(2 * MOST_SECONDS)
    seconds = time.monotonic() - started
    assert not _lives(group), f"Processes are left after {how.name}."
    return seconds


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def the_run(server: Server) -> RunFolder:
    """The one run in a server's data folder."""
    store = RunStore(server.data / "runs", pretrained=None)
    (entry,) = store.entries()
    return store.open(entry.id)


def assert_nothing_lost(folder: RunFolder, how: signal.Signals, reported: int, solo: Solo) -> None:
    """Right after the end: the state is told, every file can be read, every epoch is there."""
    (summary,) = RunStore(folder.path.parent, pretrained=None).summaries()
    assert summary.state == STATES[how]
    epochs = [without_times(record) for record in folder.metrics()[1]]
    assert len(epochs) >= reported, f"{reported} epochs were reported, {len(epochs)} are stored"
    assert epochs == [without_times(record) for record in solo.epochs[: len(epochs)]]
    assert len(epochs) - 1 <= folder.progress().epoch <= len(epochs)
    load_network(folder)
    if how != signal.SIGKILL:
        assert_no_debris(folder.path)


def take_up(tab: Session, state: RunState) -> float:
    """Sees that nobody trains the run any more, and has this tab's server go on with it.

    Returns:
        Seconds until the page said so.
    """
    seconds = tab.look_until(lambda shown: state_shown(shown) == state)
    tab.press("Resume")
    assert state_shown(tab) in ("queued", "running", "finished"), tab.words()
    return seconds


def finish(folder: RunFolder) -> None:
    """Goes on with the run in this process, to its end."""
    store = RunStore(folder.path.parent, pretrained=None)
    manager = JobManager(store, LocalExecutor(catalogue.load))
    try:
        manager.resume(folder.id)
        ended = manager.wait(folder.id, LIMIT)
    finally:
        manager.shutdown()
    assert (ended.state, ended.message) == ("finished", "")


def assert_ended_as_if_nothing_had_been(folder: RunFolder, solo: Solo, scratch: Path) -> None:
    """The finished run has the weights, to the last bit, of one that nobody has ended before."""
    point = solo.best_until(len(solo.checkpoints))
    alone = scratch / BEST
    write_tensors(alone, point.weights, {"epoch": str(point.progress.epoch)})
    assert checksum(folder.path / BEST) == checksum(alone)
    epochs = [without_times(record) for record in folder.metrics()[1]]
    assert epochs == [without_times(record) for record in solo.epochs]
    assert_no_debris(folder.path)


def checksum(file: Path) -> str:
    """SHA-256 of a file."""
    return sha256(file.read_bytes()).hexdigest()
