import shutil
import signal
import subprocess
import sys

import pytest
import torch

from namerec.data import catalogue
from namerec.runs.lineage import initial_weights
from namerec.runs.records import RunStatus
from namerec.runs.store import RunStore
from tests.cli.references import TINY, TRAIN_KEYS, answered, ask, refused
from tests.conftest import ROOT, tiny_config
from tests.jobs.fakes import wait_until
from tests.runs.references import (
    Solo,
    assert_holds_all,
    assert_holds_epochs,
    assert_no_debris,
    offer_pretrained,
)


def test_a_stopped_run_goes_on_to_its_end(store, trained):
    folder = trained.store(store, epochs=1)
    values = answered("train", "--resume", folder.id)
    assert list(values) == TRAIN_KEYS
    assert values["run"] == folder.id
    assert_holds_all(folder, trained)
    assert [run.id for run in store.summaries()] == [folder.id]


def test_only_runs_that_can_be_gone_on_with_are(store, run, trained, monkeypatch):
    before = {file.name: file.read_bytes() for file in run.path.iterdir()}
    assert f"Run {run.id} is finished; only interrupted" in refused("train", "--resume", run.id)
    assert "There is no run “../escape”" in refused("train", "--resume", "../escape")
    assert "There is no run" in refused("train", "--resume", "\udcff")
    (damaged := trained.store(store, epochs=1)).write_status(RunStatus(state="stopped"))
    (damaged.path / "status.json").write_bytes(b"{")
    assert "“status.json”" in refused("train", "--resume", damaged.id)
    assert {file.name: file.read_bytes() for file in run.path.iterdir()} == before


def test_a_pretrained_run_is_not_gone_on_with(store, trained, tmp_path, monkeypatch):
    shipped = trained.store(RunStore(tmp_path / "pretrained", None), epochs=1)
    offer_pretrained(monkeypatch, tmp_path / "pretrained")
    before = {file.name: file.read_bytes() for file in shipped.path.iterdir()}
    assert "of your own can be resumed" in refused("train", "--resume", shipped.id)
    assert {file.name: file.read_bytes() for file in shipped.path.iterdir()} == before


def test_a_run_that_is_being_trained_is_not_gone_on_with(store, trained):
    folder = trained.store(store, epochs=1)
    folder.write_status(folder.status().model_copy(update={"state": "running"}))
    with folder.lock():
        assert "is running; only interrupted" in refused("train", "--resume", folder.id)
    assert answered("train", "--resume", folder.id)["run"] == folder.id


@pytest.mark.parametrize(
    "more",
    [
        ("--set", "epochs=9"),
        ("--model", "rnn"),
        ("--preset", "fast"),
        ("--seed", "0"),
        ("--split", "raw"),
        ("--dataset", "bundled"),
        ("--from", "another"),
        ("--at", "best"),
    ],
    ids=" ".join,
)
def test_a_run_goes_on_with_its_own_settings_only(store, trained, more):
    folder = trained.store(store, epochs=1)
    result = ask("train", "--resume", folder.id, *more)
    assert result.exit_code == 2
    assert f"{more[0]} cannot be given with --resume" in result.stderr
    assert folder.status().state == "stopped"


def test_a_run_whose_names_have_changed_is_not_gone_on_with(store, tmp_path, tiny_folder):
    folder = tmp_path / "names"
    shutil.copytree(tiny_folder, folder)
    solo = Solo(tiny_config(dataset=str(folder)), catalogue.load(str(folder)))
    stopped = solo.store(store, epochs=1)
    with (folder / "Alphan.txt").open("a") as file:
        file.write("Newovic\n")
    sentence = refused("train", "--resume", stopped.id)
    assert "are not those that this run was started with. Put the old files back" in sentence
    assert_holds_epochs(stopped, solo, 1)


