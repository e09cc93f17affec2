import threading
from statistics import mean

import pytest

from namerec.cluster.folder import SweepFolder, create_sweep
from namerec.cluster.outcome import outcome
from namerec.cluster.search import Search
from namerec.cluster.study import results
from namerec.core.tasks.sweep import Choices
from namerec.core.training.loop import Plan
from namerec.core.training.records import EpochRecord
from namerec.errors import DivergedError, JobError
from namerec.jobs.executors import LocalExecutor
from namerec.runs.records import Trial
from namerec.settings import settings
from tests.cluster.conftest import RATES, Watched, tiny_plan
from tests.conftest import tiny_config
from tests.jobs.fakes import wait_until
from tests.runs.references import Solo, assert_holds_all, assert_holds_epochs


def carried_on(folder: SweepFolder, manager, dataset) -> None:
    Search(folder, manager, lambda reference: dataset).run(threading.Event())


def test_trials_are_runs_judged_by_the_mean_over_their_seeds(manager, tiny_dataset):
    folder = create_sweep(tiny_plan(seeds=2))
    carried_on(folder, manager, tiny_dataset)
    found = outcome(folder, manager.store)
    assert (found.state, len(found.trials), found.count("complete")) == ("finished", 3, 3)
    best = found.winner
    assert best is not None
    for trial in found.trials:
        runs = [manager.store.open(run) for run in trial.runs]
        solos = [Solo(config, tiny_dataset) for config in found.plan.configs(trial.values)]
        for run, solo in zip(runs, solos, strict=True):
            assert run.info().trial == Trial(sweep=folder.name, number=trial.number)
            if trial == best.trial:
                assert_holds_all(run, solo)
            else:  # its test names have not been asked
                assert_holds_epochs(run, solo, 3)
                assert (run.status().state, run.status().scores) == ("stopped", {})
                assert run.predictions() == {}
        accuracies = [[epoch.validation_accuracy for epoch in solo.epochs] for solo in solos]
        assert trial.epochs == tuple(map(mean, zip(*accuracies, strict=True)))
        assert trial.scores == tuple(map(max, accuracies))
        assert trial.score == mean(trial.scores) <= best.validation.mean
    assert best.test is not None
    assert best.test.values == tuple(
        manager.store.open(run).status().scores["test"].accuracy for run in best.trial.runs
    )
    assert best.names == 10
    # Of all these, lists of networks to choose from have the winner's runs alone.
    assert {run.id for run in manager.store.trained()} == set(best.trial.runs)


def test_a_trial_worse_than_the_median_is_pruned_and_its_run_stopped(managed, tiny_dataset):
    base = tiny_config(epochs=6, learning_rate=0.05)
    plan = tiny_plan(base=base, space={"learning_rate": RATES}, trials=12, prune="median")
    folder = create_sweep(plan)
    manager = managed(Watched(lambda reference: tiny_dataset))
    carried_on(folder, manager, tiny_dataset)
    found = outcome(folder, manager.store)
    pruned = [trial for trial in found.trials if trial.state == "pruned"]
    assert pruned
    for trial in pruned:
        assert trial.values == {"learning_rate": 1e-6}
        assert 3 <= len(trial.epochs) < 6
        (run,) = (manager.store.open(run) for run in trial.runs)
        assert manager.wait(run.id, 20).state == "stopped" if manager.snapshot(run.id) else True
        assert run.status().epoch < 6
    assert found.winner is not None
    assert found.winner.trial.values == {"learning_rate": 0.05}


def test_a_sweep_whose_time_is_over_keeps_what_it_has_and_goes_on_if_given_more(
    managed, tiny_dataset
):
    """Its running trial is resumed, not begun anew."""
    held = threading.Event()

    class Slow(LocalExecutor):
        def stream(self, run):
            for record in super().stream(run):
                yield record
                held.wait(0.05)

    folder = create_sweep(tiny_plan(budget=0.2, trials=2))
    carried_on(folder, managed(Slow(lambda reference: tiny_dataset)), tiny_dataset)
    trials, seconds = results(folder)
    assert [trial.state for trial in trials] == ["running"]
    assert seconds >= 0.2
    held.set()
    folder.write_plan(folder.plan().model_copy(update={"budget": 0.0}))
    manager = managed(LocalExecutor(lambda reference: tiny_dataset))
    carried_on(folder, manager, tiny_dataset)
    after, _ = results(folder)
    assert [trial.state for trial in after] == ["complete", "complete"]
    assert after[0].runs == trials[0].runs
    assert len(manager.store.summaries()) == 2


