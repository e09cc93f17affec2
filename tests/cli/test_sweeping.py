import json
from typing import Any

import pytest

from namerec.cluster import installed
from namerec.cluster.folder import open_sweep
from tests.cli.references import answered, ask, refused

SPACE = ("--set-range", "learning_rate=0.01..0.1:log", "--choice", "hidden_size=4,8")
SMALL = (*SPACE, "--set", "epochs=2", "--set", "batch_size=16", "--prune", "none")


def test_a_sweep_answers_with_its_winner_and_is_resumed_with_more(store, tiny_folder):
    given = ("--dataset", str(tiny_folder), *SMALL, "--seeds", "2", "--name", "mine")
    values = answered("sweep", *given, "--trials", "2")
    assert list(values) == ["sweep", "state", "trials", "pruned", "failed", "seconds", "best"]
    assert (values["sweep"], values["state"]) == ("mine", "finished")
    assert (values["trials"], values["pruned"], values["failed"]) == (2, 0, 0)
    best = values["best"]
    assert list(best) == ["trial", "run", "runs", "settings", "validation", "test"]
    assert best["run"] in best["runs"]
    statuses = [store.open(run).status() for run in best["runs"]]
    assert best["settings"].keys() == {"learning_rate", "hidden_size"}
    model = store.open(best["run"]).info().config.model
    assert model.hidden_size == best["settings"]["hidden_size"]
    for part in ("validation", "test"):
        scores = [status.scores[part].accuracy for status in statuses]
        assert best[part]["accuracy"] == pytest.approx(sum(scores) / 2, abs=1e-6)
        assert best[part]["n"] == 2
    more: dict[str, Any] = json.loads(
        ask("sweep", "resume", "mine", "--trials", "3", "--json").stdout.splitlines()[-1]
    )
    assert (more["trials"], open_sweep("mine").plan().trials) == (3, 3)
    listed = answered("sweep", "list")
    assert [one["sweep"] for one in listed["sweeps"]] == ["mine"]
    # Lists of runs have the winner's alone, until they are asked for all.
    assert {run["run"] for run in answered("runs", "list")["runs"]} >= set(more["best"]["runs"])
    everything = answered("runs", "list", "--trials")["runs"]
    assert [run["sweep"] for run in everything] == ["mine"] * 6
    assert {run["trial"] for run in everything} == {0, 1, 2}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "A sweep searches over at least one setting."),
        (("--set-range", "learning_rate=0..1:log"), "learning_rate: Input should be greater than"),
        (("--choice", "hidden_size=64,x"), "hidden_size: Input should be a valid integer"),
        (("--choice", "size=1,2"), "There is no setting “size”."),
        ((*SPACE, "--set", "hidden_size=8"), "hidden_size is given twice."),
        ((*SPACE, "--split", "course"), "The course split scores on training names"),
        ((*SPACE, "--name", "../up"), "A sweep cannot be called"),
        ((*SPACE, "--dataset", "/nowhere"), "/nowhere"),
    ],
)
def test_what_cannot_be_searched_is_a_sentence_and_nothing_begins(store, given, said):
    assert said in refused("sweep", *given)
    assert store.summaries() == []
    assert answered("sweep", "list") == {"sweeps": []}


def test_a_span_of_time_has_a_unit():
    result = ask("sweep", *SPACE, "--budget", "soon")
    assert result.exit_code == 2
    assert "Give it as 90s, 20m or 1.5h." in result.stderr


def test_a_sweep_that_is_not_there_is_a_sentence():
    assert "There is no sweep “gone”." in refused("sweep", "resume", "gone")


def test_without_optuna_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setattr(installed, "find_spec", lambda name: None)
    assert "pip install -r requirements-cluster.txt" in refused("sweep", *SPACE)
    assert ask("sweep", "--help").exit_code == 0
