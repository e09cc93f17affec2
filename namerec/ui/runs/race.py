"""The race: networks train with one set of settings, live, up to a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.core.corpus.protocols import part_words
from namerec.core.training.config import RunConfig
from namerec.figures.base import theme
from namerec.figures.training.overlay import OverlaidRun
from namerec.figures.training.race import race_accuracy_figure, race_loss_figure
from namerec.text import moment, plain
from namerec.ui.frame import address
from namerec.ui.frame.errors import show_errors
from namerec.ui.runs.race_numbers import race_head, race_numbers, race_orders
from namerec.ui.runs.race_settings import race_settings, say_what_is_equal
from namerec.ui.runs.race_verdict import verdict_of, verdict_words
from namerec.ui.server.access import owner
from namerec.ui.server.manager import manager
from namerec.ui.shared import services
from namerec.ui.shared.job_state import (
    CALM_AFTER_SECONDS,
    CALM_POLL_SECONDS,
    FIRST_POINT_SECONDS,
    POLL_SECONDS,
)
from namerec.ui.shared.live_chart import chart_library, live_chart

if TYPE_CHECKING:
    from namerec.core.training.run_curves import Along
    from namerec.jobs.snapshot import JobSnapshot
    from namerec.runs.summary import RunSummary

_RACE, _ALONG = "race", "race_along"
_ALONG_WORDS: dict[Along, str] = {"seconds": "seconds", "epoch": "epochs", "step": "steps"}


def race_panel() -> None:
    """The settings, the button, and the race that was started or chosen last."""
    from namerec.jobs.race import races

    chart_library()
    st.markdown(
        "Two networks or more train with the same settings. They take turns on the "
        "processor, so that at any moment all have trained for the same time. Each one gets the "
        "same weights and numbers as if it trained alone, and only its own seconds count."
    )
    with show_errors(), st.container(border=True):
        configs = race_settings()
        _start_button(configs)
        say_what_is_equal(configs)
    known = races(manager().store.summaries())
    race = _chosen(known)
    address.write("race", race)
    if race is None:
        _charts([], None)
        return
    runs = known[race]
    snapshots = [manager().look(run.id) for run in runs]
    pace = _pace(snapshots)
    address.send()
    st.fragment(_live, run_every=pace)(race, runs, pace)


def _start_button(configs: list[RunConfig]) -> None:
    if not st.button("Start the race", type="primary", icon=":material/flag:"):
        return
    from namerec.jobs.race import races

    jobs = manager()
    race = jobs.start_race(configs, services.dataset(configs[0].training.dataset), owner())
    st.session_state[_RACE] = race
    first = races(jobs.store.summaries())[race][0]
    jobs.wait_for_record(first.id, FIRST_POINT_SECONDS)


def _chosen(known: dict[str, list[RunSummary]]) -> str | None:
    """Draws the choice of a race, if there is any: the newest, or that of the link."""
    asked = address.keep("race", "", str, state=_RACE)
    if asked and asked not in known:
        st.warning(
            "The race in this link is not on this computer. Choose another one, or start one.",
            icon=":material/link_off:",
        )
    if not known:
        return None
    if asked not in known:
        st.session_state[_RACE] = next(iter(known))
    return st.selectbox(
        "Race",
        list(known),
        key=_RACE,
        format_func=lambda race: _race_words(known[race]),
        persist_state="session",
        help="The newest race first. A run that is deleted is missing from its race, too.",
    )


def _race_words(runs: list[RunSummary]) -> str:
    """A race in a list: when, on what, how long."""
    info = runs[0].info
    training = info.config.training
    length = f"{training.steps:,} steps" if training.steps else f"{training.epochs} epochs"
    return (
        f"{moment(info.created)} · {info.dataset.title} · {training.protocol} split · {length} · "
        f"learning rate {training.learning_rate:g} · seed {training.seed}"
    )


def _pace(snapshots: list[JobSnapshot]) -> float | None:
    """Seconds until the next look; None if nothing moves."""
    if all(snapshot.ended for snapshot in snapshots):
        return None
    longest = max(snapshot.seconds for snapshot in snapshots)
    return POLL_SECONDS if longest < CALM_AFTER_SECONDS else CALM_POLL_SECONDS


def _live(race: str, runs: list[RunSummary], pace: float | None) -> None:
    """What is redrawn at every look while something moves."""
    with show_errors():
        snapshots = [manager().look(run.id) for run in runs]
        if _pace(snapshots) != pace:
            st.rerun()
        entered = list(zip(runs, snapshots, strict=True))
        race_head(entered)
        race_orders(entered)
        verdict = None
        if pace is None:
            with show_errors():
                verdict = verdict_of(race, entered)
        if verdict is not None:
            verdict_words(verdict)
        race_numbers(entered)
        target = verdict.target if verdict and verdict.best_on_the_way else None
        _charts([_overlaid(run, snapshot) for run, snapshot in entered], target, race)


def _charts(runs: list[OverlaidRun], target: float | None, race: str = "") -> None:
    along: Along = st.segmented_control(
        "Horizontal axis",
        list(_ALONG_WORDS),
        key=_ALONG,
        default="seconds",
        format_func=_ALONG_WORDS.__getitem__,
        required=True,
        persist_state="session",
        help="Seconds count each network's own training, not the turns of the others.",
    )
    look, subject = theme.theme_for(st.context.theme.type), f"{race} {along}"
    with st.grid(2, min_column_width=380):
        with st.container(border=True):
            st.subheader("Accuracy")
            figure = race_accuracy_figure(runs, look, along=along, target=target)
            live_chart(figure, key="race_accuracy", subject=subject)
        with st.container(border=True):
            st.subheader("Loss")
            figure = race_loss_figure(runs, look, along=along)
            live_chart(figure, key="race_loss", subject=subject)
    if runs:
        st.caption(
            plain(
                f"Accuracy and the solid loss curves are measured on {runs[0].held_out}. The "
                "dotted curves are the training loss, with dropout on."
            )
        )


def _overlaid(run: RunSummary, snapshot: JobSnapshot) -> OverlaidRun:
    from namerec.core.training.run_curves import Place, RunCurves, Stretch

    training = snapshot.config.training
    epoch = snapshot.progress * snapshot.epochs
    return OverlaidRun(
        name=run.info.config.model.title,
        curves=RunCurves(
            step=snapshot.series.step,
            loss=snapshot.series.loss,
            epochs=snapshot.history,
            stretches=(Stretch(0, training),),
            now=Place(snapshot.step, epoch, snapshot.seconds),
        ),
        held_out=part_words(training.protocol, "validation"),
    )
