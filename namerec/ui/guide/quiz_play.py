"""A round of the quiz, name by name: your answer first, then the network's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from namerec.text import plain, roughly
from namerec.ui.frame.errors import show_errors
from namerec.ui.guide.quiz_result import result
from namerec.ui.guide.quiz_round import Round, name_link

if TYPE_CHECKING:
    from namerec.core.tasks.quiz import Question
    from namerec.core.tasks.quiz_scores import QuizScore

#: The answers given so far, of this browser session.
_PLAY = "quiz_play"
#: Up to so many categories each have a button; of more, one is searched for in a list.
MOST_BUTTONS = 24
#: Up to so many options have a key of the keyboard each, their number.
_MOST_KEYS = 9


class Play(NamedTuple):
    """How far a round has come.

    Attributes:
        key: The round's.
        given: Your answers, None for "I don't know".
        revealed: Whether the last of them is being looked at, beside the network's.
    """

    key: tuple[object, ...]
    given: tuple[int | None, ...] = ()
    revealed: bool = False


def play(game: Round) -> None:
    """Draws the round where it stands: a name to answer, both answers to it, or the result."""
    from namerec.core.tasks.quiz_scores import score

    now = _standing(game)
    with show_errors(), st.container(border=True):
        if len(now.given) == len(game.asked) and not now.revealed:
            result(game, now.given)
            if st.button(
                "Another round", key="quiz_another", type="primary", icon=":material/replay:",
                on_click=game.another, help="With the next seed.",
            ):  # fmt: skip
                st.rerun()
            return
        number = len(now.given) - now.revealed
        _head(game, number, score(game.asked, now.given))
        if now.revealed:
            _answers(game, number, now.given[-1])
        else:
            _options(game, number)


def _standing(game: Round) -> Play:
    """How far this round has come; one that is not this has been left."""
    now: Play | None = st.session_state.get(_PLAY)
    return now if now is not None and now.key == game.key else Play(game.key)


def _head(game: Round, number: int, so_far: QuizScore) -> None:
    """The name, and the score so far."""
    left, yours, its = st.columns([2, 1, 1], vertical_alignment="center")
    with left, st.container(gap=None):
        st.caption(f"Name {number + 1} of {len(game.asked)}")
        st.header(plain(game.names[number]), anchor=False)
        if game.letters[number] != game.names[number]:
            st.caption(f"The network reads it as “{plain(game.letters[number])}”.")
    for column, who, hits in ((yours, "You", so_far.you), (its, "Network", so_far.network)):
        column.metric(f"{who} got right", f"{hits} of {so_far.names}" if so_far.names else "–")


# -- before your answer: nothing here may depend on what is right


def _options(game: Round, number: int) -> None:
    options = game.asked[number].options
    if len(options) > MOST_BUTTONS:
        _search(game, number, options)
    else:
        with st.grid("auto", min_column_width=150):
            for place, option in enumerate(options):
                st.button(
                    plain(game.categories[option]),
                    key=f"quiz_{number}_{place}",
                    on_click=_give,
                    args=(game, number, option),
                    shortcut=str(place + 1) if len(options) <= _MOST_KEYS else None,
                    width="stretch",
                )
    st.button(
        "I don’t know", key=f"quiz_{number}_none", type="tertiary", icon=":material/help:",
        on_click=_give, args=(game, number, None), shortcut="0",
    )  # fmt: skip


def _search(game: Round, number: int, options: tuple[int, ...]) -> None:
    """Too many for buttons: type a few letters, choose, answer."""
    word = game.run.noun
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            f"Your {word}", options, index=None, key=f"quiz_{number}_search",
            format_func=game.categories.__getitem__, placeholder=f"Type or choose a {word}",
        )  # fmt: skip
        st.button(
            "Answer", key=f"quiz_{number}_answer", type="primary", disabled=chosen is None,
            on_click=_give, args=(game, number, chosen),
        )  # fmt: skip


def _give(game: Round, number: int, answer: int | None) -> None:
    """Takes an answer, once: the second press of a double click finds it given."""
    now = _standing(game)
    if len(now.given) == number and not now.revealed:
        st.session_state[_PLAY] = Play(game.key, (*now.given, answer), revealed=True)


# -- after your answer


def _answers(game: Round, number: int, given: int | None) -> None:
    """Both answers, and what is right."""
    asked, last = game.asked[number], number + 1 == len(game.asked)
    with st.grid(2, min_column_width=280):
        with st.container(border=True, height="stretch"):
            _verdict("You", given in asked.right)
            said = "I don’t know" if given is None else plain(game.categories[given])
            st.markdown(f"You said **{said}**.")
            st.markdown(_truth(game, asked))
        with st.container(border=True, height="stretch"):
            _verdict("The network", asked.network in asked.right)
            for category, probability in asked.ranked:
                words = f"{plain(game.categories[category])}, {roughly(probability)}"
                st.progress(min(probability, 1.0), words)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "See the result" if last else "Next name",
            key=f"quiz_{number}_next",
            type="primary",
            icon=":material/arrow_forward:",
            on_click=_go_on,
            args=(game, number),
            shortcut="N",
        )
        name_link(game, number, "Look inside the network’s answer")


def _verdict(who: str, right: bool) -> None:
    icon, colour, word = ("check", "green", "right") if right else ("close", "red", "wrong")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{who}**", width="content")
        st.badge(word, icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]


def _truth(game: Round, asked: Question) -> str:
    """What is right, as Markdown, and whether the network knew it."""
    listed = f"The corpus lists this name under {game.called(asked.right)}"
    words = f"{listed}; each counts as right." if len(asked.right) > 1 else f"{listed}."
    return f"{words} It is among the network’s training names." if asked.seen else words


def _go_on(game: Round, number: int) -> None:
    now = _standing(game)
    if now.revealed and len(now.given) == number + 1:
        st.session_state[_PLAY] = now._replace(revealed=False)
