"""The Dataset page's overview: counts, what marks a category, lengths and letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.figures.base import theme
from namerec.figures.corpus import bars as corpus
from namerec.figures.corpus import maps as corpus_maps
from namerec.text import count, percent, plain, plural
from namerec.ui.frame.controls import select
from namerec.ui.shared import corpus_facts
from namerec.ui.shared.charts import chart

if TYPE_CHECKING:
    from namerec.core.corpus.dataset import Dataset

CATEGORY = "category"
_CATEGORY = "dataset_category"


def overview(dataset: Dataset, noun: str) -> None:
    """Draws the overview of a corpus."""
    look = theme.theme_for(st.context.theme.type)
    counts = corpus_facts.counts(dataset)
    lines, pairs = int(counts.lines.sum()), int(counts.pairs.sum())
    with st.grid(4, min_column_width=200):
        st.metric(plural(noun).capitalize(), count(len(dataset.categories)), border=True)
        st.metric(
            "Lines", count(lines), border=True, help="Names in the source, including repeats."
        )
        st.metric(
            "Distinct names",
            count(pairs),
            border=True,
            help=f"Different spellings of each {noun}, as the network reads them. A name that is "
            f"in two {plural(noun)} counts in both.",
        )
        largest = int(counts.lines.argmax())
        st.metric(
            f"Commonest: {plain(dataset.categories[largest])}",
            percent(float(counts.lines[largest]) / max(lines, 1)),
            border=True,
            help=f"Share of the commonest {noun} in all lines. Always answering it would be right "
            "this often, so look at macro recall as well as accuracy.",
        )
    grid = st.grid(2, min_column_width=380)
    with grid, st.container(border=True, height="stretch"):
        st.subheader(f"Names of each {noun}")
        chart(corpus.counts_figure(counts, look, noun=noun), "dataset_counts")
        st.caption("All lines of the corpus. A repeat is a line that another line already has.")
    with grid, st.container(border=True, height="stretch"):
        _marks_panel(dataset, noun, dataset.categories[largest], look)
    with st.container(border=True):
        st.subheader("How long names are")
        figure = corpus_maps.length_figure(corpus_facts.lengths(dataset), look, noun=noun)
        chart(figure, "dataset_lengths")
        st.caption("All distinct names, counted in letters as the network reads them.")
    with st.container(border=True):
        st.subheader("Which letters they have")
        figure = corpus_maps.letter_figure(corpus_facts.letters(dataset), look, noun=noun)
        chart(figure, "dataset_letters")
        st.caption("All distinct names. Stronger colour: a larger share of the row's letters.")


def _marks_panel(dataset: Dataset, noun: str, default: str, look: theme.Theme) -> None:
    """Beginnings and endings that mark the category that is selected, kept in the URL."""
    st.subheader("How they begin and end")
    category = select(
        noun.capitalize(), dataset.categories, CATEGORY, default, state=_CATEGORY, always=True
    )
    marks = corpus_facts.marks(dataset)[dataset.categories.index(category)]
    figure = corpus.marks_figure(category, marks, look)
    chart(figure, "dataset_marks")
    st.caption(
        "Beginnings and endings of 2 to 4 letters that are more frequent here than in all other "
        f"{plural(noun)} together; the surest come first. All distinct names."
    )
