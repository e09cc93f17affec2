import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

from namerec import cli as cli_module
from namerec.cli import cli
from namerec.core.config import MODEL_KINDS, PRESET_TABLE
from namerec.core.dataset import Dataset, LabelledName
from namerec.core.evaluation import predict_names, score
from namerec.core.results import PARTS
from namerec.core.splits import make_split
from namerec.data import catalogue
from namerec.runs.folder import RunFolder
from namerec.runs.networks import load_network
from namerec.runs.records import RunStatus
from namerec.runs.store import RunStore
from tests.conftest import ROOT, tiny_config
from tests.jobs.fakes import wait_until
from tests.runs.references import Solo, assert_holds_all, assert_holds_epochs, assert_no_debris

TINY = ("--set", "hidden_size=8", "--set", "epochs=3", "--set", "batch_size=16")
TRAIN_KEYS = [
    "run",
    "model",
    "preset",
    "dataset",
    "split",
    "part",
    "names",
    "accuracy",
    "macro_recall",
    "macro_f1",
    "top3",
    "seconds",
    "parameters",
    "names_per_second",
]


@pytest.fixture(autouse=True)
def _one_thread_and_no_pretrained_runs(monkeypatch):
    monkeypatch.setenv("NAMEREC_THREADS", "1")
    monkeypatch.setattr(RunStore.__init__, "__defaults__", (None, None))


@pytest.fixture
def store() -> RunStore:
    """The store that the command line uses."""
    return RunStore()


@pytest.fixture
def trained(store: RunStore, tiny_folder: Path) -> Solo:
    """A run of the tiny folder, as it was trained."""
    return Solo(tiny_config(dataset=str(tiny_folder)), catalogue.load(str(tiny_folder)))


@pytest.fixture
def run(store: RunStore, trained: Solo) -> RunFolder:
    """The same, stored."""
    return trained.store(store)


def ask(*arguments: str, given: bytes | str | None = None) -> Result:
    """Runs the command line; whatever else than an exit escapes is a failure of the test."""
    result = CliRunner().invoke(cli, arguments, input=given)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def answered(*arguments: str, given: bytes | str | None = None) -> dict[str, Any]:
    """The JSON object on the last line of a command that was done."""
    result = ask(*arguments, "--json", given=given)
    assert result.exit_code == 0, result.output
    *said, last = result.stdout.splitlines()
    assert not any(line.startswith("{") for line in said)
    values = json.loads(last)
    assert isinstance(values, dict)
    return values


def refused(*arguments: str, given: bytes | str | None = None) -> str:
    """The sentence of a command that could not be done."""
    result = ask(*arguments, given=given)
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    *_, sentence = result.stderr.splitlines()
    assert sentence.startswith("Error: ")
    assert "Traceback" not in result.stderr
    return sentence.removeprefix("Error: ")


