import pytest

from namerec.core.tasks.sweep import (
    Choices,
    Range,
    SweepPlan,
    parsed_choices,
    parsed_range,
)
from namerec.core.training.config import RunConfig
from namerec.core.training.presets import preset, with_settings
from namerec.errors import ConfigError

FAST = preset("fast", "custom_lstm")


def test_ranges_and_choices_are_read_as_the_setting_has_them():
    assert parsed_range(FAST, "learning_rate=1e-4..3e-2:log") == (
        "learning_rate",
        Range(low=1e-4, high=3e-2, log=True),
    )
    name, whole = parsed_range(FAST, "num_layers=1..3")
    assert (name, whole, whole.whole) == ("num_layers", Range(low=1, high=3), True)
    assert parsed_choices(FAST, "hidden_size=64,128, 256") == (
        "hidden_size",
        Choices(values=(64, 128, 256)),
    )
    assert parsed_choices(preset("fast", "rnn"), "nonlinearity=none,tanh")[1].values == (
        "none",
        "tanh",
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("lr=1..2", "There is no setting “lr”. Settings that can be searched: hidden_size,"),
        ("learning_rate=0..1", "learning_rate: Input should be greater than 0 (given: '0')"),
        ("letter_dropout=0..0.5:log", "begins at 0, which has no logarithm. Begin above 0"),
        ("hidden_size=8..5000", "less than or equal to 1024 (given: '5000')"),
        ("hidden_size=8.5..50", "hidden_size: Input should be a valid integer"),
        ("hidden_size=64..8", "is empty: its first number must be the smaller one"),
        ("char_ngrams=0..5", "0 for none, or 2 to 5"),
        ("optimizer=1..2", "optimizer is a word, so it has no range. List words"),
        ("dropout=0..nan", "dropout: "),
        ("steps=none..5", "steps cannot be searched at “none”. Give a number."),
        ("seed=0..3", "as many as --seeds says, so seed is not searched"),
        ("nonlinearity=1..2", "The LSTM (custom) has no setting “nonlinearity”"),
        ("hidden_size=64", "is not of the form NAME=LOW..HIGH"),
        ("hidden_size=8..64:lin", "is not of the form NAME=LOW..HIGH"),
    ],
)
def test_a_range_that_cannot_be_searched_gets_a_sentence(given, said):
    with pytest.raises(ConfigError) as refused:
        parsed_range(FAST, given)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("hidden_size=64,abc", "hidden_size: Input should be a valid integer"),
        ("hidden_size=64,64", "has only one value to choose from"),
        ("optimizer=adam,adagrad", "Input should be 'sgd', 'adam' or 'adamw'"),
        ("hidden_size=", "is not of the form NAME=VALUE,VALUE"),
    ],
)
def test_choices_that_cannot_be_made_get_a_sentence(given, said):
    with pytest.raises(ConfigError) as refused:
        parsed_choices(FAST, given)
    assert said in str(refused.value)


SPACE: dict[str, Range | Choices] = {
    "learning_rate": Range(low=0.001, high=0.01),
    "optimizer": Choices(values=("adam", "adamw")),
}


def test_a_trial_is_a_run_a_seed_on_one_split():
    base = with_settings(FAST, {"seed": "7"})
    plan = SweepPlan.checked(base, SPACE, seeds=3)
    configs = plan.configs({"learning_rate": 0.00345678901234, "optimizer": "adam"})
    assert [config.training.seed for config in configs] == [7, 8, 9]
    assert {config.training.split_seed for config in configs} == {7}
    assert {config.training.learning_rate for config in configs} == {0.00345678901234}
    assert {config.training.optimizer for config in configs} == {"adam"}
    assert SweepPlan.model_validate_json(plan.model_dump_json()) == plan


def test_the_first_trial_has_the_settings_one_began_with_if_they_lie_in_the_space():
    assert SweepPlan.checked(FAST, SPACE).start() == {"learning_rate": 0.006, "optimizer": "adamw"}
    outside: dict[str, Range | Choices] = {"learning_rate": Range(low=0.01, high=0.02)}
    assert SweepPlan.checked(FAST, outside).start() is None


@pytest.mark.parametrize(
    ("base", "space", "said"),
    [
        (FAST, {}, "searches over at least one setting"),
        (preset("course", "rnn"), SPACE, "The course split scores on training names"),
        (with_settings(FAST, {"patience": "3"}), SPACE, "have no patience"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(base: RunConfig, space, said):
    with pytest.raises(ConfigError) as refused:
        SweepPlan.checked(base, space)
    assert said in str(refused.value)


def test_the_longest_trial_is_told_from_what_is_searched():
    assert SweepPlan(base=FAST, space=SPACE).most_epochs == 20
    searched = SPACE | {"epochs": Choices(values=(5, 50))}
    assert SweepPlan(base=FAST, space=searched).most_epochs == 50
    stepped = with_settings(FAST, {"steps": "1000"})
    assert SweepPlan(base=stepped, space=SPACE).most_epochs == 20
