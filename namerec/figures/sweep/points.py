"""What the figures of a sweep are drawn from: plain values, no sampler in sight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from namerec.figures.base.theme import Scale

Value = int | float | str

#: Most ticks of a logarithmic axis that are written.
_MOST_TICKS = 8


class SweepPoint(NamedTuple):
    """One trial.

    Attributes:
        number: Counted from 0.
        state: *complete*, *pruned*, *running* or *failed*.
        score: Mean validation accuracy over its seeds, 0..1; of a trial that is not complete that
            after its last epoch; None before the first.
        spread: Sample standard deviation over its seeds; None of a single one.
        values: What was drawn, by setting.
    """

    number: int
    state: str
    score: float | None
    spread: float | None
    values: dict[str, Value]


class SweepAxis(NamedTuple):
    """One setting that is searched.

    Attributes:
        name: As in `SweepPoint.values`.
        title: As the screen calls it.
        choices: Its values, if they are a few; none for a range.
        low: The range's least value.
        high: Its most.
        log: Whether factors count alike, instead of differences.
    """

    name: str
    title: str
    choices: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 1.0
    log: bool = False

    def place(self, value: Value) -> float:
        """Where a value lies along the axis: itself, its logarithm, or its place among choices."""
        if self.choices:
            return float(self.choices.index(value))
        return math.log10(float(value)) if self.log else float(value)

    def ends(self) -> tuple[float, float]:
        """The places of the two ends."""
        if self.choices:
            return 0.0, float(len(self.choices) - 1)
        return self.place(self.low), self.place(self.high)

    def ticks(self) -> tuple[list[float], list[str]] | None:
        """Places and words of an axis that needs its own; None where numbers speak themselves."""
        if self.choices:
            places = [float(place) for place in range(len(self.choices))]
            return places, [words_of(value) for value in self.choices]
        if not self.log:
            return None
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for digits in ((1, 2, 5), (1, 3), (1,)):
            values = [digit * 10.0**power for power in powers for digit in digits]
            inside = [value for value in values if self.low <= value <= self.high]
            if len(inside) <= _MOST_TICKS:
                break
        values = inside if len(inside) > 1 else [self.low, self.high]
        return [math.log10(value) for value in values], [words_of(value) for value in values]

    def ends_in_words(self) -> tuple[list[float], list[str]]:
        """Places and words of both ends and the middle of a range."""
        first, last = self.ends()
        places = [first, (first + last) / 2, last]
        return places, [f"{self._value(place):.3g}" for place in places]

    def cells(self, most: int) -> list[tuple[float, float, str]]:
        """Parts of equal length along the axis: from, to, in words; choices are a part each."""
        if self.choices:
            return [
                (place - 0.5, place + 0.5, words_of(value))
                for place, value in enumerate(self.choices)
            ]
        first, last = self.ends()
        whole = isinstance(self.low, int) and not self.log and last - first < most
        count = int(last - first) + 1 if whole else most
        if whole:
            first, last = first - 0.5, last + 0.5
        width = (last - first) / count
        bounds = [first + place * width for place in range(count + 1)]
        return [
            (low, high, f"{self._value((low + high) / 2):.2g}") for low, high in pairwise(bounds)
        ]

    def _value(self, place: float) -> float:
        return 10.0**place if self.log else place


def words_of(value: Value) -> str:
    """A value in few digits."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def complete(points: Sequence[SweepPoint]) -> list[tuple[SweepPoint, float]]:
    """The trials whose scores can be compared, and these."""
    return [
        (point, point.score)
        for point in points
        if point.state == "complete" and point.score is not None
    ]


def score_words(score: float, spread: float | None) -> str:
    """A score with its spread over the seeds, percent."""
    more = "" if spread is None else f" ± {100 * spread:.1f}"
    return f"{100 * score:.1f}{more}"


def point_words(point: SweepPoint, axes: Sequence[SweepAxis]) -> str:
    """What a trial's hover box says, a line each."""
    score = "no epoch yet" if point.score is None else f"{score_words(point.score, point.spread)} %"
    lines = [f"trial {point.number}, {point.state}: {score}"]
    lines += [
        f"{axis.title}: {words_of(point.values[axis.name])}"
        for axis in axes
        if axis.name in point.values
    ]
    return "\n".join(lines)


def quiet_scale(scale: Scale) -> Scale:
    """A sequential scale without its faintest colours, in which thin lines would be lost."""
    colours = [colour for _, colour in scale][3:]
    return tuple((place / (len(colours) - 1), colour) for place, colour in enumerate(colours))
