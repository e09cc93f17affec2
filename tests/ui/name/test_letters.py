"""The section of the Name page that says which letters mattered, on the pretrained runs."""

import pytest
from streamlit.testing.v1 import AppTest

from namerec.core.inside.attribution import attribute
from namerec.figures.inside.attribution import signed
from namerec.ui.name import letters as name_letters
from namerec.ui.name.letters import letters_panel
from namerec.ui.shared import services
from tests.ui.references import name_section, pretrained, said, shown

pytestmark = pytest.mark.usefixtures("own_manager")


@pytest.fixture
def panel() -> AppTest:
    return name_section(letters_panel, pretrained("custom_lstm"))


def category_box(panel: AppTest):
    (box,) = panel.selectbox
    return box


def test_the_answer_is_explained_first_beside_the_runner_up(panel):
    run = pretrained("custom_lstm")
    trace = services.gate_trace(run, "Satoshi", None)
    (first, _), (second, _), *_ = trace.prediction("Satoshi").ranked
    assert trace.categories[category_box(panel).value] == first
    assert category_box(panel).options[:2] == [first, second]
    words = said(panel)
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
    assert f"**{second}**" not in said(panel)


def test_another_answer_is_explained_by_itself_and_a_chosen_category_stays(panel):
    third = category_box(panel).options[2]
    category_box(panel).select(third).run()
    assert f"**{third}**" in said(panel)
    before = category_box(panel).value
    panel.text_input(key="name").set_value("Ivanovich").run()
    box = category_box(panel)
    assert box.options[0] != "Japanese"
    assert services.network(pretrained("custom_lstm").id).categories[box.value] == box.options[0]
    panel.text_input(key="name").set_value("Satoshi").run()
    assert category_box(panel).value != before  # the answer again


def test_the_local_view_says_that_its_sum_need_not_agree(panel):
    assert "need not add up" not in said(panel)
    (method,) = panel.segmented_control
    method.set_value("gradient times input").run()
    assert "need not add up" in said(panel)
    assert not panel.warning


def test_assumed_priors_are_said_not_to_count_here(panel):
    assert "not reweighted" not in said(panel)
    panel.slider[0].set_value(1.0).run()
    assert "not reweighted" in said(panel)


def test_a_chosen_category_stays_with_its_run(panel):
    """Both networks answer Japanese first."""
    category_box(panel).select(category_box(panel).options[2]).run()
    shown(panel, pretrained("lstm"))
    assert category_box(panel).options[0] == "Japanese"
    categories = services.network(pretrained("lstm").id).categories
    assert categories[category_box(panel).value] == "Japanese"


def test_what_could_not_be_followed_is_not_drawn_and_not_said_to_add_up(panel, monkeypatch):
    """Its sum misses by far more than there is to explain."""
    assert "so the bars add up (to within 1 %)" in said(panel)
    name_letters.cached_attribution.clear()
    monkeypatch.setattr("namerec.core.inside.attribution.MOST_WORK", 1)
    monkeypatch.setattr("namerec.ui.name.letters.MOST_WORK_SECONDS", 0)
    name, category = "Ab" * 32, 5
    run = pretrained("lstm")
    shown(panel, run, name=name, letters_beside=False)
    category_box(panel).set_value(category).run()
    assert not panel.exception
    network = services.network(run.id)
    found = attribute(network.model, network.categories, name, category, "integrated gradients")
    assert found.missed > abs(found.change)
    assert not panel.get("plotly_chart")
    (warning,) = panel.warning
    words = warning.value.replace("\\", "")
    assert f"by {found.missed:.3f} nats from the {signed(found.change)} nats that it" in words
    assert "The error is larger than the whole change" in words
    assert "the bars add up" not in said(panel)
    assert "the letters sum to" not in said(panel)
    name_letters.cached_attribution.clear()


def test_a_long_computation_waits_for_its_button(panel, monkeypatch):
    monkeypatch.setattr("namerec.core.inside.attribution.MOST_WORK", 32 * 7 * 9000)
    shown(panel, pretrained("rnn"))
    assert "Fading 7 letters in takes about" in said(panel)
    assert not panel.get("plotly_chart")
    panel.button(key="letters_begin").click().run()
    assert len(panel.get("plotly_chart")) == 1
    shown(panel, name="Sato")
    assert not panel.get("plotly_chart")
    (method,) = panel.segmented_control
    method.set_value("gradient times input").run()
    assert len(panel.get("plotly_chart")) == 1
