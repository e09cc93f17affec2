import json

from tests.cli.references import answered, ask


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
