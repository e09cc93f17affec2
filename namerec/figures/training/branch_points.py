"""Where a run goes on from another one, in a figure that runs along their steps."""

from collections.abc import Sequence

import plotly.graph_objects as go

from namerec.figures.base.theme import SMALL_FONT_SIZE, Theme, faded
from namerec.text import literal

#: Height of a line of words as a share of the figure's own.
LINE_SHARE = 0.08
#: A step after which a run goes on from another one, and what is said there in a few words.
BranchPoint = tuple[int, str]


def draw_branch_points(
    figure: go.Figure, branch_points: Sequence[BranchPoint], last: int, theme: Theme
) -> go.Figure:
    """Draws an upright line with its words beside it at each branch point.

    Args:
        figure: Whose x axis counts steps from the beginning of the first run.
        branch_points: In rising order of their steps.
        last: The last step drawn; words stand on the side with more room.
        theme: For the colour.
    """
    for place, (step, words) in enumerate(branch_points):
        upright_line(figure, step, theme)
        figure.add_annotation(
            text=literal(words),
            x=step,
            y=place * LINE_SHARE,
            yref="paper",
            yanchor="bottom",
            xanchor="right" if 2 * step > last else "left",
            showarrow=False,
            bgcolor=faded(theme.background, 0.8),
            font={"size": SMALL_FONT_SIZE, "color": theme.muted},
        )
    return figure


def upright_line(figure: go.Figure, x: float, theme: Theme) -> None:
    """Draws a dashed line from the bottom to the top of a figure, under its curves."""
    figure.add_shape(
        type="line",
        x0=x,
        x1=x,
        yref="paper",
        y0=0,
        y1=1,
        layer="below",
        line={"color": theme.muted, "width": 1.5, "dash": "dash"},
    )


def branch_points_in_words(branch_points: Sequence[BranchPoint]) -> str:
    """The branch points in sentences, for a figure's alternative text; empty without any."""
    return "".join(f" At step {step:,} the run {words}." for step, words in branch_points)
