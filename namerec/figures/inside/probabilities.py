"""What a network answers: the ranking for one name, and how it came about letter by letter."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from namerec.core.evaluation.results import Prediction
from namerec.core.inside.trace import GateTrace
from namerec.figures.base.theme import (
    FONT_SIZE,
    SMALL_FONT_SIZE,
    Theme,
    axis,
    faded,
    new_figure,
    reading_line,
    say_in_the_middle,
)
from namerec.figures.base.words import OPEN_BOX, label
from namerec.text import literal, roughly

_BAR_HEIGHT = 34  # pixels from bar to bar
_RIBBON_HEIGHT = 320  # pixels
_COMPARED_RIBBON_HEIGHT = 380  # pixels: in a narrow column the legend takes more lines
#: Most ribbons beside the others': a reader tells no more colours apart.
MOST_RIBBONS = 8
#: A category that never reaches this probability is one of the others.
LEAST_PEAK = 0.01
# What rounding to float32 leaves of a probability that is all accounted for.
_DUST = 1e-6
#: Ribbons run flat over the outer halves of the first and last letter; a hair less than half, so
#: that rounding names the right letter.
_HALF = 0.499


class Ribbons(NamedTuple):
    """What the ribbon figure shows.

    Attributes:
        letters: As shown on the axis.
        names: Categories, the final winner first unless others were asked for.
        shares: Their probabilities after each letter, 0..1, (ribbons, letters).
        others: The rest of the probability, 0..1, (letters,).
    """

    letters: list[str]
    names: list[str]
    shares: np.ndarray
    others: np.ndarray


def ranking_figure(
    prediction: Prediction, theme: Theme, most: int = 6, colours: Mapping[str, str] | None = None
) -> go.Figure:
    """The most probable categories as bars.

    Args:
        prediction: The answer.
        theme: The colours.
        most: How many bars.
        colours: From `shared_colours`, for figures that are to be compared. Without it, the first
            bar has the accent colour.
    """
    ranked = prediction.top(most)
    if colours is None:
        colours = {category: theme.accent for category, _ in ranked[:1]}
    figure = new_figure(
        theme,
        height=_BAR_HEIGHT * max(len(ranked), 1) + 64,
        alt=_ranking_in_words(prediction, ranked),
        margin={"l": 60, "r": 16, "t": 8, "b": 48},
        bargap=0.35,
        dragmode=False,
        hovermode="closest",
        # Beyond 100 % there is room for the number at the end of a full bar.
        xaxis=axis(
            theme, "probability (%)", range=[0, 118], tickvals=[0, 25, 50, 75, 100],
            fixedrange=True,
        ),
        yaxis=axis(
            theme, "", range=[max(len(ranked), 1) - 0.5, -0.5], tickmode="array",
            tickvals=list(range(len(ranked))),
            ticktext=[label(category) for category, _ in ranked],
            tickfont={"size": FONT_SIZE, "color": theme.text},
            showgrid=False, fixedrange=True,
        ),
    )  # fmt: skip
    if not ranked:
        return say_in_the_middle(figure, theme, "No answer yet.")
    written = [roughly(probability) for _, probability in ranked]
    figure.add_bar(
        x=[100 * probability for _, probability in ranked],
        y=list(range(len(ranked))),
        orientation="h",
        marker={
            "color": [colours.get(category, faded(theme.muted, 0.45)) for category, _ in ranked],
            "cornerradius": 3,
        },
        text=written,
        textposition="outside",
        textfont={"size": FONT_SIZE, "color": theme.text},
        cliponaxis=False,
        hovertext=[
            f"{literal(category)}: {share}"
            for (category, _), share in zip(ranked, written, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    return figure


def decided_at(trace: GateTrace) -> int:
    """From which letter on the final winner leads until the end.

    Args:
        trace: Of one letter or more.

    Returns:
        The letter's index, from 0: the earliest after which no other category is in front.
    """
    leaders = trace.probabilities.argmax(axis=1)
    others = np.flatnonzero(leaders != leaders[-1])
    return int(others[-1]) + 1 if len(others) else 0


def shared_colours(traces: Iterable[GateTrace], theme: Theme) -> dict[str, str]:
    """The categories of several ribbon figures that are to be compared, each with its colour.

    Kept are the winners and, of all that one of the figures would show, those with the highest
    peaks; `MOST_RIBBONS` at most. The winners come first.
    """
    peaks: dict[str, float] = {}
    for trace in traces:
        shown = ribbons(trace)
        for place, (name, shares) in enumerate(zip(shown.names, shown.shares, strict=True)):
            # A winner stands before every peak, which is 1 at most.
            peak = 2 + float(shares[-1]) if place == 0 else float(shares.max())
            peaks[name] = max(peak, peaks.get(name, 0.0))
    ordered = sorted(peaks, key=lambda name: (-peaks[name], name))[:MOST_RIBBONS]
    return dict(zip(ordered, theme.categorical, strict=False))


def ribbons(trace: GateTrace, most: int = 5, kept: Collection[str] | None = None) -> Ribbons:
    """What the ribbon figure shows.

    Args:
        trace: What was answered after each letter.
        most: Of the categories with the highest final probability, so many are kept; besides, all
            that lead after some letter. Of too many, those with the highest peaks stay, and always
            the winner.
        kept: The categories to keep in place of that, in this order, as far as the trace has them.
    """
    probabilities = np.asarray(trace.probabilities, dtype=np.float64)
    letters = [OPEN_BOX if letter == " " else letter for letter in trace.letters]
    if probabilities.size == 0:
        nothing = np.empty((0, len(letters)))
        return Ribbons(letters, [], nothing, np.ones(len(letters)))
    if kept is None:
        order = _worth_showing(probabilities, most)
    else:
        order = [trace.categories.index(name) for name in kept if name in trace.categories]
    shares = probabilities[:, order].T
    others = np.clip(1 - shares.sum(axis=0), 0, 1)
    return Ribbons(letters, [trace.categories[index] for index in order], shares, others)


def _worth_showing(probabilities: np.ndarray, most: int) -> list[int]:
    """The categories to show, the final winner first; see `ribbons`."""
    final, peaks = probabilities[-1], probabilities.max(axis=0)
    top = np.argsort(-final, kind="stable")[:most]
    winner = int(np.argmax(final))
    kept = {int(index) for index in top if peaks[index] >= LEAST_PEAK}
    kept |= {int(index) for index in probabilities.argmax(axis=1)}
    by_peak = sorted(kept, key=lambda index: (index != winner, -peaks[index]))[:MOST_RIBBONS]
    return sorted(by_peak, key=lambda index: -final[index])


def ribbon_figure(
    trace: GateTrace, theme: Theme, colours: Mapping[str, str] | None = None
) -> go.Figure:
    """The probabilities after every letter, stacked to 100 %, and where the answer was decided.

    Args:
        trace: What was answered after each letter.
        theme: The colours.
        colours: From `shared_colours`, for figures that are to be compared: all of them show
            these categories in this order. Without it, categories and colours go by rank.
    """
    shown = ribbons(trace, kept=colours)
    length = len(shown.letters)
    figure = new_figure(
        theme,
        height=_RIBBON_HEIGHT if colours is None else _COMPARED_RIBBON_HEIGHT,
        alt=_ribbons_in_words(trace, shown),
        hovermode="x unified",
        dragmode=False,
        xaxis=axis(
            theme, "letters read so far", range=[0.5, max(length, 1) + 0.5], tickmode="array",
            tickvals=list(range(1, length + 1)),
            ticktext=[literal(letter) for letter in shown.letters],
            tickfont={"size": FONT_SIZE, "color": theme.text}, tickangle=0,
            showgrid=False, fixedrange=True,
            unifiedhovertitle={"text": "after letter %{x:.0f}"}, **reading_line(theme),
        ),
        yaxis=axis(theme, "probability (%)", range=[0, 100], dtick=25, fixedrange=True),
    )  # fmt: skip
    figure.update_layout(legend={"traceorder": "normal", "x": 0, "xanchor": "left"})
    if not shown.names:
        return say_in_the_middle(figure, theme, "No answer yet.")
    by_rank = dict(zip(shown.names, theme.categorical, strict=False))
    chosen = by_rank if colours is None else colours
    series = [
        (name, shares, chosen[name]) for name, shares in zip(shown.names, shown.shares, strict=True)
    ]
    rest = [("others", shown.others, theme.muted)] if shown.others.max() > _DUST else []
    for name, shares, colour in [*series, *rest]:
        values = [shares[0], *shares, shares[-1]]
        figure.add_scatter(
            x=[1 - _HALF, *range(1, length + 1), length + _HALF],
            y=[100 * value for value in values],
            name=label(name),
            mode="lines",
            stackgroup="probabilities",
            line={"width": 1, "color": theme.background},
            fillcolor=faded(colour, 0.3 if rest and shares is shown.others else 0.8),
            text=[f"{literal(name)} {roughly(value)}" for value in values],
            hovertemplate="%{text}<extra></extra>",
        )
    _mark_decision(figure, decided_at(trace) + 1, length, theme)
    return figure


def _mark_decision(figure: go.Figure, letter: int, length: int, theme: Theme) -> None:
    """A line at the letter, counted from 1, from which on the winner leads."""
    figure.add_shape(
        type="line",
        yref="paper",
        x0=letter,
        x1=letter,
        y0=0,
        y1=1,
        line={"color": theme.text, "width": 1.5, "dash": "dot"},
    )
    late = letter > (length + 1) / 2
    figure.add_annotation(
        text="decided",
        x=letter,
        y=1,
        yref="paper",
        xanchor="right" if late else "left",
        yanchor="top",
        xshift=-4 if late else 4,
        yshift=-6,
        showarrow=False,
        bgcolor=theme.background,
        borderpad=2,
        font={"size": SMALL_FONT_SIZE, "color": theme.text},
    )


def _ranking_in_words(prediction: Prediction, ranked: tuple[tuple[str, float], ...]) -> str:
    answers = ", ".join(f"{category} {roughly(probability)}" for category, probability in ranked)
    return f"Most probable answers for “{prediction.letters}”: {answers or 'none yet'}."


def _ribbons_in_words(trace: GateTrace, shown: Ribbons) -> str:
    if not shown.names:
        return "Probabilities in percent after every letter. No answer yet."
    final = sorted(zip(shown.names, shown.shares[:, -1], strict=True), key=lambda pair: -pair[1])
    answers = ", ".join(f"{name} {roughly(float(share))}" for name, share in final)
    letter = decided_at(trace)
    return (
        f"Probabilities after every letter of “{trace.letters}”. At the end: {answers}. Decided at "
        f"letter {letter + 1} of {len(trace.letters)}, “{trace.letters[letter]}”: from there on "
        f"{final[0][0]} leads."
    )
