"""Results of the memory task as the screen has them: which are shown, in words and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import streamlit as st

from namerec.core.tasks.memory_curves import MEMORY_TITLES, MemoryCurve, memory_curves
from namerec.text import plain
from namerec.ui.server.memory_task import bundled_results, memory_keeper
from namerec.ui.shared.tables import share_column

if TYPE_CHECKING:
    from namerec.jobs.memory_task_results import (
        MemoryCell,
        MemoryEntry,
        MemoryFile,
        MemoryPlan,
        MemorySettings,
    )


class Shown(NamedTuple):
    """Which results the chart shows.

    Attributes:
        entries: In front.
        behind: To compare with, drawn faintly.
        origin: Where those in front come from, as a sentence.
    """

    entries: list[MemoryEntry]
    behind: list[MemoryEntry]
    origin: str


def shown_results(settings: MemorySettings) -> Shown:
    """What the chart shows at some settings: what was measured here, else what is bundled."""
    from namerec.jobs.memory_task_results import MemoryPlan

    known = memory_keeper().known()
    own, bundled = known.matching(settings), bundled_results().matching(settings)
    asked = known.asked is not None and known.asked.settings == settings
    complete = not known.missing(MemoryPlan(settings=settings))
    if asked or complete or (own and not bundled):
        behind = " The faint lines are the bundled result." if bundled else ""
        origin = f"Measured on this computer.{_older_words(own, known)}{behind}"
        return Shown(own, bundled, origin)
    if bundled:
        return Shown(bundled, [], f"The bundled result: {_seeds_words(bundled)}")
    return Shown([], [], "The bundled result has nothing at these settings: measure it here.")


def _older_words(shown: list[MemoryEntry], known: MemoryFile) -> str:
    """How many of the results shown are still those of the measurement before."""
    outdated = [cell.config for cell in known.outdated]
    older = sum(entry.cell.config in outdated for entry in shown)
    if not older:
        return ""
    return (
        f" {older} of these {len(shown)} trainings are from the previous measurement; each is "
        "shown until its new result is there."
    )


def seconds_of(plan: MemoryPlan) -> float | None:
    """About how many seconds a plan takes, by the quickest bundled training of each size.

    Forget-gate bias, clipping and seed change the numbers, not the work; the quickest, since other
    programs only ever slow a training down. None if the bundled result has none of one of the
    plan's sizes and distances.
    """
    times: dict[tuple[str, int, int], list[float]] = {}
    for entry in bundled_results().entries:
        if entry.accuracy is not None:
            times.setdefault(_size(entry.cell), []).append(entry.seconds)
    cells = [_size(cell) for cell in plan.cells()]
    if any(cell not in times for cell in cells):
        return None
    return sum(min(times[cell]) for cell in cells)


def _size(cell: MemoryCell) -> tuple[str, int, int]:
    return cell.network, cell.noise, cell.settings.hidden_size


def _seeds_words(entries: list[MemoryEntry]) -> str:
    """How many trainings a point stands for, and which networks have none."""
    curves = curves_of(entries)
    counts = sorted({seeds for curve in curves for seeds in curve.seeds})
    most = f"{counts[-1]} trainings from different seeds"
    words = {
        (True, True): "one training for each point.",
        (True, False): f"means of {most}, bars from the worst to the best.",
        (False, False): f"means of {counts[0]} to {most}, bars from the worst to the best.",
    }[len(counts) == 1, counts == [1]]
    absent = [title for name, title in MEMORY_TITLES.items() if name not in _networks(curves)]
    return words + (f" Not measured at these settings: {', '.join(absent)}." if absent else "")


def _networks(curves: list[MemoryCurve]) -> set[str]:
    return {curve.network for curve in curves}


def curves_of(entries: list[MemoryEntry]) -> list[MemoryCurve]:
    """The curves of some results."""
    from namerec.jobs.memory_task_results import points

    return memory_curves(points(entries))


def how_trained() -> str:
    """What all trainings have in common, and what that leaves open."""
    from namerec.jobs.memory_task_results import BATCH, LEARNING_RATE, STEPS

    return (
        f"The same for all networks: {STEPS} steps of {BATCH} sequences, AdamW, one-cycle schedule "
        f"up to a learning rate of {LEARNING_RATE:g}, which was not tuned for each network or "
        "distance. A network that fails here may succeed with longer training or another rate. "
        "The two LSTMs have the same equations, but begin from other starting weights, and the "
        "built-in one has two biases a gate where the custom one has one, so that its gates' "
        "biases move faster in training. This and chance explain the difference between their "
        "lines."
    )


def points_table(entries: list[MemoryEntry], curves: list[MemoryCurve]) -> None:
    """Every point in figures, and the trainings that failed."""
    if not entries:
        return
    rows = [
        {
            "network": MEMORY_TITLES[curve.network],
            "noise": noise,
            "mean": mean,
            "low": low,
            "high": high,
            "seeds": seeds,
            "sequences": sequences,
            "seconds": _mean_seconds(entries, curve, noise),
        }
        for curve in curves
        for noise, mean, low, high, seeds, sequences in zip(
            curve.noise, curve.mean, curve.low, curve.high, curve.seeds, curve.sequences,
            strict=True,
        )
    ]  # fmt: skip
    with st.expander("All points as a table", icon=":material/table_rows:"):
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            alt="Accuracy of every network at every distance",
            column_config={
                "network": st.column_config.TextColumn("Network"),
                "noise": st.column_config.NumberColumn("Letters of noise"),
                "mean": share_column(
                    "Accuracy", help="On the test sequences, mean over the seeds."
                ),
                "low": share_column("Worst seed", help="The lowest of the seeds."),
                "high": share_column("Best seed", help="The highest of the seeds."),
                "seeds": st.column_config.NumberColumn("Seeds"),
                "sequences": st.column_config.NumberColumn("Test sequences"),
                "seconds": st.column_config.NumberColumn(
                    "Seconds a training",
                    format="%.1f",
                    help="Other programs may have been running on that computer at the time.",
                ),
            },
        )
        for entry in entries:
            if entry.accuracy is None:
                what = f"{MEMORY_TITLES[entry.cell.network]} over {entry.cell.noise} letters"
                st.caption(plain(f"{what}, seed {entry.cell.seed}, has no result. {entry.message}"))


def _mean_seconds(entries: list[MemoryEntry], curve: MemoryCurve, noise: int) -> float:
    times = [
        entry.seconds
        for entry in entries
        if (entry.cell.network, entry.cell.noise) == (curve.network, noise)
        and entry.accuracy is not None
    ]
    return sum(times) / len(times)
