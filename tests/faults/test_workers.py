"""Servers that end: the processes that train for them end with them."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from tests.conftest import ROOT
from tests.faults.victims import MOST_SECONDS


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_processes_that_train_end_with_their_server(how, tmp_path, tiny_folder):
    environment = {"NAMEREC_HOME": str(tmp_path), "NAMEREC_WORKERS": "2"}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.training", str(tiny_folder)],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "training\n"
        below = psutil.Process(server.pid).children(recursive=True)
        assert len(below) == 3  # two that train, and what forked them
        connections = [seen for process in below for seen in process.net_connections("all")]
        assert connections
        assert not any(seen.laddr or seen.raddr for seen in connections)  # nobody can come in
        server.send_signal(how)
        server.wait(MOST_SECONDS)
        _, alive = psutil.wait_procs(below, MOST_SECONDS)
        assert alive == []
