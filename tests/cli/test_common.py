import pytest

from namerec.runs.store import RunStore
from tests.cli.references import answered, ask, refused


def test_the_best_run_answers_if_none_is_named(store, trained, run):
    other = trained.store(store)
    scores = other.status().scores
    worse = {part: given.model_copy(update={"accuracy": 0.0}) for part, given in scores.items()}
    other.write_status(other.status().model_copy(update={"scores": worse}))
    assert answered("predict", "Bakaovic")["run"] == run.id
    assert answered("evaluate")["run"] == run.id


@pytest.mark.parametrize("command", [("predict", "Bakaovic"), ("evaluate",)])
def test_a_lab_without_a_trained_run_says_how_to_train_one(command):
    assert refused(*command) == (
        "There is no trained run yet. Train one on the Train page, or with: python -m namerec train"
    )


@pytest.mark.parametrize("command", [("predict", "Bakaovic"), ("evaluate",)])
def test_a_run_that_cannot_be_asked_is_told(store, run, trained, command, tiny_dataset):
    assert "There is no run “nothing”" in refused(*command, "--run", "nothing")
    assert "There is no run “../x”" in refused(*command, "--run", "../x")
    fresh = store.create(trained.config, tiny_dataset)
    assert "has not finished an epoch yet" in refused(*command, "--run", fresh.id)
    (run.path / "best.safetensors").write_bytes(b"PK\x03\x04")
    assert "“best.safetensors”" in refused(*command, "--run", run.id)


@pytest.mark.parametrize("command", [("runs", "list"), ("evaluate",), ("predict", "Bakaovic")])
def test_ctrl_c_at_any_other_moment_ends_quietly(monkeypatch, command):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(RunStore, "entries", interrupted)
    result = ask(*command)
    assert result.exit_code == 130
    assert result.stdout == ""
    assert result.stderr == "\nInterrupted.\n"
