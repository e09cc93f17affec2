"""Pictures of gradients and of the memory task, that need no browser."""

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator, NullLocator

from namerec.core.networks.kinds import VARIANTS
from namerec.core.tasks.memory_curves import CHANCE, MEMORY_NETWORKS, MEMORY_TITLES, MemoryCurve
from namerec.figures.base.theme import Theme
from namerec.figures.memory.gradient_words import Curve, power_words
from namerec.figures.memory.gradients import NOTHING, log_ticks
from namerec.figures.memory.memory_task import NOTHING_YET
from namerec.figures.stills.frame import (
    SMALL_FONT_SIZE,
    StillForm,
    add_legend,
    as_bytes,
    drawable,
    name_axes,
    new_still,
    say_in_still,
)
from namerec.text import count

HEIGHT = 4.0  # inches
# In the order of networks, as Matplotlib calls them.
_MARKS = ("o", "s", "D", "^")
#: Plotly's dashes, as Matplotlib calls them.
_DASHES = {"dot": ":", "dash": "--", "solid": "-", "dashdot": "-."}
#: Shares from here on are percent on the axis; smaller ones would only be zeros.
_LEAST_PERCENT = 1e-4


def gradient_still(
    curves: Sequence[Curve], theme: Theme, title: str, form: StillForm, *, state: str
) -> bytes:
    """Gradients by letters back as shares of that at the end of the name, dashed what is expected.

    Args:
        curves: One for each network, relative to the end; those without a point are left out.
        theme: The colours.
        title: Over it.
        form: What it is saved as.
        state: What is differentiated by, such as "hidden state".
    """
    drawn = [(place, curve) for place, curve in enumerate(curves) if len(curve.measured.steps)]
    figure, axes = new_still(theme, title, HEIGHT)
    name_axes(
        axes, theme, "letters back from the end of the name (0: after its last letter)",
        f"gradient with respect to the {state}, relative to the end", grid="y",
    )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(12, integer=True))
    if not drawn:
        say_in_still(axes, theme, NOTHING)
        return as_bytes(figure, form)
    reached = []
    for place, curve in drawn:
        measured, colour = curve.measured, theme.categorical[place]
        steps, expected = measured.steps, _expected(curve)
        reached += [*measured.low, *measured.high, *expected]
        axes.fill_between(steps, measured.low, measured.high, color=colour, alpha=0.1, linewidth=0)
        axes.plot(steps[: len(expected)], expected, color=colour, linewidth=1.1, linestyle="--")
        axes.plot(
            steps, measured.mean, color=colour, linewidth=1.8, markersize=5,
            marker=_MARKS[place % len(_MARKS)], label=drawable(curve.name),
        )  # fmt: skip
    ticks = log_ticks(min(reached), max(reached))
    axes.set_yscale("log")
    axes.set_ylim(ticks[0] / 1.05, ticks[-1] * 1.05)
    axes.set_yticks(ticks, [_tick_words(tick) for tick in ticks])
    axes.yaxis.set_minor_locator(NullLocator())
    add_legend(figure, axes, theme)
    return as_bytes(figure, form)


def memory_still(
    curves: Sequence[MemoryCurve],
    theme: Theme,
    title: str,
    form: StillForm,
    *,
    distances: Sequence[int],
) -> bytes:
    """Accuracy by distance, a line a network; bars from the worst seed to the best."""
    figure, axes = new_still(theme, title, HEIGHT)
    name_axes(
        axes, theme, "letters of noise between the first letter and the question (log scale)",
        "accuracy on test sequences (%)", grid="y",
    )  # fmt: skip
    axes.axhline(100 * CHANCE, color=theme.muted, linewidth=0.8, linestyle=":", zorder=0)
    axes.text(
        0.01, 100 * CHANCE - 1, f"guessing, {100 * CHANCE:.1f} %", va="top", color=theme.muted,
        transform=axes.get_yaxis_transform(), fontsize=SMALL_FONT_SIZE,
    )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlim(distances[0] / 1.15, distances[-1] * 1.15)
    axes.set_xticks(distances, [str(distance) for distance in distances])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(0, 104)
    axes.set_yticks([0, 25, 50, 75, 100])
    for curve in curves:
        place, (_, variant) = MEMORY_NETWORKS.index(curve.network), VARIANTS[curve.network]
        mean = 100 * np.array(curve.mean)
        beside = 1.03 ** (place - (len(MEMORY_NETWORKS) - 1) / 2)
        axes.errorbar(
            np.array(curve.noise) * beside, mean,
            yerr=[mean - 100 * np.array(curve.low), 100 * np.array(curve.high) - mean],
            color=theme.categorical[place], linewidth=1.5, linestyle=_DASHES[variant.dash],
            marker=_MARKS[place % len(_MARKS)], markersize=5, elinewidth=0.9, capsize=2,
            label=MEMORY_TITLES[curve.network],
        )  # fmt: skip
    if curves:
        add_legend(figure, axes, theme)
    else:
        say_in_still(axes, theme, NOTHING_YET)
    return as_bytes(figure, form)


def _expected(curve: Curve) -> np.ndarray:
    """What the recurrence alone would leave, from the first measured point on, or nothing."""
    measured = curve.measured
    if not curve.expected or len(measured.steps) < 2:
        return np.empty(0)
    powers = curve.expected ** (measured.steps - measured.steps[0]).astype(np.float64)
    return np.asarray(measured.mean[0] * powers)


def _tick_words(share: float) -> str:
    if share < _LEAST_PERCENT or share > 1 / _LEAST_PERCENT:
        return power_words(share)
    percent = 100 * share
    return f"{count(round(percent)) if percent >= 1 else f'{percent:g}'} %"
