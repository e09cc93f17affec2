"""Processes that train together, killed one after the other."""

import json
import subprocess
import sys
from hashlib import sha256
from typing import Any

from namerec.runs.folder import BEST, RunFolder
from namerec.runs.store import RunStore
from tests.conftest import ROOT

TRAIN = ("train", "--distributed", "--json", "--set", "hidden_size=8", "--set", "epochs=3")


def together(module: str, *command: str) -> dict[str, Any]:
    """What two processes say that torchrun starts, and starts again up to twice."""
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    run += ["--nproc-per-node", "2", "--max-restarts", "2", "-m", module, *command]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def test_a_training_goes_on_whichever_process_is_killed(tiny_folder):
    undisturbed = together("namerec", *TRAIN, "--dataset", str(tiny_folder))
    killed = together("tests.faults.killed_ranks", *TRAIN, "--dataset", str(tiny_folder))
    assert {folder.id for folder in runs()} == {undisturbed["run"], killed["run"]}
    assert len({sha256((run.path / BEST).read_bytes()).hexdigest() for run in runs()}) == 1
    for run in runs():
        assert [epoch.epoch for epoch in run.metrics()[1]] == [1, 2, 3]
        assert run.status().state == "finished"
        assert run.info().processes == 2


def runs() -> list[RunFolder]:
    store = RunStore(pretrained=None)
    return [store.open(summary.id) for summary in store.summaries()]
