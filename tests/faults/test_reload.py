"""Tabs that come back to a training, and tabs that wait for one another's."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from hashlib import sha256

import pytest
import torch

from namerec.data import catalogue
from namerec.runs.store import RunStore
from tests.faults.crowd import start_training, warm
from tests.faults.servers import Server
from tests.faults.sessions import Session
from tests.runs.references import Solo, as_bits

#: Seconds in which a tab that comes back shows the run as it is now: a bound against hangs, where
#: other work shares the machine.
BACK_SECONDS = 30.0


@pytest.fixture(scope="module")
def server(tmp_path_factory, tiny_folder):
    with Server(tmp_path_factory.mktemp("server"), tiny_folder, held_back=True) as started:
        warm(started)
        yield started
        assert "Traceback" not in started.log(), started.log()


@pytest.fixture
def training(server):
    """A tab and the run it trains, which has come to its first epoch and is stopped at the end."""
    server.let_train(1)
    with Session(server.url) as tab:
        run_id = start_training(tab, epochs=10)
        try:
            tab.look_until(lambda seen: _progress(seen) > 0)
            yield tab, run_id
        finally:
            with Session(server.url) as last:
                last.open("train", run=run_id)
                last.press("Stop")
                last.look_until(lambda seen: _state(seen) == "stopped")


def test_a_second_tab_shows_the_run_live(server, training):
    _, run_id = training
    _assert_comes_back(server, Session(server.url), run_id, run=run_id)


def test_a_tab_that_was_closed_shows_the_run_live(server, training):
    tab, run_id = training
    tab.close()
    _assert_comes_back(server, Session(server.url), run_id, run=run_id)


def test_a_tab_that_lost_its_connection_goes_on_with_its_session(server, training):
    tab, run_id = training
    tab.close()
    back = Session(server.url, resume=tab.id)
    _assert_comes_back(server, back, run_id)
    assert back.id == tab.id


def _assert_comes_back(server: Server, tab: Session, run_id: str, **query: str) -> None:
    """The run is on the tab, and moves, soon after coming back."""
    started = time.monotonic()
    with tab:
        tab.open("train", **query)
        assert f"run {run_id}" in tab.words()
        assert _state(tab) == "running"
        first = _progress(tab)
        server.let_train(9)
        tab.look_until(lambda seen: _progress(seen) > first)
        assert time.monotonic() - started < BACK_SECONDS
        assert f"run {run_id}" in tab.words()
        assert tab.failures() == []


def test_eight_tabs_train_one_after_the_other_as_each_would_alone(server, tiny_folder):
    with ExitStack() as stack:
        tabs = [stack.enter_context(Session(server.url)) for _ in range(8)]
        server.let_train(1)  # so that the first still has its place when the others have come
        ids = [start_training(tabs[0], epochs=5, Hidden_units=8, Seed=0)]
        tabs[0].look_until(lambda seen: _state(seen) == "running")
        with ThreadPoolExecutor(7) as threads:
            ids += threads.map(
                lambda seed: start_training(tabs[seed], epochs=5, Hidden_units=8, Seed=seed),
                range(1, 8),
            )
        for tab in tabs[1:]:
            tab.look()
        assert {_state(tab) for tab in tabs[1:]} == {
            f"queued, place {place} in the queue" for place in range(1, 8)
        }
        server.let_train()
        for tab in tabs:
            tab.look_until(lambda seen: _state(seen) == "finished")
            assert tab.failures() == []
    dataset = catalogue.load(str(tiny_folder))
    store = RunStore(server.data / "runs")
    for seed, run_id in enumerate(ids):
        folder = store.open(run_id)
        config = folder.info().config
        assert config.training.seed == seed
        solo = Solo(config, dataset)
        alone = solo.best_until(len(solo.checkpoints)).weights
        assert _checksum(folder.best_weights()) == _checksum(alone)


def _checksum(weights: dict[str, torch.Tensor]) -> str:
    return sha256(repr(sorted(as_bits(weights).items())).encode()).hexdigest()


def _state(tab: Session) -> str:
    """What the run's badge says: its state, and its place if it waits."""
    badges = [line for line in tab.words().splitlines() if "-badge[" in line]
    assert badges, tab.words()
    return badges[0].partition(": ")[2].rstrip("]")


def _progress(tab: Session) -> int:
    """The last step the tab knows of."""
    found = re.search(r"^epoch \d+ of .* · step ([\d\u202f]+) of ", tab.words(), re.MULTILINE)
    return int(found.group(1).replace("\u202f", "")) if found else 0
