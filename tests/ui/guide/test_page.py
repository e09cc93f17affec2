"""The Guide page: cards, open lessons, and the panel of one training step."""

import math

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from namerec.core.corpus.alphabet import ALPHABET_SIZE, LETTERS
from namerec.core.inside.training_step import TrainingStep, WeightPlace, training_step
from namerec.figures.inside.training_step import compact
from namerec.ui.frame.lessons import lessons, place_from, read_in_guide, resolved
from namerec.ui.shared import services
from tests.ui.frame.test_lesson_bar import links
from tests.ui.lab import opened, whole
from tests.ui.references import said


@pytest.fixture
def whole_lab(own_manager: None, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    return whole(monkeypatch)


def at(lab: AppTest, word: str, **more: str) -> AppTest:
    """The Guide page at a step, as its links open it."""
    place = place_from(word)
    assert place is not None
    page, parameters = read_in_guide(place)
    lab.run()
    return opened(lab, page, **(parameters | more))


def test_all_lessons_are_listed_with_how_far_one_is(whole_lab):
    whole_lab.run()
    lab = opened(whole_lab, "pages/guide.py")
    for number, lesson in enumerate(lessons().values(), 1):
        assert f"{number}. {lesson.title}" in said(lab)
        assert lesson.summary in said(lab)
    assert not lab.get("progress")
    at(lab, "gates:1")
    at(lab, "gates:3")
    opened(lab, "pages/guide.py", lesson="none")
    (progress,) = lab.get("progress")
    assert progress.proto.text == "2 of 6 steps seen"
    assert progress.proto.value == 33
    assert links(lab)["Resume"].query_string.endswith("lesson=gates%3A2")


def test_an_open_step_shows_its_text_its_page_and_its_question(whole_lab):
    lab = at(whole_lab, "gates:4")
    assert "Step 4 of 6: Let nothing in: i = 0" in said(lab)
    assert "The input gate is held at 0: no candidate is ever written." in said(lab)
    link = links(lab)["Open the Name page, set up for this step"]
    assert link.page == "name"
    assert "cuts=1i0" in link.query_string
    assert {"Back", "Next", "All lessons", "1", "6"} <= links(lab).keys()
    lab.radio(key="answer_gates_4").set_value(1).run()
    assert "Not quite. The answer is “For every name the same”" in said(lab).replace("**", "")


def test_a_lesson_in_the_url_opens_at_its_first_step(whole_lab):
    whole_lab.run()
    lab = opened(whole_lab, "pages/guide.py", lesson="leak")
    assert "Step 1 of 5" in said(lab)
    assert lab.query_params["lesson"] == "leak:1"


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_every_step_with_a_panel_opens_set_up(whole_lab, number):
    lab = at(whole_lab, f"training-step:{number}")
    assert not lab.error
    assert not lab.warning
    wanted = lessons()["training-step"].steps[number - 1].sets
    assert lab.selectbox(key="run").value == resolved("pretrained:custom_lstm")
    assert lab.text_input(key="training_name").value == wanted["name"]
    assert "about one name only" in said(lab)


# -- one training step


def panel(part: str, **state: object) -> AppTest:
    def script(part: str) -> None:
        from namerec.ui.guide.training_step import training_step_panel

        training_step_panel(part)

    lab = AppTest.from_function(script, default_timeout=240, kwargs={"part": part})
    for key, value in state.items():
        lab.session_state[key] = value
    lab.run()
    assert not lab.exception
    return lab


def taken(name: str, right: str, rate: float, place: WeightPlace | None = None) -> TrainingStep:
    asked = services.network(resolved("pretrained:custom_lstm"))
    return training_step(asked.model, name, asked.categories.index(right), rate, place)


def table(lab: AppTest) -> list[float]:
    """The column of shares, read as the numbers they are written for."""
    written = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")
    return [
        float(value.replace("×10", "e").translate(written))
        for value in lab.dataframe[0].value["product"]
    ]


@pytest.mark.usefixtures("own_manager")
def test_the_numbers_are_those_of_the_step():
    run = resolved("pretrained:custom_lstm")
    lab = panel("whole step", run=run, training_name="Jones", training_rate=0.02)
    step = taken("Jones", "English", 0.02)
    metrics = {metric.label: metric.value for metric in lab.metric}
    assert metrics == {
        "Sum of the shares": compact(math.fsum(share.product for share in step.shares)),
        "Gradient, by PyTorch": compact(step.gradient),
        "Measured: difference quotient": compact(step.quotient),
        "Loss before": compact(step.loss),
        "Loss after": compact(step.loss_after),
        "It changed by": compact(step.loss_after - step.loss),
        "A plane predicted": compact(step.expected),
    }
    assert f"−ln {compact(math.exp(step.before[step.label]))} = **{compact(step.loss)}" in said(lab)
    assert f"= **{compact(step.weight_after)}**" in said(lab)
    assert math.fsum(table(lab)) == pytest.approx(step.gradient, abs=2e-4)
    fall = (step.loss_after - step.loss) / step.expected
    assert f"fell by {100 * fall:.0f}" in said(lab)
    assert "dropout off" in said(lab)
    assert "64-bit" in said(lab)


@pytest.mark.usefixtures("own_manager")
def test_a_weight_of_ones_own_is_followed():
    run = resolved("pretrained:custom_lstm")
    source = ALPHABET_SIZE + 28
    mine = {
        f"training_into_{run}": "o", f"training_unit_{run}": 3, f"training_source_{run}": source,
    }  # fmt: skip
    lab = panel("backward", run=run, training_name="Jones", training_largest=False, **mine)
    step = taken("Jones", "English", 0.01, WeightPlace("o", 2, source))
    assert "from unit 29 of the hidden state before into **the output gate o of unit 3**" in said(
        lab
    )
    np.testing.assert_allclose(
        table(lab), [share.product for share in step.shares], rtol=1e-3, atol=1e-12
    )
    lab.selectbox(key=f"training_source_{run}").set_value(LETTERS.index("z")).run()
    assert not lab.exception
    assert table(lab) == [0] * 5
    assert lab.metric[1].value == "0"


@pytest.mark.usefixtures("own_manager")
def test_the_plane_that_falls_below_0_is_said():
    lab = panel("update", run=resolved("pretrained:custom_lstm"), training_rate=0.5)
    assert "a loss below 0, which is impossible" in said(lab)


@pytest.mark.usefixtures("own_manager")
@pytest.mark.parametrize(
    "kind", ["pretrained:rnn:linear", "pretrained:rnn:tanh", "pretrained:lstm"]
)
def test_every_kind_of_network_has_a_step(kind):
    lab = panel("whole step", run=resolved(kind), training_name="Nguyễn")
    assert not lab.error
    assert len(table(lab)) == 6
    assert lab.selectbox[1].value == "Vietnamese"


@pytest.mark.usefixtures("own_manager")
def test_a_network_that_reads_both_ways_has_a_step(both_ways):
    lab = panel("whole step", training_name="O'Neill")
    assert len(table(lab)) == 7
    metrics = {metric.label: metric.value for metric in lab.metric}
    assert metrics["Sum of the shares"] == metrics["Gradient, by PyTorch"]


def test_a_name_that_cannot_be_read_is_said(whole_lab):
    lab = at(whole_lab, "training-step:1", name="123")
    assert "letter that can be read" in lab.error[0].value
    assert "Step 1 of 6" in said(lab)
