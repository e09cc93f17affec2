"""Whether a network knows how sure it may be: reliability, and accuracy against coverage."""

import math
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.core.evaluation.calibration import Reliability, RiskCoverage, Selection, at_coverage
from namerec.figures.base.categories import hover_text
from namerec.figures.base.points import MOST_POINTS, decimate
from namerec.figures.base.theme import FONT_SIZE, Theme, axis, faded, new_figure, say_in_the_middle
from namerec.text import count, counted, literal, roughly

#: Said on a figure of a part without names.
NO_ANSWERS = "No answers were measured."
#: An accuracy of fewer answers than this says next to nothing: the coverage line starts here.
LEAST_ANSWERED = 20
_RELIABILITY_HEIGHT, _COVERAGE_HEIGHT = 420, 340  # pixels
# The counts take the lowest part of the reliability figure, as shares of its height.
_COUNTS_TOP, _DIAGRAM_BOTTOM = 0.2, 0.3
# An axis of accuracies begins at a multiple of this below the lowest, in percent.
_STEP = 10

# Coverage in percent from which on the words of the chosen point have room on its left.
_LEFT_HAS_ROOM = 40


class ReliabilityLine(NamedTuple):
    """One classifier's line in the reliability diagram.

    Attributes:
        name: For the legend.
        confidence: Mean confidence of each bin that has answers, in percent, rising.
        accuracy: Share of right answers of each, in percent.
        words: What each of these points says, plain text.
        middle: Middle of each bin, empty ones too, in percent.
        names: Number of answers in each bin, empty ones too.
        bars: What each bin's bar says, plain text.
    """

    name: str
    confidence: list[float]
    accuracy: list[float]
    words: list[str]
    middle: list[float]
    names: list[int]
    bars: list[str]


class CoverageLine(NamedTuple):
    """What the coverage figure shows.

    Attributes:
        coverage: Share of names answered, in percent, from `LEAST_ANSWERED` names on.
        accuracy: Share of right answers among these, in percent.
        words: What each point says, plain text.
        marked: Coverage and accuracy of the chosen point, in percent.
        sentence: What the chosen point says, plain text.
    """

    coverage: list[float]
    accuracy: list[float]
    words: list[str]
    marked: tuple[float, float]
    sentence: str


def reliability_line(measured: Reliability, name: str, measured_on: str) -> ReliabilityLine:
    """What a reliability diagram shows of one classifier.

    Args:
        measured: Its bins.
        name: What it is called in the legend; its calibration error is added.
        measured_on: Such as "test names, leak-free split" (`Split.words`).
    """
    edges = [roughly(edge) for edge in measured.edges.tolist()]
    filled = np.flatnonzero(measured.names).tolist()
    names = measured.names.tolist()
    return ReliabilityLine(
        name=f"{name}: error {roughly(measured.calibration_error)}" if filled else name,
        confidence=[100 * float(measured.confidence[place]) for place in filled],
        accuracy=[100 * float(measured.accuracy[place]) for place in filled],
        words=[
            f"{roughly(float(measured.accuracy[place]))} right where confidence is "
            f"{roughly(float(measured.confidence[place]))}\n"
            f"({counted(names[place], 'answer')}; {measured_on})"
            for place in filled
        ],
        middle=(50 * (measured.edges[:-1] + measured.edges[1:])).tolist(),
        names=names,
        bars=[
            f"{counted(count, 'answer')} with confidence\nover {edges[place]}, up to "
            f"{edges[place + 1]}"
            for place, count in enumerate(names)
        ],
    )


def reliability_figure(
    before: Reliability,
    theme: Theme,
    *,
    measured_on: str,
    after: Reliability | None = None,
    temperature: float = 1.0,
) -> go.Figure:
    """Accuracy against confidence, and how many answers each point stands for.

    On the diagonal a network is right as often as it says; below it, it is too sure.

    Args:
        before: The network's own answers.
        theme: The colours.
        measured_on: Which names, such as "test names, leak-free split" (`Split.words`).
        after: The same answers with the temperature, if it is to be seen.
        temperature: The temperature of `after`.
    """
    lines = [(reliability_line(before, "as trained", measured_on), theme.validation, "solid")]
    if after is not None:
        name = f"temperature {temperature:.2f}"
        lines.append((reliability_line(after, name, measured_on), theme.train, "dash"))
    figure = new_figure(
        theme,
        height=_RELIABILITY_HEIGHT,
        alt=_reliability_in_words(before, after, temperature, measured_on),
        dragmode=False,
        hovermode="closest",
        barmode="group",
        bargap=0.15,
        bargroupgap=0.05,
        xaxis=axis(
            theme, "confidence: probability of its answer (%)", range=[0, 101], dtick=20,
            anchor="y2", showgrid=False, fixedrange=True,
        ),
        yaxis=axis(
            theme, "accuracy (%)", domain=[_DIAGRAM_BOTTOM, 1], range=[-2, 102], dtick=20,
            fixedrange=True,
        ),
        yaxis2=axis(
            theme, "answers", domain=[0, _COUNTS_TOP], rangemode="tozero", nticks=3,
            tickformat=",d", fixedrange=True,
        ),
    )  # fmt: skip
    if not before.names.sum():
        return say_in_the_middle(figure, theme, NO_ANSWERS)
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        line={"color": theme.muted, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
    )
    for line, colour, dash in lines:
        figure.add_scatter(
            x=line.confidence,
            y=line.accuracy,
            name=literal(line.name),
            legendgroup=line.name,
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": dash},
            marker={"size": 7},
            hovertext=[hover_text(words) for words in line.words],
            hoverinfo="text",
        )
        figure.add_bar(
            x=line.middle,
            y=line.names,
            yaxis="y2",
            legendgroup=line.name,
            showlegend=False,
            marker={"color": faded(colour, 0.75)},
            hovertext=[hover_text(words) for words in line.bars],
            hoverinfo="text",
        )
    return figure


