"""What belongs in a link is in the URL, both ways; the page here has one number and one word."""

from functools import partial

import pytest
from streamlit.runtime.scriptrunner import RerunData
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1 import local_script_runner as script_runner

from namerec.ui.frame import address
from tests.ui.lab import followed


def _page() -> None:
    import streamlit as st

    from namerec.ui.frame import address

    page = st.session_state.get("page", "one")
    with address.gathering(page):
        address.write("run", "r1")
        if page == "one" and st.session_state.get("shown", True):
            address.keep("size", 3, address.whole(1, 9), state="box")
            st.number_input("Size", 1, 9, key="box", persist_state="session")
        if together := address.take_all("both", but=["run", "size", "other"]):
            st.session_state["both_now"] = together
        for key, value in st.session_state.get("both_now", {}).items():
            address.write(key, value)


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(_page, default_timeout=240)


def drawn(page: AppTest, **query: str) -> int:
    """The number on the page, drawn with a URL of these parameters, as they are if none."""
    if query:
        page.query_params.clear()
        page.query_params.update(query)
    page.run()
    assert not page.exception
    return int(page.session_state["box"])


def linked(page: AppTest, **query: str) -> int:
    """The number on the page after a link on it to a URL of these parameters."""
    page.query_params.clear()
    followed(page, **query)
    assert not page.exception
    return int(page.session_state["box"])


def gone_back(page: AppTest, monkeypatch: pytest.MonkeyPatch, **query: str) -> int:
    """The number on the page after Back or Forward to a URL of these parameters."""
    with monkeypatch.context() as patched:
        patched.setattr(script_runner, "RerunData", partial(RerunData, is_history_navigation=True))
        return drawn(page, **query)


def test_a_usual_value_is_left_out_of_the_url_and_another_one_stands_in_it(page):
    assert drawn(page) == 3
    assert page.query_params == {"run": "r1"}
    page.number_input[0].set_value(5).run()
    assert page.query_params == {"run": "r1", "size": "5"}
    page.number_input[0].set_value(3).run()
    assert page.query_params == {"run": "r1"}


def test_a_link_fills_the_page_in(page):
    assert drawn(page, size="7") == 7
    assert page.number_input[0].value == 7
    assert page.query_params == {"run": "r1", "size": "7"}


@pytest.mark.parametrize("given", ["0", "10", "-1", "1e1", "five", "", "٣", "9" * 400])
def test_a_value_that_may_not_be_is_left_out_and_the_rest_holds(page, given):
    assert drawn(page, size=given, a="x") == 3
    assert page.query_params == {"run": "r1", "a": "x"}


def test_going_back_to_a_url_goes_back_to_its_values(page, monkeypatch):
    drawn(page, size="7")
    page.number_input[0].set_value(5).run()
    assert gone_back(page, monkeypatch, run="r1", size="7") == 7
    assert gone_back(page, monkeypatch, run="r1", size="5") == 5
    assert gone_back(page, monkeypatch, run="r1") == 3, "a URL without the value has the usual one"


def test_going_back_to_a_url_that_the_menu_emptied_changes_nothing(page, monkeypatch):
    drawn(page, size="7")
    assert gone_back(page, monkeypatch, hide="run") == 7
    assert page.query_params == {"hide": "run", "run": "r1", "size": "7"}


def test_going_back_to_another_page_shows_what_it_showed(page, monkeypatch):
    drawn(page)
    page.number_input[0].set_value(5).run()
    page.session_state["page"] = "two"
    page.run()
    page.session_state["page"] = "one"
    assert gone_back(page, monkeypatch, run="r1") == 3


def test_a_link_on_the_page_has_its_values_and_the_usual_ones(page):
    drawn(page, size="7")
    assert linked(page, run="r1", size="5") == 5
    assert linked(page, run="r1") == 3
    page.number_input[0].set_value(4).run()
    assert page.query_params == {"run": "r1", "size": "4"}


def test_a_lesson_is_gone_back_in_by_a_link_that_is_known(page):
    for lesson, size in (("a:1", 5), ("a:2", 6), ("a:1", 5)):
        assert linked(page, run="r1", size=str(size), lesson=lesson) == size


def test_a_value_that_nothing_on_the_page_has_taken_yet_waits_for_who_will(page):
    page.session_state["shown"] = False
    page.query_params["size"] = "7"
    page.run()
    page.session_state["shown"] = True
    assert drawn(page) == 7
    assert page.query_params == {"run": "r1", "size": "7"}


