"""What each letter of a name contributes to the log-probability of a category, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from namerec.figures.base.theme import (
    FONT_SIZE,
    SMALL_FONT_SIZE,
    Theme,
    axis,
    colour_at,
    new_figure,
    say_in_the_middle,
)
from namerec.figures.base.words import OPEN_BOX, label
from namerec.text import literal

if TYPE_CHECKING:
    from namerec.core.inside.attribution import Attribution

# In pixels: a row of bars, the room above each for its title, the letters and their title below.
_ROW, _ABOVE, _BELOW = 170, 34, 56
#: Most letters whose bars have room for a number.
MOST_WITH_NUMBERS = 14
#: Where on the diverging scale the colours of bars above and below zero are.
_ABOVE_ZERO, _BELOW_ZERO = 0.84, 0.16
#: Least reach of the axis either way, nats: noise must not fill the figure.
_LEAST_REACH = 0.05
#: Room beyond the longest bar for its number, as a share of the reach.
_ROOM = 1.3


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, −0.12 or +3.40; without one where it rounds to zero."""
    written = f"{abs(value):.{digits}f}"
    if not float(written):
        return written
    return ("−" if value < 0 else "+") + written


def attribution_figure(attributions: Sequence[Attribution], theme: Theme) -> go.Figure:
    """A row of bars for each category, one bar a letter, on one scale.

    Args:
        attributions: Of the same name, by the same method; one or more.
        theme: The colours.
    """
    letters = attributions[0].letters if attributions else ""
    rows, length = len(attributions), len(letters)
    inner = rows * (_ROW + _ABOVE)
    figure = new_figure(
        theme,
        height=max(inner, _ROW + _ABOVE) + _BELOW,
        alt=_in_words(attributions),
        margin={"l": 60, "r": 12, "t": 0, "b": _BELOW},
        bargap=0.25,
        dragmode=False,
        hovermode="closest",
        showlegend=False,
        xaxis=axis(
            theme, "letter", range=[0.5, max(length, 1) + 0.5], tickmode="array",
            tickvals=list(range(1, length + 1)),
            ticktext=[literal(letter.replace(" ", OPEN_BOX)) for letter in letters],
            tickfont={"size": FONT_SIZE, "color": theme.text}, tickangle=0,
            anchor=f"y{rows}" if rows > 1 else "y", ticks="", showgrid=False, fixedrange=True,
        ),
    )  # fmt: skip
    if not letters:
        return say_in_the_middle(figure, theme, "There is no letter to explain.")
    reach = max(_LEAST_REACH, *(float(np.abs(shown.contributions).max()) for shown in attributions))
    for number, shown in enumerate(attributions, 1):
        top = 1 - (number - 1) * (_ROW + _ABOVE) / inner
        bottom = top - (_ROW + _ABOVE) / inner
        name = "y" if number == 1 else f"y{number}"
        figure.update_layout(
            {
                name.replace("y", "yaxis"): axis(
                    theme, "contribution (nats)",
                    range=[-_ROOM * reach, _ROOM * reach], nticks=6, fixedrange=True,
                    domain=[bottom, top - _ABOVE / inner], anchor="x", zeroline=True,
                    zerolinecolor=theme.muted, zerolinewidth=1,
                )
            }
        )  # fmt: skip
        figure.add_bar(**_bars(shown, theme), yaxis=name)
        figure.add_annotation(
            text=f"<b>{label(shown.category)}</b>: above 0 for it, below 0 against it",
            x=0,
            xref="paper",
            xanchor="left",
            y=top,
            yref="paper",
            yanchor="top",
            yshift=-8,
            showarrow=False,
            font={"size": FONT_SIZE, "color": theme.text},
        )
    return figure


def _bars(shown: Attribution, theme: Theme) -> dict[str, Any]:
    """One bar a letter, in the colour of its sign."""
    values = shown.contributions.tolist()
    above = colour_at(theme.diverging, _ABOVE_ZERO)
    below = colour_at(theme.diverging, _BELOW_ZERO)
    category = label(shown.category)
    bars: dict[str, Any] = {
        "x": list(range(1, len(values) + 1)),
        "y": [round(value, 5) for value in values],
        "marker": {"color": [above if value >= 0 else below for value in values]},
        "hovertext": [
            f"letter {place} ‘{literal(letter.replace(' ', OPEN_BOX))}’: "
            f"{signed(value, 3)} nats for {category}"
            for place, (letter, value) in enumerate(zip(shown.letters, values, strict=True), 1)
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    if len(values) <= MOST_WITH_NUMBERS:
        bars |= {
            "text": [signed(value) for value in values],
            "textposition": "outside",
            "textfont": {"size": SMALL_FONT_SIZE, "color": theme.text},
            "cliponaxis": False,
        }
    return bars


def _in_words(attributions: Sequence[Attribution]) -> str:
    if not attributions:
        return "Contributions of the letters of a name. There is no letter to explain."
    parts = []
    for shown in attributions:
        letters = ", ".join(
            f"{letter.replace(' ', OPEN_BOX)} {signed(value)}"
            for letter, value in zip(shown.letters, shown.contributions.tolist(), strict=True)
        )
        parts.append(f"{shown.category}: {letters}")
    return (
        f"Bars: what each letter of “{attributions[0].letters}” contributes to the log-probability "
        f"of a category, in nats, by {attributions[0].method}. {'; '.join(parts)}."
    )
