"""The slim bar that takes a lesson along over the real pages."""

from __future__ import annotations

import streamlit as st

from namerec.ui.frame import address
from namerec.ui.frame.errors import show_errors
from namerec.ui.frame.lesson_step import do_and_look, question, saw
from namerec.ui.frame.lessons import GUIDE, LESSON, Place, Target, place_from, read_in_guide, set_up

_STATE = "lesson_place"
#: In the URL: out of a lesson, where its absence would leave the session as it was.
_NONE = "none"


def lesson_bar(page: str) -> None:
    """Takes the lesson from the URL or the session, and draws its bar above a page.

    Args:
        page: The page drawn, as in its address; the Guide page has the lesson itself.
    """
    address.keep(LESSON, "", _known, state=_STATE)
    place = current()
    if place is None or page == GUIDE:
        return
    with show_errors(), st.container(border=True, key="lesson_bar", gap="xsmall"):
        saw(place)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(
                f":material/school: **{place.lesson.title}**, step {place.number} of "
                f"{len(place.lesson.steps)}: {place.step.heading}",
                width="stretch",
            )
            _ways(place)
        do_and_look(place)


def current() -> Place | None:
    """The step of a lesson at which this session is; None outside of lessons."""
    return place_from(st.session_state.get(_STATE) or "")


def no_lesson() -> Target:
    """The Guide page with all lessons and none open."""
    return Target(f"pages/{GUIDE}.py", {"guide": "lessons", LESSON: _NONE})


def _known(word: str) -> str | None:
    if word == _NONE:
        return ""
    place = place_from(word)
    return place.word if place else None


def _ways(place: Place) -> None:
    """The explanation, back, on, and out."""
    with st.popover("Explain", icon=":material/menu_book:"):
        st.markdown(place.step.text)
        question(place)
    back, on = place.moved(-1), place.moved(1)
    if back is not None:
        go_to("Back", ":material/arrow_back:", set_up(back))
    if on is not None:
        go_to("Next", ":material/arrow_forward:", set_up(on))
    else:
        go_to("Finish", ":material/flag:", no_lesson())
    go_to("Open in Guide", ":material/school:", read_in_guide(place))
    st.button(
        "Leave",
        key="lesson_leave",
        icon=":material/close:",
        type="tertiary",
        on_click=_leave,
        help="Ends the lesson; this page stays as it is.",
    )


def go_to(label: str, icon: str, target: Target, *, disabled: bool = False) -> None:
    """A link to where a lesson leads."""
    st.page_link(
        target.page,
        label=label,
        icon=icon,
        query_params=target.parameters,
        disabled=disabled,
    )


def _leave() -> None:
    st.session_state[_STATE] = ""
