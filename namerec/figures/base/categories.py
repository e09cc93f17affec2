"""Categories in rows from top to bottom: what the heat maps of categories have in common."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.figures.base.theme import SMALL_FONT_SIZE, Scale, Theme, axis, readable_on
from namerec.figures.base.words import LONGEST_LABEL, label
from namerec.text import literal

#: Most categories whose labels, and numbers beside the bars, all have room.
MOST_WITH_LABELS = 40
#: Most categories whose cells have room for a number, written in this size in pixels.
MOST_WITH_NUMBERS = 20
CELL_FONT_SIZE = 11
#: Said on a figure of a corpus, or a choice from one, that has no names.
NO_NAMES = "No names were counted."
#: Most cells that answer to the pointer, the strongest first: with long words they are a megabyte.
MOST_WORDS = 4_000
#: Room above a heat map for its colour bar, in pixels.
ABOVE_HEAT_MAP = 68
# Height of a category's row in pixels, and of all rows together.
_ROW = 22
_LEAST_ROWS, _MOST_ROWS = 88, 640
_SLANTED_LETTER = 5.0  # height in pixels of one more letter of a label at 45 degrees


class HeatMap(NamedTuple):
    """What a heat map shows.

    Attributes:
        share: 0..1, nan where there is nothing, (categories, columns).
        words: What each cell says, plain text; empty where there is nothing, and for the weakest
            cells of more than `MOST_WORDS`.
    """

    share: np.ndarray
    words: list[list[str]]


def rows_height(categories: int) -> int:
    """Height of so many rows in pixels, bounded whatever their number."""
    return min(max(_ROW * categories, _LEAST_ROWS), _MOST_ROWS)


def category_axis(
    theme: Theme, categories: Sequence[str], title: str, **settings: Any
) -> dict[str, Any]:
    """A y axis with a row for each category, from top to bottom; labels of every few where many."""
    ends = max(len(categories), 1) - 0.5
    return axis(theme, title, range=[ends, -0.5], **category_ticks(theme, categories)) | settings


def category_ticks(theme: Theme, categories: Sequence[str]) -> dict[str, Any]:
    """Labels of categories by their position on an axis; of every few where there are many."""
    every = math.ceil(len(categories) / MOST_WITH_LABELS) or 1
    shown = list(range(0, len(categories), every))
    crowded = len(categories) > MOST_WITH_LABELS // 2
    return {
        "tickmode": "array",
        "tickvals": shown,
        "ticktext": [label(categories[index]) for index in shown],
        "tickfont": {"size": SMALL_FONT_SIZE - 2 * crowded, "color": theme.text},
        "ticks": "",
        "showgrid": False,
        "fixedrange": True,
    }


def slanted_height(categories: Sequence[str]) -> int:
    """Height in pixels of the categories' labels, slanted at 45 degrees."""
    longest = max((len(name) for name in categories), default=0)
    return round(_SLANTED_LETTER * min(longest, LONGEST_LABEL))


def bent(scale: Scale, power: float = 2) -> Scale:
    """A scale with most of its colours for low values: at 2 half of them for the lowest quarter."""
    return tuple((position**power, colour) for position, colour in scale)


def coloured_text(text: str, ground: str, theme: Theme) -> str:
    """A cell's text as markup, in a colour that can be read on its ground; nothing for nothing."""
    if not text:
        return ""
    return f'<span style="color:{readable_on(ground, theme)}">{literal(text)}</span>'


def colour_bar(theme: Theme, title: str, **settings: Any) -> dict[str, Any]:
    """A colour bar that lies over a heat map, with a title that says what the colours are."""
    return {
        "orientation": "h",
        "x": 0.5,
        "xanchor": "center",
        "y": 1,
        "yanchor": "bottom",
        "ypad": 6,
        "len": 260,
        "lenmode": "pixels",
        "thickness": 8,
        "outlinewidth": 0,
        "ticks": "",
        "nticks": 6,
        "tickfont": {"size": SMALL_FONT_SIZE, "color": theme.muted},
        "title": {
            "text": title,
            "side": "top",
            "font": {"size": SMALL_FONT_SIZE, "color": theme.muted},
        },
    } | settings


def gap(categories: int) -> int:
    """Room between cells in pixels; none where cells are tiny."""
    return 1 if categories <= MOST_WITH_LABELS else 0


def hover_text(words: str) -> str:
    """Plain text for a hover box, where each of its lines is shown literally."""
    return "<br>".join(literal(line) for line in words.split("\n"))


def heat_map(share: np.ndarray, words: Callable[[int, int], str]) -> HeatMap:
    """A heat map of shares 0..1, (categories, columns), with words for a row and a column.

    Words are one line for each thing they say, and plain text.
    """
    filled = np.argwhere(share > 0)
    strongest = np.argsort(-share[filled[:, 0], filled[:, 1]], kind="stable")[:MOST_WORDS]
    said = [["" for _ in range(share.shape[1])] for _ in range(share.shape[0])]
    for row, column in filled[strongest].tolist():
        said[row][column] = words(row, column)
    return HeatMap(np.where(share > 0, share, np.nan), said)


def draw_heat_map(
    figure: go.Figure,
    shown: HeatMap,
    theme: Theme,
    title: str,
    *,
    scale: Scale | None = None,
    x: list[int] | None = None,
    yaxis: str = "y",
) -> None:
    """Adds a heat map of percentages, 0 to the strongest cell, and a colour bar at the top."""
    rows, columns = shown.share.shape
    percentages = [
        [None if math.isnan(share) else round(100 * share, 2) for share in shares]
        for shares in shown.share.tolist()
    ]
    figure.add_heatmap(
        z=percentages,
        x=x or list(range(columns)),
        y=list(range(rows)),
        yaxis=yaxis,
        zmin=0,
        zmax=100 * float(np.nanmax(shown.share)),
        colorscale=scale or theme.sequential,
        # Not a template: with one, cells that say nothing would show an empty box.
        hovertext=[[hover_text(words) if words else "" for words in row] for row in shown.words],
        hoverinfo="text",
        hoverongaps=False,
        xgap=gap(rows),
        ygap=gap(rows),
        colorbar=colour_bar(theme, title, ticksuffix=" %"),
    )
