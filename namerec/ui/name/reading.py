"""The typed name of the Name page, and the answer to it: the ranking and the ribbon."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import streamlit as st

from namerec.core.corpus.alphabet import MAX_TEXT, NormalisedName, readable
from namerec.core.inside.trace import GateTrace
from namerec.figures.base import theme
from namerec.figures.inside import probabilities
from namerec.text import plain, roughly
from namerec.ui.frame.controls import text_box
from namerec.ui.shared.charts import chart

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary

NAME = "name"
#: Shown until a name is typed.
EXAMPLE = "Satoshi"
#: Pause in typing after which the name is read: Streamlit's own quarter of a second would be most
#: of the wait, and a letter typed meanwhile ends a drawing that has begun.
_PAUSE = "20ms"
#: Seconds in which the answer can leave for the browser, before drawing the section keeps Python's
#: interpreter from the thread that sends.
_LEAVE_SECONDS = 0.01


def name_input() -> NormalisedName:
    """The typed name, normalised; what was changed is said below the box.

    Raises:
        NameInputError: If nothing of it can be read.
    """
    typed = text_box(
        "Surname",
        NAME,
        EXAMPLE,
        live=_PAUSE,
        max_chars=MAX_TEXT,
        placeholder="for example Schmidt, Nguyễn, Dvořák or 김",
    )
    name = readable(typed)
    if words := name.describe():
        st.caption(plain(words))
    return name


def answer_line(name: NormalisedName, trace: GateTrace) -> None:
    """The answer in a sentence, above whatever section is open."""
    category, probability = trace.prediction(name.original).ranked[0]
    decided = probabilities.decided_at(trace)
    st.subheader(
        f"“{plain(name.letters)}” is most probably {plain(category)}, {roughly(probability)}",
        anchor=False,
    )
    st.caption(
        f"Decided at letter {decided + 1} of {len(trace.letters)}: from there on it was always the "
        "most probable."
    )
    time.sleep(_LEAVE_SECONDS)


def answer_panel(run: RunSummary, name: NormalisedName, trace: GateTrace) -> None:
    """What the network says, and how it came to it letter by letter."""
    look = theme.theme_for(st.context.theme.type)
    prediction = trace.prediction(name.original)
    grid = st.grid(2, min_column_width=340)
    with grid.cell(), st.container(border=True):
        st.subheader("The answer")
        chart(probabilities.ranking_figure(prediction, look), "ranking")
    with grid.cell(), st.container(border=True):
        st.subheader("After every letter")
        chart(probabilities.ribbon_figure(trace, look), "ribbon")
        st.caption("What the network would answer if the name ended at that letter.")
        if longest := run.info.config.model.char_ngrams:
            st.caption(
                f"In this network, the logits of n-grams of 2 to {longest} letters are added to "
                "those of the hidden state; the heatmaps below show the recurrent part alone."
            )
