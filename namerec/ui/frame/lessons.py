"""Lessons as data: what each step says, which page it sets up and how, and what it asks.

A lesson is a file in `assets/lessons/`; the files' names give the order.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import streamlit as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from namerec.errors import NamerecError, RunError
from namerec.files import ASSETS
from namerec.ui.server.manager import manager

FOLDER = ASSETS / "lessons"
#: In the URL of every page: the lesson and its step, such as “gates:3”.
LESSON = "lesson"
#: The page of lessons themselves.
GUIDE = "guide"
#: How a pretrained run is called in a lesson: by the kind of its network.
PRETRAINED = "pretrained:"

Words = Annotated[str, Field(min_length=1, max_length=1500)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Question(_Part):
    """A question with one right answer.

    Attributes:
        text: What is asked.
        options: What can be answered.
        right: Which of them is right, counted from 1.
        explanation: Shown after an answer, right or wrong.
    """

    text: Words
    options: Annotated[tuple[Words, ...], Field(min_length=2, max_length=5, strict=False)]
    right: Annotated[int, Field(ge=1)]
    explanation: Words

    @model_validator(mode="after")
    def _right_is_an_option(self) -> Question:
        if self.right > len(self.options):
            raise ValueError(f"right is {self.right}, and there are {len(self.options)} options")
        return self


class Step(_Part):
    """One step of a lesson.

    Attributes:
        heading: Its title.
        text: What there is to know, in Markdown of our own.
        page: The page it sets up; None for a step that is only read, or has a panel.
        sets: That page's parameters, as in a URL; runs are called by their kind.
        do: What to do there.
        look: What to look at.
        panel: What the Guide page itself shows in this step.
        question: What is asked at the end.
    """

    heading: Words
    text: Words
    page: str | None = None
    sets: dict[str, str] = {}
    do: str = ""
    look: str = ""
    panel: Literal["forward", "backward", "update", "whole step"] | None = None
    question: Question | None = None

    @model_validator(mode="after")
    def _only_what_is_shown_is_set_up(self) -> Step:
        if self.page is not None and self.panel is not None:
            raise ValueError("a step has a page or a panel, not both")
        if self.sets and self.page is None and self.panel is None:
            raise ValueError("a step without page or panel has nothing to set up")
        return self


class Lesson(_Part):
    """A lesson.

    Attributes:
        id: In URLs, such as `gates`.
        title: On its card.
        summary: What one learns, in a sentence.
        minutes: About how long it takes.
        steps: In order.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z-]{1,30}$")]
    title: Words
    summary: Words
    minutes: Annotated[int, Field(ge=1, le=60)]
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=12, strict=False)]


def read_lesson(path: Path) -> Lesson:
    """Reads a lesson's file.

    Raises:
        NamerecError: If it is not one, with what is wrong.
    """
    try:
        return Lesson.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise NamerecError(
            f"The lesson {path.name} cannot be read: {error}. Correct the file, or restore the one "
            "that comes with the lab."
        ) from None


@cache
def lessons() -> dict[str, Lesson]:
    """All lessons by id, in order.

    Raises:
        NamerecError: If one cannot be read, or two have the same id.
    """
    found: dict[str, Lesson] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        lesson = read_lesson(path)
        if lesson.id in found:
            raise NamerecError(
                f"Two lessons are called “{lesson.id}”; the second is {path.name}. Give it "
                "another id."
            )
        found[lesson.id] = lesson
    return found


class Place(NamedTuple):
    """A step of a lesson, counted from 1."""

    lesson: Lesson
    number: int

    @property
    def step(self) -> Step:
        """The step itself."""
        return self.lesson.steps[self.number - 1]

    @property
    def word(self) -> str:
        """As a URL has it; `place_from` reads it."""
        return f"{self.lesson.id}:{self.number}"

    def moved(self, by: int) -> Place | None:
        """A step further on or back; None beyond the ends."""
        number = self.number + by
        return Place(self.lesson, number) if 1 <= number <= len(self.lesson.steps) else None


def place_from(word: str) -> Place | None:
    """The place that a URL names; None if there is no such lesson or step."""
    name, _, number = word.partition(":")
    lesson = lessons().get(name)
    if lesson is None or not (number or "1").isascii() or not (number or "1").isdecimal():
        return None
    place = int(number or "1") if len(number) < 4 else 0
    return Place(lesson, place) if 1 <= place <= len(lesson.steps) else None


# -- what a step sets up


class Target(NamedTuple):
    """A page and its parameters, as `st.page_link` takes them."""

    page: str
    parameters: dict[str, str]


def read_in_guide(place: Place) -> Target:
    """The Guide page at a step, with what its panel is set to."""
    sets = _resolved(place.step.sets) if place.step.panel else {}
    return Target(f"pages/{GUIDE}.py", {"guide": "lessons", LESSON: place.word, **sets})


def set_up(place: Place) -> Target:
    """The page that a step sets up; the Guide page where it sets up none.

    Raises:
        RunError: If a pretrained run it is about is not there.
    """
    step = place.step
    if step.page is None:
        return read_in_guide(place)
    return Target(f"pages/{step.page}.py", {LESSON: place.word, **_resolved(step.sets)})


def _resolved(sets: dict[str, str]) -> dict[str, str]:
    return {key: resolved(value) for key, value in sets.items()}


def resolved(value: str) -> str:
    """A parameter's value with the ids of the runs that it calls by kind.

    Raises:
        RunError: If there is no such pretrained run.
    """
    if not value.startswith(PRETRAINED):
        return value
    return ",".join(_run_of(word) for word in value.split(","))


def _run_of(word: str) -> str:
    runs = pretrained_ids()
    if word not in runs:
        raise RunError(
            f"This lesson needs the run “{word}”, which is not among the pretrained runs: "
            f"{', '.join(runs)}. Restore the folder assets/pretrained of the project."
        )
    return runs[word]


@st.cache_resource(show_spinner=False)
def pretrained_ids() -> dict[str, str]:
    """The ids of the runs that ship with the project, which never change, by what they are."""
    found: dict[str, str] = {}
    for run in manager().store.trained():  # the best first
        model = run.info.config.model
        variant = model.variant.word
        word = f"{PRETRAINED}{model.kind}" + (f":{variant}" if variant else "")
        if run.pretrained:
            found.setdefault(word, run.id)
    return found
