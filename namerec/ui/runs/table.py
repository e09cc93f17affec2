"""The table of all runs, and what is chosen in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from namerec.core.corpus.protocols import PROTOCOL_WORDS
from namerec.runs.measured import measured
from namerec.text import count, counted, plain
from namerec.ui.runs.choice import all_runs, choose, chosen, read_choice, write_choice
from namerec.ui.runs.deleted import deleted_list, undo_bar
from namerec.ui.runs.filter import find
from namerec.ui.runs.one import one_run
from namerec.ui.runs.several import several_runs
from namerec.ui.shared.run_words import run_title, with_safe_texts

if TYPE_CHECKING:
    from namerec.runs.summary import DamagedRun, RunSummary

_ROUND, _AGREED = "runs_table_round", "runs_table_agreed"
#: Rows that are seen at once.
_ROWS = 14


def table_panel() -> None:
    """The table, what was chosen in it, and what was deleted."""
    runs, damaged = all_runs()
    undo_bar(runs)
    found = find(list(runs.values()))
    marked = [run_id for run_id in read_choice() if run_id in runs]
    _table(found, marked, len(runs))
    write_choice()
    hidden = len(set(marked) - {run.id for run in found})
    if hidden:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                f"{hidden} of the {len(marked)} chosen runs {'is' if hidden == 1 else 'are'} "
                "hidden by the filter.",
                width="content",
            )
            st.button("Clear selection", type="tertiary", on_click=choose, args=([],))
    if len(marked) == 1:
        one_run(runs[marked[0]], runs)
    elif marked:
        several_runs([runs[run_id] for run_id in marked])
    _damaged(damaged)
    deleted_list()


def runs_table(runs: Iterable[RunSummary]) -> pd.DataFrame:
    """A row a run, in their order; missing numbers are None."""
    rows = []
    for run in runs:
        config, score = run.info.config, measured(run.info, run.status)
        rows.append(
            (
                "★" if run.label.pinned else "",
                run_title(run),
                run.state,
                config.model.title,
                "custom" if config.preset == "own" else config.preset,
                run.info.dataset.title,
                config.training.protocol,
                score.accuracy,
                score.macro_recall,
                score.on.partition(" names")[0],
                run.status.seconds or None,
                run.info.parameters,
                run.info.created,
                run.label.note.partition("\n")[0],
                run.id,
            )
        )
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    return with_safe_texts(table, "run", "corpus", "note", "id").assign(
        begun=pd.to_datetime(table["begun"], utc=True)
    )


#: The table's columns, and how they are drawn.
_COLUMNS: dict[str, Any] = {
    "pin": st.column_config.TextColumn("", width=26, help="Pinned runs stand first.", pinned=True),
    "run": st.column_config.TextColumn(
        "Run", width=150, pinned=True, help="Its title, or its network and preset if it has none."
    ),
    "state": st.column_config.TextColumn("State", width=76),
    "network": st.column_config.TextColumn("Network", width=108),
    "preset": st.column_config.TextColumn("Preset", width=54),
    "corpus": st.column_config.TextColumn("Corpus", width=112),
    "split": st.column_config.TextColumn(
        "Split",
        width=70,
        help=" · ".join(f"{name}: {words}" for name, words in PROTOCOL_WORDS.items()),
    ),
    "accuracy": st.column_config.NumberColumn(
        "Accuracy",
        width=76,
        format="percent",
        help="Share of right answers on the names of “Measured on”.",
    ),
    "macro recall": st.column_config.NumberColumn(
        "Macro recall",
        width=94,
        format="percent",
        help="Mean of the recalls of all categories, on the same names. Empty until the run has "
        "finished.",
    ),
    "measured on": st.column_config.TextColumn(
        "Measured on",
        width=94,
        help="The names that accuracy and macro recall were measured on: test names once the run "
        "has finished; until then validation names, at its best epoch so far. With the course "
        "split, both are training names.",
    ),
    "seconds": st.column_config.NumberColumn(
        "Seconds", width=68, format="%.1f", help="Of training, with evaluation and without pauses."
    ),
    "parameters": st.column_config.NumberColumn("Parameters", width=84, format="localized"),
    "begun": st.column_config.DatetimeColumn(
        "Started", width=124, format="YYYY-MM-DD HH:mm", help="In your local time."
    ),
    "note": st.column_config.TextColumn("Note", width=200),
    "id": st.column_config.TextColumn("Id", width=230, help="The name of its folder."),
}


def _table(found: list[RunSummary], marked: list[str], total: int) -> None:
    """Draws the table; the rows of the runs chosen are marked, and marking others chooses them."""
    if not found:
        st.info(
            "No run matches the filter. Remove something from it to see more.",
            icon=":material/filter_alt_off:",
        )
        return
    places = {run.id: place for place, run in enumerate(found)}
    agreed = [run_id for run_id in marked if run_id in places]
    # A table keeps its marks by place, so another list of runs, or a choice that was made
    # elsewhere, is another table.
    if st.session_state.get(_AGREED) != agreed:
        st.session_state[_AGREED] = agreed
        st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    listed = hashlib.blake2b("\n".join(places).encode(), digest_size=6).hexdigest()
    key = f"runs_table_{st.session_state[_ROUND]}_{listed}"

    def take() -> None:
        rows = st.session_state[key].selection.rows
        choose(after_marking(marked, list(places), rows))
        st.session_state[_AGREED] = [run_id for run_id in chosen() if run_id in places]

    st.dataframe(
        runs_table(found),
        key=key,
        hide_index=True,
        height=35 * (min(len(found), _ROWS) + 1) + 3,
        alt="All runs",
        placeholder="–",
        column_config=_COLUMNS,
        on_select=take,
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [places[run_id] for run_id in agreed]}},
    )
    shown = "" if len(found) == total else f"{count(len(found))} of "
    st.caption(
        f"{shown}{counted(total, 'run')}: pinned ones first, then the newest. Click a heading to "
        "sort. Mark one row to open a run, several to compare them."
    )


def after_marking(before: Sequence[str], listed: Sequence[str], rows: Iterable[int]) -> list[str]:
    """Which runs are chosen once rows of the table are marked.

    Args:
        before: The ids chosen until now, in order.
        listed: The ids in the table, in its order.
        rows: The rows marked now.

    Returns:
        Ids: those chosen before in the order they had, then the new ones. What the table does not
        list stays chosen.
    """
    marked = [listed[row] for row in rows if row < len(listed)]
    now = {*marked, *(set(before) - set(listed))}
    kept = [run_id for run_id in before if run_id in now]
    return kept + [run_id for run_id in marked if run_id not in kept]


def _damaged(damaged: list[DamagedRun]) -> None:
    """Runs that cannot be read, and why."""
    if not damaged:
        return
    with st.expander(
        f"{counted(len(damaged), 'run')} that cannot be read", icon=":material/broken_image:"
    ):
        for run in damaged:
            st.markdown(f"**{plain(run.id)}**: {plain(run.reason)}")
