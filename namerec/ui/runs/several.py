"""Several runs of the table together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.figures.training.overlay import MOST_RUNS
from namerec.runs.records import ACTIVE_STATES
from namerec.text import count, plain
from namerec.ui.runs.deleted import delete
from namerec.ui.runs.one import SECTION, TAKE
from namerec.ui.shared.run_words import run_title

if TYPE_CHECKING:
    from namerec.runs.summary import RunSummary

#: The section that compares.
COMPARE = "compare"
#: Titles that are told; more are counted.
_TOLD = 12


def several_runs(runs: list[RunSummary]) -> None:
    """Draws the panel of several runs."""
    own = {
        run.id: run_title(run)
        for run in runs
        if not run.pretrained and run.state not in ACTIVE_STATES
    }

    def show(section: str) -> None:
        st.session_state[SECTION] = section

    with st.container(border=True):
        st.subheader(f"{count(len(runs))} runs")
        told = "  \n".join(plain(f"{run_title(run)} · {run.id}") for run in runs[:_TOLD])
        more = f"  \nand {count(len(runs) - _TOLD)} more" if len(runs) > _TOLD else ""
        st.markdown(told + more)
        first = f"the first {MOST_RUNS} " if len(runs) > MOST_RUNS else ""
        with st.container(horizontal=True):
            st.button(
                f"Compare {first}".strip(),
                type="primary",
                icon=":material/compare_arrows:",
                on_click=show,
                args=(COMPARE,),
            )
            st.button(
                f"Report on {first or 'them'}".strip(),
                icon=":material/article:",
                on_click=show,
                args=(TAKE,),
            )
            st.button(
                f"Delete {count(len(own))}",
                icon=":material/delete:",
                key="runs_delete",
                on_click=delete,
                args=(own,),
                disabled=not own,
                help="Can be undone. Pretrained runs and runs in progress are not deleted.",
            )
