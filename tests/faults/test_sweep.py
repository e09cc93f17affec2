"""A sweep is killed again and again, and carried on."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from statistics import mean

from namerec.cluster.folder import open_sweep
from namerec.cluster.outcome import outcome
from namerec.core.corpus.dataset import Dataset
from namerec.runs.store import RunStore
from namerec.settings import home
from tests.conftest import ROOT, tiny_lines
from tests.faults.sweeping import PLAN
from tests.runs.conftest import _no_waiting_for_the_disk
from tests.runs.references import Solo, assert_holds_all, assert_holds_epochs, assert_no_debris

# The processes wait for the disk, this one need not.
__all__ = ["_no_waiting_for_the_disk"]


def test_a_sweep_killed_at_any_of_its_writes_loses_nothing_and_does_nothing_twice():
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults.sweeping"],
        cwd=ROOT, env=os.environ | {"NAMEREC_HOME": str(home())},
        capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert int(ended.stdout) > 8
    folder, store = open_sweep("killed"), RunStore(pretrained=None)
    found, dataset = outcome(folder, store), Dataset.build("tiny", tiny_lines())
    assert (found.state, [trial.number for trial in found.trials]) == ("finished", [0, 1, 2, 3])
    assert found.count("complete") == 4
    # No run more than the trials have, and of each the epochs of a run that nobody killed.
    assert len(store.summaries()) == PLAN.trials * PLAN.seeds
    assert found.winner is not None
    for trial in found.trials:
        solos = [Solo(config, dataset) for config in PLAN.configs(trial.values)]
        for run, solo in zip(sorted(trial.runs, key=_seed(store)), solos, strict=True):
            scored = trial == found.winner.trial
            (assert_holds_all if scored else _holds_epochs)(store.open(run), solo)
            assert_no_debris(store.open(run).path)
        accuracies = [[epoch.validation_accuracy for epoch in solo.epochs] for solo in solos]
        by_epoch = zip(*accuracies, strict=True)
        assert trial.epochs == tuple(map(mean, by_epoch))
    lines = [json.loads(line) for line in folder.journal.read_text("utf-8").splitlines()]
    reports = [(line["trial_id"], line["step"]) for line in lines if "intermediate_value" in line]
    assert len(reports) == len(set(reports)) == PLAN.trials * PLAN.base.training.epochs


def _seed(store: RunStore) -> Callable[[str], int]:
    return lambda run: store.open(run).info().config.training.seed


def _holds_epochs(folder, solo):
    assert_holds_epochs(folder, solo, len(solo.epochs))
    assert folder.status().scores == {}
