"""Runs compared: their curves in one chart, their results, and what is different about them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from namerec.core.training.run_curves import Along
from namerec.errors import NamerecError
from namerec.figures.base import theme
from namerec.figures.training import overlay
from namerec.figures.training.curves import SMOOTHING
from namerec.text import plain
from namerec.ui.frame import address
from namerec.ui.frame.controls import segments
from namerec.ui.frame.errors import show_errors
from namerec.ui.runs.choice import all_runs, pick_several
from namerec.ui.runs.curves import overlaid
from namerec.ui.runs.results import matrices_links, not_the_same_names, results
from namerec.ui.server.manager import manager
from namerec.ui.shared import services
from namerec.ui.shared.charts import figure_download
from namerec.ui.shared.live_chart import chart_library, live_chart
from namerec.ui.shared.run_words import LETTERS, differences_table, run_title

if TYPE_CHECKING:
    from namerec.jobs.snapshot import JobSnapshot
    from namerec.runs.summary import RunSummary

#: Seconds between two looks at runs of which one is at work. A look at eight takes the server some
#: 60 ms.
POLL_SECONDS = 2.0

_ALONG, _SHOWN = "runs_along", "runs_shown"
_SMOOTHING, _LOG_ACROSS, _LOG_UP = "runs_smoothing", "runs_log_across", "runs_log_up"
_ALONG_WORDS: dict[Along, str] = {
    "step": "Step",
    "epoch": "Epoch",
    "names": "Names seen",
    "seconds": "Seconds",
}
_QUANTITY_WORDS: dict[overlay.Quantity, str] = {
    "train_loss": "Training loss",
    "validation_loss": "Validation loss",
    "validation_accuracy": "Validation accuracy",
    "macro_recall": "Macro recall",
}


def compare_panel() -> None:
    """The choice of runs, their curves while they move, and what sets them apart."""
    everything, _ = all_runs()
    runs = pick_several(
        everything,
        "Runs to compare",
        f"Up to {overlay.MOST_RUNS}, of any network and corpus. You can also mark them in the "
        "table of all runs.",
    )
    if not runs:
        st.info(
            "Choose runs above, or mark rows in the table of all runs.",
            icon=":material/compare_arrows:",
        )
        return
    if words := not_the_same_names(runs):
        st.warning(plain(words), icon=":material/difference:")
    chart_library()
    view, shown = _controls()
    moving = _moving(runs)
    address.send()
    with st.container(key="runs_compared"):
        st.fragment(_live, run_every=POLL_SECONDS if moving else None)(runs, view, shown, moving)
    _differences(runs)
    matrices_links(runs)


def _moving(runs: Sequence[RunSummary]) -> bool:
    """Whether any of them trains or waits, here or in another process."""
    for run in runs:
        with contextlib.suppress(NamerecError):  # told where its curves are missing
            if not manager().look(run.id).ended:
                return True
    return False


def _controls() -> tuple[overlay.View, list[overlay.Quantity]]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        along = segments(
            "Horizontal axis",
            list(_ALONG_WORDS),
            "along",
            state=_ALONG,
            always=True,
            format_func=_ALONG_WORDS.__getitem__,
            help="Seconds count training time without pauses, on the computer where the run was "
            "trained. Within an epoch, time is assumed to pass evenly.",
        )
        shown = st.pills(
            "Curves",
            list(_QUANTITY_WORDS),
            key=_SHOWN,
            default=list(_QUANTITY_WORDS),
            selection_mode="multi",
            format_func=_QUANTITY_WORDS.__getitem__,
            persist_state="session",
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        smoothing = st.slider(
            "Smoothing",
            0,
            30,
            round(100 * SMOOTHING),
            format="%d %%",
            key=_SMOOTHING,
            persist_state="session",
            width=200,
            help="Running mean: each point is the mean of this share of the curve's points around "
            "it. The faint line is what was measured. A curve of few epochs needs a larger share "
            "to change at all.",
        )
        across = st.toggle(
            "Logarithmic horizontal axis", key=_LOG_ACROSS, persist_state="session", width="content"
        )
        up = st.toggle("Logarithmic loss", key=_LOG_UP, persist_state="session", width="content")
    return overlay.View(along, smoothing / 100, across, up), list(shown)


def _live(
    runs: Sequence[RunSummary],
    view: overlay.View,
    shown: Sequence[overlay.Quantity],
    moving: bool,
) -> None:
    """What is redrawn every two seconds while one of the runs is at work."""
    with show_errors():
        if moving and not _moving(runs):
            st.rerun()
        letters = LETTERS[: len(runs)]
        seen = {letter: _look(run) for letter, run in zip(letters, runs, strict=True)}
        found = {letter: snapshot for letter, snapshot in seen.items() if snapshot is not None}
        of = dict(zip(letters, runs, strict=True))
        drawn = [
            overlaid(f"{letter} {run_title(run)}", run, found.get(letter), _names_of(run, view), of)
            for letter, run in of.items()
        ]
        _charts(drawn, view, shown, "-".join(run.id for run in runs))
        results(of, found)


def _look(run: RunSummary) -> JobSnapshot | None:
    """The run as it is now; None, and said, if it cannot be read any more."""
    try:
        return manager().look(run.id)
    except NamerecError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None


def _names_of(run: RunSummary, view: overlay.View) -> int | None:
    """Names in a run's training part, if they are asked for and its corpus is there."""
    if view.along != "names":
        return None
    try:
        return len(services.run_dataset(run)[1].train)
    except NamerecError:
        st.caption(
            f"The corpus of “{plain(run_title(run))}” is not on this computer, so the names it has "
            "seen are counted in whole batches, which gives slightly too many."
        )
        return None


