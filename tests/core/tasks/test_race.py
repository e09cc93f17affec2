import pytest

from namerec.core.networks.kinds import MODEL_KINDS
from namerec.core.tasks.race import left_out, race_configs, usual_nonlinearity
from namerec.core.training.config import PRESETS
from namerec.core.training.presets import preset
from namerec.errors import ConfigError


@pytest.mark.parametrize("name", PRESETS)
def test_all_networks_of_a_race_have_the_same_settings_but_for_their_kind(name):
    configs = race_configs(name, "tanh", seed=3, hidden_size=32)
    assert [config.model.kind for config in configs] == list(MODEL_KINDS)
    assert len({config.training for config in configs}) == 1
    assert configs[0].training.seed == 3
    shared = {
        config.model.model_copy(update={"kind": "rnn", "nonlinearity": "none"})
        for config in configs
    }
    assert len(shared) == 1
    assert [config.model.hidden_size for config in configs] == [32] * len(MODEL_KINDS)
    assert [config.model.nonlinearity for config in configs] == ["tanh", "none", "none", "none"]
    assert {config.model.direction for config in configs} == {"forward"}
    assert {config.model.char_ngrams for config in configs} == {0}


def test_the_networks_of_a_fast_race_are_those_of_the_preset():
    assert race_configs("fast", seed=1) == [preset("fast", kind, seed=1) for kind in MODEL_KINDS]
    assert [config.preset for config in race_configs("best")] == ["best", "best", "own", "own"]


@pytest.mark.parametrize(
    ("name", "usual"), [("fast", "none"), ("best", "tanh"), ("course", "none")]
)
def test_the_rnn_has_the_recurrence_of_the_preset_unless_another_is_asked_for(name, usual):
    assert race_configs(name)[0].model.nonlinearity == usual == usual_nonlinearity(name)
    assert race_configs(name, "none")[0].model.nonlinearity == "none"
    assert race_configs(name, "tanh")[0].model.title == "RNN (tanh)"


def test_a_race_can_be_of_chosen_networks_in_their_usual_order():
    configs = race_configs("best", networks=["gru", "rnn"], seed=1)
    assert [config.model.kind for config in configs] == ["rnn", "gru"]
    of_all = {one.model.kind: one for one in race_configs("best", seed=1)}
    assert configs == [of_all["rnn"], of_all["gru"]]
    assert left_out("best", ["gru", "rnn"]).count("n-grams") == 1
    with pytest.raises(ConfigError, match="two networks or more"):
        race_configs("fast", networks=["gru", "gru"])


def test_what_no_network_or_not_every_one_has_is_refused():
    with pytest.raises(ConfigError, match="a setting “colour”"):
        race_configs("fast", colour=1)
    with pytest.raises(ConfigError, match="epochs"):
        race_configs("fast", epochs=0)
    with pytest.raises(ConfigError, match="direction belongs to the custom LSTM"):
        race_configs("fast", direction="both")


def test_what_a_preset_gives_one_network_alone_is_told():
    assert left_out("fast") == ""
    assert left_out("best") == (
        "Outside of a race the preset Best gives the LSTM (custom) reading in both directions and "
        "character n-grams of up to 5 letters; the GRU reading in both directions and character "
        "n-grams of up to 5 letters. In a race all networks have the same settings."
    )
    assert left_out("course") == (
        "Outside of a race the preset Course gives the LSTM (built-in) 2 layers and a learning "
        "rate of 0.05; the LSTM (custom) a learning rate of 0.05; the GRU a learning rate of 0.05. "
        "In a race all networks have the same settings."
    )
