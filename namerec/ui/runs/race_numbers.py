"""How a race stands: its state, its orders, and a line of numbers for each network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from namerec.core.corpus.protocols import holds_out, part_name
from namerec.errors import NamerecError
from namerec.text import count, duration, percent, plain
from namerec.ui.server.access import owner
from namerec.ui.server.manager import manager
from namerec.ui.shared.job_state import STATE_BADGES
from namerec.ui.shared.run_words import wait_words

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

    from namerec.jobs.snapshot import JobSnapshot
    from namerec.runs.summary import RunSummary

    Entered = tuple[RunSummary, JobSnapshot]

_NOTICE = "race_notice"
_RESUMABLE = ("stopped", "failed", "interrupted")


def race_head(entered: list[Entered]) -> None:
    """The state of each network, and what has gone wrong."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="race_head"):
        for run, snapshot in entered:
            icon, colour = STATE_BADGES[snapshot.state]
            more = f", place {snapshot.place} in the queue" if snapshot.place else ""
            title = run.info.config.model.title
            st.badge(f"{title}: {snapshot.state}{more}", icon=icon, color=colour)  # type: ignore[arg-type]
    if notice := st.session_state.pop(_NOTICE, ""):
        st.warning(plain(notice), icon=":material/info:")
    for run, snapshot in entered:
        if snapshot.message:
            held = snapshot.state == "paused"
            say, icon = (
                (st.warning, ":material/hard_disk:") if held else (st.error, ":material/error:")
            )
            say(plain(f"{run.info.config.model.title}: {snapshot.message}"), icon=icon)


def race_orders(entered: list[Entered]) -> None:
    """Pause and stop, and how far the race is."""
    at_work = [(run, snapshot) for run, snapshot in entered if not snapshot.ended]
    again = [(run, snapshot) for run, snapshot in entered if snapshot.state in _RESUMABLE]
    if not at_work and not again:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        states = {snapshot.state for _, snapshot in at_work}
        if "running" in states:
            _order("Pause the race", ":material/pause:", "pause", _first(at_work, "running"))
        elif "paused" in states:
            _order("Resume the race", ":material/play_arrow:", "proceed", _first(at_work, "paused"))
        if at_work:
            _order("Stop all", ":material/stop:", "stop", *(run.id for run, _ in at_work))
        if len(at_work) > 1:
            for run, _ in at_work:
                _order(f"Stop {run.info.config.model.title}", "", "stop", run.id)
        for run, _ in again:
            title = run.info.config.model.title
            _order(f"Resume {title}", ":material/replay:", "resume", run.id)
    if at_work:
        st.progress(_progress(entered), progress_words(at_work))
        st.caption(
            "Pausing pauses all networks. If one is stopped or fails, the others go on without it. "
            "If you resume it later, it trains alone."
        )


def race_numbers(entered: list[Entered]) -> None:
    """A table of a line for each network."""
    protocol = entered[0][1].config.training.protocol
    part = part_name(protocol, "validation")
    rows = [_row(run, snapshot) for run, snapshot in entered]
    done = any(snapshot.state == "finished" for _, snapshot in entered)
    scored = "test" if holds_out(protocol) else "training names drawn uniformly"
    columns = {
        "network": st.column_config.TextColumn("Network", pinned=True),
        "progress": st.column_config.ProgressColumn(
            "Epochs", min_value=0, max_value=1, format="percent", width="small"
        ),
        "accuracy": _figure(f"Accuracy · {part}", f"After the last epoch, {protocol} split"),
        "recall": _figure(
            f"Macro recall · {part}",
            "The share of names recognised, for each language by itself, averaged",
        ),
        "test accuracy": _figure(
            f"Accuracy · {scored}", "With the weights of the best validation epoch"
        ),
        "test recall": _figure(f"Macro recall · {scored}", "With the same weights"),
        "seconds": _figure("Seconds", "Its own training, without the turns of the others"),
        "speed": _figure("Names/s", "Training names per second, without the time for evaluation"),
        "parameters": _figure("Parameters", "Trainable numbers"),
    }
    left_out = set() if done else {"test accuracy", "test recall"}
    if all(snapshot.state == "finished" for _, snapshot in entered):
        left_out = {"accuracy", "recall"}  # of the last epoch, which is not the one that counts
    st.dataframe(
        pd.DataFrame(rows).drop(columns=list(left_out)),
        hide_index=True,
        column_config=columns,
        key="race_numbers",
    )


def _figure(title: str, words: str) -> ColumnConfig:
    return st.column_config.TextColumn(title, help=words, alignment="right")


def _row(run: RunSummary, snapshot: JobSnapshot) -> dict[str, object]:
    last = snapshot.history[-1] if snapshot.history else None
    test = next((scores for scores in snapshot.scores if scores.part == "test"), None)
    return {
        "network": run.info.config.model.title,
        "progress": snapshot.epoch / snapshot.epochs if snapshot.epochs else 0.0,
        "accuracy": percent(last.validation_accuracy if last else None),
        "recall": percent(last.validation_macro_recall if last else None),
        "test accuracy": percent(test.accuracy if test else None),
        "test recall": percent(test.macro_recall if test else None),
        "seconds": f"{snapshot.seconds:.1f}",
        "speed": count(snapshot.names_per_second) if last else "–",
        "parameters": count(run.info.parameters),
    }


def _first(entered: list[Entered], state: str) -> str:
    return next(run.id for run, snapshot in entered if snapshot.state == state)


def _order(label: str, icon: str, verb: str, *run_ids: str) -> None:
    def obey() -> None:
        for run_id in run_ids:
            try:
                asker = {"owner": owner()} if verb == "resume" else {}
                getattr(manager(), verb)(run_id, **asker)
            except NamerecError as error:
                st.session_state[_NOTICE] = str(error)

    clicked = st.button(
        label,
        icon=icon or None,
        key=f"race_{verb}_{'_'.join(run_ids)}",
        type="secondary" if icon else "tertiary",
        on_click=obey,
    )
    if clicked and verb == "resume":
        st.rerun()


def _progress(entered: list[Entered]) -> float:
    shares = [1.0 if snapshot.ended else snapshot.progress for _, snapshot in entered]
    return sum(shares) / len(shares)


def progress_words(at_work: list[Entered]) -> str:
    """How long networks have trained that race, and how long they still will."""
    snapshots = [snapshot for _, snapshot in at_work]
    if any(snapshot.place for snapshot in snapshots):
        wait = manager().waits().get(at_work[0][0].id)
        return f"Waiting for its turn{wait_words(wait)}."
    words = f"{duration(max(snapshot.seconds for snapshot in snapshots))} of training each"
    left = [snapshot.remaining for snapshot in snapshots]
    known = [seconds for seconds in left if seconds is not None]
    if len(known) == len(left) and all(snapshot.state == "running" for snapshot in snapshots):
        together = min(len(known), manager().most_running)
        left_for_all = max(max(known), sum(known) / together)
        words += f" · about {duration(left_for_all)} left for all"
    return words
