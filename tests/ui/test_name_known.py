from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from namerec.ui.server import manager


def page() -> None:
    """The section alone, for the run and name that the test asks for."""
    import streamlit as st

    from namerec.core.alphabet import readable
    from namerec.ui import services
    from namerec.ui.name_known import known_panel
    from namerec.ui.server import manager

    kind, name = st.session_state["kind"], readable(st.session_state["asked"])
    run = next(run for run in manager().store.trained() if run.info.config.model.kind == kind)
    known_panel(run, name, services.gate_trace(run, name.letters, None))


@pytest.fixture
def lab() -> Iterator[AppTest]:
    manager.clear()
    yield AppTest.from_function(page, default_timeout=60)
    manager().shutdown()
    manager.clear()


def shown(lab: AppTest, kind: str, name: str) -> str:
    lab.session_state["kind"], lab.session_state["asked"] = kind, name
    lab.run()
    assert not lab.exception
    texts = (*lab.markdown, *lab.caption)
    return " ".join(text.value for text in texts).replace("\\", "")


def test_a_training_name_is_called_one_and_is_its_own_nearest_neighbour(lab):
    words = shown(lab, "custom_lstm", "ivanov")
    assert "This exact name was in training as Russian, so its answer is no test" in words
    assert "In the leak-free split it stands in training as Russian." in words
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


def test_a_name_of_nowhere_is_said_to_be_unknown_and_the_rnn_to_read_one_letter_less(lab):
    words = shown(lab, "rnn", "Xqzzy")
    assert "This name is nowhere in the corpus of this run" in words
    assert "In none of the parts of the leak-free split." in words
    assert "the state before the last letter, and that letter" in words
    assert lab.dataframe[0].value["value"].max() < 1