def test_the_menu_which_drops_parameters_changes_nothing(page):
    drawn(page, size="7")
    page.session_state["page"] = "two"
    page.query_params.clear()
    page.run()
    assert page.query_params == {"run": "r1"}, "of the other page alone"
    page.session_state["page"] = "one"
    page.query_params.clear()
    assert drawn(page) == 7
    assert page.query_params == {"run": "r1", "size": "7"}


def test_what_a_page_does_not_draw_for_a_while_leaves_the_url_and_comes_back(page):
    drawn(page, size="7")
    page.session_state["shown"] = False
    page.run()
    assert page.query_params == {"run": "r1"}
    page.session_state["shown"] = True
    assert drawn(page) == 7
    assert page.query_params == {"run": "r1", "size": "7"}


def test_a_link_within_the_lab_leaves_what_it_does_not_name(page):
    drawn(page, size="7")
    page.session_state["page"] = "two"
    page.run()
    page.session_state["page"] = "one"
    assert drawn(page, run="r2") == 7


def test_a_url_from_before_a_change_is_no_news_however_late_it_comes(page):
    drawn(page, size="7")
    page.number_input[0].set_value(5).run()
    assert drawn(page, run="r1", size="7") == 5
    assert page.query_params["size"] == "5"


def test_a_value_of_the_session_that_may_not_be_any_more_becomes_the_usual_one(page):
    drawn(page)
    page.session_state["page"] = "two"
    page.run()
    page.session_state["page"] = "one"
    page.session_state["box"] = 12
    assert drawn(page) == 3


def test_a_page_is_one_step_of_the_browsers_history(page, monkeypatch):
    from streamlit.runtime.state.query_params import QueryParams

    sent = []
    send = QueryParams._send_query_param_msg

    def noted(self: QueryParams) -> None:
        sent.append(dict(self._query_params))
        send(self)

    monkeypatch.setattr(QueryParams, "_send_query_param_msg", noted)
    drawn(page, size="7", a="x", b="y")
    assert len(sent) == 1
    page.run()
    assert len(sent) == 1


def test_parameters_that_mean_something_together_are_taken_together(page):
    drawn(page, a="1", b="2")
    assert page.session_state["both_now"] == {"a": "1", "b": "2"}
    linked(page, run="r1", b="3")
    assert page.session_state["both_now"] == {"b": "3"}
    assert page.query_params == {"run": "r1", "b": "3"}
    linked(page, run="r1")
    assert page.session_state["both_now"] == {"b": "3"}, "a URL without any leaves them"


def test_what_no_page_wrote_stays_in_the_url(page):
    drawn(page, other="1")
    assert page.query_params["other"] == "1"


def _page_that_replaces_another() -> None:
    from threading import Event, Thread

    from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

    from namerec.ui.frame import address

    begun, replaced = Event(), Event()

    def draw_the_other() -> None:
        with address.gathering("one"):
            address.write("run", "r0")
            begun.set()
            replaced.wait(120)

    other = add_script_run_ctx(Thread(target=draw_the_other), get_script_run_ctx())
    other.start()
    begun.wait(120)
    with address.gathering("one"):
        address.write("run", "r1")
        replaced.set()
        other.join(10)
        address.write("size", "4")


def test_a_drawing_that_was_replaced_takes_nothing_from_the_one_after_it():
    page = AppTest.from_function(_page_that_replaces_another, default_timeout=240)
    for _ in range(2):
        page.run()
        assert not page.exception
        assert page.query_params == {"run": "r1", "size": "4"}


def test_two_tabs_do_not_mix(page):
    other = AppTest.from_function(_page, default_timeout=240)
    drawn(page, size="7")
    assert drawn(other) == 3
    other.number_input[0].set_value(4).run()
    assert drawn(page) == 7
    assert other.query_params["size"] == "4"


def test_shares_stand_in_the_url_in_percent_on_the_sliders_steps():
    parse = address.share(0.05, 0.95)
    assert [parse(text) for text in ("0", "20", "17", "95")] == [0.0, 0.2, 0.15, 0.95]
    assert [parse(text) for text in ("96", "-5", "x", "0.2")] == [None] * 4
    assert address.in_percent(0.15) == "15"


def test_several_words_are_taken_as_far_as_they_are_known():
    parse = address.some_of(["a", "b", "c"], most=2)
    assert parse("c,x,a,c,b") == ["c", "a"]
    assert parse("x") is None
    assert parse(address.with_commas([])) == []
    assert parse(address.with_commas(["b", "a"])) == ["b", "a"]
