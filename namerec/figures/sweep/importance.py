"""How much each setting matters, as shares of what the scores differ by."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from namerec.figures.base.categories import category_axis
from namerec.figures.base.theme import Theme, axis, new_figure, say_in_the_middle
from namerec.text import roughly

FEW = "Too few complete trials to tell"
_ROW, _AROUND = 30, 104  # pixels: of a setting, and of all else


def importance_figure(shares: Mapping[str, float], theme: Theme) -> go.Figure:
    """A bar a setting, the one that matters most at the top.

    Args:
        shares: By the setting's title, 0..1, adding up to 1; none for too few trials.
        theme: The colours.
    """
    titles = sorted(shares, key=lambda title: -shares[title])
    said = "; ".join(f"{title} {roughly(shares[title])}" for title in titles) or FEW
    figure = new_figure(
        theme,
        height=_ROW * max(len(titles), 3) + _AROUND,
        alt=f"How much each setting matters for the validation accuracy. {said}.",
        dragmode=False,
        xaxis=axis(theme, "importance (%)", range=[0, 100], fixedrange=True),
        yaxis=category_axis(theme, titles, ""),
    )
    if not titles:
        return say_in_the_middle(figure, theme, FEW)
    return figure.add_bar(
        orientation="h",
        x=[100 * shares[title] for title in titles],
        y=list(range(len(titles))),
        width=0.6,
        text=[roughly(shares[title]) for title in titles],
        textposition="outside",
        cliponaxis=False,
        hoverinfo="skip",
        marker={"color": theme.accent, "line": {"width": 0}},
    )
