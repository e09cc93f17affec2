"""What an ablation of a network costs each category: its recall before and after."""

import textwrap
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.core.evaluation.results import ConfusionMatrix
from namerec.figures.base.categories import NO_NAMES, category_axis, rows_height
from namerec.figures.base.theme import FONT_SIZE, Theme, axis, new_figure, say_in_the_middle
from namerec.text import counted, literal, roughly

# In pixels: room for the legend, for each line of the title, and for the axis title.
_LEGEND, _TITLE_LINE, _BELOW = 40, 18, 52
#: Letters in a line of the title, which has room at 800 pixels, and most lines of it; the words for
#: those who cannot see have the ablation in full.
_TITLE_LETTERS, _TITLE_LINES = 76, 3
# Sizes of the marks in pixels: where nothing has changed, the one is seen around the other.
_BEFORE_SIZE, _AFTER_SIZE = 13, 9
#: Most categories named in the words for those who cannot see.
_MOST_IN_WORDS = 5


class RecallChanges(NamedTuple):
    """What the figure shows: the categories that have names, what lost most first.

    Attributes:
        categories: Their names.
        before: Recall of the network as it is, 0..1, (categories,).
        after: The same after the ablation.
        support: Number of names, int64, (categories,).
    """

    categories: list[str]
    before: np.ndarray
    after: np.ndarray
    support: np.ndarray


def recall_changes(before: ConfusionMatrix, after: ConfusionMatrix) -> RecallChanges:
    """Recall of every category before and after, what lost most first.

    Args:
        before: Of the network as it is.
        after: Of the same network on the same names after the ablation.
    """
    was, now = np.diag(before.row_normalised()), np.diag(after.row_normalised())
    lost_most = np.argsort(now - was, kind="stable")
    order = [index for index in lost_most.tolist() if before.support[index] > 0]
    return RecallChanges(
        [before.categories[index] for index in order], was[order], now[order], before.support[order]
    )


def recall_change_figure(
    before: ConfusionMatrix,
    after: ConfusionMatrix,
    theme: Theme,
    *,
    ablation: str,
    measured_on: str,
    noun: str = "language",
) -> go.Figure:
    """A dumbbell for each category: its recall before and after an ablation.

    Args:
        before: Of the network as it is.
        after: Of the same network on the same names after the ablation.
        theme: The colours.
        ablation: In words, such as "forget gate held at 0".
        measured_on: Which names, such as "test names, leak-free split" (`Split.words`), and with
            which priors if others than the network's own are assumed.
        noun: What a category is called.
    """
    shown = recall_changes(before, after)
    title = textwrap.wrap(
        f"Surgery: {ablation}", _TITLE_LETTERS, max_lines=_TITLE_LINES, placeholder=" …"
    )
    above = _LEGEND + _TITLE_LINE * len(title)
    figure = new_figure(
        theme,
        height=rows_height(len(shown.categories)) + above + _BELOW,
        alt=_in_words(shown, ablation, measured_on, noun),
        margin={"l": 60, "r": 16, "t": above, "b": _BELOW},
        dragmode=False,
        hovermode="closest",
        title={
            "text": "<br>".join(map(literal, title)),
            "font": {"size": FONT_SIZE, "color": theme.text},
            "x": 0, "xref": "container", "xanchor": "left",
            "y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 8, "l": 4},
        },
        xaxis=axis(theme, f"recall (%), {literal(measured_on)}", range=[-3, 103],
                   tickvals=[0, 25, 50, 75, 100], fixedrange=True),
        yaxis=category_axis(theme, shown.categories, ""),
    )  # fmt: skip
    if not shown.categories:
        return say_in_the_middle(figure, theme, NO_NAMES)
    rows = list(range(len(shown.categories)))
    figure.add_scatter(
        x=[
            value
            for was, now in zip(shown.before, shown.after, strict=True)
            for value in (100 * was, 100 * now, None)
        ],
        y=[place for row in rows for place in (row, row, None)],
        mode="lines",
        line={"color": theme.muted, "width": 2},
        hoverinfo="skip",
        showlegend=False,
    )
    words = [
        f"{literal(category)}: recall {roughly(was)} before, {roughly(now)} after, "
        f"of {counted(int(names), 'name')}"
        for category, was, now, names in zip(*shown, strict=True)
    ]
    for name, values, colour, symbol, size in (
        ("unchanged", shown.before, theme.muted, "circle", _BEFORE_SIZE),
        ("after surgery", shown.after, theme.highlight, "diamond", _AFTER_SIZE),
    ):
        figure.add_scatter(
            x=(100 * values).tolist(),
            y=rows,
            name=name,
            mode="markers",
            marker={"size": size, "color": colour, "symbol": symbol},
            cliponaxis=False,
            text=words,
            hovertemplate="%{text}<extra></extra>",
        )
    return figure


def _in_words(shown: RecallChanges, ablation: str, measured_on: str, noun: str) -> str:
    begin = f"Recall of every {noun} before and after surgery ({ablation}), {measured_on}."
    if not shown.categories:
        return f"{begin} {NO_NAMES}"
    most = "; ".join(
        f"{category} {roughly(float(was))} before, {roughly(float(now))} after"
        for category, was, now, _ in list(zip(*shown, strict=True))[:_MOST_IN_WORDS]
    )
    return f"{begin} Largest loss first: {most}."
