"""The memory task on the Memory page: for how many letters does each network remember the first?"""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

import streamlit as st

from namerec.core.tasks.memory_curves import (
    DISTANCES,
    FIRST_LETTERS,
    MEMORY_TITLES,
    finding,
)
from namerec.errors import NamerecError
from namerec.figures.base import theme
from namerec.figures.memory.memory_task import memory_figure
from namerec.text import counted, duration, percent, plain
from namerec.ui.frame import address
from namerec.ui.frame.controls import segments
from namerec.ui.frame.errors import show_errors
from namerec.ui.memory.memory_task_results import (
    curves_of,
    how_trained,
    points_table,
    seconds_of,
    shown_results,
)
from namerec.ui.server.memory_task import memory_keeper
from namerec.ui.shared.live_chart import chart_library, live_chart

if TYPE_CHECKING:
    from namerec.jobs.memory_task import MemoryProgress
    from namerec.jobs.memory_task_results import MemoryPlan, MemorySettings

#: Seconds between two looks at an experiment underway. A look costs about 15 ms of server time.
POLL_SECONDS = 1.0

_BIAS, _CLIP, _HIDDEN = "memory_bias", "memory_clip", "memory_hidden"
_NOTICE = "memory_notice"
#: What can be chosen. The bundled result has every bias at the first clipping and hidden size.
BIASES = (0.0, 1.0, 2.0, 3.0)
CLIPS = (1.0, 0.0, 5.0)
HIDDEN = (32, 16, 64)


def memory_task_panel() -> None:
    """The task, its settings, the experiment's progress, and what it showed."""
    chart_library()
    _task()
    settings = _controls()
    underway = _underway(memory_keeper().progress())
    address.send()
    st.fragment(_live, run_every=POLL_SECONDS if underway else None)(settings, underway)


def _task() -> None:
    from namerec.core.tasks.memory_task import NOISE_LETTERS, SEQUENCES, memory_dataset

    example = memory_dataset(20).names[2]
    st.markdown(
        f"Surnames are too short to show what gates are for. Here a network reads one of the "
        f"{len(FIRST_LETTERS)} letters {FIRST_LETTERS[0]} to {FIRST_LETTERS[-1]}, then noise, and "
        f"is asked which letter came first. With 20 letters of noise: `{example}` – the answer is "
        f"**{example[0]}**."
    )
    st.caption(
        f"Noise is drawn from {NOISE_LETTERS[0]} to {NOISE_LETTERS[-1]} only, so the network need "
        "not count letters: it only has to remember the first one. At each distance, "
        f"{SEQUENCES:,} distinct sequences are divided by the leak-free split; every accuracy is "
        "measured on the test part, with the weights of the best validation epoch."
    )


def _controls() -> MemorySettings:
    from namerec.jobs.memory_task_results import MemorySettings

    short, usual = "{:g}".format, MemorySettings()
    with st.container(horizontal=True, gap="large"):
        bias = segments(
            "Forget-gate bias",
            BIASES,
            "bias",
            usual.forget_bias,
            text=short,
            state=_BIAS,
            format_func=short,
            help="Added before training to the biases of the LSTMs' forget gates and the GRU's "
            "update gates: the higher, the more of its state a network keeps to begin with. The "
            "RNNs have no such gate.",
        )
        clip = segments(
            "Clip gradient at",
            sorted(CLIPS),
            "clip",
            CLIPS[0],
            text=short,
            state=_CLIP,
            format_func=lambda limit: short(limit) if limit else "never",
            help="Largest Euclidean norm of the gradient in a step; the same for all networks.",
        )
        hidden = segments(
            "Hidden units",
            sorted(HIDDEN),
            "hidden",
            HIDDEN[0],
            state=_HIDDEN,
            help="The same for all networks. An LSTM unit has four times the weights of an RNN "
            "unit, a GRU unit three times.",
        )
    st.caption(gate_words(bias))
    return MemorySettings(hidden_size=hidden, forget_bias=bias, clip_norm=clip)


def gate_words(bias: float) -> str:
    """What a forget-gate bias means before training; the drawn weights, near zero, left out."""
    kept = 1 / (1 + exp(-bias))
    half_life = log(0.5) / log(kept)
    letters = f"{half_life:.0f} letter{'s' if half_life >= 1.5 else ''}"
    return (
        f"With a forget-gate bias of {bias:g}, an LSTM at first keeps about {percent(kept, 0)} of "
        f"its cell state at each letter, so half of it is gone after about {letters}, and a GRU "
        "that much of its state; training has to open the gates further. (Simplified: the small "
        "random starting weights are left out.)"
    )


