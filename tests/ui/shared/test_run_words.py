import pandas as pd

from namerec.core.networks.config import ModelConfig
from namerec.core.training.config import RunConfig, TrainConfig
from namerec.core.training.presets import preset
from namerec.ui.shared.run_words import (
    config_title,
    differences_table,
    settings_table,
    with_safe_texts,
)


def test_a_network_is_called_by_its_title_and_its_preset():
    assert config_title(preset("best", "rnn")) == "RNN (tanh) · best"
    assert config_title(RunConfig(model=ModelConfig(kind="lstm"))) == "LSTM (built-in)"


def test_the_settings_that_differ_stand_under_the_forms_own_labels():
    one = RunConfig(model=ModelConfig(kind="rnn"), training=TrainConfig(steps=2000, seed=1234))
    other = RunConfig(
        model=ModelConfig(kind="lstm"), training=TrainConfig(seed=1, learning_rate=0.5)
    )
    table = differences_table([one, other], ["A", "B"])
    rows = {setting: (a, b) for setting, a, b in table.itertuples(index=False)}
    assert rows == {
        "Network": ("RNN", "LSTM (built-in)"),
        "Nonlinearity": ("none", "–"),
        "Forget-gate bias": ("–", "0"),
        "Seed": ("1234", "1"),
        "Seed of the split": ("1234", "1"),
        "Learning rate": ("0.004", "0.5"),
        "Epochs": ("–", "30"),
        "Steps": ("2,000", "–"),
    }
    assert differences_table([one, one], ["A", "B"]).empty


def test_all_settings_leave_out_what_has_no_effect():
    table = settings_table(RunConfig(model=ModelConfig(kind="rnn")))
    shown = dict(zip(table["Setting"], table["Value"], strict=True))
    assert shown["Hidden units"] == "128"
    assert "Forget-gate bias" not in shown
    assert "Steps" not in shown


def test_no_title_becomes_a_formula():
    table = with_safe_texts(pd.DataFrame({"run": ["=1+1", "fine"], "n": [1, 2]}), "run")
    assert table["run"].tolist() == ["'=1+1", "fine"]
    assert table["n"].tolist() == [1, 2]
