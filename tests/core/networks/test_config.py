import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from namerec.core.corpus.protocols import PROTOCOLS
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.kinds import MODEL_KINDS, MODEL_TITLES
from namerec.core.training.config import (
    MOST_DRAWN,
    PRESETS,
    RunConfig,
    TrainConfig,
    validated,
)
from namerec.core.training.presets import preset, with_settings
from namerec.errors import ConfigError

SHAPES = st.builds(
    ModelConfig,
    kind=st.sampled_from(MODEL_KINDS),
    hidden_size=st.integers(1, 1024),
    num_layers=st.integers(1, 4),
    dropout=st.floats(0, 0.95),
    char_ngrams=st.sampled_from([0, 2, 3, 4, 5]),
    ngram_dropout=st.floats(0, 0.95),
) | st.sampled_from(
    [ModelConfig(kind="rnn", nonlinearity="tanh"), ModelConfig(direction="both", num_layers=2)]
)
TRAININGS = st.builds(
    TrainConfig,
    dataset=st.text(min_size=1, max_size=40),
    protocol=st.sampled_from(PROTOCOLS),
    seed=st.integers(0, 2**31 - 1),
    split_seed=st.none() | st.integers(0, 2**31 - 1),
    sampling=st.sampled_from(["natural", "square root", "balanced"]),
    optimizer=st.sampled_from(["sgd", "adam", "adamw"]),
    learning_rate=st.floats(0, 10, exclude_min=True),
    schedule=st.sampled_from(["constant", "cosine", "one-cycle"]),
    batch_size=st.integers(1, 8192),
    epochs=st.integers(1, 1000),
    steps=st.none() | st.integers(1, MOST_DRAWN // 8192),
    clip_norm=st.floats(0, 1000),
    weight_decay=st.floats(0, 10),
    letter_dropout=st.floats(0, 0.9),
    patience=st.integers(0, 1000),
)


@given(st.builds(RunConfig, model=SHAPES, training=TRAININGS, preset=st.sampled_from(PRESETS)))
def test_settings_survive_json_both_ways(config):
    assert RunConfig.model_validate_json(config.model_dump_json()) == config
    assert validated(json.loads(json.dumps(config.model_dump()))) == config


def test_a_run_draws_no_more_names_than_fit_in_memory():
    assert TrainConfig(steps=MOST_DRAWN // 8000, batch_size=8000).steps == 50_000
    with pytest.raises(ConfigError, match="50,001 steps of 8,000 names"):
        validated({"training": {"steps": 50_001, "batch_size": 8000}})


BOUNDS: list[tuple[str, str, Any, Any]] = [
    # half, setting, the last value allowed, the first beyond
    ("model", "hidden_size", 1, 0),
    ("model", "hidden_size", 1024, 1025),
    ("model", "num_layers", 1, 0),
    ("model", "num_layers", 4, 5),
    ("model", "dropout", 0.0, -0.01),
    ("model", "dropout", 0.95, 0.96),
    ("model", "char_ngrams", 2, -1),
    ("model", "char_ngrams", 5, 6),
    ("model", "ngram_dropout", 0.0, -0.1),
    ("model", "ngram_dropout", 0.95, 0.96),
    ("training", "split_seed", 0, -1),
    ("training", "split_seed", 2**31 - 1, 2**31),
    ("training", "seed", 0, -1),
    ("training", "seed", 2**31 - 1, 2**31),
    ("training", "learning_rate", 1e-12, 0.0),
    ("training", "learning_rate", 10.0, 10.1),
    ("training", "batch_size", 1, 0),
    ("training", "batch_size", 8192, 8193),
    ("training", "epochs", 1, 0),
    ("training", "epochs", 1000, 1001),
    ("training", "steps", 1, 0),
    ("training", "steps", 2_000_000, 2_000_001),
    ("training", "clip_norm", 0.0, -1.0),
    ("training", "clip_norm", 1000.0, 1001.0),
    ("training", "weight_decay", 0.0, -0.1),
    ("training", "weight_decay", 10.0, 10.1),
    ("training", "letter_dropout", 0.0, -0.1),
    ("training", "letter_dropout", 0.9, 0.91),
    ("training", "patience", 0, -1),
    ("training", "patience", 1000, 1001),
    ("training", "dataset", "x" * 4096, ""),
]


@pytest.mark.parametrize(("half", "setting", "allowed", "beyond"), BOUNDS)
def test_bounds_hold_and_an_error_names_the_setting(half, setting, allowed, beyond):
    config = validated({half: {setting: allowed}})
    assert getattr(getattr(config, half), setting) == allowed
    with pytest.raises(ConfigError, match=rf"cannot be used\. {setting}: .*given: {beyond!r}"):
        validated({half: {setting: beyond}})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("setting", ["learning_rate", "clip_norm", "weight_decay"])
def test_settings_are_finite_numbers(setting, value):
    with pytest.raises(ConfigError, match=setting):
        validated({"training": {setting: value}})


@pytest.mark.parametrize(
    ("half", "setting"),
    [
        ("model", "kind"),
        ("model", "nonlinearity"),
        ("training", "protocol"),
        ("training", "sampling"),
        ("training", "optimizer"),
        ("training", "schedule"),
        ("training", "device"),
    ],
)
def test_a_choice_that_is_not_offered_is_answered_with_those_that_are(half, setting):
    with pytest.raises(ConfigError, match=rf"{setting}: .*'.+' or '.+'.*given: 'cnn'"):
        validated({half: {setting: "cnn"}})


@pytest.mark.parametrize("settings", [{"modle": {}}, {"model": {"modle": 1}}])
def test_a_misspelt_setting_is_an_error_that_names_it(settings):
    with pytest.raises(ConfigError, match="modle"):
        validated(settings)


def test_every_wrong_setting_is_named_at_once():
    wrong = {"model": {"hidden_size": 0}, "training": {"epochs": 0, "seed": -4}}
    with pytest.raises(ConfigError, match=r"hidden_size: .*\. seed: .*\. epochs: .*\(given: 0\)\."):
        validated(wrong)


def test_settings_cannot_be_changed_afterwards():
    config = RunConfig()
    with pytest.raises(ValidationError):
        config.model.hidden_size = 3
    with pytest.raises(ValidationError):
        config.training = TrainConfig()


@pytest.mark.parametrize("kind", ["lstm", "custom_lstm"])
def test_only_the_rnn_has_a_nonlinearity_to_choose(kind):
    assert ModelConfig(kind="rnn", nonlinearity="tanh").nonlinearity == "tanh"
    with pytest.raises(ConfigError, match="nonlinearity belongs to the RNN"):
        validated({"model": {"kind": kind, "nonlinearity": "tanh"}})


@pytest.mark.parametrize("kind", MODEL_KINDS)
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid_for_every_network(name, kind):
    config = preset(name, kind)
    assert config.model.kind == kind
    assert config.preset == name
    assert RunConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("kind", "layers", "rate"), [("rnn", 1, 0.005), ("lstm", 2, 0.05), ("custom_lstm", 1, 0.05)]
)
def test_the_course_preset_is_the_reports_recipe(kind, layers, rate):
    config = preset("course", kind)
    assert (config.model.hidden_size, config.model.num_layers) == (128, layers)
    assert (config.model.dropout, config.model.nonlinearity) == (0.0, "none")
    training = config.training
    assert (training.protocol, training.sampling) == ("course", "balanced")
    assert (training.optimizer, training.learning_rate) == ("sgd", rate)
    assert (training.schedule, training.batch_size, training.steps) == ("constant", 1, 100_000)
    assert (training.clip_norm, training.weight_decay) == (0.0, 0.0)


@pytest.mark.parametrize("kind", MODEL_KINDS)
@pytest.mark.parametrize("name", ["fast", "best"])
def test_our_own_presets_differ_only_in_the_kind_and_in_what_one_network_alone_has(name, kind):
    config = preset(name, kind)
    other = preset(name, "custom_lstm")
    assert config.training == other.training
    alike = {"kind": "custom_lstm", "char_ngrams": 0, "ngram_dropout": 0.0}
    alike |= {"direction": "forward", "nonlinearity": "none"}
    assert config.model.model_copy(update=alike) == other.model.model_copy(update=alike)
    assert (config.model.hidden_size, config.model.num_layers) == (128, 1)


def test_a_preset_takes_settings_on_top():
    config = preset("fast", "lstm", seed=7, dataset="tutorial")
    assert (config.training.seed, config.training.dataset) == (7, "tutorial")
    assert config.training.epochs == preset("fast", "lstm").training.epochs
    with pytest.raises(ConfigError, match="sede"):
        preset("fast", "lstm", sede=7)


def test_settings_given_as_text_are_parsed():
    config = with_settings(
        RunConfig(),
        {
            "hidden_size": "64",
            "dropout": "0.25",
            "learning_rate": "1e-3",
            "steps": "500",
            "optimizer": "sgd",
            "sampling": "square root",
        },
    )
    assert (config.model.hidden_size, config.model.dropout) == (64, 0.25)
    assert (config.training.learning_rate, config.training.steps) == (0.001, 500)
    assert (config.training.optimizer, config.training.sampling) == ("sgd", "square root")
    assert config.model.kind == "custom_lstm"


@pytest.mark.parametrize(
    ("kind", "setting", "value"),
    [
        ("lstm", "nonlinearity", "tanh"),
        ("custom_lstm", "nonlinearity", "tanh"),
        ("rnn", "direction", "both"),
        ("lstm", "direction", "both"),
    ],
)
def test_what_one_network_has_the_others_refuse(kind, setting, value):
    with pytest.raises(ConfigError, match=f"{setting} belongs to the"):
        validated({"model": {"kind": kind, setting: value}})


def test_settings_are_taken_by_their_earlier_names_too():
    earlier = {"letter_groups": 3, "group_dropout": 0.5}
    config = validated({"model": earlier})
    assert (config.model.char_ngrams, config.model.ngram_dropout) == (3, 0.5)
    assert with_settings(config, {"letter_groups": "4"}).model.char_ngrams == 4
    stored = {"training": {"protocol": "report"}, "preset": "report"}
    assert (validated(stored).training.protocol, validated(stored).preset) == ("course", "course")
    assert with_settings(config, {"protocol": "report"}).training.protocol == "course"


def test_one_letter_is_no_ngram():
    with pytest.raises(ConfigError, match="0 for none, or 2 to 5"):
        validated({"model": {"char_ngrams": 1}})


def test_of_the_best_networks_those_written_by_hand_have_ngrams():
    ngrams = {kind: preset("best", kind).model.char_ngrams for kind in MODEL_KINDS}
    assert ngrams == {"rnn": 0, "lstm": 0, "custom_lstm": 5, "gru": 5}


def test_the_split_is_drawn_by_its_own_seed_if_it_has_one():
    assert TrainConfig(seed=3).split_draw == 3
    assert TrainConfig(seed=3, split_seed=0).split_draw == 0


def test_the_word_none_takes_a_limit_of_steps_away():
    limited = with_settings(RunConfig(), {"steps": "500"})
    assert with_settings(limited, {"steps": "None"}).training.steps is None


def test_the_word_none_is_a_choice_of_nonlinearity():
    squashed = RunConfig(model=ModelConfig(kind="rnn", nonlinearity="tanh"))
    assert with_settings(squashed, {"nonlinearity": "none"}).model.nonlinearity == "none"


@pytest.mark.parametrize("name", ["hiden_size", "kind", "model", "preset"])
def test_an_unknown_name_is_answered_with_the_known_ones(name):
    with pytest.raises(ConfigError, match=rf"no setting “{name}”.*hidden_size.*weight_decay"):
        with_settings(RunConfig(), {name: "64"})


@pytest.mark.parametrize(
    ("name", "text"), [("hidden_size", "many"), ("hidden_size", "0"), ("epochs", "2.5")]
)
def test_text_that_is_no_such_setting_is_refused(name, text):
    with pytest.raises(ConfigError, match=rf"{name}: .*given: '{text}'"):
        with_settings(RunConfig(), {name: text})


def test_a_preset_keeps_its_name_until_something_it_decides_is_changed():
    fast = preset("fast", "rnn")
    assert with_settings(fast, {"seed": "5", "dataset": "tutorial"}).preset == "fast"
    assert with_settings(fast, {"epochs": "5"}).preset == "own"
    assert with_settings(fast, {"hidden_size": "5"}).preset == "own"
    assert with_settings(fast, {"nonlinearity": "tanh"}).preset == "own"
    assert with_settings(fast, {"sampling": "balanced"}).preset == "own"
    assert with_settings(fast, {"protocol": "raw"}).preset == "fast"
    assert with_settings(preset("course", "rnn"), {"protocol": "raw"}).preset == "own"
    assert with_settings(RunConfig(), {"seed": "5"}).preset == "own"


@pytest.mark.parametrize(
    ("setting", "text"), [("optimizer", "adamw"), ("epochs", "20"), ("dropout", "0.3")]
)
def test_a_preset_keeps_its_name_where_a_setting_is_given_its_own_value(setting, text):
    fast = preset("fast", "rnn")
    assert with_settings(fast, {setting: text}) == fast


@pytest.mark.parametrize(
    ("kind", "layers", "count"),
    [
        # By hand from the report's structure: 57 letters, 128 units, 18 categories.
        ("rnn", 1, 185 * 128 + 128 + 185 * 18 + 18),
        ("lstm", 2, 4 * 128 * (57 + 128 + 2) + 4 * 128 * (128 + 128 + 2) + 128 * 18 + 18),
        ("custom_lstm", 1, 4 * (185 * 128 + 128) + 128 * 18 + 18),
    ],
)
def test_parameters_at_the_reports_sizes_are_counted_right(kind, layers, count):
    assert ModelConfig(kind=kind, num_layers=layers).parameter_count(18) == count


def test_every_network_has_a_title():
    assert list(MODEL_TITLES) == list(MODEL_KINDS)
    assert len(set(MODEL_TITLES.values())) == len(MODEL_KINDS)
