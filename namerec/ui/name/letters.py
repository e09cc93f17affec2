"""Which letters mattered: a category's log-probability, attributed to the letters of a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from namerec.core.corpus.alphabet import NormalisedName
from namerec.core.inside.trace import GateTrace
from namerec.figures.base import theme
from namerec.figures.inside.attribution import attribution_figure, signed
from namerec.text import count, plain, roughly
from namerec.ui.frame.controls import segments, select, toggle
from namerec.ui.name.priors import priors_of
from namerec.ui.shared import services
from namerec.ui.shared.charts import chart
from namerec.ui.shared.work import may_begin

if TYPE_CHECKING:
    from namerec.core.inside.attribution import Attribution, Method
    from namerec.runs.summary import RunSummary

_METHOD, _CATEGORY, _BESIDE = "letters_method", "letters_category", "letters_beside"
#: About how long `core.attribution.MOST_WORK` takes on one processor core.
MOST_WORK_SECONDS = 4.0
#: Attributions kept: those of a typed name, so that other widgets of the page do not redo them.
_KEPT = 128


def letters_panel(run: RunSummary, name: NormalisedName, trace: GateTrace) -> None:
    """How much each letter of the name speaks for a category, or against it.

    Args:
        run: Whose network answers.
        name: The typed name.
        trace: Of it; its last probabilities rank the categories.
    """
    from namerec.core.inside.attribution import METHODS

    st.subheader("Which letters mattered")
    ranked = np.argsort(-trace.probabilities[-1], kind="stable").tolist()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = segments(
            "Method",
            METHODS,
            "method",
            state=_METHOD,
            format_func=lambda method: method.capitalize(),
        )
        # A key for each run and answer: once another network is asked, or this one answers
        # otherwise, that answer is explained.
        state = f"{_CATEGORY}_{run.id}_{ranked[0]}"

        def called(place: int) -> str:
            return trace.categories[place]

        category: int = select(
            run.noun.capitalize(),
            ranked,
            "explained",
            text=called,
            persist_state=None,
            state=state,
            format_func=called,
            width=260,
            help="The category whose probability is explained; the most probable one comes first.",
        )
        beside = toggle("Compare with the most probable other", "beside", True, state=_BESIDE)
    others = [index for index in ranked if index != category][:1] if beside else []
    wanted = [category, *others]
    if method == METHODS[0] and not _may_begin(run, name.letters, len(wanted)):
        return
    shown = [attribution(run, name.letters, index, method) for index in wanted]
    if drawn := [one for one in shown if not one.failed]:
        look = theme.theme_for(st.context.theme.type)
        chart(attribution_figure(drawn, look), "letters_figure")
    for one in shown:
        if method == METHODS[0] and not one.complete:
            st.warning(missed_in_words(one), icon=":material/warning:")
        if not one.failed:
            st.caption(sum_in_words(one))
    st.caption(_method_in_words(run, method, adds_up=all(one.complete for one in shown)))
    if priors_of(run) is not None:
        st.caption(
            "The log-probabilities here are the network’s own, not reweighted by the assumed "
            "frequencies."
        )


def _may_begin(run: RunSummary, letters: str, categories: int) -> bool:
    """Whether the letters' shares are computed now; in a large network a button stands before."""
    from namerec.core.inside.attribution import MOST_WORK, least_work

    work = least_work(services.network(run.id).model, letters) / MOST_WORK
    asked = ("letters", run.id, run.status.best_epoch, letters)
    doing = f"Fading {len(letters)} letters in"
    seconds, at_ease = MOST_WORK_SECONDS * work * categories, MOST_WORK_SECONDS * categories
    return may_begin(asked, seconds, at_ease, doing, "letters_begin")


def attribution(run: RunSummary, letters: str, category: int, method: Method) -> Attribution:
    """What each letter contributes to a category's log-probability in a run's network.

    Args:
        run: Which.
        letters: A normalised name.
        category: Index of the category.
        method: One of `core.attribution.METHODS`.
    """
    return cached_attribution(run.id, run.status.best_epoch, letters, category, method)


@st.cache_resource(max_entries=_KEPT, show_spinner="Computing what each letter contributes…")
def cached_attribution(
    run_id: str,
    best_epoch: int,  # noqa: ARG001 - ages the cache
    letters: str,
    category: int,
    method: Method,
) -> Attribution:
    """What `attribution` gives, for all sessions."""
    from namerec.core.inside.attribution import attribute

    asked = services.network(run_id)
    return attribute(asked.model, asked.categories, letters, category, method)


def missed_in_words(shown: Attribution) -> str:
    """That integrated gradients miss what they should explain, and what becomes of the bars."""
    words = (
        f"{plain(shown.category)}: after {count(shown.points)} points, the letters' sum still "
        f"differs by {shown.missed:.3f} nats from the {signed(shown.change)} nats that it should "
        "explain."
    )
    if not shown.failed:
        return f"{words} Read these bars with care."
    return (
        f"{words} The error is larger than the whole change, so no bars are drawn: on the way from "
        "no letter to all letters, the answer changes too suddenly for this method."
    )


def sum_in_words(shown: Attribution) -> str:
    """The sum of the contributions, what it should explain, and by how much it misses."""
    none, whole = (
        f"{signed(value)} ({roughly(float(np.exp(value)))})"
        for value in (shown.with_none, shown.with_all)
    )
    share = shown.missed / abs(shown.change) if shown.change else 0.0
    off = f"{roughly(share)} of that" if share < 1 else f"{shown.missed:.2f} nats"
    return (
        f"**{plain(shown.category)}**: the letters sum to {signed(shown.total)} nats. From no "
        f"letter to the whole name, its log-probability goes from {none} to {whole}, by "
        f"{signed(shown.change)} nats; the sum is off by {off}."
    )


def _method_in_words(run: RunSummary, method: Method, *, adds_up: bool) -> str:
    """What the bars mean and what they leave out."""
    model, dropout = run.info.config.model, run.info.config.training.letter_dropout
    if method == "integrated gradients":
        words = (
            "Integrated gradients: all letters are faded in together from nothing, and each "
            "letter gets its share of the change in log-probability, "
        )
        words += (
            "so the bars add up (to within 1 %)."
            if adds_up
            else "so the bars should add up; a note above says where they do not."
        )
    else:
        words = (
            "Gradient times input: how much the log-probability would fall if this letter were "
            "faded slightly, scaled up to the whole letter. This is a local, linear estimate, so "
            "the bars need not add up to the whole change."
        )
        if model.is_linear and not model.char_ngrams:
            words += " In this RNN, with no nonlinearity, they would add up before the softmax."
    met = "as in training with letter dropout" if dropout else "which it never saw in training"
    words += f" A letter that is faded out is blank input to the network, {met}."
    if model.char_ngrams:
        words += (
            f" The logits of n-grams of 2 to {model.char_ngrams} letters fade together with their "
            "letters."
        )
    return f"{words} This holds for this one name only."
