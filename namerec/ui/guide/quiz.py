"""You against the network: the settings of a round, and the names it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.core.corpus.protocols import Part
from namerec.text import count, counted, plain
from namerec.ui.frame import address
from namerec.ui.frame.controls import segments, select
from namerec.ui.guide.quiz_play import play
from namerec.ui.guide.quiz_round import Round
from namerec.ui.shared import services
from namerec.ui.shared.run_picker import pick_run

if TYPE_CHECKING:
    from namerec.core.tasks.quiz import Draw, QuizPool
    from namerec.runs.summary import RunSummary

#: In the session and in the URL.
SEED, NAMES, DRAW, OPTIONS = "quiz_seed", "quiz_names", "quiz_draw", "quiz_options"
#: The names are of this part of the run's split.
PART: Part = "test"
_NUMBERS = (5, 10, 20)
_USUAL_NUMBER = 10
_MOST_SEED = 999_999
#: What there is to choose from in a question, as the URL has it.
_ALL, _FEW = "all", "4"


def quiz_panel() -> None:
    """Draws the quiz on the held-out names of a run that is picked here."""
    st.subheader("You against the network")
    run = pick_run()
    if run is None:
        return
    pool = quiz_pool(run)
    about = st.container()
    game = _settings(run, pool)
    about.caption(plain(_asked_words(game)))
    st.fragment(play)(game)
    st.caption(plain(_rules(game)))


def quiz_pool(run: RunSummary) -> QuizPool:
    """The names that a run's quiz may ask, and the network's answers to them.

    Raises:
        NamerecError: If network or names are not there.
    """
    return _pool(run.id, run.status.best_epoch, run.state, run)


@st.cache_resource(max_entries=8, show_spinner="Choosing names…")
def _pool(run_id: str, best_epoch: int, state: str, _run: RunSummary) -> QuizPool:  # noqa: ARG001
    from namerec.core.tasks.quiz import quiz_pool

    names, split = services.run_dataset(_run)
    return quiz_pool(names, split, services.answers(_run, PART))


def _settings(run: RunSummary, pool: QuizPool) -> Round:
    """Draws the settings, and draws the names by them."""
    from namerec.core.tasks.quiz import DRAWS, FEW_OPTIONS, drawn, questions

    words: dict[Draw, str] = {"evenly": f"evenly over {run.nouns}", "natural": "as they come"}
    dataset, split = services.run_dataset(run)
    categories = dataset.categories
    with st.grid(4, min_column_width=180):
        number = segments(
            "Names", _NUMBERS, NAMES, _USUAL_NUMBER, width="stretch",
            help="Names in a round. If you change anything here, or the run, a new round starts.",
        )  # fmt: skip
        draw = select(
            "Names drawn", DRAWS, DRAW, format_func=words.__getitem__,
            help=f"Evenly: {run.nouns} take turns, so rare ones come as often as common ones. As "
            "they come: every distinct name is equally likely.",
        )  # fmt: skip
        few = len(categories) > FEW_OPTIONS and _pick_options(len(categories))
        seed = address.keep(SEED, 0, address.whole(0, _MOST_SEED))
        st.number_input(
            "Seed", min_value=0, max_value=_MOST_SEED, step=1, key=SEED, persist_state="session",
            help="With the same seed, everybody gets the same names in the same order. The seed is "
            "part of the link, so a class can play the same round.",
        )  # fmt: skip
    asked = questions(pool, drawn(pool, number, draw, seed).tolist(), few=few)
    return Round(
        run=run,
        key=(run.id, run.status.best_epoch, number, draw, few, seed),
        wanted=number,
        asked=asked,
        names=tuple(dataset.names[one.index] for one in asked),
        letters=tuple(dataset.normalised(one.index) for one in asked),
        categories=categories,
        pool=pool,
        draw=draw,
        few=few,
        measured_on=split.words(PART),
        another=_another,
    )


def _pick_options(categories: int) -> bool:
    """Draws the choice of options; whether they are few."""
    chosen = segments(
        "Options", (_ALL, _FEW), OPTIONS,
        format_func={_ALL: f"all {categories}", _FEW: "4, easier"}.__getitem__, width="stretch",
        help="4: a right one and the wrong ones that the network finds most probable. This makes "
        "it easier for you; the network still chooses from all.",
    )  # fmt: skip
    return chosen == _FEW


def _another() -> None:
    """Sets the next round up."""
    st.session_state[SEED] = (st.session_state[SEED] + 1) % (_MOST_SEED + 1)


def _asked_words(game: Round) -> str:
    """What is to be done, and with which names."""
    seen, names = int(game.pool.seen.sum()), len(game.pool)
    words = (
        f"Say which {game.run.noun} each surname comes from; then you see the network’s answer. "
        f"The names are {game.measured_on}: "
    )
    if seen == names:
        words += (
            "the network was trained on all of them, so the match is not fair. Choose a run with "
            "another split for a fair one."
        )
    elif seen:
        words += (
            f"{count(seen)} of these {count(names)} are also among the network’s training names. "
            "You are told which, once you have answered."
        )
    else:
        words += f"none of these {count(names)} is among the network’s training names."
    if len(game.asked) < game.wanted:
        verb = "is" if len(game.asked) == 1 else "are"
        words += f" There {verb} only {counted(len(game.asked), 'name')} to ask."
    return words


def _rules(game: Round) -> str:
    """How answers are counted, and what is not equal for the two players."""
    word, several = game.run.noun, game.run.nouns
    words = (
        "“I don’t know” counts as wrong. A name that the corpus lists under more than one "
        f"{word} has more than one right answer, for both of you."
    )
    if game.draw == "evenly" and game.run.info.config.training.sampling == "natural":
        words += (
            f" The network expects each {word} as often as it came up in training, but in this "
            f"round all {several} come up equally often."
        )
    if game.few:
        words += (
            " The 4 options are a right one and the three wrong ones that the network finds most "
            "probable. This makes it easier for you: the network still chooses from all "
            f"{len(game.categories)}."
        )
    return words
