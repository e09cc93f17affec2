import json

import pytest

from namerec.core.inside.neighbours import Neighbour, TrainingNames
from namerec.ui.name.known import known_panel
from tests.ui.references import name_section, pretrained, said

pytestmark = pytest.mark.usefixtures("own_manager")


def test_a_training_name_is_called_one_and_is_its_own_nearest_neighbour():
    lab = name_section(known_panel, pretrained("custom_lstm"), name="ivanov")
    words = said(lab)
    assert "This name (upper and lower case as one) was in training as Russian, so its" in words
    assert "In the leak-free split it is in training as Russian." in words
    assert "the top layer’s hidden state after the last letter" in words
    by_state, by_letters = (table.value for table in lab.dataframe)
    assert len(by_state) == len(by_letters) == 10
    assert by_letters["name"][0] == "Ivanov"
    assert by_letters["value"].tolist() == sorted(by_letters["value"])
    assert by_letters["value"][0] == 0
    assert by_state["value"].is_monotonic_decreasing
    for table in (by_state, by_letters):
        share = table["category"].str.contains("Russian").mean()
        assert f"{100 * share:.0f} % of them have" in words


def test_a_name_of_nowhere_is_said_to_be_unknown_and_the_rnn_to_read_one_letter_less():
    lab = name_section(known_panel, pretrained("rnn"), name="Xqzzy")
    words = said(lab)
    assert "This name is not in the corpus of this run" in words
    assert "It is in no part of the leak-free split." in words
    assert "the state before the last letter, and the last letter" in words
    assert lab.dataframe[0].value["value"].max() < 1


def test_texts_that_look_like_formulas_are_drawn_as_text(monkeypatch):
    def nearest(self: TrainingNames, names: list[str], most: int) -> list[list[Neighbour]]:
        return [[Neighbour("@SUM(1)", ("=Alphan", "Betan"), 1)]]

    monkeypatch.setattr(TrainingNames, "nearest", nearest)
    lab = name_section(known_panel, pretrained("rnn"), name="Li")
    assert lab.dataframe[1].value.iloc[0].tolist() == ["'@SUM(1)", "'=Alphan, Betan", 1]


def test_a_similarity_below_0_is_a_number_and_no_bar():
    lab = name_section(known_panel, pretrained("rnn"), name="Li")
    columns = json.loads(lab.dataframe[0].proto.columns)
    assert columns["value"]["type_config"]["type"] == "number"
    assert columns["value"]["type_config"]["format"] == "%.3f"