def _charts(
    runs: Sequence[overlay.OverlaidRun],
    view: overlay.View,
    shown: Sequence[overlay.Quantity],
    subject: str,
) -> None:
    look = theme.theme_for(st.context.theme.type)
    charts: list[tuple[str, str, tuple[overlay.Quantity, ...], overlay.View]] = [
        ("Loss", "runs_loss_chart", overlay.LOSSES, view),
        ("Accuracy and macro recall", "runs_score_chart", overlay.SCORES, _straight_up(view)),
    ]
    asked = [
        (title, key, [quantity for quantity in quantities if quantity in shown], view)
        for title, key, quantities, view in charts
    ]
    asked = [chart for chart in asked if chart[2]]
    if not asked:
        st.info("Choose at least one curve.", icon=":material/show_chart:")
        return
    with st.grid(len(asked), min_column_width=380):
        for title, key, quantities, seen in asked:
            with st.container(border=True):
                st.subheader(title)
                figure = overlay.overlay_figure(runs, quantities, look, seen)
                live_chart(figure, key=key, subject=f"{subject}-{seen}")
                st.caption(_dash_words(quantities))
                figure_download(figure, key, "compared")


def _straight_up(view: overlay.View) -> overlay.View:
    """The same without a logarithmic axis up, which shares in percent do not have."""
    return overlay.View(view.along, view.smoothing, view.log_across)


def _dash_words(quantities: Sequence[overlay.Quantity]) -> str:
    dashes = {"solid": "Solid", "dot": "Dotted", "dash": "Dashed"}
    said = [
        f"{dashes[overlay.MEASURES[quantity].dash]}: {overlay.MEASURES[quantity].title}"
        for quantity in quantities
    ]
    return (
        ". ".join(said)
        + ". Each run is measured on the validation names of its own split (see the table below)."
    )


def _differences(runs: Sequence[RunSummary]) -> None:
    st.subheader("Settings that differ")
    if len(runs) == 1:
        st.caption("Choose another run to see what differs.")
        return
    letters = [f"{letter} · {run_title(run)}" for letter, run in zip(LETTERS, runs, strict=False)]
    table = differences_table([run.info.config for run in runs], letters)
    if table.empty:
        st.caption("None: all settings are the same.")
        return
    config: dict[str, Any] = {"Setting": st.column_config.TextColumn("Setting", pinned=True)}
    st.dataframe(
        table, hide_index=True, height="content", alt="Settings that differ", column_config=config
    )
    st.caption("All other settings are the same. “–”: the setting has no effect on that run.")
