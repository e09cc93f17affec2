"""Which runs are looked at together: up to eight, kept in the session and in the URL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from namerec.figures.training.overlay import MOST_RUNS
from namerec.ui.frame import address
from namerec.ui.server.manager import manager
from namerec.ui.shared.run_picker import run_words
from namerec.ui.shared.run_words import LETTERS

if TYPE_CHECKING:
    from namerec.runs.summary import DamagedRun, RunSummary

#: In the URL: ids, parted by commas.
RUNS = "runs"
_CHOSEN = "runs_chosen"
_PICKED = "runs_picked"


def all_runs() -> tuple[dict[str, RunSummary], list[DamagedRun]]:
    """All runs by id, pinned ones first, then the newest; and those that cannot be read."""
    from namerec.runs.summary import DamagedRun, RunSummary

    entries = manager().store.entries()
    runs = [entry for entry in entries if isinstance(entry, RunSummary)]
    runs.sort(key=lambda run: not run.label.pinned)
    return {run.id: run for run in runs}, [run for run in entries if isinstance(run, DamagedRun)]


def read_choice() -> list[str]:
    """Takes what the URL brings; before anything that shows the choice is drawn.

    Returns:
        As `chosen`.
    """
    address.keep(RUNS, "", str, state=_CHOSEN)
    return chosen()


def chosen() -> list[str]:
    """The ids chosen, in order, whether there are such runs or not."""
    given = st.session_state.get(_CHOSEN) or ""
    return list(dict.fromkeys(filter(None, given.split(","))))


def choose(ids: Sequence[str]) -> None:
    """Chooses runs; from a callback, or before anything that shows them is drawn."""
    st.session_state[_CHOSEN] = ",".join(ids)


def write_choice() -> None:
    """Puts the choice into the URL, as far as it is looked at together."""
    address.write(RUNS, ",".join(chosen()[:MOST_RUNS]))


def pick_several(runs: dict[str, RunSummary], label: str, help: str) -> list[RunSummary]:
    """Draws the choice of up to `MOST_RUNS` runs.

    Returns:
        Those chosen, in the order of their letters.
    """
    asked = read_choice()
    here = [run_id for run_id in asked if run_id in runs]
    if len(here) < len(asked):
        st.warning(_gone_words(len(asked) - len(here), len(asked)), icon=":material/link_off:")
    if len(here) > MOST_RUNS:
        st.info(
            f"{len(here)} runs are chosen. The first {MOST_RUNS} are shown here.",
            icon=":material/filter_8:",
        )
    here = here[:MOST_RUNS]
    st.session_state[_PICKED] = here

    def words(run_id: str) -> str:
        # A run can be gone between two draws, while the browser still shows it.
        letter = f"{LETTERS[here.index(run_id)]} · " if run_id in here else ""
        title = runs[run_id].label.title
        return f"{letter}{title}{' · ' if title else ''}{run_words(runs[run_id])}"

    st.multiselect(
        label,
        list(runs),
        key=_PICKED,
        format_func=words,
        max_selections=MOST_RUNS,
        select_all=False,
        on_change=lambda: choose(st.session_state[_PICKED]),
        placeholder="Choose runs",
        help=help,
    )
    write_choice()
    return [runs[run_id] for run_id in here]


def _gone_words(gone: int, chosen: int) -> str:
    if gone == chosen:
        runs = "The chosen run is" if chosen == 1 else f"All {chosen} chosen runs are"
        return f"{runs} not on this computer."
    return (
        f"{gone} of the {chosen} chosen runs {'is' if gone == 1 else 'are'} not on this computer. "
        "The others are shown."
    )
