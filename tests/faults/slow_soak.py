"""A long day in little: sessions, trainings, uploads, exports, kills, and what is left of them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil

from tests.data.zips import zipped
from tests.faults.crowd import (
    LOADS_UNTIL_FLAT,
    Measured,
    crowd,
    load_pages,
    start_training,
    warm,
)
from tests.faults.servers import Server
from tests.faults.sessions import Session
from tests.faults.slow import Row

NAME = "soak"
#: Sessions that look at pages, and seconds between two pages of each.
VISITORS, EVERY = 30, 20.0
#: What memory may grow by between the second third of the time and the last one, MB.
MOST_GROWTH = 20.0
#: Seconds in which 95 % of the pages are drawn.
MOST_SECONDS = 3.0
#: Seconds between two looks at the memory.
_LOOK = 5.0
#: Seconds between two looks for a process to kill.
_PACE = 0.5
#: Corpora that are uploaded in turn; one that is kept is replaced.
_CORPORA = 10


def row(minutes: float) -> Row:
    """The row of the table."""
    claim = (
        f"{minutes:g} minutes of {VISITORS} sessions, trainings, uploads, exports and kills of the "
        f"baselines' process: memory level, no error in the log, p95 under {MOST_SECONDS:g} s"
    )
    return Row(NAME, claim, lambda: _soak(60 * minutes))


def _soak(lasting: float) -> str:
    over = threading.Event()
    levels: list[tuple[float, float]] = []
    with TemporaryDirectory() as folder, Server(Path(folder) / "home") as server:
        warm(server)
        load_pages(server, LOADS_UNTIL_FLAT)
        began = time.monotonic()

        def look_at_memory() -> int:
            levels.append((time.monotonic() - began, server.memory()))
            over.wait(_LOOK)
            return 1

        work = (look_at_memory, _worker(server), _killer(server))
        with ThreadPoolExecutor(len(work)) as threads:
            busy = [threads.submit(_until, over, turn) for turn in work]
            try:
                seen = crowd(server, VISITORS, EVERY, lasting)
            finally:
                over.set()
            done, killed = (turns.result() for turns in busy[1:])
        errors = _errors(server)
    growth, slope = _growth(levels, lasting)
    said = (
        f"{done} rounds of training, upload and export; {killed} kills; memory {levels[0][1]:.0f} "
        f"MB at first, {max(level for _, level in levels):.0f} at most, {levels[-1][1]:.0f} at "
        f"last, {growth:+.1f} MB from the second third to the last one ({slope:+.0f} MB an hour); "
        f"{len(errors)} errors in the log; {seen}"
    )
    assert not errors, f"{said}; the first: {errors[:3]}"
    assert not seen.failures, f"{said}; {seen.failures[0]}"
    assert growth < MOST_GROWTH, said
    assert seen.percentile(95) < MOST_SECONDS, said
    return said


def _until(over: threading.Event, turn: Callable[[], int]) -> int:
    """Takes turns until it is over; returns how much was done in all of them."""
    done = 0
    while not over.is_set():
        done += turn()
    return done


def _worker(server: Server) -> Callable[[], int]:
    """One who uploads a corpus, trains, looks at the baselines and exports, again and again."""
    turns = iter(range(10**6))

    def work() -> int:
        turn = next(turns)
        seen = Measured()
        with Session(server.url) as tab:
            tab.open("dataset", view="own")
            tab.upload("A zip of text files, or a table", "names.zip", _corpus(turn % _CORPORA))
            tab.press("Import")
            newest = max((server.data / "corpora").glob("*.json"), key=os.path.getmtime).stem
            tab.open("train", corpus=f"own:{newest}")
            run = start_training(tab, epochs=5, Hidden_units=8, Seed=turn)
            tab.look_until(lambda shown: "Finished" in shown.words())
            seen.note(tab, tab.open("evaluate", run=run))
            seen.note(tab, tab.open("runs", runs=run))
            seen.note(tab, tab.press("Export"))
            seen.note(tab, tab.press("Export", "runs_make_zip"))
            assert "Download" in tab.words()
        assert not seen.failures, seen.failures
        return 1

    return work


def _corpus(number: int) -> bytes:
    """A zip of two categories, another one for every number."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    stems = [f"{one}{letters[number]}{two}" for one in letters for two in letters]
    return zipped({
        f"{category}.txt": "".join(f"{stem}{end}\n" for stem in stems).encode()
        for category, end in (("Alphan", "ovic"), ("Betan", "ssen"))
    })  # fmt: skip


def _killer(server: Server) -> Callable[[], int]:
    """One who kills every second process of the baselines: the one after it answers."""
    seen: set[int] = set()

    def kill() -> int:
        assert server.process is not None
        killed = 0
        for child in psutil.Process(server.process.pid).children():
            with suppress(psutil.NoSuchProcess):
                if child.pid not in seen and "baseline_fitter" in " ".join(child.cmdline()):
                    seen.add(child.pid)
                    if len(seen) % 2:
                        os.kill(child.pid, signal.SIGKILL)
                        killed += 1
        time.sleep(_PACE)  # the killer's own, not a wait for anything
        return killed

    return kill


def _errors(server: Server) -> list[str]:
    """Lines of the server's output and of its log that tell of an error."""
    log = server.data / "logs" / "namerec.log"
    kept = log.read_text().splitlines() if log.exists() else []
    printed = server.log().splitlines()
    return [line for line in printed if "Traceback" in line or "Error" in line] + [
        line for line in kept if '"level": "ERROR"' in line or '"level": "CRITICAL"' in line
    ]


def _growth(levels: list[tuple[float, float]], lasting: float) -> tuple[float, float]:
    """MB from the second third of the time to the last one, and MB an hour by a straight line."""
    times, memory = np.array(levels).T
    second, last = (times > lasting / 3) & (times <= lasting * 2 / 3), times > lasting * 2 / 3
    later = times > lasting / 3
    slope = np.polyfit(times[later] / 3600, memory[later], 1)[0]
    return float(memory[last].mean() - memory[second].mean()), float(slope)
