"""Many names: a pasted or uploaded list, answered in batches and taken away as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from namerec.core.corpus.alphabet import NormalisedName
from namerec.core.inside.trace import GateTrace
from namerec.errors import NamerecError
from namerec.export.spreadsheet import as_shown
from namerec.text import count, counted, plain
from namerec.ui.name.list_input import ASK, list_input
from namerec.ui.name.priors import priors_of
from namerec.ui.shared import services
from namerec.ui.shared.downloads import csv_button
from namerec.ui.shared.priors import prior_words
from namerec.ui.shared.tables import share_column

if TYPE_CHECKING:
    from namerec.core.evaluation.many import NameList, Reweight, TopTwo
    from namerec.runs.summary import RunSummary

#: The list that was asked about, after where it was given, and what the network said, both of this
#: browser session.
_LIST, _ANSWERED = "many_list", "many_answered"
#: A longer table scrolls.
_ROWS_IN_SIGHT = 18
_TABLE_HEIGHT = 620  # pixels


class _Answered(NamedTuple):
    """Answers to a list, by whom and with which priors: by run, best epoch and prior strength."""

    asked: tuple[str, int, float | None]
    table: pd.DataFrame
    summary: pd.DataFrame


def many_panel(run: RunSummary, name: NormalisedName, trace: GateTrace) -> None:  # noqa: ARG001 - as all sections
    """A list of names, and the network's answers to all of them.

    Raises:
        NamerecError: If the network is not there, or with other priors the names of the run.
    """
    from namerec.core.evaluation.many import MOST_NAMES

    st.subheader("Many names")
    st.caption(
        f"Up to {count(MOST_NAMES)} names, one a line. They stay on the computer that runs the lab."
    )
    try:
        given = list_input()
    except NamerecError as error:
        st.session_state.pop(_LIST, None)
        st.error(plain(str(error)), icon=":material/error:")
        return
    if given.asked is not None:
        st.session_state[_LIST] = (given.source, given.asked)
        st.session_state.pop(_ANSWERED, None)
    if _LIST not in st.session_state:
        return
    source, names = st.session_state[_LIST]
    if source != given.source:
        st.info(
            f"These answers are for the previous list. Press “{ASK}” to answer the list above.",
            icon=":material/history:",
        )
    if names.lines:
        _results(run, names, _answered(run, names))
    _unreadable(names)


def _answered(run: RunSummary, names: NameList) -> _Answered:
    """The answers: those kept in the session, or asked for now if run or priors are others."""
    asked = (run.id, run.status.best_epoch, priors_of(run))
    kept: _Answered | None = st.session_state.get(_ANSWERED)
    if kept is not None and kept.asked == asked:
        return kept
    categories = services.network(run.id).categories
    answers = _ask_in_batches(run, names)
    answered = _Answered(
        asked, answer_table(names, answers, categories), summary_table(answers, categories)
    )
    st.session_state[_ANSWERED] = answered
    return answered


def _ask_in_batches(run: RunSummary, names: NameList) -> TopTwo:
    from namerec.core.evaluation.many import answer, joined

    model, batches, done = services.network(run.id).model, [], 0
    whole = len(names.lines)
    bar = st.progress(0.0, "Asking the network…")
    for batch in answer(model, [line.name for line in names.lines], _reweighting(run)):
        batches.append(batch)
        done += len(batch.categories)
        bar.progress(done / whole, f"Asked about {count(done)} of {count(whole)} names")
    bar.empty()
    return joined(batches)


def _reweighting(run: RunSummary) -> Reweight | None:
    """What assumes the priors that are set for the run; None if those are its own."""
    from namerec.core.evaluation.priors import assuming

    prior_strength = priors_of(run)
    if prior_strength is None:
        return None
    prior, sampling = services.prior(run), run.info.config.training.sampling
    return lambda answers: assuming(answers, prior, sampling, prior_strength)


def answer_table(names: NameList, answers: TopTwo, categories: tuple[str, ...]) -> pd.DataFrame:
    """A row a line of the list, in its order; those that cannot be read say why in `note`."""
    first, second = (
        [categories[index] for index in answers.categories[:, place].tolist()] for place in (0, 1)
    )
    readable = pd.DataFrame(
        {
            "line": [line.number for line in names.lines],
            "name": [line.name.original for line in names.lines],
            "read as": [line.name.letters for line in names.lines],
            "answer": first,
            "probability": answers.probabilities[:, 0].astype(float).round(6),
            "second": second,
            "second probability": answers.probabilities[:, 1].astype(float).round(6),
            "note": [line.name.describe() for line in names.lines],
        }
    )
    if not names.unreadable:
        return readable
    others = pd.DataFrame(
        [
            (line.number, line.text, "", "", np.nan, "", np.nan, line.why)
            for line in names.unreadable
        ],
        columns=readable.columns,
    )
    return pd.concat([readable, others]).sort_values("line", kind="stable", ignore_index=True)


def summary_table(answers: TopTwo, categories: tuple[str, ...]) -> pd.DataFrame:
    """How many names were given each category: `category`, `names`, `share`; most first."""
    counts = np.bincount(answers.categories[:, 0], minlength=len(categories))
    rows = [
        (categories[index], int(counts[index]), round(counts[index] / int(counts.sum()), 3))
        for index in np.argsort(-counts, kind="stable").tolist()
        if counts[index]
    ]
    return pd.DataFrame(rows, columns=["category", "names", "share"])


def _results(run: RunSummary, names: NameList, answered: _Answered) -> None:
    from namerec.core.evaluation.many import cut_words

    one, several = run.noun, run.nouns
    st.caption(plain(_about(run, names)))
    if words := cut_words(names):
        st.caption(words)
    with st.grid(2, min_column_width=400):
        with st.container(border=True):
            st.subheader(f"How many of each {one}")
            st.dataframe(
                as_shown(answered.summary),
                hide_index=True,
                height=_height(answered.summary),
                alt=f"How many names got each {one} as their answer",
                column_config={
                    "category": st.column_config.TextColumn(one.capitalize()),
                    "names": st.column_config.NumberColumn("Names", width="small"),
                    "share": share_column("Share", help="Of all names that could be read."),
                },
            )
            st.caption(
                f"Counted by the most probable {one} of each name; {several} with no name are left "
                "out."
            )
        with st.container(border=True):
            st.subheader("Every answer")
            _every_answer(run, answered.table)


def _every_answer(run: RunSummary, table: pd.DataFrame) -> None:
    rows = table[table["answer"] != ""]
    st.dataframe(
        as_shown(rows),
        hide_index=True,
        height=_height(rows),
        alt="The network’s answer to every name",
        column_order=("name", "read as", "answer", "probability", "second", "second probability"),
        column_config={
            "name": st.column_config.TextColumn("Name as given"),
            "read as": st.column_config.TextColumn("Read as"),
            "answer": st.column_config.TextColumn("Most probable"),
            "probability": share_column("Probability"),
            "second": st.column_config.TextColumn("Second"),
            "second probability": share_column("Its probability"),
        },
    )
    csv_button(
        "Download (CSV)",
        table,
        f"{run.id}-names.csv",
        "many_csv",
        "Every line of the list in the same order, with how it was read or why it could not be "
        "read.",
    )


def _height(table: pd.DataFrame) -> int | Literal["content"]:
    """As high as its rows, up to a height."""
    return "content" if len(table) <= _ROWS_IN_SIGHT else _TABLE_HEIGHT


def _about(run: RunSummary, names: NameList) -> str:
    """What the answers are about, and with which priors."""
    prior_strength = priors_of(run)
    priors = (
        "the priors of the network’s training"
        if prior_strength is None
        else prior_words(run, prior_strength)
    )
    number = len(names.lines)
    return (
        f"The network’s answers to {counted(number, 'name')} with {priors}. The lab does not know "
        "whether they are right."
    )


def _unreadable(names: NameList) -> None:
    number = len(names.unreadable)
    if not number:
        return
    words = f"{counted(number, 'line')} {'was' if number == 1 else 'were'} not answered"
    with st.expander(words, icon=":material/help:", expanded=not names.lines):
        table = pd.DataFrame(names.unreadable, columns=["line", "text", "why"])
        st.dataframe(
            as_shown(table),
            hide_index=True,
            height=_height(table),
            alt="Lines that could not be read",
            column_config={
                "line": st.column_config.NumberColumn("Line", width="small"),
                "text": st.column_config.TextColumn("As given"),
                "why": st.column_config.TextColumn("Why", width="large"),
            },
        )