def test_ctrl_c_stores_the_stop_and_says_how_to_go_on(store, tiny_folder):
    arguments = ["train", "--dataset", str(tiny_folder), *TINY]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.cli.interrupted", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            run_id = process.stderr.readline().removeprefix("run ").strip()
            folder = store.open(run_id)
            wait_until(lambda: folder.status().epoch == 2)
            process.send_signal(signal.SIGINT)
            said, complaints = process.communicate(timeout=240)
        finally:
            process.kill()
    assert process.returncode == 130
    assert said == ""
    assert "Traceback" not in complaints
    *_, last = complaints.splitlines()
    assert last == f"Stopped. Resume with: python -m namerec train --resume {run_id}"
    status = folder.status()
    assert (status.state, status.epoch) == ("stopped", 2)
    assert not folder.is_locked()
    assert_no_debris(folder.path)
    solo = Solo(folder.info().config, catalogue.load(str(tiny_folder)))
    assert_holds_epochs(folder, solo, 2)
    assert answered(*last.split("namerec ")[1].split())["run"] == run_id
    assert_holds_all(folder, solo)


# -- a new run that goes on from another one


@pytest.mark.parametrize("point", ["best", "last"])
def test_a_new_run_begins_with_the_weights_and_the_settings_of_another(store, run, point):
    before = run.info().config
    values = answered("train", "--from", run.id, "--at", point)
    assert list(values) == TRAIN_KEYS
    assert values["run"] != run.id
    going = store.open(values["run"])
    config = going.info().config
    assert config.model == before.model
    assert config.training == before.training.model_copy(update={"split_seed": 0})
    stored = run.best_weights() if point == "best" else run.checkpoint().weights
    initial = initial_weights(going)
    assert initial is not None
    assert all(torch.equal(initial.weights[name], stored[name]) for name in stored)
    (branch_point,) = going.info().branch_points
    assert (branch_point.run, branch_point.state_kept) == (run.id, point == "last")
    assert branch_point.epoch == (
        run.status().best_epoch if point == "best" else run.status().epoch
    )
    assert going.status().state == "finished"


def test_what_is_chosen_beside_it_is_put_on_top_and_the_split_stays(store, tiny_folder):
    solo = Solo(tiny_config(dataset=str(tiny_folder), seed=4), catalogue.load(str(tiny_folder)))
    run = solo.store(store)
    values = answered(
        "train", "--from", run.id, "--seed", "9", "--set", "epochs=1", "--set", "dropout=0.2"
    )
    config = store.open(values["run"]).info().config
    expected = {"seed": 9, "split_seed": 4, "epochs": 1}
    assert config.training == run.info().config.training.model_copy(update=expected)
    assert config.model.dropout == 0.2
    (branch_point,) = store.open(values["run"]).info().branch_points
    assert branch_point.epoch == run.status().best_epoch, "at the best epoch, if nothing is said"


@pytest.mark.parametrize(
    "more",
    [("--model", "rnn"), ("--preset", "fast"), ("--split", "raw"), ("--dataset", "bundled")],
    ids=" ".join,
)
def test_what_the_other_run_decides_is_not_given_beside_it(store, run, more):
    result = ask("train", "--from", run.id, *more)
    assert result.exit_code == 2
    assert f"{more[0]} cannot be given with --from: the run has the network, the names" in (
        result.stderr
    )
    assert [summary.id for summary in store.summaries()] == [run.id]


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("hidden_size=16", "there hidden_size is 8"),
        ("forget_bias=1", "there forget_bias is 0.0"),
        ("split_seed=3", "must keep that split (split_seed=0)"),
        ("protocol=raw", "has the leak-free split"),
        ("dataset=bundled", "must be trained on the same names"),
        ("epochs=0", "epochs: "),
    ],
)
def test_a_setting_it_cannot_go_on_with_is_told_and_nothing_is_made(store, run, assignment, said):
    assert said in refused("train", "--from", run.id, "--set", assignment)
    assert [summary.id for summary in store.summaries()] == [run.id]


def test_a_point_to_go_on_from_needs_a_run(store):
    result = ask("train", "--at", "last")
    assert result.exit_code == 2
    assert "needs --from RUN" in result.stderr
    assert "There is no run “../escape”" in refused("train", "--from", "../escape")
    assert store.entries() == []


def test_names_that_are_gone_are_told_or_found_where_they_are_now(store, tmp_path, tiny_folder):
    moved = shutil.copytree(tiny_folder, tmp_path / "names")
    run = Solo(tiny_config(dataset=str(moved)), catalogue.load(str(moved))).store(store)
    elsewhere = moved.rename(tmp_path / "elsewhere")
    assert "is gone" in refused("train", "--from", run.id)
    values = answered("train", "--from", run.id, "--set", f"dataset={elsewhere}")
    assert values["dataset"] == str(elsewhere)
