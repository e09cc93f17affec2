"""The Sweep page: the form, and the sweep that was started or chosen last, live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.errors import NamerecError
from namerec.text import counted, duration, percent, plain
from namerec.ui.frame import address
from namerec.ui.frame.errors import show_errors
from namerec.ui.server.access import owner
from namerec.ui.server.manager import manager
from namerec.ui.server.sweeps import searches
from namerec.ui.shared.job_state import STATE_BADGES
from namerec.ui.shared.live_chart import chart_library
from namerec.ui.sweep.charts import sweep_charts
from namerec.ui.sweep.form import SWEEP, sweep_form
from namerec.ui.sweep.winner import winner_panel

if TYPE_CHECKING:
    from namerec.cluster.outcome import Outcome

_CHOSEN, _NOTICE = "sweep_chosen", "sweep_notice"
#: Seconds between two looks at a sweep that is carried on.
_POLL_SECONDS = 3.0


def sweep_page() -> None:
    """Draws all of it; where Optuna is not installed, what to install."""
    from namerec.cluster.installed import missing

    if words := missing():
        st.info(plain(words), icon=":material/download:")
        return
    from namerec.cluster.folder import all_sweeps

    chart_library()
    names = [folder.name for folder in all_sweeps()]
    with st.expander("Start a sweep", expanded=not names, icon=":material/tune:"), show_errors():
        plan = sweep_form()
        if st.button("Start the sweep", type="primary", icon=":material/query_stats:"):
            st.session_state[_CHOSEN] = searches().start(plan, owner())
            st.rerun()
    chosen = _chosen(names)
    address.write(SWEEP, chosen)
    if chosen is None:
        st.caption("No sweep has been started on this computer yet.")
        return
    running = _outcome(chosen).state == "running"
    address.send()
    st.fragment(_live, run_every=_POLL_SECONDS if running else None)(chosen, running)


def _chosen(names: list[str]) -> str | None:
    """Draws the choice of a sweep, if there is any: the newest, or that of the link."""
    asked = address.keep(SWEEP, "", str, state=_CHOSEN)
    if asked and asked not in names:
        st.warning(
            "The sweep in this link is not on this computer. Choose another one, or start one.",
            icon=":material/link_off:",
        )
    if not names:
        return None
    if asked not in names:
        st.session_state[_CHOSEN] = names[0]
    return st.selectbox(
        "Sweep", names, key=_CHOSEN, persist_state="session", help="The newest one first."
    )


def _outcome(name: str) -> Outcome:
    from namerec.cluster.folder import open_sweep
    from namerec.cluster.outcome import outcome

    return outcome(open_sweep(name), manager().store)


def _live(name: str, was_running: bool) -> None:
    """What is redrawn at every look while the sweep goes on."""
    with show_errors():
        found = _outcome(name)
        if (found.state == "running") != was_running:
            st.rerun()
        _head(found)
        _numbers(found)
        sweep_charts(found)
        if found.state != "running":
            winner_panel(found)


def _head(found: Outcome) -> None:
    icon, colour = STATE_BADGES[found.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(found.state, icon=icon, color=colour)  # type: ignore[arg-type]
        if found.state == "running":
            _order("Stop", ":material/stop:", found.name)
        elif found.state == "stopped":
            _order("Resume", ":material/replay:", found.name)
        ended = sum(trial.state != "running" for trial in found.trials)
        limit = f" of {duration(found.plan.budget)}" if found.plan.budget else ""
        st.progress(
            min(ended / found.plan.trials, 1.0),
            f"{ended} of {counted(found.plan.trials, 'trial')} · {duration(found.seconds)}{limit}",
        )
    if said := st.session_state.pop(_NOTICE, "") or searches().message(found.name):
        st.warning(plain(said), icon=":material/info:")


def _order(label: str, icon: str, name: str) -> None:
    def obey() -> None:
        try:
            if label == "Stop":
                searches().stop(name)
            else:
                searches().resume(name, owner())
            searches().wait(name, 1.0)  # so that the page it draws shows it
        except NamerecError as error:
            st.session_state[_NOTICE] = str(error)

    if st.button(label, icon=icon, key=f"sweep_{label}_{name}", on_click=obey):
        st.rerun()


def _numbers(found: Outcome) -> None:
    best = found.winner
    with st.grid(4, min_column_width=170):
        st.metric(
            "Best accuracy · validation",
            "–" if best is None else percent(best.validation.mean),
            help="The mean over the trial's seeds, each at its best epoch. As the best of many it "
            "is a little too good: the test accuracy says how good it is.",
        )
        st.metric(
            "Its accuracy · test",
            "–" if best is None or best.test is None else percent(best.test.mean),
            help="Measured once, when the sweep has ended, on names that decided nothing.",
        )
        st.metric("Pruned", found.count("pruned"), help="Trials that were ended early.")
        st.metric("Failed", found.count("failed"), help="Trials that could not be trained.")
