"""The Dataset page: which corpus, and which view of it; both are kept in the URL."""

from __future__ import annotations

import streamlit as st

from namerec.core.corpus.protocols import noun_of
from namerec.text import plain
from namerec.ui.dataset.audit import audit
from namerec.ui.dataset.leak import leak_panel
from namerec.ui.dataset.limits import limits_card
from namerec.ui.dataset.names import name_table
from namerec.ui.dataset.overview import overview
from namerec.ui.dataset.own import kept_list, look_at_chosen
from namerec.ui.dataset.upload_form import upload_form
from namerec.ui.frame.controls import segments
from namerec.ui.frame.errors import show_errors
from namerec.ui.shared import services
from namerec.ui.shared.corpus_choice import pick_corpus, train_on
from namerec.ui.shared.corpus_download import tutorial_panel

VIEW = "view"
_VIEW = "dataset_view"
VIEWS = {
    "overview": ":material/bar_chart: Overview",
    "names": ":material/list: Names",
    "audit": ":material/fact_check: Audit",
    "leak": ":material/water_drop: The leak",
    "own": ":material/upload_file: Your corpora",
}


def dataset_panel() -> None:
    """Draws the page below its title."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        corpus = pick_corpus()
        if corpus.installed and st.button(
            "Train on it", icon=":material/model_training:", key="dataset_train"
        ):
            train_on(corpus.reference)
            st.switch_page("pages/train.py")
    view = _pick_view()
    if view == "own":
        with show_errors():
            upload_form()
        with show_errors():
            kept_list()
        return
    st.caption(plain(corpus.description))
    if not corpus.installed:
        tutorial_panel()
        return
    names = services.dataset(corpus.reference)
    noun = noun_of(corpus.reference)
    if names.given_parts is not None:
        st.caption("It has its own split: choose “given” as the split in the Train form.")
    if view == "overview":
        overview(names, noun)
        limits_card(names, noun)
    elif view == "names":
        name_table(names, noun)
    elif view == "audit":
        audit(names, noun)
    else:
        leak_panel(names, corpus.reference, noun)


def _pick_view() -> str:
    if look_at_chosen():
        st.session_state[_VIEW] = "overview"
    return segments(
        "View",
        list(VIEWS),
        VIEW,
        state=_VIEW,
        always=True,
        format_func=VIEWS.__getitem__,
        label_visibility="collapsed",
    )
