"""Deleted runs: taken back at once, or out of the list of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import streamlit as st

from namerec.errors import NamerecError
from namerec.text import count, moment, plain
from namerec.ui.runs.choice import choose, chosen
from namerec.ui.server.manager import manager
from namerec.ui.shared.run_words import run_title

_DELETED = "runs_deleted"
_NOTICE = "runs_notice"
_ASKED = "runs_empty_asked"
#: Deleted runs that are listed; more are counted.
_LISTED = 50


def notify(sentence: str) -> None:
    """Says something on the next draw; for callbacks."""
    st.session_state[_NOTICE] = sentence


def delete(titles: dict[str, str]) -> None:
    """Deletes runs, from a callback.

    Args:
        titles: What they are called, by id.
    """
    from namerec.runs.deletion import discard

    gone: dict[str, str] = {}
    problems = []
    for run_id, title in titles.items():
        try:
            discard(manager().store, run_id)
        except NamerecError as error:
            problems.append(str(error))
        else:
            gone[run_id] = title
    choose([run_id for run_id in chosen() if run_id not in gone])
    st.session_state[_DELETED] = gone
    if problems:
        notify(" ".join(problems))


def undo_bar(runs: Collection[str]) -> None:
    """What was just deleted, and the button that takes it back; and what went wrong.

    Args:
        runs: The ids of all runs there are.
    """
    if notice := st.session_state.pop(_NOTICE, ""):
        st.warning(plain(notice), icon=":material/info:")
    deleted: dict[str, str] = st.session_state.get(_DELETED) or {}
    deleted = {run_id: title for run_id, title in deleted.items() if run_id not in runs}
    if not deleted:
        return
    first = f"“{next(iter(deleted.values()))}”"
    what = first if len(deleted) == 1 else f"{len(deleted)} runs"
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f":material/delete: Deleted {plain(what)}.", width="content")
        st.button(
            "Undo",
            icon=":material/undo:",
            key="runs_undo",
            on_click=_restore,
            args=(list(deleted),),
        )


def _restore(ids: Iterable[str]) -> None:
    from namerec.runs.deletion import restore

    problems = []
    for run_id in ids:
        try:
            restore(manager().store, run_id)
        except NamerecError as error:
            problems.append(str(error))
    st.session_state.pop(_DELETED, None)
    if problems:
        notify(" ".join(problems))


def deleted_list() -> None:
    """The deleted runs that can be brought back."""
    from namerec.runs.deletion import discarded
    from namerec.runs.trash import DAYS

    deleted = discarded(manager().store)
    if not deleted:
        return
    with st.expander(f"Deleted runs ({count(len(deleted))})", icon=":material/delete:"):
        st.caption(
            f"Deleted runs are kept for at least {DAYS} days, and take up disk space until then. "
            "After that, they are removed for good as soon as another run is deleted."
        )
        for run in deleted[:_LISTED]:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(
                    f"{plain(run_title(run))} · {plain(run.info.dataset.title)} · started "
                    f"{moment(run.info.created)} · {plain(run.id)}"
                )
                st.button(
                    "Restore",
                    icon=":material/undo:",
                    key=f"runs_restore_{run.id}",
                    on_click=_restore,
                    args=([run.id],),
                )
        if len(deleted) > _LISTED:
            st.caption(f"And {count(len(deleted) - _LISTED)} more that were deleted earlier.")
        _empty_button(len(deleted))


def _empty_button(number: int) -> None:
    """Asks once more before the runs go for good."""

    def ask(asked: bool) -> None:
        st.session_state[_ASKED] = asked

    def empty() -> None:
        from namerec.runs.deletion import empty_trash

        ask(False)
        try:
            empty_trash(manager().store)
        except NamerecError as error:
            notify(str(error))
        st.session_state.pop(_DELETED, None)

    if not st.session_state.get(_ASKED):
        st.button("Empty trash", icon=":material/delete_forever:", on_click=ask, args=(True,))
        return
    what = "this run" if number == 1 else f"these {count(number)} runs"
    st.warning(f"Remove {what} for good? This cannot be undone.", icon=":material/delete_forever:")
    with st.container(horizontal=True):
        st.button("Remove for good", type="primary", on_click=empty)
        st.button("Cancel", on_click=ask, args=(False,))
