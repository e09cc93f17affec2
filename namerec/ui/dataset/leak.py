"""The leak, shown: one network under the raw and the leak-free split, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from namerec.core.networks.kinds import MODEL_TITLES
from namerec.core.training.config import RunConfig
from namerec.errors import NamerecError
from namerec.runs.records import ACTIVE_STATES
from namerec.text import count, duration, moment, percent, plain
from namerec.ui.dataset.leak_worth import (
    PROTOCOLS,
    SEED,
    Pair,
    experiment,
    last_attempt,
    newest_pair,
    verdict,
    worth,
)
from namerec.ui.frame.errors import show_errors
from namerec.ui.server.access import owner
from namerec.ui.server.manager import manager
from namerec.ui.shared import corpus_facts
from namerec.ui.shared.job_state import POLL_SECONDS, STATE_BADGES
from namerec.ui.shared.run_words import summary_words
from namerec.ui.shared.tables import share_column

if TYPE_CHECKING:
    from namerec.core.corpus.dataset import Dataset
    from namerec.jobs.snapshot import JobSnapshot

_NOTICE = "dataset_leak_notice"


def leak_panel(dataset: Dataset, reference: str, noun: str) -> None:
    """Draws the experiment, wherever it stands."""
    raw, free = (corpus_facts.leak(dataset, protocol, SEED) for protocol in PROTOCOLS)
    st.markdown(
        "Most public notebooks shuffle all lines and then split them. A name that is in the "
        "corpus twice can then be in both training and test, and part of the score is memory. "
        "Here the same network is trained under both splits, so that you see how much this "
        "changes the score."
    )
    with st.grid(2, min_column_width=300):
        for title, leak, words in (
            ("Raw split", raw, "every line is assigned at random, including repeats"),
            ("Leak-free split", free, "each name is used once, and is never in two parts"),
        ):
            with st.container(border=True, height="stretch"):
                st.metric(
                    f"{title}: test rows seen in training",
                    f"{count(leak.seen_names)} of {count(leak.rows)}",
                    percent(leak.seen_names / max(leak.rows, 1)),
                    delta_color="off",
                    delta_arrow="off",
                )
                same = (
                    f" {count(leak.seen_pairs)} of these {count(leak.seen_names)} are in training "
                    f"with the same {noun}, the others only with another one."
                    if leak.seen_names
                    else ""
                )
                st.caption(
                    f"{words.capitalize()}.{same} Counted on the split with seed {SEED}, ignoring "
                    "upper and lower case."
                )
    runs = manager().store.summaries()
    attempt = last_attempt(runs, dataset.fingerprint, experiment(reference))
    # A run that waits in this server's queue is held by nobody yet, and so looks interrupted.
    here = {job.run_id for job in manager().active()}
    active = any(run.id in here or run.state in ACTIVE_STATES for run in attempt)
    if notice := st.session_state.pop(_NOTICE, ""):
        st.error(plain(notice), icon=":material/error:")
    _start(dataset, reference, active=active)
    if active or (attempt and any(run.state != "finished" for run in attempt)):
        ids = tuple(run.id for run in attempt)
        st.fragment(_live, run_every=POLL_SECONDS if active else None)(ids, active)
    pair = newest_pair(runs, dataset.fingerprint)
    if pair is None:
        if not active:
            st.caption(
                "There is no finished pair of runs on this corpus yet. Any two runs that differ "
                "only in their split form a pair, also runs started on the Train page."
            )
        return
    _result(dataset, pair, noun)


def _start(dataset: Dataset, reference: str, *, active: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        clicked = st.button(
            "Train under both splits",
            type="primary",
            icon=":material/play_arrow:",
            disabled=active,
            key="dataset_leak_start",
            help="Starts two runs, one after the other. You can use other pages meanwhile.",
        )
        st.caption(_settings_words(experiment(reference)["raw"]), width="stretch")
    if clicked:
        for config in experiment(reference).values():
            manager().start(config, dataset, owner())
        st.rerun()


def _settings_words(config: RunConfig) -> str:
    """What both runs have in common."""
    parts = summary_words(config).split(" · ")
    return " · ".join(part for part in parts if not part.endswith(" split"))


def _live(ids: tuple[str, ...], was_active: bool) -> None:
    """What is redrawn every second while the two runs are at work."""
    with show_errors():
        snapshots = [manager().look(run_id) for run_id in ids]
        if was_active and all(snapshot.ended for snapshot in snapshots):
            st.rerun()
        with st.grid(2, min_column_width=300):
            for snapshot in snapshots:
                with st.container(border=True, height="stretch"):
                    _half(snapshot)


def _half(snapshot: JobSnapshot) -> None:
    icon, colour = STATE_BADGES[snapshot.state]
    protocol = snapshot.config.training.protocol
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{protocol.capitalize()} split**", width="content")
        st.badge(snapshot.state, icon=icon, color=colour)  # type: ignore[arg-type]
    now = snapshot.history[-1] if snapshot.history else None
    words = (
        f"epoch {snapshot.epoch} of {snapshot.epochs} · {duration(snapshot.seconds)}"
        if snapshot.steps
        else "Waiting in the queue."
        if snapshot.state == "queued"
        else "Getting ready…"
    )
    st.progress(1.0 if snapshot.state == "finished" else snapshot.progress, words)
    st.caption(
        f"Accuracy so far: {percent(now.validation_accuracy if now else None)} "
        f"(validation names, {protocol} split)"
    )
    if snapshot.message:
        st.error(plain(snapshot.message), icon=":material/error:")
    if not snapshot.ended:
        _order("Stop", ":material/stop:", "stop", snapshot.run_id)
    elif snapshot.state != "finished":
        _order("Resume", ":material/replay:", "resume", snapshot.run_id)


def _order(label: str, icon: str, verb: str, run_id: str) -> None:
    def obey() -> None:
        try:
            getattr(manager(), verb)(run_id)
        except NamerecError as error:
            st.session_state[_NOTICE] = str(error)

    if st.button(label, icon=icon, key=f"dataset_{verb}_{run_id}", on_click=obey):
        st.rerun()


def _result(dataset: Dataset, pair: Pair, noun: str) -> None:
    found = worth(dataset, pair)
    config = pair.raw.info.config
    st.subheader("The same network under both splits")
    with st.grid(3, min_column_width=190):
        for group in (found.raw, found.leak_free):
            st.metric(
                f"Accuracy · {group.split} split",
                percent(group.accuracy),
                f"{count(group.rows)} test rows",
                delta_color="off",
                delta_arrow="off",
                border=True,
            )
        st.metric(
            "Effect of the leak",
            f"{found.points:+.1f} points".replace("-", "−"),
            f"chance alone: ±{100 * found.margin:.1f}",
            delta_color="off",
            delta_arrow="off",
            border=True,
            help="Raw minus leak-free accuracy, in percentage points. Below: by chance alone, two "
            "accuracies on this many test names differ by no more than this in 95 % of cases. One "
            "seed.",
        )
    st.markdown(verdict(found))
    groups = (found.seen, found.mislabelled, found.unseen, found.leak_free)
    st.dataframe(
        pd.DataFrame(
            [
                (group.split, group.words, group.rows, group.accuracy)
                for group in groups
                if group.rows
            ],
            columns=["split", "rows", "number", "accuracy"],
        ),
        hide_index=True,
        alt="Accuracy on test rows whose name was seen in training, and on the others",
        column_config={
            "split": st.column_config.TextColumn("Split", width="small"),
            "rows": st.column_config.TextColumn("Test rows"),
            "number": st.column_config.NumberColumn("Number", width="small"),
            "accuracy": share_column("Accuracy"),
        },
    )
    st.caption(
        f"{MODEL_TITLES[config.model.kind]}, {config.model.hidden_size} hidden units, seed "
        f"{config.training.seed}. Macro recall, each {noun} alike: "
        f"{percent(pair.raw.status.scores['test'].macro_recall)} raw, "
        f"{percent(pair.leak_free.status.scores['test'].macro_recall)} leak-free. The two test "
        "parts do not hold the same names: the leak-free one has each name once."
    )
    with st.container(horizontal=True):
        for run in pair:
            made = "pretrained" if run.pretrained else moment(run.info.created)
            st.page_link(
                "pages/evaluate.py",
                label=f"The {run.info.config.training.protocol} run ({plain(made)})",
                icon=":material/grid_on:",
                query_params={"run": run.id},
            )
