import json

import pytest

from namerec.core.networks.kinds import MODEL_KINDS
from namerec.core.training.presets import PRESET_TABLE
from namerec.data import catalogue
from tests.cli.references import TINY, TRAIN_KEYS, answered, ask, refused
from tests.conftest import files_up_to
from tests.runs.references import Solo, assert_holds_all, assert_holds_epochs, assert_no_debris


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
    arguments = ("train", "--dataset", str(tiny_folder), "--split", "course", *TINY)
    result = ask(*arguments, "--json")
    said, values = result.stdout.splitlines()
    assert "(measured on 10,000 training names, drawn uniformly over categories)" in said
    assert json.loads(values)["split"] == "course"
    assert json.loads(values)["names"] == 10_000


def test_the_earlier_name_of_the_course_split_is_taken_with_a_hint(store, tiny_folder):
    arguments = ("train", "--dataset", str(tiny_folder), "--split", "report", *TINY)
    result = ask(*arguments, "--json")
    assert json.loads(result.stdout.splitlines()[-1])["split"] == "course"
    assert result.stderr.splitlines()[0] == "“report” is now called “course”."


def test_a_preset_is_trained_as_it_stands_but_for_what_is_set(store, tiny_folder):
    values = answered(
        "train", "--preset", "best", "--dataset", str(tiny_folder), "--set", "patience=1"
    )
    assert values["preset"] == "own"  # with patience it may end elsewhere
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
        ("epochs", "“epochs” is not of the form NAME=VALUE, for example hidden_size=64."),
        ("=3", "“=3” is not of the form NAME=VALUE"),
        ("", "“” is not of the form NAME=VALUE"),
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


def test_a_corpus_that_is_not_there_yet_is_told(store):
    assert "tutorial" in refused("train", "--dataset", "tutorial", *TINY)
    assert store.entries() == []


def test_a_seed_too_large_is_told(tiny_folder):
    assert "seed: " in refused("train", "--dataset", str(tiny_folder), "--seed", "9" * 30)


def test_a_gpu_that_is_not_there_is_told(store, tiny_folder, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    sentence = refused("train", "--dataset", str(tiny_folder), *TINY, "--set", "device=cuda")
    assert sentence.startswith("device is “cuda”, but PyTorch finds no GPU")
    assert [run.state for run in store.summaries()] == ["failed"]


def test_distributed_training_without_torchrun_is_told(store):
    said = refused("train", "--distributed")
    assert "torchrun --standalone --nproc-per-node 2 -m namerec train --distributed" in said
    assert store.summaries() == []


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
    assert [run.state for run in store.summaries()] == ["diverged"]


def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(store, tiny_folder):
    """For real: no file may grow beyond 25 kB, which the run's metrics soon do."""
    more = ("--set", "hidden_size=4", "--set", "epochs=50")
    with files_up_to(25_000):
        said = refused("train", "--dataset", str(tiny_folder), *TINY, *more)
    assert said.startswith("The disk is full (File too large)")
    assert "Free some space" in said
    (run,) = store.summaries()
    assert run.state == "stopped"
    assert 1 <= run.status.epoch < 50
    folder = store.open(run.id)
    assert_no_debris(folder.path)
    solo = Solo(run.info.config, catalogue.load(str(tiny_folder)))
    assert_holds_epochs(folder, solo, run.status.epoch)
    assert answered("train", "--resume", run.id)["run"] == run.id
    assert_holds_all(folder, solo)
