"""A round of the quiz by category: the names you got right beside the network's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import plotly.graph_objects as go

from namerec.figures.base.categories import category_axis, hover_text
from namerec.figures.base.theme import Theme, axis, new_figure, say_in_the_middle
from namerec.text import counted

if TYPE_CHECKING:
    from namerec.core.tasks.quiz_scores import Tally

NO_NAMES = "No name has been answered"
_ROW, _AROUND = 30, 104  # pixels: of a category, and of all else
_WHOLE, _HALF = 0.8, 0.34  # thickness of the bars, in rows


class QuizBars(NamedTuple):
    """What the figure shows, a row for each category or group of categories.

    Attributes:
        titles: What is right; several joined by "or".
        names: Asked.
        you: Of these, right by you.
        network: Right by the network.
        words: What each row says, plain text.
    """

    titles: list[str]
    names: list[int]
    you: list[int]
    network: list[int]
    words: list[str]


def quiz_bars(tallies: Sequence[Tally], categories: Sequence[str]) -> QuizBars:
    """What the figure shows.

    Args:
        tallies: The round's score by category.
        categories: What the categories are called.
    """
    titles = [" or ".join(categories[one] for one in tally.right) for tally in tallies]
    words = [
        f"{title}: {counted(tally.names, 'name')}; you got {tally.you} right, the network "
        f"{tally.network}"
        for title, tally in zip(titles, tallies, strict=True)
    ]
    return QuizBars(
        titles,
        [tally.names for tally in tallies],
        [tally.you for tally in tallies],
        [tally.network for tally in tallies],
        words,
    )


def quiz_figure(
    tallies: Sequence[Tally], categories: Sequence[str], theme: Theme, *, noun: str = "language"
) -> go.Figure:
    """Names right in a round, yours above the network's, in a frame as long as the names asked.

    Args:
        tallies: The round's score by category.
        categories: What the categories are called.
        theme: The colours.
        noun: What a category is called.
    """
    shown = quiz_bars(tallies, categories)
    rows = list(range(len(tallies)))
    most, said = max(shown.names, default=1), "; ".join(shown.words) or NO_NAMES
    figure = new_figure(
        theme,
        height=_ROW * max(len(rows), 3) + _AROUND,
        alt=f"Names right in this round, by {noun}. {said}.",
        margin={"l": 52, "r": 10, "t": 44, "b": 52},
        barmode="overlay",
        dragmode=False,
        hovermode="closest",
        xaxis=axis(
            theme, "names right (outline: names asked)", range=[0, 1.02 * most], tick0=0,
            dtick=1 if most < 10 else None, tickformat=",d", fixedrange=True,
        ),
        yaxis=category_axis(theme, shown.titles, ""),
    )  # fmt: skip
    figure.update_layout(legend={"traceorder": "normal", "x": 0, "xanchor": "left"})
    if not rows:
        return say_in_the_middle(figure, theme, NO_NAMES)
    hover = {"hoverinfo": "text", "hovertext": [hover_text(words) for words in shown.words]}
    bars = (
        ("you", shown.you, theme.highlight, -_HALF),
        ("the network", shown.network, theme.accent, 0.0),
    )
    figure.add_bar(
        orientation="h", x=shown.names, y=rows, width=_WHOLE, showlegend=False, **hover,
        marker={"color": "rgba(0,0,0,0)", "line": {"color": theme.muted, "width": 1}},
    )  # fmt: skip
    for name, values, colour, offset in bars:
        figure.add_bar(
            orientation="h", x=values, y=rows, width=_HALF, offset=offset, name=name,
            marker={"color": colour, "line": {"width": 0}}, **hover,
        )  # fmt: skip
    return figure
