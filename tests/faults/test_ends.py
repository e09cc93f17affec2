"""Processes that train are ended, with and without a word, and their runs gone on with."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from namerec.data import catalogue
from namerec.runs.store import RunStore
from tests.cli.references import TINY
from tests.conftest import ROOT
from tests.faults.crowd import start_training
from tests.faults.servers import Server
from tests.faults.sessions import Session
from tests.faults.victims import (
    LIFE,
    MOST_SECONDS,
    SETTINGS,
    STATES,
    assert_ended_as_if_nothing_had_been,
    assert_nothing_lost,
    end,
    finish,
    state_shown,
    take_up,
    the_run,
    watch,
)
from tests.jobs.fakes import wait_until
from tests.runs.conftest import _no_waiting_for_the_disk
from tests.runs.references import Solo

# One thread as in the processes; it is this one alone that does not wait for the disk.
__all__ = ["_no_waiting_for_the_disk"]

#: How the servers end that train one run, one after the other, and in how many processes each
#: would train: 1 is itself.
FATES = ((signal.SIGKILL, "1"), (signal.SIGINT, "2"), (signal.SIGKILL, "2"))


def test_a_run_outlives_the_servers_that_train_it(tmp_path, tiny_folder):
    chance = random.Random(0)
    server = Server(tmp_path / "home", corpus=tiny_folder, held_back=True)
    reported, before = 0, None
    solo: Solo | None = None
    for how, workers in FATES:
        server.settings = {"NAMEREC_WORKERS": workers}
        server.let_train(reported + LIFE)
        with server, Session(server.url) as tab:
            if before is None:
                start_training(tab, **SETTINGS)
            else:
                opened = tab.open("train", run=the_run(server).id)
                assert opened + take_up(tab, STATES[before]) < MOST_SECONDS
            reported = watch(tab, chance, reported)
            assert end(server, how) < MOST_SECONDS
        if solo is None:  # not before the kill: the run would go on meanwhile
            solo = Solo(the_run(server).info().config, catalogue.load(str(tiny_folder)))
        assert_nothing_lost(the_run(server), how, reported, solo)
        before = how
    assert solo is not None
    finish(the_run(server))
    assert_ended_as_if_nothing_had_been(the_run(server), solo, tmp_path)
    assert "Traceback" not in server.log(), server.log()


def test_of_two_servers_on_one_data_folder_only_one_trains_a_run(tmp_path, tiny_folder):
    """The other may look, is told to wait if it tries, and goes on with it when the first dies."""
    home, chance = tmp_path / "home", random.Random(1)
    both = [Server(home, tiny_folder, held_back=True) for _ in range(2)]
    both[0].let_train(LIFE)
    with both[0] as first, both[1] as second:
        with Session(first.url) as tab, Session(second.url) as other:
            run_id = start_training(tab, **SETTINGS)
            other.open("train", run=run_id)
            assert state_shown(other) == "running"
            assert "Resume" not in other.words()
            folder = the_run(first)
            sees = RunStore(folder.path.parent, pretrained=None)
            assert [run.state for run in sees.summaries()] == ["running"]
            refused = subprocess.run(
                [sys.executable, "-m", "namerec", "train", "--resume", run_id],
                cwd=ROOT,
                env=os.environ | {"NAMEREC_HOME": str(first.data)},
                capture_output=True,
                text=True,
            )
            assert refused.returncode == 1
            assert f"Error: Run {run_id} is running; only interrupted" in refused.stderr
            reported = watch(tab, chance, 0)
            end(first, signal.SIGKILL)
            solo = Solo(folder.info().config, catalogue.load(str(tiny_folder)))
            assert_nothing_lost(folder, signal.SIGKILL, reported, solo)
            second.let_train(reported + LIFE)
            assert take_up(other, "interrupted") < MOST_SECONDS
            reported = watch(other, chance, reported)
            assert end(second, signal.SIGTERM) < MOST_SECONDS
        assert_nothing_lost(folder, signal.SIGTERM, reported, solo)
        finish(folder)
        assert_ended_as_if_nothing_had_been(folder, solo, tmp_path)
        assert "Traceback" not in first.log(), first.log()  # which is the second's, too


def test_the_command_that_trains_stores_its_stop_when_it_is_asked_to_end(tmp_path, tiny_folder):
    """Ctrl-C is in tests/cli; this is what a service manager or `kill` sends."""
    arguments = ["--dataset", str(tiny_folder), *TINY]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.cli.interrupted", "train", *arguments],
        cwd=ROOT,
        env=os.environ | {"NAMEREC_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stderr is not None
            run_id = process.stderr.readline().removeprefix("run ").strip()
            folder = RunStore(tmp_path / "runs", pretrained=None).open(run_id)
            wait_until(lambda: folder.status().epoch == 2)
            started = time.monotonic()
            process.terminate()
            _, complaints = process.communicate(timeout=2 * MOST_SECONDS)
            assert time.monotonic() - started < MOST_SECONDS
        finally:
            process.kill()
    assert process.returncode == 130
    assert "Traceback" not in complaints
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    solo = Solo(folder.info().config, catalogue.load(str(tiny_folder)))
    assert_nothing_lost(folder, signal.SIGTERM, 2, solo)
    finish(folder)
    assert_ended_as_if_nothing_had_been(folder, solo, tmp_path)
