import json
import shutil
from pathlib import Path

import pytest

from namerec.core.corpus.protocols import PARTS
from namerec.core.corpus.splits import make_split
from namerec.core.evaluation.scores import predict_names, score
from namerec.data import catalogue
from namerec.runs.networks import load_network
from tests.cli.references import answered, ask, refused
from tests.conftest import tiny_config
from tests.runs.references import Solo


def names_in(folder: Path, **categories: list[str]) -> str:
    folder.mkdir()
    for category, names in categories.items():
        (folder / f"{category}.txt").write_text("\n".join(names) + "\n")
    return str(folder)


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


def test_other_names_are_scored_and_those_seen_in_training_counted(run, trained, tmp_path):
    seen = [trained.dataset.names[index] for index in trained.split.train]
    alphan = [name for name in seen if name.endswith("ovic")][:9]
    unknown = [f"{first}{second}ssen" for first in "abcd" for second in "xyz"]
    path = names_in(tmp_path / "other", Alphan=[name.upper() for name in alphan], Betan=unknown)
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
    path = names_in(tmp_path / "other", Alphan=["Bakaovic", "Dor"], Deltan=["Fen", "Gil"])
    sentence = refused("evaluate", "--run", run.id, "--dataset", path)
    assert "has 1 categories that the network does not know (Deltan)" in sentence
    assert "It knows Alphan, Betan, Gamman." in sentence


def test_a_part_without_names_is_told(run, tmp_path):
    path = names_in(tmp_path / "other", Alphan=["Baka"], Betan=["Fen"])
    assert "too few for the" in refused("evaluate", "--run", run.id, "--dataset", path)


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
        assert "are not those that this run was trained on" in sentence
    shutil.rmtree(folder)
    assert "There is no dataset" in refused("evaluate", "--run", run.id)
