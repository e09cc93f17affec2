import re

from namerec.cli.comparing import run_label
from namerec.core.training.presets import preset, with_settings
from namerec.data import catalogue
from tests.cli.references import TINY, answered, ask, refused
from tests.conftest import tiny_config


def trained(folder, *arguments) -> str:
    run: str = answered("train", "--dataset", str(folder), *TINY, *arguments)["run"]
    return run


def test_runs_stand_beside_the_baselines_with_mean_and_spread(store, tiny_folder):
    runs = [trained(tiny_folder, "--seed", seed) for seed in ("0", "1")]
    values = answered("compare", *runs)
    by_label = {row["label"]: row for row in values["rows"]}
    mine = next(label for label in by_label if "hidden_size=8" in label)
    scores = [store.open(run).status().scores["test"].accuracy for run in runs]
    assert by_label[mine]["count"] == 2
    assert abs(by_label[mine]["accuracy"][0] - sum(scores) / 2) < 1e-9
    assert by_label["Character n-grams, naive Bayes"]["count"] == 2
    assert f"{mine}, average of 2" not in by_label  # other splits are not averaged
    said = ask("compare", *runs).stdout
    assert "Measured on" in said
    assert re.search(r"test names, leak-free split, seeds 0, 1", said)


def test_runs_of_one_split_are_averaged(tiny_folder):
    same = ("--set", "split_seed=5")
    runs = [trained(tiny_folder, "--seed", seed, *same) for seed in ("0", "1")]
    labels = [row["label"] for row in answered("compare", *runs)["rows"]]
    assert any(label.endswith(", average of 2") for label in labels)


def test_runs_on_other_names_or_by_another_protocol_are_refused(tiny_folder):
    one = trained(tiny_folder)
    other = trained(tiny_folder, "--split", "raw")
    sentence = refused("compare", one, other)
    assert "raw split" in sentence
    assert "same names and the same split" in sentence


def test_a_run_without_answers_is_refused(store, tiny_folder):
    waiting = store.create(tiny_config(dataset=str(tiny_folder)), catalogue.load(str(tiny_folder)))
    sentence = refused("compare", waiting.id)
    assert f"Run {waiting.id} is queued; only finished runs can be compared" in sentence


def test_a_run_is_labelled_by_its_preset_or_by_what_differs():
    fast = preset("fast", "rnn", seed=3)
    assert run_label(fast) == "RNN, fast"
    assert run_label(with_settings(fast, {"epochs": "7"})) == "RNN, epochs=7"