def by_itself(*arguments: str, **more: Any) -> "subprocess.CompletedProcess[bytes]":
    """`python -m namerec` as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "namerec", *arguments],
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        **more,
    )


# -- train


@pytest.mark.parametrize("kind", MODEL_KINDS)
def test_training_stores_a_run_and_ends_with_its_scores(store, tiny_folder, kind):
    arguments = ("train", "--model", kind, "--dataset", str(tiny_folder), "--seed", "3", *TINY)
    values = answered(*arguments)
    assert list(values) == TRAIN_KEYS
    folder = store.open(values["run"])
    config = folder.info().config
    assert config.model.kind == values["model"] == kind
    assert (config.model.hidden_size, config.training.epochs, config.training.seed) == (8, 3, 3)
    solo = Solo(config, catalogue.load(str(tiny_folder)))
    assert_holds_all(folder, solo)
    scores = solo.final.scores["test"]
    assert values["dataset"] == str(tiny_folder)
    assert (values["preset"], values["split"], values["part"]) == ("own", "leak-free", "test")
    assert values["names"] == scores.names == 10
    for name in ("accuracy", "macro_recall", "macro_f1", "top3"):
        assert values[name] == round(getattr(scores, name), 6)
    assert values["parameters"] == config.model.parameter_count(3)
    assert values["seconds"] == round(folder.status().seconds, 3) > 0
    assert values["names_per_second"] == round(folder.status().names_per_second, 1) > 0


def test_without_json_training_says_what_was_measured_and_on_what(store, tiny_folder):
    result = ask("train", "--dataset", str(tiny_folder), *TINY)
    assert result.exit_code == 0
    (run,) = store.summaries()
    scores = run.status.scores["test"]
    assert result.stdout == (
        f"accuracy {100 * scores.accuracy:.2f} %, macro recall {100 * scores.macro_recall:.2f} %, "
        f"macro F1 {100 * scores.macro_f1:.2f} %, top 3 {100 * scores.top3:.2f} % "
        "(measured on 10 test names, leak-free split)\n"
    )
    assert result.stderr.splitlines()[0] == f"run {run.id}"


def test_training_names_are_always_called_so(store, tiny_folder):
    arguments = ("train", "--dataset", str(tiny_folder), "--split", "report", *TINY)
    result = ask(*arguments, "--json")
    said, values = result.stdout.splitlines()
    assert "(measured on 10,000 training names drawn uniformly over categories)" in said
    assert json.loads(values)["split"] == "report"
    assert json.loads(values)["names"] == 10_000


def test_a_preset_is_trained_as_it_stands_but_for_what_is_set(store, tiny_folder):
    values = answered(
        "train", "--preset", "best", "--dataset", str(tiny_folder), "--set", "patience=1"
    )
    assert values["preset"] == "best"  # patience is not the preset's to decide
    config = store.open(values["run"]).info().config
    for name, value in PRESET_TABLE["best"]["training"].items():
        assert getattr(config.training, name) == value
    for name, value in PRESET_TABLE["best"]["model"].items():
        assert getattr(config.model, name) == value
    assert config.training.patience == 1


def test_a_split_may_be_set_either_way_and_the_more_exact_one_wins(store, tiny_folder):
    first = answered("train", "--dataset", str(tiny_folder), *TINY, "--split", "raw")
    assert first["split"] == "raw"
    second = answered(
        "train",
        "--dataset",
        str(tiny_folder),
        *TINY,
        "--split",
        "raw",
        "--set",
        "protocol=leak-free",
    )
    assert second["split"] == "leak-free"


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("hiden_size=8", "There is no setting “hiden_size”. Known settings: batch_size,"),
        ("kind=rnn", "There is no setting “kind”"),
        ("preset=best", "There is no setting “preset”"),
        ("hidden_size=0", "hidden_size: Input should be greater than or equal to 1 (given: '0')."),
        ("hidden_size=99999999999999999999", "hidden_size: "),
        ("hidden_size=eight", "hidden_size: "),
        ("learning_rate=nan", "learning_rate: "),
        ("learning_rate=-1", "learning_rate: Input should be greater than 0 (given: '-1')."),
        ("learning_rate=inf", "learning_rate: "),
        ("epochs=1.5", "epochs: "),
        ("epochs=none", "epochs: "),
        ("protocol=fair", "protocol: "),
        ("nonlinearity=tanh", "nonlinearity belongs to the RNN"),
        ("dataset=", "dataset: "),
        ("epochs", "“epochs” is not NAME=VALUE, for example hidden_size=64."),
        ("=3", "“=3” is not NAME=VALUE"),
        ("", "“” is not NAME=VALUE"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_a_sentence_that_names_it(
    store, tiny_folder, assignment, said
):
    sentence = refused("train", "--dataset", str(tiny_folder), "--set", assignment)
    assert said in sentence
    assert sentence.endswith(".")
    assert store.entries() == []


@pytest.mark.parametrize("value", ["=", "a=b"])
def test_a_value_may_hold_an_equals_sign(value):
    assert f"“{value}”" in refused("train", "--set", f"dataset={value}")


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "--model", "transformer"),
        ("train", "--preset", "own"),
        ("train", "--split", "fair"),
        ("train", "--seed", "-1"),
        ("train", "--seed", "one"),
        ("train", "--set"),
        ("train", "--nothing"),
        ("evaluate", "--part", "all"),
        ("predict", "--top", "0", "Bakaovic"),
        ("predict", "--top", "201", "Bakaovic"),
        ("runs",),
        ("runs", "delete"),
        ("data", "upload"),
        ("fly",),
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_told_with_exit_code_2(arguments):
    result = ask(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage: " in result.stderr or "requires an argument" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("train",),
        ("evaluate",),
        ("predict",),
        ("runs",),
        ("runs", "list"),
        ("data",),
        ("data", "list"),
        ("data", "download"),
    ],
    ids=" ".join,
)
def test_every_command_explains_itself(command):
    for option in ("-h", "--help"):
        result = ask(*command, option)
        assert result.exit_code == 0
        assert "Usage: " in result.stdout


@pytest.mark.parametrize(
    ("dataset", "said"),
    [
        ("nowhere", "There is no dataset “nowhere”"),
        ("", "dataset: "),
        ("x" * 5000, "dataset: "),
        ("/dev/null", "is neither a folder nor a file"),
        ("a\0b", "There is no dataset"),
        ("\udcff", ""),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_dataset_that_is_not_there_is_told(store, dataset, said):
    assert said in refused("train", "--dataset", dataset)
    assert store.entries() == []


def test_a_seed_too_large_is_told(tiny_folder):
    assert "seed: " in refused("train", "--dataset", str(tiny_folder), "--seed", "9" * 30)


def test_a_gpu_that_is_not_there_is_told(store, tiny_folder, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    sentence = refused("train", "--dataset", str(tiny_folder), *TINY, "--set", "device=cuda")
    assert sentence.startswith("device is “cuda”, but PyTorch finds no GPU")
    assert [run.state for run in store.summaries()] == ["failed"]


def test_a_run_that_diverges_is_told_with_advice(store, tmp_path):
    for ending in ("ovic", "ssen"):
        names = [f"{first}{second}{ending * 10}" for first in "abcdefgh" for second in "aeiou"]
        (tmp_path / f"{ending.capitalize()}.txt").write_text("\n".join(names))
    exploding = [
        f"--set={name}"
        for name in (
            "hidden_size=8",
            "optimizer=adam",
            "learning_rate=10",
            "clip_norm=0",
            "schedule=constant",
            "batch_size=4",
        )
    ]
    sentence = refused("train", "--model", "rnn", "--dataset", str(tmp_path), *exploding)
    assert "training has diverged. Lower the learning rate (now 10)" in sentence
    assert [run.state for run in store.summaries()] == ["failed"]


def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(store, tiny_folder):
    """For real: the process's files may not grow beyond 25 kB, which its metrics soon do."""
    arguments = ["train", "--dataset", str(tiny_folder), *TINY]
    arguments += ["--set", "hidden_size=4", "--set", "epochs=50"]
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (25_000, 25_000)); "
        f"from namerec.cli import cli; cli({arguments!r})"
    )
    child = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert child.returncode == 1
    assert "Traceback" not in child.stderr
    assert child.stderr.splitlines()[-1].startswith("Error: Run ")
    assert "cannot be stored: File too large. Free some space" in child.stderr
    (run,) = store.summaries()
    assert run.state == "failed"
    assert 1 <= run.status.epoch < 50
    folder = store.open(run.id)
    assert_no_debris(folder.path)
    solo = Solo(run.info.config, catalogue.load(str(tiny_folder)))
    assert_holds_epochs(folder, solo, run.status.epoch)
    assert answered("train", "--resume", run.id)["run"] == run.id
    assert_holds_all(folder, solo)