def coverage_line(curve: RiskCoverage, coverage: float, measured_on: str) -> CoverageLine:
    """What the coverage figure shows.

    Args:
        curve: Of one name or more.
        coverage: The chosen share of names that are answered, 0..1.
        measured_on: Such as "test names, leak-free split" (`Split.words`).
    """
    chosen = at_coverage(curve, coverage)
    start = min(LEAST_ANSWERED, chosen.names) - 1
    shares, accuracies = decimate(curve.coverage[start:], curve.accuracy[start:], MOST_POINTS)
    return CoverageLine(
        coverage=(100 * shares).tolist(),
        accuracy=(100 * accuracies).tolist(),
        words=[
            f"{roughly(accuracy)} right on the surest {roughly(share)}\n({measured_on})"
            for share, accuracy in zip(shares.tolist(), accuracies.tolist(), strict=True)
        ],
        marked=(100 * chosen.coverage, 100 * chosen.accuracy),
        sentence=selection_words(chosen, measured_on),
    )


def coverage_figure(
    curve: RiskCoverage, coverage: float, theme: Theme, *, measured_on: str
) -> go.Figure:
    """Accuracy against the share of names that are answered, the surest first; a point is marked.

    Args:
        curve: The network's.
        coverage: The chosen share, 0..1.
        theme: The colours.
        measured_on: Which names, such as "test names, leak-free split" (`Split.words`).
    """
    empty = len(curve.coverage) == 0
    shown = None if empty else coverage_line(curve, coverage, measured_on)
    lowest = 0.0 if shown is None else min([*shown.accuracy, shown.marked[1]])
    floor = max(_STEP * (math.ceil(lowest / _STEP) - 1), 0)
    figure = new_figure(
        theme,
        height=_COVERAGE_HEIGHT,
        alt="Accuracy by share of names answered, the surest first. "
        + (NO_ANSWERS if shown is None else shown.sentence),
        margin={"l": 52, "r": 16, "t": 24, "b": 48},
        showlegend=False,
        dragmode=False,
        hovermode="x",
        xaxis=axis(
            theme, "names answered, the surest first (%)", range=[0, 101], dtick=20,
            showgrid=False, fixedrange=True,
        ),
        yaxis=axis(
            theme, "accuracy on these (%)", range=[floor, 100 + (100 - floor) / 50],
            nticks=6, fixedrange=True,
        ),
    )  # fmt: skip
    if shown is None:
        return say_in_the_middle(figure, theme, NO_ANSWERS)
    figure.add_scatter(
        x=shown.coverage,
        y=shown.accuracy,
        mode="lines",
        line={"color": theme.validation, "width": 2},
        hovertext=[hover_text(words) for words in shown.words],
        hoverinfo="text",
    )
    place, accuracy = shown.marked
    figure.add_scatter(
        x=[place, place],
        y=[floor, accuracy],
        mode="lines",
        line={"color": theme.muted, "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[place],
        y=[accuracy],
        mode="markers+text",
        marker={"size": 11, "color": theme.accent, "line": {"color": theme.text, "width": 1}},
        text=[f"{roughly(accuracy / 100)} right on {roughly(place / 100)}"],
        # The line falls: below it on the left and above it on the right there is room.
        textposition="bottom left" if place > _LEFT_HAS_ROOM else "top right",
        cliponaxis=False,
        textfont={"size": FONT_SIZE, "color": theme.text},
        hoverinfo="skip",
    )
    return figure


def selection_words(selection: Selection, measured_on: str) -> str:
    """What comes of answering the surest names only, in plain sentences.

    Args:
        selection: The numbers.
        measured_on: Such as "test names, leak-free split" (`Split.words`).
    """
    all_words = f"{roughly(selection.accuracy_of_all)} of all {count(selection.names)}"
    if selection.answered == selection.names:
        return f"If it has to answer every name, it is right on {all_words} ({measured_on})."
    return (
        f"If it may say “I don’t know” on the least sure {roughly(1 - selection.coverage)}, it is "
        f"right on {roughly(selection.accuracy)} of the other {count(selection.answered)}, "
        f"instead of {all_words} ({measured_on}). Of the names it leaves out, it would get "
        f"{roughly(selection.accuracy_of_rest)} right."
    )


def _reliability_in_words(
    before: Reliability, after: Reliability | None, temperature: float, measured_on: str
) -> str:
    beginning = "Accuracy by confidence. "
    if not before.names.sum():
        return beginning + NO_ANSWERS
    changed = (
        f" With temperature {temperature:.2f} it is {roughly(after.mean_confidence)} sure on "
        f"average, and the error is {roughly(after.calibration_error)}."
        if after is not None
        else ""
    )
    return (
        f"{beginning}On average it is {roughly(before.mean_confidence)} sure and right in "
        f"{roughly(before.mean_accuracy)} of the cases; the expected calibration error is "
        f"{roughly(before.calibration_error)} ({count(int(before.names.sum()))} {measured_on})."
        f"{changed}"
    )
