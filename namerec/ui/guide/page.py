"""The Guide page: lessons over the real pages, and the quiz."""

from __future__ import annotations

import streamlit as st

from namerec.ui.frame.errors import show_errors
from namerec.ui.frame.lesson_bar import current, go_to, no_lesson
from namerec.ui.frame.lesson_step import do_and_look, question, saw, seen
from namerec.ui.frame.lessons import Lesson, Place, lessons, read_in_guide, set_up
from namerec.ui.frame.sections import pick_section

_SECTION = "guide"
SECTIONS = {"lessons": "Lessons", "quiz": "You against the network"}
#: What the button that opens a configured page is called.
_PAGES = {
    "start": "Start", "train": "Train", "evaluate": "Evaluate", "runs": "Runs", "name": "Name",
    "memory": "Memory", "dataset": "Dataset",
}  # fmt: skip


def guide_panel() -> None:
    """Draws the choice of a section and the section chosen."""
    if pick_section(_SECTION, SECTIONS) == "quiz":
        _quiz()
        return
    place = current()
    if place is None:
        _list()
    else:
        _open(place)


def _quiz() -> None:
    from namerec.ui.guide.quiz import quiz_panel

    quiz_panel()


def _list() -> None:
    """All lessons as cards, with how far this session has come in each."""
    st.markdown(
        "Each lesson takes you over the real pages of the lab. In each step, open its page, do "
        "what the bar at the top says, and look at the result. Take the lessons in this order, or "
        "begin where you like."
    )
    with st.grid(3, min_column_width=300):
        for number, lesson in enumerate(lessons().values(), 1):
            with st.container(border=True, height="stretch"):
                _card(number, lesson)


def _card(number: int, lesson: Lesson) -> None:
    steps, those = len(lesson.steps), seen(lesson)
    done = len(those)
    st.subheader(f"{number}. {lesson.title}", anchor=False)
    st.markdown(lesson.summary)
    if done:
        st.progress(done / steps, f"{done} of {steps} steps seen")
    else:
        st.caption(f"{steps} steps · about {lesson.minutes} minutes")
    if 0 < done < steps:
        go_on = min(set(range(1, steps + 1)) - those)
        go_to("Resume", ":material/play_arrow:", read_in_guide(Place(lesson, go_on)))
    else:
        label = "Start again" if done else "Start"
        go_to(label, ":material/play_arrow:", read_in_guide(Place(lesson, 1)))


def _open(place: Place) -> None:
    """One step of a lesson, with what it sets up."""
    saw(place)
    lesson, step, steps = place.lesson, place.step, len(place.lesson.steps)
    go_to("All lessons", ":material/arrow_back:", no_lesson())
    st.header(lesson.title, anchor=False)
    st.caption(lesson.summary)
    _steps_line(place)
    with st.container(border=True):
        st.subheader(f"Step {place.number} of {steps}: {step.heading}", anchor=False)
        st.markdown(step.text)
        do_and_look(place)
        if step.page is not None:
            with show_errors(), st.container(border=True, width="content"):
                words = f"Open the {_PAGES[step.page]} page, set up for this step"
                go_to(words, ":material/open_in_new:", set_up(place))
        if step.panel is not None:
            with show_errors():
                _panel(step.panel)
        question(place)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        back, on = place.moved(-1), place.moved(1)
        if back is not None:
            go_to("Back", ":material/arrow_back:", read_in_guide(back))
        if on is not None:
            go_to("Next", ":material/arrow_forward:", read_in_guide(on))
        else:
            go_to("Finish", ":material/flag:", no_lesson())


def _steps_line(place: Place) -> None:
    """All steps of a lesson as links, the open one marked."""
    with st.container(horizontal=True, gap="xsmall"):
        for number, _ in enumerate(place.lesson.steps, 1):
            there = read_in_guide(Place(place.lesson, number))
            here = number == place.number
            go_to(str(number), ":material/location_on:" if here else "", there, disabled=here)


def _panel(part: str) -> None:
    from namerec.ui.guide.training_step import training_step_panel

    training_step_panel(part)
