"""The corpora of one's own that are kept: listed, looked at, removed; and runs without theirs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import streamlit as st

from namerec.errors import NamerecError
from namerec.text import count, counted, moment, plain
from namerec.ui.server.manager import manager
from namerec.ui.shared.corpus_choice import choose_next

if TYPE_CHECKING:
    from namerec.data.kept import DamagedCorpus, OwnCorpus
    from namerec.runs.summary import RunSummary

_NOTICE = "corpus_own_notice"
_SHOW = "corpus_own_show"
_ASKED = "corpus_own_asked"


def kept_list() -> None:
    """Draws the list of kept corpora, and the runs whose corpus is gone."""
    from namerec.data.kept import OwnCorpus
    from namerec.data.own import OwnCorpora

    corpora = OwnCorpora()
    entries = corpora.entries()
    runs = manager().store.summaries()
    if notice := st.session_state.pop(_NOTICE, ""):
        st.info(plain(notice), icon=":material/delete:")
    st.subheader("Your corpora")
    if not entries:
        st.caption(f"None yet. They are stored in {plain(str(corpora.root))}.")
    else:
        st.caption(f"Stored in {plain(str(corpora.root))}, and nowhere else.")
    used = Counter(run.info.dataset.fingerprint for run in runs)
    for entry in entries:
        with st.container(border=True):
            if isinstance(entry, OwnCorpus):
                _kept(entry, used[entry.fingerprint])
            else:
                _damaged(entry)
    _without_corpus(runs)


def _kept(corpus: OwnCorpus, runs: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap=None):
            st.markdown(f"**{plain(corpus.title)}**")
            split = " · has its own split" if corpus.has_split else ""
            st.caption(
                f"{count(corpus.names)} names, {count(len(corpus.categories))} categories · stored "
                f"{plain(moment(corpus.kept))} · {_runs_words(runs)}{split} · fingerprint "
                f"{corpus.id}"
            )
        if st.button("Open", icon=":material/visibility:", key=f"show_{corpus.id}"):
            choose_next(corpus.reference)
            st.session_state[_SHOW] = True
            st.rerun()
        _ask_button(corpus.id)
    _confirm(corpus.id, corpus.title, runs)
    if corpus.notices:
        with st.expander("Messages from reading it"):
            for notice in corpus.notices:
                st.text(notice)


def _damaged(corpus: DamagedCorpus) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(plain(corpus.reason), icon=":material/broken_image:")
        _ask_button(corpus.id)
    _confirm(corpus.id, corpus.id, 0)


def _ask_button(identity: str) -> None:
    def ask() -> None:
        st.session_state[_ASKED] = identity

    st.button("Remove", icon=":material/delete:", key=f"ask_{identity}", on_click=ask)


def _confirm(identity: str, title: str, runs: int) -> None:
    """Asks again before a corpus is removed; not in a popover, which may open on another one."""
    if st.session_state.get(_ASKED) != identity:
        return

    def remove() -> None:
        from namerec.data.own import OwnCorpora

        st.session_state.pop(_ASKED, None)
        try:
            OwnCorpora().remove(identity)
            st.session_state[_NOTICE] = f"“{title}” was removed."
        except NamerecError as error:
            st.session_state[_NOTICE] = str(error)

    def keep() -> None:
        st.session_state.pop(_ASKED, None)

    words = f"Remove “{plain(title)}” from this computer?"
    if runs:
        words += (
            f" {_runs_words(runs).capitalize()} on it: networks and scores stay, but their names "
            "can no longer be listed until you upload the same names again."
        )
    st.warning(words, icon=":material/delete:")
    with st.container(horizontal=True):
        st.button("Remove it", type="primary", key=f"remove_{identity}", on_click=remove)
        st.button("Keep it", key=f"keep_{identity}", on_click=keep)


def look_at_chosen() -> bool:
    """Whether a kept corpus was just asked for, so that the page turns to its overview."""
    return bool(st.session_state.pop(_SHOW, False))


def _without_corpus(runs: list[RunSummary]) -> None:
    """Runs that remember a corpus which is no longer there."""
    gone = lost_corpora(runs)
    if not gone:
        return
    st.subheader("Removed corpora that runs still use")
    for run, number in gone:
        info = run.info.dataset
        st.markdown(
            f"**{plain(info.title)}** · {count(info.names)} names, "
            f"{count(len(info.categories))} categories · {_runs_words(number)} · fingerprint "
            f"{info.fingerprint[:16]}"
        )
    st.caption(
        "The networks and scores of these runs are still there. To list their names, upload the "
        "same names again, or put the files back."
    )


def lost_corpora(runs: list[RunSummary]) -> list[tuple[RunSummary, int]]:
    """The newest run on each corpus of one's own that is gone, and how many runs are on it."""
    from namerec.data.catalogue import BUNDLED, TUTORIAL, stamp
    from namerec.data.own import OwnCorpora

    kept = OwnCorpora()
    used = Counter(run.info.dataset.fingerprint for run in runs)
    newest: dict[str, RunSummary] = {}
    for run in runs:
        newest.setdefault(run.info.dataset.fingerprint, run)
    gone = []
    for fingerprint, run in newest.items():
        reference = run.info.config.training.dataset
        if reference in (BUNDLED, TUTORIAL) or kept.find(fingerprint) is not None:
            continue
        try:
            stamp(reference)
        except (NamerecError, OSError):
            gone.append((run, used[fingerprint]))
    return gone


def _runs_words(runs: int) -> str:
    return "no run" if not runs else counted(runs, "run")
