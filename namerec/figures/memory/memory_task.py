"""How far back networks remember: accuracy against the letters of noise between."""

from collections.abc import Sequence
from math import log10

import plotly.graph_objects as go

from namerec.core.networks.kinds import VARIANTS
from namerec.core.tasks.memory_curves import CHANCE, MEMORY_NETWORKS, MEMORY_TITLES, MemoryCurve
from namerec.figures.base.theme import (
    SMALL_FONT_SIZE,
    Theme,
    axis,
    faded,
    new_figure,
    say_in_the_middle,
)

HEIGHT = 420  # pixels
NOTHING_YET = "Nothing is measured at these settings yet."
#: Plotly's marks, one a network: lines that lie on each other are told apart by them too.
_MARKS = ("circle", "square", "diamond", "x")
#: Networks that do equally well stand side by side: so far apart, as a factor of the distance.
_APART = 1.03


def memory_figure(
    curves: Sequence[MemoryCurve],
    theme: Theme,
    *,
    distances: Sequence[int],
    behind: Sequence[MemoryCurve] = (),
) -> go.Figure:
    """Accuracy by distance, a line a network; bars from the worst seed to the best.

    Args:
        curves: What is shown.
        theme: Colours.
        distances: Marks on the axis, in letters, rising.
        behind: Curves to compare with, drawn faintly; networks as in `curves` or others.
    """
    figure = new_figure(
        theme,
        height=HEIGHT,
        alt=_in_words(curves),
        hovermode="closest",
        xaxis=axis(
            theme,
            "letters of noise between the first letter and the question (log scale)",
            type="log",
            range=_log_range(distances),
            tickvals=list(distances),
            ticktext=[str(distance) for distance in distances],
            showgrid=False,
        ),
        yaxis=axis(theme, "accuracy on test sequences (%)", range=[0, 104], dtick=25),
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}
        | {"font": {"size": SMALL_FONT_SIZE, "color": theme.text}},
    )
    _draw_chance(figure, theme)
    for curve in behind:
        _draw(figure, curve, theme, faint=True)
    for curve in curves:
        _draw(figure, curve, theme, faint=False)
    if not curves and not behind:
        say_in_the_middle(figure, theme, NOTHING_YET)
    return figure


def _draw(figure: go.Figure, curve: MemoryCurve, theme: Theme, *, faint: bool) -> None:
    place = MEMORY_NETWORKS.index(curve.network)
    colour = theme.categorical[place]
    mean = [100 * share for share in curve.mean]
    beside = _APART ** (place - (len(MEMORY_NETWORKS) - 1) / 2)
    line = {"color": faded(colour, 0.3) if faint else colour, "width": 1.5 if faint else 2}
    figure.add_scatter(
        x=[noise * beside for noise in curve.noise],
        y=mean,
        name=MEMORY_TITLES[curve.network],
        mode="lines" if faint else "lines+markers",
        line=line | {"dash": VARIANTS[curve.network][1].dash},
        showlegend=not faint,
        hoverinfo="skip" if faint else None,
        marker={"symbol": _MARKS[place % len(_MARKS)], "size": 9, "color": colour},
        error_y=None if faint else _bars(curve, mean, colour),
        hovertemplate=None if faint else "%{text}<extra></extra>",
        text=None if faint else _hover(curve),
    )


def _bars(curve: MemoryCurve, mean: list[float], colour: str) -> dict[str, object]:
    """From the worst seed to the best; none where there is one seed."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [100 * high - middle for high, middle in zip(curve.high, mean, strict=True)],
        "arrayminus": [middle - 100 * low for low, middle in zip(curve.low, mean, strict=True)],
        "color": faded(colour, 0.55),
        "thickness": 1.5,
        "width": 4,
    }


def _hover(curve: MemoryCurve) -> list[str]:
    texts = []
    columns = (curve.noise, curve.mean, curve.low, curve.high, curve.seeds, curve.sequences)
    for noise, mean, low, high, seeds, sequences in zip(*columns, strict=True):
        spread = (
            f"mean of {seeds} seeds, from {_percent(low)} to {_percent(high)}"
            if seeds > 1
            else "one seed"
        )
        texts.append(
            f"<b>{MEMORY_TITLES[curve.network]}</b>, {noise} letters of noise<br>"
            f"{_percent(mean)} of {sequences} test sequences, leak-free split<br>{spread}"
        )
    return texts


def _draw_chance(figure: go.Figure, theme: Theme) -> None:
    figure.add_shape(
        type="line",
        xref="paper",
        x0=0,
        x1=1,
        y0=100 * CHANCE,
        y1=100 * CHANCE,
        layer="below",
        line={"color": theme.muted, "width": 1, "dash": "dot"},
    )
    figure.add_annotation(
        text=f"guessing, {_percent(CHANCE)}",
        xref="paper",
        x=0.005,
        xanchor="left",
        y=100 * CHANCE,
        yanchor="top",
        showarrow=False,
        font={"size": SMALL_FONT_SIZE, "color": theme.muted},
    )


def _percent(share: float) -> str:
    """To a tenth: an eighth is 12.5 %, and 99.9 % is not all."""
    return f"{100 * share:.1f} %".replace(".0 %", " %")


def _log_range(distances: Sequence[int]) -> list[float]:
    """Ends of the axis in powers of ten, with room for what stands beside the outer marks."""
    return [log10(distances[0] / 1.15), log10(distances[-1] * 1.15)]


def _in_words(curves: Sequence[MemoryCurve]) -> str:
    words = "Accuracy in percent by letters of noise. "
    if not curves:
        return words + NOTHING_YET
    for curve in curves:
        measured = ", ".join(
            f"{_percent(mean)} at {noise}"
            for noise, mean in zip(curve.noise, curve.mean, strict=True)
        )
        words += f"{MEMORY_TITLES[curve.network]}: {measured}. "
    return words + f"Guessing is right in {_percent(CHANCE)}."
