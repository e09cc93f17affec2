"""The live panel of the Train page: one run, its controls, its numbers and its charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.core.corpus.protocols import PROTOCOL_WORDS, holds_out, part_name, part_words
from namerec.core.evaluation.results import Scores
from namerec.core.networks.kinds import MODEL_TITLES
from namerec.core.training.config import RunConfig
from namerec.errors import NamerecError
from namerec.figures.base import theme
from namerec.figures.base.words import BASELINE_LINES
from namerec.figures.training import curves
from namerec.settings import settings
from namerec.text import count, counted, duration, percent, plain
from namerec.ui.frame import address
from namerec.ui.frame.errors import show_errors
from namerec.ui.server.access import owner
from namerec.ui.server.manager import manager
from namerec.ui.shared import services
from namerec.ui.shared.job_state import (
    CALM_AFTER_SECONDS,
    CALM_POLL_SECONDS,
    FIRST_POINT_SECONDS,
    POLL_SECONDS,
    STATE_BADGES,
)
from namerec.ui.shared.live_chart import chart_library, live_chart
from namerec.ui.shared.origin import origin_words
from namerec.ui.shared.run_words import summary_words, wait_words

if TYPE_CHECKING:
    from namerec.jobs.snapshot import JobSnapshot
    from namerec.ui.train.branch import Branch


_RUN = "train_run"
_NOTICE = "train_notice"


def start_button(config: RunConfig, branch: Branch | None = None) -> None:
    """The button that makes a run of the settings and starts or queues it.

    Args:
        config: The settings.
        branch: With whose weights it begins; None for weights of its own.
    """
    if not st.button(
        "Start training", type="primary", icon=":material/play_arrow:", width="stretch"
    ):
        return
    jobs = manager()
    names = services.dataset(config.training.dataset)
    place = branch.place if branch is not None else None
    run_id = jobs.start(config, names, owner(), go_on_from=place)
    st.session_state[_RUN] = run_id
    jobs.wait_for_record(run_id, FIRST_POINT_SECONDS)


def training_panel(config: RunConfig | None) -> None:
    """Draws the run that was started or looked at last; without one, what would be trained."""
    chart_library()
    snapshot = _shown()
    address.write("run", snapshot.run_id if snapshot else None)
    if snapshot is None:
        st.title("Train a network")
        st.markdown(
            "Choose a network and its settings on the left, then **Start training**. Loss and "
            "accuracy appear here as it learns. You can visit other pages meanwhile."
        )
        _charts(None)
    else:
        pace = _pace(snapshot)
        address.send()
        st.fragment(_live, run_every=pace)(snapshot.run_id, pace)
    _interrupted(snapshot)
    if config is not None:
        _what_would_be_trained(config)


def _shown() -> JobSnapshot | None:
    """The run to show: the one in the session or the URL, else the one this server began last."""
    jobs = manager()
    asked = address.keep("run", "", str, state=_RUN)
    if asked:
        try:
            return jobs.look(asked)
        except NamerecError as error:
            st.session_state[_RUN] = ""
            st.warning(plain(str(error)), icon=":material/link_off:")
    return jobs.latest()


def _moving(snapshot: JobSnapshot) -> bool:
    """Whether there is anything to redraw: a run in progress, or baselines beside an ended one."""
    if not snapshot.ended:
        return True
    _baselines(snapshot)  # has them computed if it is time
    # While another run trains they are held, and nothing moves here.
    return services.baselines_underway(snapshot.run_id) and not manager().active()


def _pace(snapshot: JobSnapshot) -> float | None:
    """Seconds until the next look; None if nothing moves."""
    if not _moving(snapshot):
        return None
    return POLL_SECONDS if snapshot.seconds < CALM_AFTER_SECONDS else CALM_POLL_SECONDS


def _live(run_id: str, pace: float | None) -> None:
    """What is redrawn at every look while something moves."""
    with show_errors():
        snapshot = manager().look(run_id)
        # Once more: what a drawing that was ended had for the URL may never have left.
        address.write("run", run_id)
        if pace is not None and _pace(snapshot) != pace:
            st.rerun()
        _head(snapshot)
        _controls(snapshot)
        _numbers(snapshot)
        _charts(snapshot)
        _after(snapshot)
        _queue(snapshot)


def _head(snapshot: JobSnapshot) -> None:
    icon, colour = STATE_BADGES[snapshot.state]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="run_head"):
        st.title(MODEL_TITLES[snapshot.config.model.kind], width="content")
        more = f", place {snapshot.place} in the queue" if snapshot.place else ""
        if snapshot.state == "paused" and snapshot.message:
            more = ": disk full"
        st.badge(f"{snapshot.state}{more}", icon=icon, color=colour)  # type: ignore[arg-type]
        if snapshot.config.preset != "own":
            st.badge(f"preset {snapshot.config.preset}", color="gray")
    st.caption(f"{summary_words(snapshot.config)} · run {snapshot.run_id}")
    if notice := st.session_state.pop(_NOTICE, ""):
        st.warning(plain(notice), icon=":material/info:")
    if snapshot.message:
        held = snapshot.state == "paused"
        say, icon = (st.warning, ":material/hard_disk:") if held else (st.error, ":material/error:")
        say(plain(snapshot.message), icon=icon)
    if snapshot.gap:
        st.warning(plain(snapshot.gap.words), icon=":material/broken_image:")


def _controls(snapshot: JobSnapshot) -> None:
    run_id = snapshot.run_id
    with st.container(horizontal=True, vertical_alignment="center"):
        if snapshot.state == "running":
            _order("Pause", ":material/pause:", "pause", run_id)
        elif snapshot.state == "paused":
            _order("Resume", ":material/play_arrow:", "proceed", run_id)
        if not snapshot.ended:
            _order("Stop", ":material/stop:", "stop", run_id)
        elif snapshot.state in ("stopped", "failed", "interrupted"):
            _order("Resume", ":material/replay:", "resume", run_id)
        st.progress(snapshot.progress, _progress_words(snapshot))
    if snapshot.race and not snapshot.ended:
        st.caption("This run is part of a race: pausing it pauses the other networks, too.")


def _order(label: str, icon: str, verb: str, run_id: str) -> None:
    def obey() -> None:
        try:
            asker = {"owner": owner()} if verb == "resume" else {}
            getattr(manager(), verb)(run_id, **asker)
            st.session_state[_RUN] = run_id
        except NamerecError as error:
            st.session_state[_NOTICE] = str(error)

    clicked = st.button(label, icon=icon, key=f"order_{verb}_{run_id}", on_click=obey)
    if clicked and verb == "resume":
        st.rerun()


def _progress_words(snapshot: JobSnapshot) -> str:
    if snapshot.state == "queued":
        return f"Waiting for its turn{wait_words(manager().waits().get(snapshot.run_id))}."
    if not snapshot.steps:
        return "Getting ready…"
    left = ""
    if snapshot.state == "running" and snapshot.remaining is not None:
        left = f" · about {duration(snapshot.remaining)} left"
    return (
        f"epoch {snapshot.epoch} of {snapshot.epochs} · step {count(snapshot.step)} of "
        f"{count(snapshot.steps)} · {duration(snapshot.seconds)}{left}"
    )


def _numbers(snapshot: JobSnapshot) -> None:
    history = snapshot.history
    now = history[-1] if history else None
    protocol = snapshot.config.training.protocol
    part = part_name(protocol, "validation")
    with st.grid(4, min_column_width=170):
        st.metric(
            f"Accuracy · {part}",
            percent(now.validation_accuracy if now else None),
            border=True,
            help=f"Share of right answers ({PROTOCOL_WORDS[protocol]}).",
        )
        st.metric(
            f"Macro recall · {part}",
            percent(now.validation_macro_recall if now else None),
            border=True,
            help="The share of names recognised, for each language by itself, averaged: languages "
            "with few names count as much as those with many.",
        )
        st.metric(
            f"Loss · {part}",
            f"{now.validation_loss:.3f}" if now else "–",
            border=True,
            help="Mean negative log-probability of the right language, in nats.",
        )
        st.metric(
            "Speed · training",
            f"{count(snapshot.names_per_second)} /s" if now else "–",
            border=True,
            help="Training names per second in the last epoch, without the time for evaluation.",
        )
    if origin := origin_words(snapshot):
        st.caption(f":material/fork_right: {origin}")


def _charts(snapshot: JobSnapshot | None) -> None:
    history = _history(snapshot)
    subject = snapshot.run_id if snapshot else ""
    look = theme.theme_for(st.context.theme.type)
    with st.grid(2, min_column_width=380):
        with st.container(border=True):
            st.subheader("Loss")
            live_chart(curves.loss_figure(history, look), key="loss_chart", subject=subject)
        with st.container(border=True):
            st.subheader("Accuracy")
            live_chart(curves.accuracy_figure(history, look), key="accuracy_chart", subject=subject)


def _history(snapshot: JobSnapshot | None) -> curves.History:
    if snapshot is None:
        return curves.History.of([], [], protocol="leak-free", held_out="validation names")
    protocol = snapshot.config.training.protocol
    lineage = snapshot.lineage()
    return curves.History(
        step=lineage.series.step,
        loss=lineage.series.loss,
        epochs=lineage.history,
        protocol=protocol,
        held_out=part_words(protocol, "validation"),
        baselines=_baselines(snapshot),
        branch_points=tuple(
            (branch_point.step, f"continued from epoch {branch_point.epoch}")
            for branch_point in lineage.branch_points
        ),
    )


def _baselines(snapshot: JobSnapshot) -> tuple[tuple[str, float], ...]:
    """Accuracies to compare with, on the names the validation curve is measured on."""
    # They take half a minute of the processor, which a running training has better use for.
    idle = snapshot.ended and not manager().active()
    known = services.baselines(snapshot.run_id, compute=idle)
    if known is None:
        return ()
    lines = [
        (BASELINE_LINES[kind], scores.accuracy["validation"])
        for kind, scores in known.scores.items()
        if kind in BASELINE_LINES
    ]
    if "validation" in known.ceiling:
        lines.append(("label ceiling", known.ceiling["validation"]))
    return tuple(lines)


def _after(snapshot: JobSnapshot) -> None:
    """The final scores, and where to go from here."""
    if snapshot.state == "finished":
        st.success(_verdict(snapshot.scores), icon=":material/check_circle:")
    if snapshot.ended and snapshot.history:
        with st.container(horizontal=True):
            link = {"run": snapshot.run_id}
            st.page_link(
                "pages/evaluate.py",
                label="See which languages it confuses",
                icon=":material/grid_on:",
                query_params=link,
            )
            st.page_link(
                "pages/name.py",
                label="Type a name and look inside",
                icon=":material/spellcheck:",
                query_params=link,
            )


def _verdict(scores: tuple[Scores, ...]) -> str:
    test = next((scored for scored in scores if scored.part == "test"), None)
    if test is None:
        return "Finished."
    if not holds_out(test.protocol):
        held = f"{count(test.names)} training names drawn uniformly over the languages"
    else:
        held = f"the {count(test.names)} test names ({test.protocol} split)"
    return (
        f"Finished: **{percent(test.accuracy)}** accuracy and **{percent(test.macro_recall)}** "
        f"macro recall on {held}, with the weights of the best validation epoch."
    )


def _queue(shown: JobSnapshot) -> None:
    """The other runs that train or wait."""
    others = [job for job in manager().active() if job.run_id != shown.run_id]
    if not others:
        return
    st.subheader("Other runs in progress")
    waits = manager().waits()
    for job in others:
        with st.container(horizontal=True, vertical_alignment="center"):
            wait = wait_words(waits.get(job.run_id))
            place = f"place {job.place} in the queue{wait}" if job.place else job.state
            st.caption(f"{place} · {summary_words(job.config)}", width="stretch")
            _show_button(job.run_id)


def _interrupted(shown: JobSnapshot | None) -> None:
    """Runs that nobody trains any more and that are not finished."""
    jobs = manager()
    at_work = {job.run_id for job in jobs.active()}
    lost = [
        run
        for run in jobs.store.summaries()
        if run.state == "interrupted"
        and not run.set_apart
        and run.id not in at_work
        and (shown is None or run.id != shown.run_id)
    ]
    if not lost:
        return
    st.subheader("Interrupted runs")
    for run in lost[:5]:
        with st.container(horizontal=True, vertical_alignment="center"):
            done = f"epoch {run.status.epoch} of {run.status.epochs or '?'}"
            st.caption(f"{done} · {summary_words(run.info.config)}", width="stretch")
            _show_button(run.id)


def _show_button(run_id: str) -> None:
    if st.button("Show", key=f"show_{run_id}"):
        st.session_state[_RUN] = run_id
        st.rerun()


def _what_would_be_trained(config: RunConfig) -> None:
    with st.expander("The network with these settings", icon=":material/schema:"):
        names = services.dataset(config.training.dataset)
        categories = len(names.categories)
        parameters = config.model.parameter_count(categories)
        st.markdown(
            f"**{count(parameters)}** trainable parameters, **{categories}** languages, "
            f"**{count(len(names))}** names in the {plain(names.title)}. "
            f"Training uses **{counted(settings().threads, 'thread')}** of the processor. "
            "`NAMEREC_THREADS` sets how many, and `python -m namerec bench --threads 2` measures "
            "how fast another number is."
        )
        st.code(services.structure(config.model, categories), language=None)
