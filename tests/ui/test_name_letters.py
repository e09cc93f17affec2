"""The section of the Name page that says which letters mattered, on the pretrained runs."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from namerec.core.attribution import attribute
from namerec.ui import services
from namerec.ui.server import manager


def _page() -> None:
    import streamlit as st

    from namerec.core.alphabet import readable
    from namerec.ui import services
    from namerec.ui.evaluation import evenness_of, pick_evenness
    from namerec.ui.name_letters import letters_panel
    from namerec.ui.server import manager

    run = manager().store.trained()[0]
    name = readable(st.text_input("Surname", "Satoshi", key="name"))
    pick_evenness(run)
    letters_panel(run, name, services.gate_trace(run, name.letters, evenness_of(run)))


@pytest.fixture
def panel() -> Iterator[AppTest]:
    manager.clear()
    opened = AppTest.from_function(_page, default_timeout=30).run()
    assert not opened.exception
    yield opened
    assert not opened.exception
    manager().shutdown()
    manager.clear()


def category_box(panel: AppTest):
    (box,) = panel.selectbox
    return box


def captions(panel: AppTest) -> str:
    return " ".join(text.value for text in panel.caption).replace("\\", "")


def test_the_answer_is_explained_first_beside_the_runner_up(panel):
    run = manager().store.trained()[0]
    trace = services.gate_trace(run, "Satoshi", None)
    (first, _), (second, _), *_ = trace.prediction("Satoshi").ranked
    assert trace.categories[category_box(panel).value] == first
    assert category_box(panel).options[:2] == [first, second]
    words = captions(panel)
    network = services.network(run.id)
    for category in (first, second):
        index = trace.categories.index(category)
        shown = attribute(
            network.model, network.categories, "Satoshi", index, "integrated gradients"
        )
        total = f"{abs(shown.total):.2f} nats"
        assert (
            f"**{category}**: the letters sum to {'+' if shown.total > 0 else '−'}{total}" in words
        )
    assert "off by under 0.1 % of that" in words
    panel.toggle(key="letters_beside").set_value(False).run()
    assert f"**{second}**" not in captions(panel)


def test_another_answer_is_explained_by_itself_and_a_chosen_category_stays(panel):
    third = category_box(panel).options[2]
    category_box(panel).select(third).run()
    assert f"**{third}**" in captions(panel)
    before = category_box(panel).value
    panel.text_input(key="name").set_value("Ivanovich").run()
    box = category_box(panel)
    assert box.options[0] != "Japanese"
    assert services.network(manager().store.trained()[0].id).categories[box.value] == box.options[0]
    panel.text_input(key="name").set_value("Satoshi").run()
    assert category_box(panel).value != before  # the answer again


def test_the_local_view_says_that_its_sum_need_not_agree(panel):
    assert "need not agree" not in captions(panel)
    (method,) = panel.segmented_control
    method.set_value("gradient times input").run()
    assert "need not agree" in captions(panel)
    assert not panel.warning


def test_assumed_priors_are_said_not_to_count_here(panel):
    assert "not reweighted" not in captions(panel)
    panel.slider[0].set_value(1.0).run()
    assert "not reweighted" in captions(panel)