# -- resume


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


# -- Ctrl-C


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


@pytest.mark.parametrize("command", [("runs", "list"), ("evaluate",), ("predict", "Bakaovic")])
def test_ctrl_c_at_any_other_moment_ends_quietly(monkeypatch, command):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(RunStore, "entries", interrupted)
    result = ask(*command)
    assert result.exit_code == 130
    assert result.stdout == ""
    assert result.stderr == "\nInterrupted.\n"


# -- predict


def test_names_are_ranked_as_the_network_ranks_them(run):
    values = answered("predict", "--run", run.id, "Bakaovic", "Dorússen", "--top", "2")
    assert list(values) == ["run", "predictions"]
    assert values["run"] == run.id
    first, second = values["predictions"]
    assert list(first) == ["name", "normalised", "top"]
    assert (first["name"], first["normalised"]) == ("Bakaovic", "Bakaovic")
    assert (second["name"], second["normalised"]) == ("Dorússen", "Dorussen")
    network = load_network(run)
    data = Dataset.build(
        "two", [LabelledName("Bakaovic", "Alphan"), LabelledName("Dorussen", "Betan")]
    ).with_categories(network.categories)
    answers = np.exp(predict_names(network.model, data, np.array([0, 1])).log_probabilities)
    for row, shares in zip((first, second), answers, strict=True):
        order = np.argsort(-shares)[:2]
        assert [category for category, _ in row["top"]] == [network.categories[n] for n in order]
        assert [share for _, share in row["top"]] == pytest.approx(shares[order], abs=2e-6)


