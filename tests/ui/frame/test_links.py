"""Settings as parameters of a link, and back; what a link brings is never trusted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.protocols import PROTOCOLS
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.kinds import MODEL_KINDS, has_setting
from namerec.core.training.config import (
    PRESETS,
    RunConfig,
    TrainConfig,
    validated,
)
from namerec.core.training.presets import named, preset, with_settings
from namerec.errors import ConfigError
from namerec.ui.frame.links import (
    TRAIN_PARAMETERS,
    differences,
    link,
    settings_asked,
    train_parameters,
)
from namerec.ui.frame.settings_table import SETTINGS, Choice, bounds

CORPORA = ("bundled", "tutorial", "own:0123456789abcdef")


def _values(name: str) -> st.SearchStrategy[object]:
    setting = SETTINGS[name]
    if isinstance(setting, Choice):
        return st.sampled_from(setting.options)
    least, most = bounds(name)
    if setting.format:
        return st.floats(least, most)
    numbers = st.integers(int(least), int(most))
    if name == "steps":
        return numbers.map(lambda steps: steps or None)
    return st.none() | numbers if setting.optional else numbers


@st.composite
def configs(draw: st.DrawFn) -> RunConfig:
    """Any settings that the form can have."""
    config = preset(draw(st.sampled_from(PRESETS)), draw(st.sampled_from(MODEL_KINDS)))
    values = config.model_dump()
    for name in draw(st.sets(st.sampled_from(sorted(SETTINGS)))):
        half = "model" if name in ModelConfig.model_fields else "training"
        if has_setting(config.model.kind, name):
            values[half][name] = draw(_values(name))
    values["training"]["dataset"] = draw(st.sampled_from(CORPORA))
    values["training"]["protocol"] = draw(st.sampled_from(PROTOCOLS))
    try:
        return named(validated(values), draw(st.sampled_from(PRESETS)))
    except ConfigError:  # one letter is no n-gram; more names than a run may draw
        return config


@given(config=configs())
def test_settings_come_back_from_a_link_as_they_were(config):
    asked = settings_asked(train_parameters(config), CORPORA)
    assert asked.problems == ()
    assert (asked.config.model, asked.config.training) == (config.model, config.training)
    assert train_parameters(asked.config, asked.preset) == train_parameters(config)


@given(config=configs(), name=st.sampled_from(PRESETS))
def test_they_also_come_back_when_told_from_another_preset(config, name):
    asked = settings_asked(train_parameters(config, name), CORPORA)
    assert asked.preset == name
    assert (asked.config.model, asked.config.training) == (config.model, config.training)


@given(
    st.dictionaries(st.sampled_from([*TRAIN_PARAMETERS, "foo"]), st.text(max_size=20), max_size=6)
)
def test_whatever_a_link_says_the_settings_can_be_trained_with(parameters):
    asked = settings_asked(parameters, CORPORA)
    validated(asked.config.model_dump())
    assert asked.config.training.dataset in CORPORA
    assert all(problem.endswith((".", "?")) for problem in asked.problems)


def test_every_setting_has_a_parameter_of_its_own_name():
    fields = {*ModelConfig.model_fields, *TrainConfig.model_fields}
    assert set(SETTINGS) == fields - {"kind", "dataset", "protocol"}


def test_a_link_holds_only_what_differs_from_its_preset():
    config = with_settings(preset("best", "rnn"), {"seed": "7", "hidden_size": "64"})
    assert train_parameters(config) == {
        "network": "rnn",
        "preset": "best",
        "hidden_size": "64",
        "seed": "7",
    }


def test_settings_of_an_earlier_link_are_taken_by_their_earlier_names():
    asked = settings_asked({"letter_groups": "3", "group_dropout": "0.5"}, ["bundled"])
    assert (asked.config.model.char_ngrams, asked.config.model.ngram_dropout) == (3, 0.5)
    assert asked.problems == ()


def test_the_course_split_and_preset_are_taken_by_their_earlier_names():
    asked = settings_asked({"preset": "report", "split": "report"}, ["bundled"])
    assert (asked.preset, asked.config.training.protocol) == ("course", "course")
    assert asked.problems == ()


def test_a_link_without_settings_is_the_usual_form():
    asked = settings_asked({}, CORPORA)
    assert asked.config == preset("fast", "custom_lstm")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"epochs": "many"}, "epochs “many” is not a whole number from 1 to 1,000; 20 is kept"),
        ({"epochs": "0"}, "not a whole number from 1"),
        ({"epochs": "2.5"}, "not a whole number"),
        ({"learning_rate": "99"}, "not a number from 0.000001 to 10; 0.006 is kept"),
        ({"learning_rate": "nan"}, "not a number"),
        ({"learning_rate": "0"}, "not a number"),
        ({"optimizer": "lion"}, "is not one of sgd, adam, adamw; adamw is kept"),
        ({"network": "cnn"}, "the network “cnn”, which does not exist"),
        ({"preset": "slow"}, "the preset “slow”, which does not exist"),
        ({"split": "fair"}, "the split “fair”, which does not exist"),
        ({"learnig_rate": "1"}, "Did you mean “learning_rate”?"),
        ({"network": "lstm", "nonlinearity": "tanh"}, "which this network does not have"),
        ({"char_ngrams": "1"}, "does not fit its other settings; 0 is kept"),
        ({"corpus": "own:ffff"}, "names in this link are not on this computer"),
    ],
)
def test_what_cannot_be_taken_gets_one_sentence_and_the_rest_holds(parameters, words):
    asked = settings_asked({**parameters, "seed": "5"}, CORPORA)
    (problem,) = asked.problems
    assert words in problem
    kind = parameters.get("network")
    expected = preset("fast", "lstm" if kind == "lstm" else "custom_lstm", seed=5)
    assert (asked.config.model, asked.config.training) == (expected.model, expected.training)


def test_settings_that_do_not_go_together_are_taken_as_far_as_they_do():
    asked = settings_asked({"batch_size": "8192", "steps": "2000000", "seed": "3"}, CORPORA)
    assert len(asked.problems) == 1
    assert asked.config.training.seed == 3
    fitting = settings_asked({"preset": "course", "batch_size": "8192", "steps": "10"}, CORPORA)
    assert fitting.problems == ()
    assert (fitting.config.training.batch_size, fitting.config.training.steps) == (8192, 10)


def test_a_path_in_a_link_is_not_taken_but_of_the_corpora_offered(tmp_path):
    path = str(tmp_path)
    refused = settings_asked({"corpus": path}, CORPORA, otherwise="tutorial")
    assert refused.config.training.dataset == "tutorial"
    assert path not in refused.problems[0]
    assert settings_asked({"corpus": path}, (*CORPORA, path)).config.training.dataset == path


def test_a_long_word_of_a_link_is_said_back_in_short():
    (problem,) = settings_asked({"optimizer": "x" * 900}, CORPORA).problems
    assert len(problem) < 200


def test_a_run_that_is_gone_on_from_stands_for_network_names_and_split():
    base = preset("best", "rnn", dataset="tutorial", seed=4, split_seed=4)
    asked = settings_asked(
        {"network": "lstm", "corpus": "bundled", "epochs": "3"}, CORPORA, base=base
    )
    assert asked.config.model == base.model
    assert asked.config.training == base.training.model_copy(update={"epochs": 3})
    assert differences(asked.config, base) == {"epochs": "3"}


def test_a_link_has_its_page_and_its_parameters_encoded():
    assert link("name", name="Nguyễn & Co", look="surgery") == (
        "name?name=Nguy%E1%BB%85n+%26+Co&look=surgery"
    )
    assert link("start", name="x") == "?name=x"
    assert link("train", **train_parameters(preset("fast", "rnn"))) == (
        "train?network=rnn&preset=fast"
    )


def test_a_link_to_no_page_is_refused():
    with pytest.raises(ValueError, match="no page 'trian'"):
        link("trian")
