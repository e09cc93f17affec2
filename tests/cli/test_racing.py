from namerec.core.networks.kinds import MODEL_KINDS
from namerec.core.tasks.race import race_configs
from namerec.data import catalogue
from namerec.errors import DivergedError
from namerec.jobs import executors
from namerec.jobs.executors import Held, LocalExecutor
from namerec.jobs.manager import JobManager
from namerec.jobs.race import races
from tests.cli.references import answered, ask, refused
from tests.jobs.fakes import HeldBackExecutor
from tests.runs.references import Solo, assert_holds_all


def test_a_race_stores_runs_that_are_those_of_trainings_alone(store, tiny_folder):
    values = answered("race", "--dataset", str(tiny_folder), "--seed", "2", "--epochs", "2")
    assert list(values) == ["race", "networks", "verdict"]
    assert [network["model"] for network in values["networks"]] == list(MODEL_KINDS)
    configs = race_configs("fast", dataset=str(tiny_folder), seed=2, epochs=2)
    names = catalogue.load(str(tiny_folder))
    for network, config in zip(values["networks"], configs, strict=True):
        folder = store.open(network["run"])
        assert folder.info().race == values["race"]
        assert folder.info().config == config
        solo = Solo(config, names)
        assert_holds_all(folder, solo)
        assert network["state"] == "finished"
        assert network["accuracy"] == round(solo.final.scores["test"].accuracy, 6)
        assert network["seconds"] == round(folder.status().seconds, 3) > 0
        assert network["parameters"] == config.model.parameter_count(3)
    assert "of the 10 test names (leak-free split)" in values["verdict"][0]


def test_without_json_each_network_has_a_line_and_then_comes_the_verdict(store, tiny_folder):
    arguments = ("--dataset", str(tiny_folder), "--epochs", "1", "--split", "raw", "--rnn", "tanh")
    result = ask("race", *arguments)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    titles = ["RNN (tanh)", "LSTM (built-in)", "LSTM (custom)", "GRU"]
    assert [line.partition(" accuracy ")[0].strip() for line in lines[:4]] == titles
    for line, run in zip(lines, races(store.summaries()).popitem()[1], strict=False):
        scores = run.status.scores["test"]
        assert f"accuracy {100 * scores.accuracy:.2f} %" in line
        assert f"{run.info.parameters:,} parameters (run {run.id})" in line
    assert "test names (raw split)" in lines[4]
    assert lines[-1].startswith("Each network was trained once, with one seed")


def test_a_race_is_of_the_networks_asked_for(store, tiny_folder):
    chosen = ("--model", "gru", "--model", "rnn", "--dataset", str(tiny_folder), "--epochs", "1")
    values = answered("race", *chosen)
    assert [network["model"] for network in values["networks"]] == ["rnn", "gru"]
    assert len(store.summaries()) == 2


def test_what_a_preset_gives_one_network_alone_is_told(store, tiny_folder):
    result = ask("race", "--preset", "best", "--dataset", str(tiny_folder), "--epochs", "1")
    assert "gives the LSTM (custom) reading in both directions" in result.stderr
    assert "RNN (tanh)" in result.stdout


def test_epochs_beside_a_preset_that_counts_steps_are_refused(store, tiny_folder):
    said = refused("race", "--preset", "course", "--epochs", "2", "--dataset", str(tiny_folder))
    assert "counted in steps, so --epochs cannot be given" in said
    assert store.summaries() == []


def test_a_race_of_whom_nobody_finishes_is_an_error(store, tiny_folder, monkeypatch):
    def diverge(self, run):
        raise DivergedError("The loss is nan at step 1: training has diverged.")

    monkeypatch.setattr(LocalExecutor, "stream", diverge)
    said = refused("race", "--dataset", str(tiny_folder), "--epochs", "1")
    assert said.startswith("No network has finished, so there is nothing to compare.")


def test_a_race_that_is_held_by_a_full_disk_ends_with_its_sentence(store, tiny_folder, monkeypatch):
    def hold(self, run):
        yield Held("The disk is full, so the run is held.")

    monkeypatch.setattr(LocalExecutor, "stream", hold)
    assert refused("race", "--dataset", str(tiny_folder)) == "The disk is full, so the run is held."


def test_a_race_that_is_interrupted_stores_its_stop_and_says_how_to_go_on(
    store, tiny_folder, monkeypatch
):
    def interrupt(manager: JobManager, run_id: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(executors, "LocalExecutor", HeldBackExecutor)
    monkeypatch.setattr(JobManager, "look", interrupt)  # at the first look at how they get on
    result = ask("race", "--dataset", str(tiny_folder), "--epochs", "2")
    assert result.exit_code == 130
    assert "Resume each run with: python -m namerec train --resume RUN" in result.stderr
    assert {run.status.state for run in store.summaries()} == {"stopped"}
