"""The charts of a sweep and its table of trials."""

from __future__ import annotations

from statistics import stdev
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from namerec.core.tasks.sweep import Choices, SweepPlan
from namerec.figures.base import theme
from namerec.figures.sweep.importance import importance_figure
from namerec.figures.sweep.pairs import pairs_figure
from namerec.figures.sweep.parallel import parallel_figure
from namerec.figures.sweep.points import SweepAxis, SweepPoint
from namerec.figures.sweep.progress import progress_figure
from namerec.ui.frame.links import link
from namerec.ui.frame.settings_table import SETTINGS
from namerec.ui.shared.live_chart import live_chart

if TYPE_CHECKING:
    from namerec.cluster.outcome import Outcome

_ACROSS, _UP = "sweep_across", "sweep_up"
#: Rows of the table that are seen at once.
_ROWS = 10


def sweep_charts(found: Outcome) -> None:
    """Draws the best so far, what the settings are worth, and all trials."""
    look = theme.theme_for(st.context.theme.type)
    points, axes = points_of(found), axes_of(found.plan)
    with st.container(border=True):
        st.subheader("Best so far")
        figure = progress_figure(points, axes, found.plan.trials, look)
        live_chart(figure, key="sweep_progress", subject=found.name)
    with st.container(border=True):
        st.subheader("All settings together")
        st.caption(
            "A line is a complete trial, from setting to setting; the best one stands out. Point "
            "at a line to read its settings."
        )
        live_chart(parallel_figure(points, axes, look), key="sweep_all", subject=found.name)
    with st.grid(2, min_column_width=380):
        with st.container(border=True):
            st.subheader("Which settings matter")
            titles = {axis.name: axis.title for axis in axes}
            shares = {titles[name]: share for name, share in _importances(found).items()}
            live_chart(importance_figure(shares, look), key="sweep_worth", subject=found.name)
            st.caption(
                "Optuna's own measure (PED-ANOVA), from the complete trials: how far the best ones "
                "keep to a part of the setting's range. It says nothing about cause."
            )
        if len(axes) > 1:
            with st.container(border=True):
                st.subheader("Two settings")
                _pair(points, axes, look, found.name)
                st.caption(
                    "Each cell shows the best trial in it: its accuracy (%) and, below, the "
                    "standard deviation over its seeds."
                )
    _table(found, points)


def points_of(found: Outcome) -> list[SweepPoint]:
    """The trials as figures take them."""
    return [
        SweepPoint(
            trial.number,
            trial.state,
            trial.score,
            stdev(trial.scores) if len(trial.scores) > 1 else None,
            trial.values,
        )
        for trial in found.trials
        if trial.values.keys() == found.plan.space.keys()
    ]


def axes_of(plan: SweepPlan) -> list[SweepAxis]:
    """The settings that are searched, as figures take them."""
    axes = []
    for name, searched in plan.space.items():
        title = SETTINGS[name].label.partition(" (")[0]
        if isinstance(searched, Choices):
            axes.append(SweepAxis(name, title, searched.values))
        else:
            axes.append(SweepAxis(name, title, (), searched.low, searched.high, searched.log))
    return axes


def _importances(found: Outcome) -> dict[str, float]:
    from namerec.cluster.folder import open_sweep
    from namerec.cluster.study import importances

    return importances(open_sweep(found.name)) if found.trials else {}


def _pair(points: list[SweepPoint], axes: list[SweepAxis], look: theme.Theme, name: str) -> None:
    by_name = {axis.name: axis for axis in axes}
    with st.container(horizontal=True):
        across, up = (
            st.selectbox(
                label, list(by_name), key=key, index=place, persist_state="session",
                format_func=lambda setting: by_name[setting].title,
            )
            for place, (label, key) in enumerate((("Across", _ACROSS), ("Upwards", _UP)))
        )  # fmt: skip
    if across == up:
        st.info("Choose two different settings.", icon=":material/info:")
        return
    figure = pairs_figure(points, by_name[across], by_name[up], axes, look)
    live_chart(figure, key="sweep_pair", subject=f"{name} {across} {up}")


def _table(found: Outcome, points: list[SweepPoint]) -> None:
    """All trials, a row each, with a link to the best run of each."""
    st.subheader("Trials")
    if not points:
        st.caption("None has begun yet.")
        return
    trials = {trial.number: trial for trial in found.trials}
    rows = []
    for point in points:
        trial = trials[point.number]
        best = trial.runs[trial.scores.index(max(trial.scores))] if trial.scores else None
        run = best or (trial.runs[0] if trial.runs else None)
        rows.append(
            {
                "Trial": point.number,
                "State": point.state,
                "Accuracy": point.score,
                "Spread": point.spread,
                "Epochs": len(trial.epochs),
                **{SETTINGS[name].label.partition(" (")[0]: v for name, v in point.values.items()},
                "Run": link("train", run=run) if run else None,
                "Why": trial.reason,
            }
        )
    table = pd.DataFrame(rows).sort_values("Accuracy", ascending=False, na_position="last")
    if not table["Why"].any():
        table = table.drop(columns="Why")
    if table["Spread"].isna().all():
        table = table.drop(columns="Spread")
    st.dataframe(
        table,
        hide_index=True,
        height=35 * (min(len(table), _ROWS) + 1) + 3,
        alt="Trials of the sweep",
        placeholder="–",
        column_config={
            "Accuracy": st.column_config.NumberColumn(
                format="percent",
                help="On validation names: the mean over the seeds. Of a trial that was pruned, "
                "after its last epoch.",
            ),
            "Spread": st.column_config.NumberColumn(
                format="percent", help="Standard deviation over the seeds."
            ),
            "Learning rate": st.column_config.NumberColumn(format="%.3g"),
            "Weight decay": st.column_config.NumberColumn(format="%.3g"),
            "Run": st.column_config.LinkColumn(display_text="Open"),
        },
    )
