"""The rows about faults: many kills at random moments, many random changes to a run's files."""

from __future__ import annotations

import random
import signal
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from namerec.core.corpus.dataset import Dataset
from namerec.data import catalogue
from namerec.data.tutorial import fetch
from namerec.errors import DownloadError
from namerec.runs.store import RunStore
from tests.conftest import tiny_config, tiny_lines
from tests.data.conftest import HASHES, stay_silent
from tests.data.conftest import Server as Elsewhere
from tests.faults.crowd import start_training
from tests.faults.mutations import sweep
from tests.faults.servers import Server
from tests.faults.sessions import Session
from tests.faults.slow import Row
from tests.faults.victims import (
    LIFE,
    MOST_SECONDS,
    assert_ended_as_if_nothing_had_been,
    assert_nothing_lost,
    end,
    finish,
    take_up,
    the_run,
    watch,
)
from tests.runs.references import Solo

KILLS = 25
MUTATIONS = 20_000
#: A run that can be killed so often.
SETTINGS = {"epochs": KILLS * LIFE, "Hidden_units": 8, "Batch_size": 1}


def _tiny_corpus(folder: Path) -> Path:
    corpus = folder / "names"
    corpus.mkdir()
    for line in tiny_lines():
        with (corpus / f"{line.category}.txt").open("a", encoding="utf-8") as file:
            file.write(line.name + "\n")
    return corpus


def _kills() -> str:
    torch.set_num_threads(1)  # as in the server
    chance = random.Random(25)
    reported, lives, slowest = 0, 0, 0.0
    with TemporaryDirectory() as scratch:
        corpus = _tiny_corpus(Path(scratch))
        server = Server(Path(scratch) / "home", corpus, held_back=True)
        solo: Solo | None = None
        for _ in range(KILLS):
            server.let_train(reported + LIFE)
            with server, Session(server.url) as tab:
                if solo is None:
                    start_training(tab, **SETTINGS)
                else:
                    opened = tab.open("train", run=the_run(server).id)
                    slowest = max(slowest, opened + take_up(tab, "interrupted"))
                reported = watch(tab, chance, reported)
                end(server, signal.SIGKILL)
                lives += 1
            if solo is None:  # not before the kill: the run would go on meanwhile
                solo = Solo(the_run(server).info().config, catalogue.load(str(corpus)))
            assert_nothing_lost(the_run(server), signal.SIGKILL, reported, solo)
        assert solo is not None
        finish(the_run(server))
        assert_ended_as_if_nothing_had_been(the_run(server), solo, Path(scratch))
    said = f"{lives} kills, the last at epoch {reported}; *interrupted* within {slowest:.1f} s"
    assert slowest < MOST_SECONDS, said
    return f"{said}; the same SHA-256 as without"


def _mutations() -> str:
    torch.set_num_threads(1)
    dataset = Dataset.build("tiny", tiny_lines())
    with TemporaryDirectory() as scratch:
        store = RunStore(Path(scratch), pretrained=None)
        run = Solo(tiny_config(), dataset).store(store)
        began = time.monotonic()
        read = sweep(store, run, MUTATIONS, seed=20_000)
    return f"{read:,} changed runs read or refused in {time.monotonic() - began:.0f} s"


def _silent_download() -> str:
    with TemporaryDirectory() as scratch, Elsewhere() as server:
        answering = threading.Thread(target=server.serve_forever, args=(0.01,))
        answering.start()
        server.behaviours["Alphan"] = stay_silent
        began = time.monotonic()
        try:
            fetch(base_url=server.url, folder=Path(scratch) / "corpus", hashes=HASHES)
        except DownloadError as error:
            seconds, said = time.monotonic() - began, str(error)
        else:
            raise AssertionError("A silent server sent something.")
        finally:
            server.released.set()
            server.shutdown()
            answering.join()
        assert list(Path(scratch).rglob("*")) == [], "Something was left behind."
    assert seconds < 10, f"{seconds:.1f} s"
    return f"{seconds:.1f} s: {said}"


ROWS = (
    Row(
        "kills",
        f"{KILLS} kills of the server at random moments: no reported epoch lost, same weights",
        _kills,
    ),
    Row(
        "mutations",
        f"{MUTATIONS:,} random changes to a run's files: nothing but our own errors",
        _mutations,
    ),
    Row("silence", "A silent server is told within 10 s, with the defaults", _silent_download),
)
