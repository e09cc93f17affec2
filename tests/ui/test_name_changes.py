"""The section of the Name page that says what would change the answer, on the pretrained runs."""

from collections.abc import Iterator

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from namerec.core.changes import Changes, changes
from namerec.ui import services
from namerec.ui.name_changes import edits_table, smallest_in_words
from namerec.ui.server import manager

CATEGORIES = ("Irish", "Greek")


def _page() -> None:
    import streamlit as st

    from namerec.core.alphabet import readable
    from namerec.ui import services
    from namerec.ui.evaluation import evenness_of, pick_evenness
    from namerec.ui.name_changes import changes_panel
    from namerec.ui.server import manager

    run = manager().store.trained()[0]
    name = readable(st.text_input("Surname", "Satoshi", key="name"))
    pick_evenness(run)
    changes_panel(run, name, services.gate_trace(run, name.letters, evenness_of(run)))


@pytest.fixture
def panel() -> Iterator[AppTest]:
    manager.clear()
    opened = AppTest.from_function(_page, default_timeout=30).run()
    assert not opened.exception
    yield opened
    assert not opened.exception
    manager().shutdown()
    manager.clear()


def irish_unless(bad: int, letter: str = "q") -> Changes:
    """Edits of a name that is Irish until it has so many of a letter."""

    def ask(names: list[str]) -> np.ndarray:
        counts = [name.lower().count(letter) for name in names]
        greek = np.array([0.9 if count >= bad else 0.1 + 0.1 * count for count in counts])
        return np.stack([1 - greek, greek], axis=1)

    return changes(ask, CATEGORIES, "Bo")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (1, "**One letter is enough.** Of 130 names one letter away, "),
        (2, "**It takes two letters.** None of the 130 names one letter away"),
        (3, "**No small edit was found.** None of the 130 names one letter away"),
    ],
)
def test_it_is_said_how_many_letters_it_takes_and_what_was_not_tried(bad, said):
    found = irish_unless(bad)
    words = smallest_in_words(found)
    assert words.startswith(said)
    assert len({single.letters for single in found.singles}) == 130
    assert ("not exhaustive" in words) == (bad > 1)


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
    run = manager().store.trained()[0]
    (first, _), *_ = services.gate_trace(run, "Satoshi", None).prediction("").ranked
    tried.click().run()
    letters = panel.text_input(key="name").value
    assert letters != "Satoshi"
    assert tried.label.replace("\\", "").startswith(letters)
    (now, _), *_ = services.gate_trace(run, letters, None).prediction("").ranked
    assert now != first
    assert f"→ {now}," in tried.label


def test_edits_are_answered_with_the_pages_priors(panel):
    run = manager().store.trained()[0]
    panel.slider[0].set_value(1.0).run()
    table = panel.dataframe[0].value
    for row in (0, 100, len(table) - 1):
        name, _, answer, probability, _ = table.iloc[row]
        prediction = services.gate_trace(run, name, 1.0).prediction(name)
        assert prediction.ranked[0][0] == answer
        assert prediction.ranked[0][1] == pytest.approx(probability, abs=1e-5)
    plain = services.gate_trace(run, "Satoshi", 1.0).prediction("").ranked[0]
    name, _, _, _, change = table.iloc[-1]
    asked = dict(services.gate_trace(run, name, 1.0).prediction("").ranked)
    assert change == pytest.approx(100 * (asked[plain[0]] - plain[1]), abs=0.01)
    assert "frequencies assumed above" in " ".join(text.value for text in panel.caption)
