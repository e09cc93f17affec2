"""A race in two charts: how accurate the networks are, and their losses, as they go on."""

from collections.abc import Sequence

import plotly.graph_objects as go

from namerec.core.training.run_curves import Along
from namerec.figures.base.theme import SMALL_FONT_SIZE, Theme
from namerec.figures.training.overlay import (
    LOSSES,
    OverlaidRun,
    View,
    overlaid_lines,
    overlay_figure,
)
from namerec.text import roughly

#: Points of a hundred that the highest curve has above it.
_HEADROOM = 8.0


def race_accuracy_figure(
    runs: Sequence[OverlaidRun], theme: Theme, *, along: Along, target: float | None = None
) -> go.Figure:
    """Accuracy on held-out names after every epoch, a line a network.

    Args:
        runs: The networks, always in the same order, so that each keeps its colour and mark.
        theme: The colours.
        along: What the axis across counts; seconds are each network's own.
        target: An accuracy 0..1 that all are timed to, drawn as a line; None for none.
    """
    figure = overlay_figure(runs, ["validation_accuracy"], theme, View(along=along, smoothing=0))
    lines = overlaid_lines(runs, ["validation_accuracy"], View(along=along, smoothing=0))
    highest = max((float(line.y.max()) for line in lines), default=0.0)
    top = min(100.0, highest + _HEADROOM) if lines else 100.0
    figure.update_yaxes(range=[0, top], title_text="accuracy (%)")
    if target is not None and lines:
        _draw_target(figure, target, theme)
    return figure


def race_loss_figure(runs: Sequence[OverlaidRun], theme: Theme, *, along: Along) -> go.Figure:
    """Losses in training (dotted) and on held-out names, a colour a network."""
    return overlay_figure(runs, LOSSES, theme, View(along=along))


def _draw_target(figure: go.Figure, target: float, theme: Theme) -> None:
    height = 100 * target
    figure.add_shape(
        type="line",
        xref="paper",
        x0=0,
        x1=1,
        y0=height,
        y1=height,
        layer="below",
        line={"color": theme.muted, "width": 1, "dash": "dot"},
        label={
            "text": f"nine tenths of the best: {height:.1f} %",
            "textposition": "end",
            "yanchor": "top",
            "font": {"size": SMALL_FONT_SIZE, "color": theme.muted},
        },
    )
    alt = f"{figure.layout.meta['alt']} All are timed to {roughly(target)}."
    figure.update_layout(meta={"alt": alt})
