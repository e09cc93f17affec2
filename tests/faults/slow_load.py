"""The rows about load: crowds for minutes, hundreds of page loads, many runs on one server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conftest import tiny_lines
from tests.faults.crowd import (
    LOADS_UNTIL_FLAT,
    crowd,
    load_pages,
    memory_of_sessions,
    start_training,
    warm,
)
from tests.faults.servers import Server
from tests.faults.sessions import Session
from tests.faults.slow import Row

#: Seconds that a crowd is watched for.
LASTING = 120.0
#: What may be left of 500 page loads and 20 runs, MB: two in a hundred of what the server holds.
MOST_LEFT = 10.0


@contextmanager
def _server(*, tiny: bool = False) -> Iterator[Server]:
    """A server that has opened every page once; on the tests' tiny corpus, or the bundled one."""
    with TemporaryDirectory() as folder:
        corpus = _tiny_corpus(Path(folder)) if tiny else None
        with Server(Path(folder) / "home", corpus) as server:
            warm(server)
            yield server
            assert "Traceback" not in server.log(), server.log()


def _tiny_corpus(folder: Path) -> Path:
    corpus = folder / "names"
    corpus.mkdir()
    for line in tiny_lines():
        with (corpus / f"{line.category}.txt").open("a", encoding="utf-8") as file:
            file.write(line.name + "\n")
    return corpus


def _crowd(visitors: int, every: float, most_seconds: float) -> str:
    with _server() as server, Session(server.url) as trainer:
        run_id = start_training(trainer, epochs=1000)
        seen = crowd(server, visitors, every, LASTING)
        trainer.open("train", run=run_id)
        trainer.press("Pause")  # which only a run that trains offers
    assert seen.failures == [], f"{len(seen.failures)} errors, the first: {seen.failures[0]}"
    assert seen.percentile(95) < most_seconds, str(seen)
    return f"{seen}; no error"


def _sessions() -> str:
    with _server() as server:
        each = memory_of_sessions(server, 40)
    said = f"{each:.2f} MB for each of 40 sessions that had opened every page"
    assert each <= 5, said
    return said


def _flat() -> str:
    with _server(tiny=True) as server:
        _train(server, runs=2)
        load_pages(server, LOADS_UNTIL_FLAT)
        before = server.memory()
        for _ in range(20):
            load_pages(server, 25)
            _train(server, runs=1)
        after = server.memory()
    said = f"{before:.1f} MB before, {after:.1f} MB after: {after - before:+.1f} MB"
    assert after - before <= MOST_LEFT, said
    return said


def _train(server: Server, runs: int) -> None:
    with Session(server.url) as tab:
        for seed in range(runs):
            start_training(tab, epochs=5, Hidden_units=8, Seed=seed)
            tab.look_until(lambda seen: "Finished" in seen.words())


ROWS = (
    Row(
        "crowd-20",
        "20 sessions, a rerun each 10 s, training on: p95 under 2 s, no error",
        lambda: _crowd(20, 10, 2),
    ),
    Row(
        "crowd-50",
        "50 sessions, a rerun each 30 s, training on: p95 under 3 s, no error",
        lambda: _crowd(50, 30, 3),
    ),
    Row("sessions", "At most 5 MB of memory for a session", _sessions),
    Row("flat", "Flat memory over 500 page loads and 20 runs", _flat),
)
