import shutil
import signal
import subprocess
import sys

import pytest

from namerec.data import catalogue
from namerec.runs.records import RunStatus
from namerec.runs.store import RunStore
from tests.cli.references import TINY, TRAIN_KEYS, answered, ask, refused
from tests.conftest import ROOT, tiny_config
from tests.jobs.fakes import wait_until
from tests.runs.references import Solo, assert_holds_all, assert_holds_epochs, assert_no_debris


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
    monkeypatch.setattr(RunStore.__init__, "__defaults__", (None, tmp_path / "pretrained"))
    before = {file.name: file.read_bytes() for file in shipped.path.iterdir()}
    assert "of your own can be gone on with" in refused("train", "--resume", shipped.id)
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
    assert "are not those this run was begun with. Put the old files back" in sentence
    assert_holds_epochs(stopped, solo, 1)


def test_ctrl_c_stores_the_stop_and_says_how_to_go_on(store, tiny_folder):
    arguments = ["train", "--dataset", str(tiny_folder), *TINY]
    arguments += ["--set", "batch_size=4", "--set", "epochs=40"]
    with subprocess.Popen(
        [sys.executable, "-m", "namerec", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            run_id = process.stderr.readline().removeprefix("run ").strip()
            folder = store.open(run_id)
            wait_until(lambda: folder.status().epoch >= 2)
            process.send_signal(signal.SIGINT)
            said, complaints = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert said == ""
    assert "Traceback" not in complaints
    *_, last = complaints.splitlines()
    assert last == f"Stopped. Go on with: python -m namerec train --resume {run_id}"
    status = folder.status()
    assert status.state == "stopped"
    assert 2 <= status.epoch < 40
    assert not folder.is_locked()
    assert_no_debris(folder.path)
    solo = Solo(folder.info().config, catalogue.load(str(tiny_folder)))
    assert_holds_epochs(folder, solo, status.epoch)
    assert answered(*last.split("namerec ")[1].split())["run"] == run_id
    assert_holds_all(folder, solo)
