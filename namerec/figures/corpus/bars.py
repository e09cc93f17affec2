"""What a corpus holds, as bars: names of each category, and what marks one of them.

Categories stand in rows from top to bottom, as in the heat maps of `corpus_maps`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.data.letters import Mark, telling
from namerec.figures.base.categories import (
    MOST_WITH_LABELS,
    NO_NAMES,
    category_axis,
    hover_text,
    rows_height,
)
from namerec.figures.base.theme import (
    FONT_SIZE,
    SMALL_FONT_SIZE,
    Theme,
    axis,
    faded,
    new_figure,
    say_in_the_middle,
)
from namerec.figures.base.words import OPEN_BOX, label
from namerec.text import count, counted, literal, part_of, roughly

if TYPE_CHECKING:
    from namerec.data.audit import CategoryCounts

# Room for the legend above and the axis title below, in pixels.
_ABOVE, _BELOW = 34, 52
_BELOW_MARKS = 68  # the title has two lines there
_MARK_ROW = 28  # pixels from bar to bar
_LEAST_MARK_ROWS = 3  # that a figure has room for
#: Bars of marks at most.
_MOST_MARKS = 12
# Of a row. Plotly would take it from the nearest bar of the same trace, which may be rows away.
_MARK_WIDTH = 0.65


class CountBars(NamedTuple):
    """What the figure of the counts shows, the category with the most lines first.

    Attributes:
        categories: Their names.
        pairs: Distinct names of each.
        repeats: Lines of each beyond those.
        words: What is said about each, plain text of a few lines.
    """

    categories: list[str]
    pairs: list[int]
    repeats: list[int]
    words: list[str]


class MarkBars(NamedTuple):
    """What the figure of the marks shows, strongest first.

    Attributes:
        marks: Those shown.
        affixes: With a hyphen where the name goes on, and a box for a blank.
        words: What is said about each, plain text of a few lines.
    """

    marks: list[Mark]
    affixes: list[str]
    words: list[str]


def count_bars(counts: CategoryCounts) -> CountBars:
    """What the figure of the counts shows."""
    order = np.argsort(-counts.lines, kind="stable").tolist()
    categories = [counts.categories[index] for index in order]
    pairs, repeats = counts.pairs[order].tolist(), counts.repeats[order].tolist()
    words = [
        f"{category}\n{counted(names + more, 'line')}, {counted(names, 'distinct name')}"
        for category, names, more in zip(categories, pairs, repeats, strict=True)
    ]
    return CountBars(categories, pairs, repeats, words)


def counts_figure(counts: CategoryCounts, theme: Theme, *, noun: str = "language") -> go.Figure:
    """Lines of each category: a bar of its distinct names, and of their repeats behind it."""
    bars = count_bars(counts)
    lines = [names + more for names, more in zip(bars.pairs, bars.repeats, strict=True)]
    figure = new_figure(
        theme,
        height=rows_height(len(lines)) + _ABOVE + _BELOW,
        alt=_counts_in_words(bars, noun),
        margin={"l": 60, "r": 16, "t": _ABOVE, "b": _BELOW},
        barmode="stack",
        bargap=0.25 if len(lines) <= MOST_WITH_LABELS else 0,
        dragmode=False,
        hovermode="closest",
        # Beyond the longest bar there is room for its number.
        xaxis=axis(
            theme, "lines of the source", range=[0, 1.15 * max([1, *lines])], tickformat=",d",
            nticks=6, fixedrange=True,
        ),
        yaxis=category_axis(theme, bars.categories, literal(noun)),
    )  # fmt: skip
    figure.update_layout(legend={"traceorder": "normal"})
    if not any(lines):
        return say_in_the_middle(figure, theme, NO_NAMES)
    for name, values, colour in (
        ("distinct names", bars.pairs, theme.accent),
        ("repeats of them", bars.repeats, faded(theme.muted, 0.45)),
    ):
        figure.add_bar(
            x=values,
            y=list(range(len(values))),
            name=name,
            orientation="h",
            marker={"color": colour},
            hovertext=[hover_text(words) for words in bars.words],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    if len(lines) <= MOST_WITH_LABELS:
        figure.add_scatter(
            x=lines,
            y=list(range(len(lines))),
            mode="text",
            text=[f" {count(value)}" for value in lines],
            textposition="middle right",
            textfont={"size": SMALL_FONT_SIZE, "color": theme.text},
            cliponaxis=False,
            hoverinfo="skip",
            showlegend=False,
        )
    return figure


def mark_bars(category: str, marks: tuple[Mark, ...], most: int) -> MarkBars:
    """What the figure of the marks shows."""
    shown = telling(marks, most)
    affixes = [mark.affix.replace(" ", OPEN_BOX) for mark in shown]
    words = [
        f"{affix}: {part_of(mark.names, mark.of_names)} {category} names\n"
        f"{part_of(mark.others, mark.of_others)} others\n"
        f"log-odds ratio {mark.log_odds:.2f} nats, z {mark.z:.1f}"
        for affix, mark in zip(affixes, shown, strict=True)
    ]
    return MarkBars(shown, affixes, words)


def marks_figure(category: str, marks: tuple[Mark, ...], theme: Theme) -> go.Figure:
    """The beginnings and endings that mark one category against all the others, by their z.

    Args:
        category: Its name.
        marks: Its marks, strongest first, as `letters.marks` gives them; those that say what a
            stronger one says are left out.
        theme: The colours.
    """
    bars = mark_bars(category, marks, _MOST_MARKS)
    rows = max(len(bars.marks), _LEAST_MARK_ROWS)
    longest = max([1.0, *(mark.z for mark in bars.marks)])
    figure = new_figure(
        theme,
        height=_MARK_ROW * rows + _ABOVE + _BELOW_MARKS,
        alt=_marks_in_words(category, bars),
        margin={"l": 60, "r": 16, "t": _ABOVE, "b": _BELOW_MARKS},
        barmode="overlay",
        dragmode=False,
        hovermode="closest",
        # Beyond the longest bar there is room for its number.
        xaxis=axis(
            theme,
            f"z of the log-odds ratio<br>(beside it: share of {label(category)} names)",
            range=[0, 1.2 * longest], nticks=6, fixedrange=True,
        ),
        yaxis=axis(
            theme, "beginning or ending", range=[rows - 0.5, -0.5], tickmode="array",
            tickvals=list(range(len(bars.marks))),
            ticktext=[literal(affix) for affix in bars.affixes],
            tickfont={"size": FONT_SIZE, "color": theme.text}, showgrid=False, fixedrange=True,
        ),
    )  # fmt: skip
    figure.update_layout(legend={"traceorder": "normal"})
    if not bars.marks:
        return say_in_the_middle(figure, theme, f"No beginning or ending marks {label(category)}.")
    for name, at_end, colour in (
        ("beginnings", False, theme.categorical[1]),
        ("endings", True, theme.accent),
    ):
        of_side = [row for row, mark in enumerate(bars.marks) if mark.at_end == at_end]
        figure.add_bar(
            x=[bars.marks[row].z for row in of_side],
            y=of_side,
            width=_MARK_WIDTH,
            name=name,
            orientation="h",
            marker={"color": colour, "cornerradius": 3},
            text=[roughly(bars.marks[row].names / bars.marks[row].of_names) for row in of_side],
            textposition="outside",
            textfont={"size": SMALL_FONT_SIZE, "color": theme.text},
            cliponaxis=False,
            hovertext=[hover_text(bars.words[row]) for row in of_side],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    return figure


def _counts_in_words(bars: CountBars, noun: str) -> str:
    names, repeats = sum(bars.pairs), sum(bars.repeats)
    most = f" Most: {bars.words[0]}.".replace("\n", ": ") if names else ""
    return (
        f"Bars of the lines of each {noun}: {counted(names + repeats, 'line')}, "
        f"{counted(names, 'distinct name')}, {counted(repeats, 'repeat')}.{most}"
    )


def _marks_in_words(category: str, bars: MarkBars) -> str:
    listed = ", ".join(
        f"{affix} ({roughly(mark.names / mark.of_names)}, z {mark.z:.1f})"
        for affix, mark in zip(bars.affixes, bars.marks, strict=True)
    )
    return f"Beginnings and endings that mark {category} names: {listed or 'none'}."
