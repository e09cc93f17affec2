from namerec.core.networks.config import ModelConfig
from namerec.core.training.config import RunConfig, TrainConfig
from namerec.core.training.differences import effective_settings, settings_that_differ
from namerec.core.training.presets import preset


def test_only_what_differs_is_named_with_every_runs_value():
    one = RunConfig(training=TrainConfig(learning_rate=0.01, batch_size=16))
    other = RunConfig(training=TrainConfig(learning_rate=0.02, batch_size=16, seed=3))
    differ = settings_that_differ([one, other, one])
    assert differ == {
        "learning_rate": (0.01, 0.02, 0.01),
        "seed": (0, 3, 0),
        "split_seed": (0, 3, 0),
    }


def test_runs_with_the_same_settings_do_not_differ_whatever_they_are_called():
    config = preset("fast", "lstm", seed=1)
    renamed = config.model_copy(update={"preset": "own"})
    moved = renamed.model_copy(
        update={"training": renamed.training.model_copy(update={"dataset": "elsewhere"})}
    )
    assert settings_that_differ([config, renamed, moved]) == {}
    assert settings_that_differ([config]) == {}
    assert settings_that_differ([]) == {}


def test_a_setting_that_a_network_does_not_have_is_none():
    rnn = RunConfig(model=ModelConfig(kind="rnn", nonlinearity="none"))
    custom = RunConfig(model=ModelConfig(kind="custom_lstm", direction="forward"))
    differ = settings_that_differ([rnn, custom])
    assert differ == {
        "kind": ("rnn", "custom_lstm"),
        "nonlinearity": ("none", None),
        "direction": (None, "forward"),
        "forget_bias": (None, 0.0),
    }


def test_epochs_do_not_count_beside_steps_nor_ngram_dropout_without_ngrams():
    by_steps = RunConfig(training=TrainConfig(steps=100, epochs=7))
    assert effective_settings(by_steps)["epochs"] is None
    assert effective_settings(by_steps)["steps"] == 100
    with_ngrams = RunConfig(model=ModelConfig(char_ngrams=3, ngram_dropout=0.5))
    plain = RunConfig(model=ModelConfig(ngram_dropout=0.5))
    assert settings_that_differ([with_ngrams, plain]) == {
        "char_ngrams": (3, 0),
        "ngram_dropout": (0.5, None),
    }


def test_the_seed_of_the_split_is_the_one_that_divides_the_names():
    """Seeds differ, the split does not: 4 splits it for both."""
    one = RunConfig(training=TrainConfig(seed=4))
    other = RunConfig(training=TrainConfig(seed=5, split_seed=4))
    assert settings_that_differ([one, other]) == {"seed": (4, 5)}
