"""Which categories have names in common, as a heat map: the row's names among the column's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from namerec.figures.base.categories import (
    ABOVE_HEAT_MAP,
    CELL_FONT_SIZE,
    MOST_WITH_NUMBERS,
    HeatMap,
    bent,
    category_axis,
    category_ticks,
    coloured_text,
    draw_heat_map,
    heat_map,
    rows_height,
    slanted_height,
)
from namerec.figures.base.theme import Scale, Theme, axis, colour_at, new_figure, say_in_the_middle
from namerec.text import count, literal, part_of

if TYPE_CHECKING:
    from namerec.data.audit import SharedNames

_BELOW = 52  # pixels under the map, without its slanted labels


def shared_map(shared: SharedNames) -> HeatMap:
    """Shares of each row's names that stand in a column's category too; no diagonal."""
    names = np.diag(shared.counts)
    both = shared.counts - np.diag(names)

    def words(row: int, column: int) -> str:
        count, support = int(both[row, column]), int(names[row])
        verb = "is" if count == 1 else "are"
        first, other = shared.categories[row], shared.categories[column]
        return f"{part_of(count, support)} {first} names\n{verb} {other} too"

    return heat_map(both / np.maximum(names, 1)[:, None], words)


def shared_figure(shared: SharedNames, theme: Theme, *, noun: str = "language") -> go.Figure:
    """Which categories have names in common, upper and lower case as one.

    Colours are shares of the row's distinct names; numbers are names. Few categories share many
    names, so half of the colours are spent on the lowest quarter.
    """
    size = len(shared.categories)
    below = _BELOW + slanted_height(shared.categories)
    ends = max(size, 1) - 0.5
    figure = new_figure(
        theme,
        height=rows_height(size) + ABOVE_HEAT_MAP + below,
        alt=_shared_in_words(shared, noun),
        margin={"l": 60, "r": 16, "t": ABOVE_HEAT_MAP, "b": below},
        dragmode=False,
        hovermode="closest",
        xaxis=axis(
            theme, f"are names of this {literal(noun)} too", range=[-0.5, ends], tickangle=-45,
            **category_ticks(theme, shared.categories),
        ),
        yaxis=category_axis(theme, shared.categories, f"names of this {literal(noun)}"),
    )  # fmt: skip
    if not shared.names:
        return say_in_the_middle(figure, theme, f"No name is in two {literal(noun)}s.")
    shown = shared_map(shared)
    scale = bent(theme.sequential)
    numbered = size <= MOST_WITH_NUMBERS
    draw_heat_map(
        figure,
        shown,
        theme,
        "colour: share of the row · number: names" if numbered else "share of the row",
        scale=scale,
    )
    if numbered:
        strongest = float(np.nanmax(shown.share))
        figure.update_traces(
            text=[
                [
                    _cell(int(shared.counts[row, column]), share / strongest, scale, theme)
                    for column, share in enumerate(shares)
                ]
                for row, shares in enumerate(shown.share.tolist())
            ],
            texttemplate="%{text}",
            textfont={"size": CELL_FONT_SIZE},
        )
    return figure


def _cell(names: int, strength: float, scale: Scale, theme: Theme) -> str:
    """A cell's number in a colour that can be read on it, or nothing where there is no share."""
    if math.isnan(strength):
        return ""
    return coloured_text(count(names), colour_at(scale, strength), theme)


def _shared_in_words(shared: SharedNames, noun: str) -> str:
    pairs = shared.pairs()
    most = (
        f" Most: {pairs[0].first} and {pairs[0].second} with {count(pairs[0].shared)}."
        if pairs
        else ""
    )
    return f"Names that are in more than one {noun}: {count(len(shared.names))}.{most}"