def test_all_categories_are_given_if_asked_for_and_sum_to_one(run):
    (row,) = answered("predict", "--run", run.id, "Bakaovic", "--top", "200")["predictions"]
    assert {category for category, _ in row["top"]} == {"Alphan", "Betan", "Gamman"}
    assert sum(share for _, share in row["top"]) == pytest.approx(1, abs=1e-5)
    shares = [share for _, share in row["top"]]
    assert shares == sorted(shares, reverse=True)


def test_without_json_a_line_a_name_is_written(run):
    result = ask("predict", "--run", run.id, "Bakaovic", "???", "--top", "1")
    assert result.exit_code == 0
    (row, _) = answered("predict", "--run", run.id, "Bakaovic", "???", "--top", "1")["predictions"]
    category, share = row["top"][0]
    assert result.stdout == (
        f"Bakaovic: {category} {100 * share:.1f} %\n???: nothing in it can be read\n"
    )


def test_names_come_from_standard_input_if_none_are_given(run):
    given = "Bakaovic\n\nŽižková\r\n  \n山田\n123\nJasuaki"  # the last one without a line end
    values = answered("predict", "--run", run.id, given=given)
    rows = values["predictions"]
    assert [row["name"] for row in rows] == [
        "Bakaovic",
        "",
        "Žižková",
        "  ",
        "山田",
        "123",
        "Jasuaki",
    ]
    assert [row["normalised"] for row in rows] == [
        "Bakaovic",
        "",
        "Zizkova",
        "",
        "Shantian",
        "",
        "Jasuaki",
    ]
    assert [len(row["top"]) for row in rows] == [3, 0, 3, 0, 3, 0, 3]
    assert rows[0] == answered("predict", "--run", run.id, "Bakaovic")["predictions"][0]


def test_more_names_than_are_answered_at_once_stay_in_order(run):
    names = [f"Ba{'ab' * (n % 5)}{'.' if n % 7 else '?'}" for n in range(2_500)]
    rows = answered("predict", "--run", run.id, given="\n".join(names))["predictions"]
    assert [row["name"] for row in rows] == names


@pytest.mark.parametrize("given", ["", "\n\n", "???\n"])
def test_standard_input_without_a_readable_name_is_answered_all_the_same(run, given):
    rows = answered("predict", "--run", run.id, given=given)["predictions"]
    assert [row["top"] for row in rows] == [[]] * len(given.splitlines())


