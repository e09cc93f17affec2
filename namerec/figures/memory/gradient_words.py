"""Gradients through time in words: how much of them is left, and in which network the most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from namerec.core.networks.kinds import SYMBOL_TITLES
from namerec.text import count, counted

if TYPE_CHECKING:
    from namerec.core.inside.gradient_steps import ByStep
    from namerec.core.inside.gradients import Recurrence

#: Networks are compared at the farthest step back that so many names reach: fewer tell too little.
ENOUGH_NAMES = 50
#: A share from here on is told as so many times.
_SEVERAL_TIMES = 2
#: A share below is told as a power of ten: percent would only be zeros.
_LEAST_PERCENT = 1e-5
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Curve(NamedTuple):
    """One network's line.

    Attributes:
        name: What it is called, plain text.
        measured: Its gradients by letters back.
        expected: By what its recurrence alone would multiply them per letter; None if unknown.
    """

    name: str
    measured: ByStep
    expected: float | None


def finding_words(curves: Sequence[Curve], state: str, before: Sequence[Curve] = ()) -> str:
    """What the lines say, in a paragraph made of their numbers.

    Networks are compared at the farthest step back that enough names reach in all of them, and
    ranked only where the intervals of their means are apart.

    Args:
        curves: With values relative to the end of the name.
        state: What is differentiated by, such as "hidden state".
        before: The same before training, if these are later.

    Returns:
        Plain text; it says so if names are too short for a comparison.
    """
    reached = [_farthest(curve.measured) for curve in curves if len(curve.measured.steps) > 1]
    step = min(reached, default=0)
    told = [curve for curve in curves if step in curve.measured.steps[1:]]
    if not told:
        return "These names are too short to look back."
    counts = {int(curve.measured.names[_place(curve, step)]) for curve in told}
    names = f"{count(min(counts))}{' or more' if len(counts) > 1 else ''} names"
    sentences = [
        f"{counted(step, 'letter')} back, the gradient with respect to the {state}, compared with "
        f"the end of the name, is {_each(told, step)} (geometric means over the {names} that are "
        "long enough, with their 95 % intervals)."
    ]
    if len(told) > 1:
        sentences.append(_ranking(told, step, names))
    if untrained := [curve for curve in before if step in curve.measured.steps[1:]]:
        sentences.append(f"Before training it was {_each(untrained, step)}.")
    if later := [curve.name for curve in told if curve.measured.steps[0] == 1]:
        sentences.append(
            f"For {' and '.join(later)} the end is the state before the last letter, the last one "
            "that the answer reads."
        )
    return " ".join(sentences)


def _farthest(measured: ByStep) -> int:
    """The farthest step back that `ENOUGH_NAMES` reach, or half of those who look back at all."""
    enough = min(ENOUGH_NAMES, math.ceil(measured.names[1] / 2))
    return int(measured.steps[measured.names >= enough][-1])


def _ranking(told: Sequence[Curve], step: int, names: str) -> str:
    """Which share is the largest and which the smallest, as far as chance allows to say."""
    ranked = sorted(told, key=lambda curve: float(curve.measured.mean[_place(curve, step)]))
    least, most = ranked[0].name, ranked[-1].name
    chance = f"within chance on {names}"
    if not _apart(ranked[0], ranked[-1], step):
        return (
            f"These differences are {chance}: the intervals of the largest and of the smallest "
            "share overlap."
        )
    lowest = _apart(ranked[0], ranked[1], step)
    highest = _apart(ranked[-2], ranked[-1], step)
    if lowest and highest:
        return (
            f"The largest share arrives in {most}, the smallest in {least}: their intervals "
            "overlap with no other."
        )
    if highest:
        return f"The largest share arrives in {most}; which is the smallest is {chance}."
    if lowest:
        return f"The smallest share arrives in {least}; which is the largest is {chance}."
    return (
        f"A larger share arrives in {most} than in {least}; which is the largest of all, and which "
        f"the smallest, is {chance}."
    )


def _apart(less: Curve, more: Curve, step: int) -> bool:
    """Whether the interval of one mean ends before that of another begins."""
    below = less.measured.interval(_place(less, step))
    above = more.measured.interval(_place(more, step))
    return below is not None and above is not None and below[1] < above[0]


def _each(curves: Sequence[Curve], step: int) -> str:
    parts = []
    for curve in curves:
        place = _place(curve, step)
        ends = curve.measured.interval(place)
        within = f" ({share_words(ends[0])} to {share_words(ends[1])})" if ends else ""
        parts.append(f"{share_words(curve.measured.mean[place])}{within} in {curve.name}")
    return ", ".join(parts)


def _place(curve: Curve, step: int) -> int:
    return int(np.flatnonzero(curve.measured.steps == step)[0])


def power_words(value: float) -> str:
    """A number above 0 as a rounded multiple of a power of ten: 3·10⁻⁷."""
    power = math.floor(math.log10(value) + 1e-9)
    times = round(value / 10.0**power)
    if times == 10:
        times, power = 1, power + 1
    lead = "" if times == 1 else f"{times}·"
    return f"{lead}10{str(power).translate(_SUPERSCRIPTS)}"


def share_words(share: float) -> str:
    """A share of the gradient at the end: percent, or so many times where it is larger."""
    if share >= _SEVERAL_TIMES:
        return f"{share:.1f} times" if share < 10 else f"{count(round(share))} times"
    if share >= 0.1:
        return f"{100 * share:.0f} %"
    return f"{100 * share:.2g} %" if share >= _LEAST_PERCENT else power_words(share)


def factor_words(value: float | None) -> str:
    """By what a gradient is multiplied for each letter back; a dash where that is unknown."""
    return "–" if value is None else f"{value:.2f}"


def because_words(recurrence: Recurrence) -> str:
    """What the expected factor of a recurrence is made of; a dash where there is none."""
    if recurrence.kept is not None and recurrence.gate is not None:
        return f"mean {SYMBOL_TITLES[recurrence.gate]} {recurrence.kept:.2f}"
    if recurrence.radius is None or recurrence.slope is None:
        return "–"
    stretch = f"at most × {recurrence.stretch:.2f} a step"
    if recurrence.slope == 1:
        return f"ρ = {recurrence.radius:.2f}; {stretch}"
    return f"ρ = {recurrence.radius:.2f} × mean tanh′ {recurrence.slope:.2f}; {stretch}"
