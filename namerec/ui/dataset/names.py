"""The Dataset page's table of names: native spelling beside normalised, to be searched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from namerec.core.corpus.alphabet import normalise
from namerec.text import count, plural
from namerec.ui.frame.controls import select, text_box, toggle
from namerec.ui.shared import corpus_facts

if TYPE_CHECKING:
    from namerec.core.corpus.dataset import Dataset

#: Most rows brought to the browser, about 1.5 MB; a search narrows down what a corpus has more.
MOST_ROWS = 20_000
_SEARCH, _ONLY, _CHANGED = "dataset_search", "dataset_only", "dataset_changed"
_ALL = ""


def name_table(dataset: Dataset, noun: str) -> None:
    """Draws the table and what narrows it down."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = text_box(
            "Search",
            "search",
            state=_SEARCH,
            live=True,
            max_chars=100,
            icon=":material/search:",
            placeholder="part of a name, in any spelling",
        )
        only = select(
            noun.capitalize(),
            [_ALL, *dataset.categories],
            "only",
            state=_ONLY,
            format_func=lambda category: category or f"all {plural(noun)}",
        )
        changed = toggle(
            "Only names that are not read as they are written", "changed", False, state=_CHANGED
        )
    names = corpus_facts.names(dataset)
    found = matching(names, search, only, changed=changed)
    st.caption(_found_words(len(found), len(names)))
    if found.empty:
        st.info(
            "No name found. Search for a shorter or a different part of it.",
            icon=":material/search:",
        )
        return
    st.dataframe(
        found.head(MOST_ROWS),
        hide_index=True,
        height=min(35 * (len(found) + 1) + 3, 640),
        alt="The distinct names of the corpus",
        column_order=("written", "letters", "category", "lines", "others"),
        column_config={
            "written": st.column_config.TextColumn(
                "As written",
                help="Spelling in the source; spellings that are read the same are separated by "
                "slashes.",
            ),
            "letters": st.column_config.TextColumn(
                "As the network reads it", help="In the 57 characters of the alphabet."
            ),
            "category": st.column_config.TextColumn(noun.capitalize()),
            "lines": st.column_config.NumberColumn(
                "Lines", width="small", help="How many lines of the corpus have this name."
            ),
            "others": st.column_config.TextColumn(
                "Also in", help=f"Other {plural(noun)} with the same name."
            ),
        },
    )


def matching(names: pd.DataFrame, search: str, only: str, *, changed: bool) -> pd.DataFrame:
    """The rows that a search leaves.

    Args:
        names: As `corpus_facts.names` gives them.
        search: Part of a name as written or as read; any spelling that is read so finds it.
        only: A category, or nothing for all.
        changed: Whether to leave out names that are read as they are written.
    """
    keep = pd.Series(data=True, index=names.index)
    if sought := " ".join(search.split()).casefold():
        inside = names["sought"].str.contains(sought, regex=False)
        if read := normalise(search).letters.lower():
            inside |= names["letters"].str.lower().str.contains(read, regex=False)
        keep &= inside
    if only:
        keep &= names["category"] == only
    if changed:
        keep &= names["written"] != names["letters"]
    return names[keep]


def _found_words(found: int, names: int) -> str:
    words = f"{count(found)} of {count(names)} distinct names"
    if found > MOST_ROWS:
        words += f"; only the first {count(MOST_ROWS)} are listed; search to see others"
    return f"{words}. Click a heading to sort."
