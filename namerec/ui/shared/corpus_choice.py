"""The corpora on offer, the same on the Train form and the Dataset page, and the choice of one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from namerec.ui.frame import address
from namerec.ui.frame.controls import select
from namerec.ui.shared import services

if TYPE_CHECKING:
    from namerec.data.catalogue import CorpusInfo

#: Where the Train page keeps which corpus it trains on.
DATASET = "set_dataset"
CORPUS = "corpus"
_CHOICE = "dataset_corpus"
_NEXT = "dataset_next_corpus"


def offered() -> dict[str, CorpusInfo]:
    """All corpora that can be chosen, by reference; their titles are all different."""
    from namerec.data.catalogue import CorpusInfo, available

    corpora = {corpus.reference: corpus for corpus in available()}
    given = services.given_corpus()
    if given and given not in corpora:
        corpora[given] = CorpusInfo(
            reference=given,
            title=Path(given).name or given,
            description="Your own, given on the command line.",
            installed=True,
            where=given,
        )
    twice = Counter(corpus.title for corpus in corpora.values())
    return {
        reference: replace(corpus, title=f"{corpus.title} ({_short(reference)})")
        if twice[corpus.title] > 1
        else corpus
        for reference, corpus in corpora.items()
    }


def _short(reference: str) -> str:
    """A reference that tells corpora of one title apart; of a kept one the start of its id."""
    kind, mark, identity = reference.partition(":")
    return f"{kind}:{identity[:6]}" if mark and kind == "own" else reference


def corpus_title(corpus: CorpusInfo) -> str:
    """What a list of corpora calls one."""
    return corpus.title if corpus.installed else f"{corpus.title} (not downloaded)"


def pick_corpus() -> CorpusInfo:
    """Draws the choice of the Dataset page, kept in the URL, and returns what was chosen."""
    corpora = offered()
    if _NEXT in st.session_state:
        st.session_state[_CHOICE] = st.session_state.pop(_NEXT)
    else:
        asked = address.brought(CORPUS)
        if asked and asked not in corpora:
            st.warning(
                "The corpus in this link is not on this computer, so another one is shown. Choose "
                "one below, or upload the same names again.",
                icon=":material/link_off:",
            )
    chosen = select(
        "Corpus",
        list(corpora),
        CORPUS,
        services.given_corpus() or "bundled",
        state=_CHOICE,
        always=True,
        format_func=lambda reference: corpus_title(corpora[reference]),
        help="The names this page is about. Bundled: comes with the lab. Tutorial: downloaded when "
        "you ask for it. Your own: a zip of text files, or a CSV or TSV table.",
    )
    return corpora[chosen]


def choose_next(reference: str) -> None:
    """Has the page show another corpus from its next run on."""
    st.session_state[_NEXT] = reference


def train_on(reference: str) -> None:
    """Has the Train page's form train on a corpus; called where the form itself is not drawn."""
    st.session_state[DATASET] = reference
