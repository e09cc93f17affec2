"""One training step on one name: the letters' shares in a gradient, and what the step changed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.figures.base.theme import (
    FONT_SIZE,
    SMALL_FONT_SIZE,
    Theme,
    axis,
    colour_at,
    faded,
    new_figure,
    say_in_the_middle,
)
from namerec.figures.base.words import OPEN_BOX, label
from namerec.figures.inside.attribution import MOST_WITH_NUMBERS
from namerec.text import literal, roughly

if TYPE_CHECKING:
    from namerec.core.inside.training_step import TrainingStep

_SHARES_HEIGHT = 280  # pixels
_ROW = 50  # pixels from category to category
#: Where on the diverging scale the colours of bars above and below zero are.
_ABOVE_ZERO, _BELOW_ZERO = 0.84, 0.16
#: Room beyond the longest bar for its number, as a share of the reach.
_ROOM = 1.3
#: Categories shown beside the right one.
_MOST = 5


class Moved(NamedTuple):
    """A category's probability before and after the step, 0..1."""

    category: str
    before: float
    after: float
    right: bool


def compact(value: float) -> str:
    """A number to four digits: 0.1234, −0.00056 as −5.6×10⁻⁴, 0 as 0."""
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else f"{'−' if value < 0 else ''}∞"
    if 1e-3 <= abs(value) < 1e4:
        digits = max(0, 3 - math.floor(math.log10(abs(value))))
        return f"{value:.{digits}f}".replace("-", "−")
    mantissa, exponent = f"{value:.2e}".split("e")
    power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}×10{power}".replace("-", "−")


def moved(step: TrainingStep, categories: Sequence[str]) -> list[Moved]:
    """The right category and the most probable others before the step, most probable first."""
    order = np.argsort(-step.before, kind="stable").tolist()
    shown = order[:_MOST]
    if step.label not in shown:
        shown.append(step.label)
    return [
        Moved(
            categories[place],
            float(np.exp(step.before[place])),
            float(np.exp(step.after[place])),
            place == step.label,
        )
        for place in shown
    ]


def shares_figure(step: TrainingStep, theme: Theme) -> go.Figure:
    """A bar a letter: what it adds to the gradient of the weight that is followed."""
    values = [share.product for share in step.shares]
    letters = [share.letter.replace(" ", OPEN_BOX) for share in step.shares]
    reach = max((abs(value) for value in values), default=0.0)
    figure = new_figure(
        theme,
        height=_SHARES_HEIGHT,
        alt=_shares_in_words(step, letters, values),
        margin={"l": 68, "r": 12, "t": 12, "b": 52},
        bargap=0.25,
        dragmode=False,
        hovermode="closest",
        showlegend=False,
        xaxis=axis(
            theme, "letter", range=[0.5, len(values) + 0.5], tickmode="array",
            tickvals=list(range(1, len(values) + 1)),
            ticktext=[literal(letter) for letter in letters],
            tickfont={"size": FONT_SIZE, "color": theme.text}, tickangle=0,
            showgrid=False, fixedrange=True,
        ),
        yaxis=axis(
            theme, "share in the gradient (nats)", nticks=6, fixedrange=True, zeroline=True,
            range=[-_ROOM * (reach or 1), _ROOM * (reach or 1)],
            zerolinecolor=theme.muted, zerolinewidth=1,
        ),
    )  # fmt: skip
    if not reach:
        return say_in_the_middle(
            figure, theme, "No letter adds anything: this weight plays no part in this name."
        )
    above = colour_at(theme.diverging, _ABOVE_ZERO)
    below = colour_at(theme.diverging, _BELOW_ZERO)
    named = len(values) <= MOST_WITH_NUMBERS
    figure.add_bar(
        x=list(range(1, len(values) + 1)),
        y=values,
        marker={"color": [above if value >= 0 else below for value in values]},
        text=[compact(value) for value in values] if named else None,
        textposition="outside",
        textfont={"size": SMALL_FONT_SIZE, "color": theme.text},
        cliponaxis=False,
        hovertext=[
            f"letter {place} ‘{literal(letter)}’: {compact(value)}"
            for place, (letter, value) in enumerate(zip(letters, values, strict=True), 1)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    return figure


def moved_figure(step: TrainingStep, categories: Sequence[str], theme: Theme) -> go.Figure:
    """Probabilities before and after the step, two bars a category."""
    rows = moved(step, categories)
    figure = new_figure(
        theme,
        height=_ROW * len(rows) + 96,
        alt=_moved_in_words(rows),
        margin={"l": 60, "r": 16, "t": 36, "b": 48},
        bargap=0.3,
        barmode="group",
        dragmode=False,
        hovermode="closest",
        showlegend=True,
        # Beyond 100 % there is room for the number at the end of a full bar.
        xaxis=axis(
            theme, "probability (%)", range=[0, 118], tickvals=[0, 25, 50, 75, 100],
            fixedrange=True,
        ),
        yaxis=axis(
            theme, "", range=[len(rows) - 0.5, -0.5], tickmode="array",
            tickvals=list(range(len(rows))),
            ticktext=[
                f"<b>{label(row.category)} ✓</b>" if row.right else label(row.category)
                for row in rows
            ],
            tickfont={"size": FONT_SIZE, "color": theme.text},
            showgrid=False, fixedrange=True,
        ),
    )  # fmt: skip
    figure.update_layout(legend={"traceorder": "normal"})
    for title, colour, shares in (
        ("before", faded(theme.muted, 0.55), [row.before for row in rows]),
        ("after", theme.accent, [row.after for row in rows]),
    ):
        figure.add_bar(
            name=title,
            x=[100 * share for share in shares],
            y=list(range(len(rows))),
            orientation="h",
            marker={"color": colour, "cornerradius": 3},
            text=[roughly(share) for share in shares],
            textposition="outside",
            textfont={"size": SMALL_FONT_SIZE, "color": theme.text},
            cliponaxis=False,
            hovertext=[
                f"{literal(row.category)}, {title}: {roughly(share)}"
                for row, share in zip(rows, shares, strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    return figure


def _shares_in_words(step: TrainingStep, letters: list[str], values: list[float]) -> str:
    each = ", ".join(
        f"{letter} {compact(value)}" for letter, value in zip(letters, values, strict=True)
    )
    return (
        f"Bars: what each letter adds to the gradient of one weight, which is "
        f"{compact(step.gradient)} in all. {each}."
    )


def _moved_in_words(rows: list[Moved]) -> str:
    each = "; ".join(
        f"{row.category}{' (right)' if row.right else ''} {roughly(row.before)} before, "
        f"{roughly(row.after)} after"
        for row in rows
    )
    return f"Bars: probabilities before and after one training step. {each}."