def test_standard_input_that_is_not_utf_8_is_read_as_far_as_it_can_be(run):
    values = answered("predict", "--run", run.id, given=b"\xef\xbb\xbfBaka\nM\xfcller\n\xff\n")
    rows = values["predictions"]
    assert [row["normalised"] for row in rows] == ["Baka", "Mller", ""]
    assert rows[0]["name"] == "Baka"  # without the byte order mark


@pytest.mark.parametrize("name", ["\udcff", "M\udcfcller", "x" * 100_000, "\0", "<b>Baka</b>"])
def test_hostile_arguments_are_only_text(run, name):
    result = ask("predict", "--run", run.id, "--json", "--", name)
    assert result.exit_code == 0
    (row,) = json.loads(result.stdout.splitlines()[-1])["predictions"]
    assert len(row["normalised"]) <= 64
    assert len(result.stdout) < 10_000


class Terminal:
    """Standard input as it is in a shell without a pipe."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("source", [Terminal(), None])  # None: it has been closed
def test_nobody_is_left_waiting_for_names_that_cannot_come(run, source):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", source)
        with pytest.raises(click.ClickException, match=r"No names were given\. Write"):
            cli.main(["predict", "--run", run.id], standalone_mode=False)


def test_the_best_run_answers_if_none_is_named(store, trained, run):
    other = trained.store(store)
    scores = other.status().scores
    worse = {part: given.model_copy(update={"accuracy": 0.0}) for part, given in scores.items()}
    other.write_status(other.status().model_copy(update={"scores": worse}))
    assert answered("predict", "Bakaovic")["run"] == run.id
    assert answered("evaluate")["run"] == run.id


@pytest.mark.parametrize("command", [("predict", "Bakaovic"), ("evaluate",)])
def test_a_lab_without_a_trained_run_says_how_to_train_one(command):
    assert refused(*command) == "There is no trained run yet. Train one: python -m namerec train"


@pytest.mark.parametrize("command", [("predict", "Bakaovic"), ("evaluate",)])
def test_a_run_that_cannot_be_asked_is_told(store, run, trained, command, tiny_dataset):
    assert "There is no run “nothing”" in refused(*command, "--run", "nothing")
    assert "There is no run “../x”" in refused(*command, "--run", "../x")
    fresh = store.create(trained.config, tiny_dataset)
    assert "has not finished an epoch yet" in refused(*command, "--run", fresh.id)
    (run.path / "best.safetensors").write_bytes(b"PK\x03\x04")
    assert "“best.safetensors”" in refused(*command, "--run", run.id)


# -- evaluate


@pytest.mark.parametrize("part", PARTS)
def test_a_run_scores_on_its_own_parts_as_it_did(run, trained, part):
    values = answered("evaluate", "--run", run.id, "--part", part)
    assert list(values) == [
        "run",
        "model",
        "dataset",
        "split",
        "part",
        "names",
        "accuracy",
        "macro_recall",
        "macro_f1",
        "top3",
    ]
    model = load_network(run).model
    answers = predict_names(model, trained.dataset, trained.split.part(part))
    expected = score(answers, trained.split, part)
    stored = run.status().scores.get(part)
    for name in ("names", "accuracy", "macro_recall", "macro_f1", "top3"):
        assert values[name] == round(getattr(expected, name), 6)
        if part == "train":
            assert stored is None
        else:
            assert values[name] == round(getattr(stored, name), 6)
    assert (values["part"], values["split"]) == (part, "leak-free")


def _names(folder: Path, **categories: list[str]) -> str:
    folder.mkdir()
    for category, names in categories.items():
        (folder / f"{category}.txt").write_text("\n".join(names) + "\n")
    return str(folder)


def test_other_names_are_scored_and_those_seen_in_training_counted(run, trained, tmp_path):
    seen = [trained.dataset.names[index] for index in trained.split.train]
    alphan = [name for name in seen if name.endswith("ovic")][:9]
    unknown = [f"{first}{second}ssen" for first in "abcd" for second in "xyz"]
    path = _names(tmp_path / "other", Alphan=[name.upper() for name in alphan], Betan=unknown)
    result = ask("evaluate", "--run", run.id, "--dataset", path, "--part", "test", "--json")
    assert result.exit_code == 0
    values = json.loads(result.stdout.splitlines()[-1])
    names = catalogue.load(path).with_categories(trained.dataset.categories)
    split = make_split(names, "leak-free", 0)
    expected = score(predict_names(load_network(run).model, names, split.test), split, "test")
    assert values["dataset"] == path
    assert values["names"] == len(split.test) == expected.names
    assert values["accuracy"] == round(expected.accuracy, 6)
    asked = [names.names[index] for index in split.test]
    again = [name for name in asked if name.endswith("OVIC")]
    assert values["seen_in_training"] == len(again) > 0
    assert f"{len(again)} of these {len(asked)} names were among its training" in result.stdout


def test_names_of_categories_the_network_does_not_know_are_refused(run, tmp_path):
    path = _names(tmp_path / "other", Alphan=["Bakaovic", "Dor"], Deltan=["Fen", "Gil"])
    sentence = refused("evaluate", "--run", run.id, "--dataset", path)
    assert "has 1 categories that the network does not know (Deltan)" in sentence
    assert "It knows Alphan, Betan, Gamman." in sentence


def test_a_part_without_names_is_told(run, tmp_path):
    path = _names(tmp_path / "other", Alphan=["Baka"], Betan=["Fen"])
    assert "leaves none for the" in refused("evaluate", "--run", run.id, "--dataset", path)


def test_a_run_whose_names_have_changed_is_not_scored_on_them(store, tmp_path, tiny_folder):
    """The split would be another, and training names among its test names."""
    folder = tmp_path / "names"
    shutil.copytree(tiny_folder, folder)
    config = tiny_config(dataset=str(folder))
    run = Solo(config, catalogue.load(str(folder))).store(store)
    assert answered("evaluate", "--run", run.id)["names"] == 10
    with (folder / "Alphan.txt").open("a") as file:
        file.write("Newovic\n")
    for arguments in ((), ("--dataset", str(tiny_folder))):
        sentence = refused("evaluate", "--run", run.id, *arguments)
        assert "are not those this run was trained on" in sentence
    shutil.rmtree(folder)
    assert "There is no dataset" in refused("evaluate", "--run", run.id)


# -- lists


def test_runs_are_listed_with_what_was_measured(store, run, trained):
    stopped = trained.store(store, epochs=1)
    accuracy = trained.final.scores["test"].accuracy
    values = answered("runs", "list")
    dataset = trained.config.training.dataset
    common = {
        "model": "custom_lstm",
        "preset": "own",
        "dataset": dataset,
        "split": "leak-free",
        "pretrained": False,
    }
    assert values == {
        "runs": [
            {"run": stopped.id, "state": "stopped", "accuracy": None, **common},
            {"run": run.id, "state": "finished", "accuracy": accuracy, **common},
        ]
    }
    assert ask("runs", "list").stdout.splitlines() == [
        f"{stopped.id}  stopped  custom_lstm  own  {dataset}  leak-free  not scored",
        f"{run.id}  finished  custom_lstm  own  {dataset}  leak-free  "
        f"{100 * accuracy:.1f} % on test",
    ]


def test_a_damaged_run_is_listed_with_its_reason(store, run, trained):
    damaged = trained.store(store)
    (damaged.path / "config.json").write_bytes(b"\xff")
    result = ask("runs", "list", "--json")
    assert result.exit_code == 0
    whole, broken = json.loads(result.stdout.splitlines()[-1])["runs"]
    assert whole["run"] == run.id
    assert list(broken) == ["run", "state", "reason"]
    assert (broken["run"], broken["state"]) == (damaged.id, "damaged")
    assert "“config.json”" in broken["reason"]
    assert result.stderr == f"{damaged.id}: damaged: {broken['reason']}\n"
    assert damaged.id not in "".join(result.stdout.splitlines()[:-1])


def test_an_empty_lab_lists_no_runs():
    assert answered("runs", "list") == {"runs": []}
    assert ask("runs", "list").stdout == ""


def test_corpora_are_listed_with_where_they_are(monkeypatch, tmp_path):
    values = answered("data", "list")
    assert [row["dataset"] for row in values["datasets"]] == ["bundled", "tutorial"]
    bundled, tutorial = values["datasets"]
    assert list(bundled) == ["dataset", "title", "installed", "where"]
    assert bundled["installed"] is True
    assert bundled["where"] == str(ROOT / "assets" / "names")
    assert tutorial["installed"] is False
    assert tutorial["where"].startswith(os.environ["NAMEREC_CACHE"])
    said = ask("data", "list").stdout.splitlines()
    assert said[0].startswith("bundled: 18 languages")
    assert said[0].endswith(f"(here: {ROOT / 'assets' / 'names'})")
    assert said[1].startswith("tutorial: ")
    assert "(not here yet: " in said[1]


def test_a_corpus_that_is_not_there_yet_is_told(store):
    assert "tutorial" in refused("train", "--dataset", "tutorial", *TINY)
    assert store.entries() == []


def test_a_download_says_where_it_put_the_corpus(monkeypatch, tmp_path):
    from namerec.data import tutorial

    def fetch(progress):
        for done in (0, 9, 18):
            progress(done, 18)
        return tmp_path

    monkeypatch.setattr(tutorial, "fetch", fetch)
    result = ask("data", "download", "--json")
    assert result.stdout.splitlines()[0] == f"The tutorial corpus is in {tmp_path}."
    assert json.loads(result.stdout.splitlines()[-1]) == {
        "dataset": "tutorial",
        "where": str(tmp_path),
    }
    assert result.stderr == "\r0 of 18 files\r9 of 18 files\r18 of 18 files\n"


# -- as a process


def test_the_process_reads_and_writes_names_in_whatever_encoding(run):
    said = by_itself(
        "predict", "--run", run.id, "--json", input="Žižković\n\nM".encode() + b"\xfcller\n"
    )
    assert said.returncode == 0, said.stderr.decode()
    rows = json.loads(said.stdout.decode().splitlines()[-1])["predictions"]
    assert [row["normalised"] for row in rows] == ["Zizkovic", "", "Mller"]
    # An argument that is not UTF-8, and a file that cannot hold every letter.
    arguments = ("predict", "--run", run.id, "--json", os.fsdecode(b"M\xfcller"), "Žižka 😀")
    poor = by_itself(*arguments, env=os.environ | {"PYTHONIOENCODING": "latin-1"})
    assert poor.returncode == 0, poor.stderr.decode()
    first, second, last = poor.stdout.decode("latin-1").splitlines()
    assert first.startswith("M?ller: ")
    assert second.startswith("\\u017di\\u017eka \\U0001f600: ")
    names = [row["name"] for row in json.loads(last)["predictions"]]
    assert names == ["M?ller", "Žižka 😀"]


def test_the_process_tells_errors_in_a_sentence():
    done = by_itself("train", "--set", "hidden_size=0")
    assert done.returncode == 1
    assert done.stdout == b""
    assert "hidden_size" in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_the_module_and_the_program_are_the_same(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["namerec", "--help"])
    with pytest.raises(SystemExit) as ended:
        cli_module.main()
    assert ended.value.code == 0
    assert "namerec [OPTIONS] COMMAND" in capsys.readouterr().out


def test_asking_for_help_or_a_list_does_not_wait_for_torch():
    for arguments in (["--help"], ["train", "--help"]):
        code = f"""
import sys
from namerec.cli import cli
try:
    cli({arguments!r})
except SystemExit:
    pass
sys.exit("torch" in sys.modules)
"""
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True)
        assert done.returncode == 0, done.stderr
