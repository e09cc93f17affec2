"""The bar that takes a lesson along, in the whole lab."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from namerec.ui.frame.lessons import Target, place_from, resolved, set_up
from tests.ui.lab import opened, whole
from tests.ui.references import said


@pytest.fixture
def whole_lab(own_manager: None, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    return whole(monkeypatch)


def links(lab: AppTest) -> dict[str, Any]:
    """The links of the bar and the page, by label: page and query."""
    return {link.proto.label: link.proto for link in lab.get("page_link")}


def goes_to(lab: AppTest, label: str, target: Target) -> bool:
    from urllib.parse import parse_qsl

    link = links(lab)[label]
    page = target.page.removeprefix("pages/").removesuffix(".py")
    return link.page == page and dict(parse_qsl(link.query_string)) == target.parameters


def begun(lab: AppTest, word: str) -> AppTest:
    place = place_from(word)
    assert place is not None
    page, parameters = set_up(place)
    lab.run()
    return opened(lab, page, **parameters)


def test_the_bar_says_where_one_is_and_what_to_do(whole_lab):
    lab = begun(whole_lab, "gates:2")
    assert "What each gate does, step 2 of 6: Forget at every letter" in said(lab).replace("**", "")
    assert "Do:** Compare the answer before and after" in said(lab)
    back, on = place_from("gates:1"), place_from("gates:3")
    assert back is not None
    assert on is not None
    assert goes_to(lab, "Back", set_up(back))
    assert goes_to(lab, "Next", set_up(on))
    assert lab.query_params["lesson"] == "gates:2"


def test_the_bar_goes_along_to_pages_that_the_lesson_did_not_open(whole_lab):
    lab = begun(whole_lab, "gates:2")
    opened(lab, "pages/dataset.py")  # the menu: an address without a lesson
    assert "step 2 of 6" in said(lab)
    assert lab.query_params["lesson"] == "gates:2"


def test_the_train_page_takes_the_lesson_for_no_setting(whole_lab):
    lab = begun(whole_lab, "learning-rate:1")
    assert not lab.warning
    assert lab.query_params["lesson"] == "learning-rate:1"
    assert lab.query_params["clip_norm"] == "0.0"
    lab.run()
    assert "step 1 of 5" in said(lab)


def test_left_it_stays_away(whole_lab):
    lab = begun(whole_lab, "gates:2")
    next(button for button in lab.button if button.label == "Leave").click().run()
    assert "step 2 of 6" not in said(lab)
    assert "lesson" not in lab.query_params
    assert lab.query_params["cuts"] == "1f0"
    opened(lab, "pages/memory.py")
    assert "step 2 of 6" not in said(lab)


def test_a_lesson_that_is_not_there_is_left_out(whole_lab):
    whole_lab.run()
    lab = opened(whole_lab, "pages/name.py", lesson="nets:2")
    assert "Next" not in links(lab)
    assert not lab.error


def test_the_last_step_leads_to_all_lessons(whole_lab):
    lab = begun(whole_lab, "learning-rate:5")
    target = Target("pages/guide.py", {"guide": "lessons", "lesson": "none"})
    assert "Next" not in links(lab)
    assert goes_to(lab, "Finish", target)
    opened(lab, target.page, **target.parameters)
    assert "lesson" not in lab.query_params
    assert "5. Half the data is Russian" in said(lab)


@pytest.mark.parametrize(("answer", "words"), [(2, "Right."), (0, "Not quite.")])
def test_a_question_is_answered_in_the_bar_and_remembered(whole_lab, answer, words):
    lab = begun(whole_lab, "gates:2")
    assert "The cell is emptied at each letter" not in said(lab)
    lab.radio(key="answer_gates_2").set_value(answer).run()
    assert words in said(lab)
    assert "The cell is emptied at each letter" in said(lab)
    opened(lab, "pages/name.py", lesson="gates:3")
    opened(lab, "pages/guide.py", lesson="gates:2")
    assert lab.radio(key="answer_gates_2").value == answer


def test_a_run_that_is_gone_is_said_and_the_page_stays(whole_lab, monkeypatch):
    from namerec.ui.frame import lessons

    whole_lab.run()
    monkeypatch.setattr(lessons, "pretrained_ids", dict)
    run = resolved("20261123-142805-custom_lstm-781d")
    lab = opened(whole_lab, "pages/name.py", lesson="gates:2", run=run)
    assert "not among the pretrained runs" in lab.error[0].value
    assert any("is most probably" in line.value for line in lab.subheader)