def test_a_sweep_that_is_stopped_fails_no_trial(managed, tiny_dataset):
    stopping = threading.Event()

    class Held(Watched):
        """Trains no further than its first epoch until the sweep is to stop."""

        def stream(self, run):
            tick = threading.Event()
            for record in super().stream(run):
                if isinstance(record, Plan):
                    layout = record
                yield record
                while isinstance(record, EpochRecord) and not stopping.is_set():
                    tick.wait(0.005)
                    yield layout  # which changes nothing, so that it follows orders

    folder = create_sweep(tiny_plan())
    manager = managed(Held(lambda reference: tiny_dataset))
    search = Search(folder, manager, lambda reference: tiny_dataset)
    thread = threading.Thread(target=search.run, args=(stopping,))
    thread.start()
    wait_until(lambda: bool(results(folder)[0]) and bool(results(folder)[0][0].epochs))
    with pytest.raises(JobError, match="already being carried out"):
        carried_on(folder, manager, tiny_dataset)
    stopping.set()
    thread.join(20)
    found = outcome(folder, manager.store)
    assert (found.state, found.count("failed"), found.count("running")) == ("stopped", 0, 1)
    carried_on(folder, manager, tiny_dataset)
    assert outcome(folder, manager.store).count("complete") == 3


def test_a_trial_that_diverges_has_failed_and_the_others_go_on(managed, tiny_dataset):
    class Diverging(LocalExecutor):
        def stream(self, run):
            if run.info().config.model.num_layers == 2:
                raise DivergedError("The loss is nan.")
            yield from super().stream(run)

    folder = create_sweep(tiny_plan(space={"num_layers": Choices(values=(1, 2))}, trials=6))
    manager = managed(Diverging(lambda reference: tiny_dataset))
    carried_on(folder, manager, tiny_dataset)
    found = outcome(folder, manager.store)
    failed = [trial for trial in found.trials if trial.state == "failed"]
    assert failed
    assert {(trial.values["num_layers"], trial.reason) for trial in failed} == {
        (2, "The loss is nan.")
    }
    assert found.count("complete") == 6 - len(failed) > 0


def test_a_trial_that_is_too_much_for_this_server_has_failed(manager, tiny_dataset, monkeypatch):
    monkeypatch.setenv("NAMEREC_MOST_PARAMETERS", "10000")
    settings.cache_clear()
    sizes = Choices(values=(4, 500))
    folder = create_sweep(tiny_plan(space={"hidden_size": sizes}, trials=6))
    carried_on(folder, manager, tiny_dataset)
    found = outcome(folder, manager.store)
    assert {trial.state: trial.values["hidden_size"] for trial in found.trials} == {
        "complete": 4,
        "failed": 500,
    }
    assert {trial.reason.count("NAMEREC_MOST_PARAMETERS") for trial in found.trials} == {0, 1}


def test_as_many_trials_train_at_once_as_the_manager_trains_runs(managed, tiny_dataset):
    together = threading.Barrier(2, timeout=60)

    class Meeting(LocalExecutor):
        def stream(self, run):
            together.wait()
            yield from super().stream(run)

    folder = create_sweep(tiny_plan(trials=4))
    manager = managed(Meeting(lambda reference: tiny_dataset), 2)
    search = Search(folder, manager, lambda reference: tiny_dataset)
    stopping = threading.Event()
    thread = threading.Thread(target=search.run, args=(stopping,))
    thread.start()
    wait_until(lambda: sum(trial.state == "complete" for trial in results(folder)[0]) == 4)
    stopping.set()
    thread.join(20)
    assert not together.broken
