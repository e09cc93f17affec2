import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from namerec.cluster.folder import create_sweep
from namerec.cluster.study import begun, drawn, importances, study_of
from namerec.core.tasks.sweep import Choices, Range
from tests.cluster.conftest import tiny_plan


def test_a_trial_that_was_begun_keeps_what_was_drawn_of_it():
    plan = tiny_plan()
    folder = create_sweep(plan)
    study = study_of(folder, plan)
    first = study.ask()
    rate = first.suggest_float("learning_rate", 0.01, 0.1, log=True)
    first.report(0.5, 1)
    ((again, reported),) = begun(study_of(folder, plan))
    values = drawn(again, plan)
    assert (again.number, reported) == (0, 1)
    assert values["learning_rate"] == rate
    assert values["num_layers"] in (1, 2)


def test_a_sampler_that_begins_anew_does_not_draw_its_first_trials_again():
    plan = tiny_plan(space={"learning_rate": Range(low=0.5, high=0.9)})
    folder = create_sweep(plan)
    values = [drawn(study_of(folder, plan).ask(), plan)["learning_rate"] for _ in range(4)]
    assert len(set(values)) == 4


@pytest.mark.parametrize(
    ("prune", "kind"),
    [
        ("none", optuna.pruners.NopPruner),
        ("median", optuna.pruners.MedianPruner),
        ("hyperband", optuna.pruners.HyperbandPruner),
    ],
)
def test_trials_are_pruned_as_asked(prune, kind):
    plan = tiny_plan(prune=prune)
    assert isinstance(study_of(create_sweep(plan), plan).pruner, kind)


def test_the_setting_that_decides_is_the_most_important():
    plan = tiny_plan(
        space={
            "learning_rate": Range(low=0.01, high=0.1),
            "optimizer": Choices(values=("adam", "adamw")),
        }
    )
    folder = create_sweep(plan)
    study = study_of(folder, plan)
    for place in range(20):
        assert (importances(folder) == {}) == (place < 5)
        trial = study.ask()
        study.tell(trial, float(drawn(trial, plan)["learning_rate"]))
    shares = importances(folder)
    assert list(shares) == ["learning_rate", "optimizer"]
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["learning_rate"] > 0.7


def test_optuna_itself_opens_the_journal():
    """As its dashboard does."""
    plan = tiny_plan()
    folder = create_sweep(plan)
    study = study_of(folder, plan)
    trial = study.ask()
    drawn(trial, plan)
    study.tell(trial, 0.75)
    storage = JournalStorage(JournalFileBackend(str(folder.journal)))
    found = optuna.load_study(study_name=folder.name, storage=storage)
    assert found.best_value == 0.75
    assert found.best_params == trial.params
