import json

import pytest

from namerec.runs.labels import MAX_TITLE
from tests.cli.references import answered, ask, refused


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
        "title": "",
        "note": "",
        "pinned": False,
        "newer": "",
        "sweep": None,
        "trial": None,
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


def test_runs_are_named_noted_and_pinned(run):
    named = ask("runs", "label", run.id, "--title", " My  run ", "--pin")
    assert named.stdout == f"Run {run.id} now has the title “My run”, and is pinned.\n"
    assert ask("runs", "list").stdout.endswith("  pinned  “My run”\n")
    ask("runs", "label", run.id, "--note", "As in the report")
    (row,) = answered("runs", "list")["runs"]
    assert (row["title"], row["note"], row["pinned"]) == ("My run", "As in the report", True)
    cleared = ask("runs", "label", run.id, "--no-pin", "--title", "")
    assert cleared.stdout == f"Run {run.id} has no title.\n"
    (row,) = answered("runs", "list")["runs"]
    assert (row["title"], row["note"], row["pinned"]) == ("", "As in the report", False)


def test_labels_that_cannot_be_are_refused(run):
    assert "at most 100 are allowed" in refused(
        "runs", "label", run.id, "--title", "x" * (MAX_TITLE + 1)
    )
    assert "There is no run" in refused("runs", "label", "../x", "--title", "x")
    assert ask("runs", "label", run.id).exit_code == 2


def test_runs_are_deleted_and_brought_back(run, trained, store):
    other = trained.store(store)
    deleted = ask("runs", "delete", run.id)
    assert f"runs restore {run.id}" in deleted.stdout
    assert [row["run"] for row in answered("runs", "list")["runs"]] == [other.id]
    assert [row["run"] for row in answered("runs", "list", "--deleted")["runs"]] == [run.id]
    assert ask("runs", "restore", run.id).stdout == f"Run {run.id} was restored.\n"
    assert {row["run"] for row in answered("runs", "list")["runs"]} == {run.id, other.id}
    ask("runs", "delete", run.id, other.id)
    assert ask("runs", "empty-trash").stdout == "2 deleted runs are gone for good.\n"
    assert ask("runs", "empty-trash").stdout == "0 deleted runs are gone for good.\n"
    assert answered("runs", "list", "--deleted") == {"runs": []}


@pytest.mark.parametrize("order", ["delete", "restore"])
def test_a_run_that_is_not_there_is_told(order):
    assert "There is no run “20200101-rnn-0000”" in refused("runs", order, "20200101-rnn-0000")
