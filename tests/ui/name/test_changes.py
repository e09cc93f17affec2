"""The section of the Name page that says what would change the answer, on the pretrained runs."""

from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from namerec.core.inside.changes import Changes, changes, work_of_one_letter
from namerec.core.inside.effort import Effort, effort
from namerec.ui.name.changes import changes_panel, edits_table, not_tried, smallest_in_words
from namerec.ui.shared import services
from tests.ui.references import name_section, pretrained, said, shown

CATEGORIES = ("Irish", "Greek")


pytestmark = pytest.mark.usefixtures("own_manager")


@pytest.fixture
def panel() -> AppTest:
    return name_section(changes_panel, pretrained("custom_lstm"))


def irish_unless(bad: int, letter: str = "q", weights: int = 1) -> Changes:
    """Edits of a name that is Irish until it has so many of a letter."""

    def ask(names: list[str]) -> np.ndarray:
        counts = [name.lower().count(letter) for name in names]
        greek = np.array([0.9 if count >= bad else 0.1 + 0.1 * count for count in counts])
        return np.stack([1 - greek, greek], axis=1)

    return changes(ask, CATEGORIES, "Bo", Effort(weights, 1))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (1, "**One letter is enough.** Of 130 names one letter away, "),
        (2, "**It takes two letters.** None of the 130 names one letter away"),
        (3, "**No small edit was found.** None of the 130 names one letter away"),
    ],
)
def test_it_is_said_how_many_letters_it_takes_and_what_was_not_tried(bad, words):
    found = irish_unless(bad)
    told = smallest_in_words(found)
    assert told.startswith(words)
    assert len({single.letters for single in found.singles}) == 130
    assert ("Not every pair of letters is tried" in told) == (bad > 1)


def test_the_table_has_flips_first_and_says_the_change_in_points():
    table = edits_table(irish_unless(1))
    assert list(table.columns) == ["name", "edit", "answer", "probability", "change"]
    flips = table["answer"] == "Greek"
    assert flips.sum() == sum("q" in name.lower() for name in table["name"]) > 0
    assert flips[: flips.sum()].all()
    assert table["change"][0] == pytest.approx(-80)
    assert table["change"].iloc[-1] == 0


def test_a_name_that_changes_the_answer_can_be_tried(panel):
    tried = panel.button(key="changes_try_0")
    run = pretrained("custom_lstm")
    (first, _), *_ = services.gate_trace(run, "Satoshi", None).prediction("").ranked
    tried.click().run()
    letters = panel.text_input(key="name").value
    assert letters != "Satoshi"
    assert tried.label.replace("\\", "").startswith(letters)
    (now, _), *_ = services.gate_trace(run, letters, None).prediction("").ranked
    assert now != first
    assert f"→ {now}," in tried.label


def test_edits_are_answered_with_the_pages_priors(panel):
    run = pretrained("custom_lstm")
    panel.slider[0].set_value(1.0).run()
    table = panel.dataframe[0].value
    for row in (0, 100, len(table) - 1):
        name, _, answer, probability, _ = table.iloc[row]
        prediction = services.gate_trace(run, name, 0.0).prediction(name)
        assert prediction.ranked[0][0] == answer
        assert prediction.ranked[0][1] == pytest.approx(probability, abs=1e-5)
    plain = services.gate_trace(run, "Satoshi", 0.0).prediction("").ranked[0]
    name, _, _, _, change = table.iloc[-1]
    asked = dict(services.gate_trace(run, name, 0.0).prediction("").ranked)
    assert change == pytest.approx(100 * (asked[plain[0]] - plain[1]), abs=0.01)
    assert "frequencies assumed above" in said(panel)


def test_what_is_not_tried_is_said(panel):
    assert not_tried("Satoshi") in said(panel)
    assert "capital in place of a small letter" in not_tried("Satoshi")
    assert "adding a letter" not in not_tried("a" * 63)
    assert "adding a letter, as a name has at most 64 letters." in not_tried("a" * 64)


def test_two_letters_that_were_not_tried_are_not_said_to_change_nothing():
    words = smallest_in_words(irish_unless(3, weights=10**9))
    assert words.startswith("**One letter is not enough.** None of the 130 names")
    assert "Two letters were not tried" in words


def test_a_long_search_waits_for_its_button_and_too_long_a_one_is_not_offered(monkeypatch):
    least = work_of_one_letter("Satoshi", effort(services.network(pretrained("rnn").id).model))
    monkeypatch.setattr("namerec.core.inside.changes.MOST_WORK", least // 5)
    lab = name_section(changes_panel, pretrained("rnn"))
    assert "Trying every one-letter edit of 7 letters takes about 15 s" in said(lab)
    assert not lab.dataframe
    lab.button(key="changes_begin").click().run()
    assert not lab.exception
    assert len(lab.dataframe) == 1
    assert "takes about" not in said(lab)
    shown(lab, name="Sato")
    assert len(lab.dataframe) == 0  # of another name
    monkeypatch.setattr("namerec.core.inside.changes.MOST_WORK", least // 50)
    shown(lab, name="Satosho")
    assert "takes about 2 min 30 s" in said(lab)
    assert "too long to wait for" in said(lab)
    assert not [button for button in lab.button if button.key == "changes_begin"]


def test_categories_that_look_like_formulas_are_drawn_as_text(monkeypatch):
    asked = services.network(pretrained("rnn").id)
    formulas = tuple(f"=cmd|{name}" for name in asked.categories)
    odd = SimpleNamespace(model=asked.model, categories=formulas)
    monkeypatch.setattr(services, "network", lambda run_id: odd)
    lab = name_section(changes_panel, pretrained("rnn"), name="Xi")
    assert lab.dataframe[0].value["answer"].str.startswith("'=cmd|").all()
