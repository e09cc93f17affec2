"""A step of a lesson as it is read, its words and question: on the Guide page and in the bar."""

from __future__ import annotations

import streamlit as st

from namerec.ui.frame.lessons import Lesson, Place, Question

#: By lesson, the numbers of the steps seen in this session.
_SEEN = "lessons_seen"


def saw(place: Place) -> None:
    """Notes in the session that a step was seen."""
    seen: dict[str, set[int]] = st.session_state.setdefault(_SEEN, {})
    seen.setdefault(place.lesson.id, set()).add(place.number)


def seen(lesson: Lesson) -> frozenset[int]:
    """The numbers of a lesson's steps that were seen in this session."""
    of_all: dict[str, set[int]] = st.session_state.get(_SEEN, {})
    return frozenset(of_all.get(lesson.id, ()))


def do_and_look(place: Place) -> None:
    """What to do in a step, and what to look at."""
    for icon, label, words in (
        (":material/touch_app:", "Do", place.step.do),
        (":material/visibility:", "Look", place.step.look),
    ):
        if words:
            st.markdown(f"{icon} **{label}:** {words}")


def question(place: Place) -> None:
    """A step's question, if it has one; answers are kept in the session."""
    if place.step.question is not None:
        st.fragment(_question)(place.step.question, f"answer_{place.lesson.id}_{place.number}")


def _question(asked: Question, key: str) -> None:
    options = range(len(asked.options))
    answer = st.radio(
        f"**Question.** {asked.text}",
        options,
        key=key,
        index=None,
        format_func=lambda option: asked.options[option],
        persist_state="session",
    )
    if answer is None:
        return
    if answer == asked.right - 1:
        st.success(f"**Right.** {asked.explanation}", icon=":material/check:")
    else:
        st.info(
            f"**Not quite.** The answer is “{asked.options[asked.right - 1]}”. {asked.explanation}",
            icon=":material/lightbulb:",
        )
