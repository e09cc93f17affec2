"""One run of the table: what it is, and where to go with it."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from typing import TYPE_CHECKING

import streamlit as st

from namerec.errors import NamerecError
from namerec.runs.measured import Measured, measured
from namerec.runs.records import ACTIVE_STATES, RESUMABLE_STATES
from namerec.text import count, duration, moment, percent, plain
from namerec.ui.runs.deleted import delete, notify
from namerec.ui.runs.label_form import label_form
from namerec.ui.server.access import owner
from namerec.ui.server.manager import manager
from namerec.ui.shared.job_state import STATE_BADGES
from namerec.ui.shared.origin import origin_words
from namerec.ui.shared.run_words import run_title, settings_table, summary_words

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary

#: The section of this page that is opened by its button, and the key that it is kept under.
SECTION, TAKE = "runs_section", "take"


def one_run(run: RunSummary, runs: Collection[str]) -> None:
    """Draws the panel of one run."""
    with st.container(border=True):
        icon, colour = STATE_BADGES[run.state]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(plain(run_title(run)), width="content")
            st.badge(run.state, icon=icon, color=colour)  # type: ignore[arg-type]
            if run.pretrained:
                st.badge("pretrained", color="gray")
        st.caption(
            f"{summary_words(run.info.config)} · {plain(run.info.dataset.title)} · started "
            f"{moment(run.info.created)} · run {plain(run.id)}"
        )
        if run.status.message:
            st.error(plain(run.status.message), icon=":material/error:")
        _tell_what_is_missing(run)
        _ways(run)
        _numbers(run, measured(run.info, run.status))
        _line_words(run, runs)
        left, right = st.columns(2)
        with left:
            label_form(run)
        with right, st.expander("All settings", icon=":material/tune:"):
            st.dataframe(
                settings_table(run.info.config),
                hide_index=True,
                height="content",
                alt="The run's settings",
            )


def _tell_what_is_missing(run: RunSummary) -> None:
    """What this version does not know of the run, and what of its records is gone."""
    if run.newer:
        st.warning(plain(run.newer), icon=":material/update:")
        return
    with contextlib.suppress(NamerecError):  # the Train page says why it cannot be read
        if gap := manager().look(run.id).gap:
            st.warning(plain(gap.words), icon=":material/broken_image:")


def _ways(run: RunSummary) -> None:
    """Links to the other pages, and what can be done with the run."""
    link = {"run": run.id}
    with st.container(horizontal=True):
        _link("train", "Train", ":material/model_training:", link)
        if run.has_network and not run.experiment:
            _link("evaluate", "Evaluate", ":material/grid_on:", link)
            _link("name", "Name", ":material/spellcheck:", link)
            _link("memory", "Memory", ":material/memory:", link)
        if run.has_network and run.state not in ACTIVE_STATES:
            if not run.pretrained and _has_last(run):
                _link("train", "Train further", ":material/moving:", {"from": run.id, "at": "last"})
            _link(
                "train",
                "Branch from best epoch",
                ":material/call_split:",
                {"from": run.id, "at": "best"},
            )
    with st.container(horizontal=True):
        if run.state in RESUMABLE_STATES and not (run.pretrained or run.newer):
            st.button(
                "Resume",
                icon=":material/replay:",
                on_click=_resume,
                args=(run.id,),
                help="Continues from the last stored epoch, as if it had never been interrupted.",
            )
        st.button(
            "Export",
            icon=":material/download:",
            on_click=_show_export,
            disabled=bool(run.newer),
        )
        st.button(
            "Delete",
            icon=":material/delete:",
            key="runs_delete",
            on_click=delete,
            args=({run.id: run_title(run)},),
            disabled=run.pretrained or run.state in ACTIVE_STATES,
            help="Pretrained runs come with the lab and cannot be deleted."
            if run.pretrained
            else "Can be undone."
            if run.state not in ACTIVE_STATES
            else "Stop it on the Train page first.",
        )


def _link(page: str, label: str, icon: str, query: dict[str, str]) -> None:
    st.page_link(f"pages/{page}.py", label=label, icon=icon, query_params=query)


def _has_last(run: RunSummary) -> bool:
    """Whether the run has kept its last epoch; copies and pretrained runs have not."""
    from namerec.runs.folder import LAST

    return (manager().store.open(run.id).path / LAST).exists()


def _show_export() -> None:
    st.session_state[SECTION] = TAKE


def _resume(run_id: str) -> None:
    try:
        manager().resume(run_id, owner())
        notify("The run has been resumed. Watch it on the Train page, or its curves in Compare.")
    except NamerecError as error:
        notify(str(error))


def _numbers(run: RunSummary, score: Measured) -> None:
    names = "" if score.names is None else f"{count(score.names)} "
    on = f" · {names}{score.on}" if score.on else ""
    epoch = f", at its best epoch ({run.status.best_epoch})" if run.has_network else ""
    st.caption(f"Measured on {names}{plain(score.on)}{epoch}." if on else "Nothing measured yet.")
    with st.grid(5, min_column_width=130):
        st.metric("Accuracy", percent(score.accuracy), border=True)
        st.metric("Macro recall", percent(score.macro_recall), border=True)
        st.metric("Epochs", f"{run.status.epoch} of {run.status.epochs or '?'}", border=True)
        st.metric("Training", duration(run.status.seconds), border=True)
        st.metric("Parameters", count(run.info.parameters), border=True)


def _line_words(run: RunSummary, runs: Collection[str]) -> None:
    """Which runs this one goes on from."""
    for branch_point in run.info.branch_points:
        gone = "" if branch_point.run in runs else " (not on this computer)"
        kept = "with" if branch_point.state_kept else "without"
        st.caption(
            f":material/call_split: Continues from run {plain(branch_point.run)}{gone} after epoch "
            f"{count(branch_point.epoch)} of its lineage, {kept} the optimizer's state."
        )
    if run.info.branch_points and (origin := origin_words(manager().look(run.id))):
        st.caption(f":material/fork_right: {origin}")