def _live(settings: MemorySettings, moved: bool) -> None:
    """What is redrawn every second while the experiment is underway."""
    with show_errors():
        progress = memory_keeper().progress()
        if _underway(progress) != moved:
            st.rerun()
        _orders(settings, progress)
        shown = shown_results(settings)
        curves, behind = curves_of(shown.entries), curves_of(shown.behind)
        look = theme.theme_for(st.context.theme.type)
        with st.container(border=True):
            st.subheader("Accuracy against distance")
            figure = memory_figure(curves, look, distances=DISTANCES, behind=behind)
            live_chart(figure, key="memory_chart", subject=repr(settings))
        if curves:
            st.markdown(plain(finding(curves)).replace(" %", "\u202f%"))
        st.caption(plain(f"{shown.origin} {how_trained()}"))
        points_table(shown.entries, curves)


def _underway(progress: MemoryProgress | None) -> bool:
    return progress is not None and progress.state in ("running", "stopping")


def _orders(settings: MemorySettings, progress: MemoryProgress | None) -> None:
    """The buttons, and how far the experiment is."""
    from namerec.jobs.memory_task_results import MemoryPlan

    plan = MemoryPlan(settings=settings)
    with st.container(horizontal=True, vertical_alignment="center"):
        if progress is not None and _underway(progress):
            _order("Stop", ":material/stop:", "cancel")
        else:
            if progress is not None:
                _order("Resume", ":material/play_arrow:", "go_on")
            _order("Measure it here", ":material/experiment:", "start", plan)
        if progress is not None:
            inside = progress.job.progress if progress.job else 0.0
            share = (progress.done + inside) / progress.total
            st.progress(min(share, 1.0), plain(_progress_words(progress, settings)))
        else:
            st.caption(
                f"{len(plan.cells())} trainings, one after the other in the background: "
                f"{_time_words(plan)}. You can use other pages meanwhile."
            )
    if notice := st.session_state.pop(_NOTICE, ""):
        st.warning(plain(notice), icon=":material/info:")


def _time_words(plan: MemoryPlan) -> str:
    seconds = seconds_of(plan)
    if seconds is None:
        return "a few minutes on one processor core; larger networks take longer"
    minutes = max(1, round(seconds / 60))
    return f"about {counted(minutes, 'minute')} on one processor core, going by the bundled result"


def _order(label: str, icon: str, verb: str, *given: MemoryPlan) -> None:
    def obey() -> None:
        try:
            getattr(memory_keeper(), verb)(*given)
        except NamerecError as error:
            st.session_state[_NOTICE] = str(error)

    primary = verb == "start"
    st.button(
        label,
        icon=icon,
        key=f"memory_{verb}",
        type="primary" if primary else "secondary",
        on_click=obey,
    )


def _progress_words(progress: MemoryProgress, settings: MemorySettings) -> str:
    done = f"{progress.done} of {progress.total} trainings done"
    other = progress.plan.settings
    elsewhere = "" if other == settings else f" (of the experiment at {_setting_words(other)})"
    if progress.message:
        return f"Ended after {done}{elsewhere}. {progress.message}"
    if progress.state == "stopped":
        return f"Stopped: {done}{elsewhere}."
    if progress.state == "stopping":
        return f"Stopping: {done}{elsewhere}."
    left = f", about {duration(progress.remaining)} left" if progress.remaining else ""
    if progress.cell is None or progress.job is None:
        return f"Preparing the next training. {done}{left}{elsewhere}."
    doing = {"queued": "Waiting for another training", "paused": "Paused on the Train page"}
    what = doing.get(progress.job.state, "Training")
    history = progress.job.history
    so_far = f", {percent(history[-1].validation_accuracy)} on validation so far" if history else ""
    return (
        f"{what}: {MEMORY_TITLES[progress.cell.network]} over {progress.cell.noise} letters"
        f"{so_far}. {done}{left}{elsewhere}."
    )


def _setting_words(settings: MemorySettings) -> str:
    clip = f"clipped at {settings.clip_norm:g}" if settings.clip_norm else "never clipped"
    return (
        f"forget-gate bias {settings.forget_bias:g}, gradients {clip}, "
        f"{settings.hidden_size} hidden units"
    )
