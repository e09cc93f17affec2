"""One look for all figures: two palettes, and the layout every figure starts from."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go

Scale = tuple[tuple[float, str], ...]

#: The page's own font; charts do not inherit it by themselves.
FONT = "Source Sans, sans-serif"
#: Sizes in pixels, legible at a page width of 800.
FONT_SIZE = 13
SMALL_FONT_SIZE = 12
TITLE_FONT_SIZE = 15
#: Least contrast of text on its ground (WCAG 2.2, success criterion 1.4.3).
LEAST_CONTRAST = 4.5
#: Decimal point, and a narrow space between thousands.
SEPARATORS = ".\u202f"

#: `config=` for a chart that may be zoomed: reset and download stay, all else is noise.
ZOOM_CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "scrollZoom": False,
    "modeBarButtonsToRemove": [
        "select2d", "lasso2d", "pan2d", "zoom2d", "zoomIn2d", "zoomOut2d", "autoScale2d",
        "sendChartToCloud",
    ],
}  # fmt: skip
#: `config=` for a chart that stands still.
STILL_CONFIG: dict[str, Any] = {"displayModeBar": False, "scrollZoom": False}
#: `config=` for a chart that stands still and has a camera, which saves it as PNG.
CAMERA_CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "scrollZoom": False,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "png", "scale": 2},
}


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a figure, as `#rrggbb`.

    Attributes:
        name: `light` or `dark`.
        text: Words and numbers.
        muted: Axis labels, and marks that stay in the background.
        grid: Grid lines and borders.
        background: The page behind the figure.
        surface: Hover boxes.
        accent: The one answer that matters.
        highlight: The outline of what is selected.
        train: Series measured on names in training.
        validation: Series measured on held-out names.
        macro_recall: Macro recall on held-out names.
        categorical: Ten colours that can be told apart.
        sequential: Positions 0..1 with colours, from the background's side to the strongest.
        diverging: The same for -1..1: brown below 0, the background's colour at 0, teal above.
            Both arms are equally light at equal distance, and told apart without red and green.
    """

    name: str
    text: str
    muted: str
    grid: str
    background: str
    surface: str
    accent: str
    highlight: str
    train: str
    validation: str
    macro_recall: str
    categorical: tuple[str, ...]
    sequential: Scale
    diverging: Scale


def _evenly(*colours: str) -> Scale:
    last = len(colours) - 1
    return tuple((place / last, colour) for place, colour in enumerate(colours))


_LIGHT_COLOURS = (
    "#0f766e", "#d97706", "#4f46e5", "#be185d", "#65a30d",
    "#0284c7", "#9333ea", "#b45309", "#475569", "#dc2626",
)  # fmt: skip
_DARK_COLOURS = (
    "#2dd4bf", "#fbbf24", "#818cf8", "#f472b6", "#a3e635",
    "#38bdf8", "#c084fc", "#fb923c", "#94a3b8", "#f87171",
)  # fmt: skip

# Both palettes are those of .streamlit/config.toml; a test holds them together.
LIGHT = Theme(
    name="light",
    text="#1f2933",
    muted="#5f6b76",
    grid="#e6e2d8",
    background="#fbfaf7",
    surface="#f1efe8",
    accent="#0f766e",
    highlight="#d97706",
    train=_LIGHT_COLOURS[0],
    validation=_LIGHT_COLOURS[1],
    macro_recall=_LIGHT_COLOURS[2],
    categorical=_LIGHT_COLOURS,
    sequential=_evenly(
        "#f2f7f5", "#dcece8", "#bfdfd8", "#98cdc3", "#6db8ab",
        "#459f92", "#258579", "#0f766e", "#0b5d57", "#073f3b",
    ),
    diverging=_evenly(
        "#6b3410", "#a75d25", "#d39a66", "#ecd3b8", "#fbfaf7",
        "#bfdfd8", "#72b5aa", "#2a7d73", "#0a4f4a",
    ),
)  # fmt: skip
DARK = Theme(
    name="dark",
    text="#e6e9e8",
    muted="#9aa6ab",
    grid="#263036",
    background="#11161a",
    surface="#1a2126",
    accent="#0d9488",
    highlight="#f59e0b",
    train=_DARK_COLOURS[0],
    validation=_DARK_COLOURS[1],
    macro_recall=_DARK_COLOURS[2],
    categorical=_DARK_COLOURS,
    sequential=_evenly(
        "#152423", "#173532", "#184843", "#195c55", "#1a7268",
        "#1e8a7d", "#2aa495", "#48beae", "#78d6c9", "#b5ebe3",
    ),
    diverging=_evenly(
        "#f8d9b4", "#e0a368", "#b06f35", "#5f3f23", "#11161a",
        "#184843", "#1f8478", "#52bdae", "#b5ebe3",
    ),
)  # fmt: skip


def theme_for(name: str | None) -> Theme:
    """The theme of a page that calls itself `dark`, or the light one."""
    return DARK if name == "dark" else LIGHT


def new_figure(theme: Theme, *, height: int, alt: str, **layout: Any) -> go.Figure:
    """An empty figure in the theme.

    Args:
        theme: Its colours.
        height: In pixels.
        alt: What the figure shows, in words, for those who cannot see it; see `alt_text`.
        **layout: More of Plotly's layout.
    """
    return go.Figure(layout=base_layout(theme, height=height, alt=alt) | layout)


def base_layout(theme: Theme, *, height: int, alt: str) -> dict[str, Any]:
    """The layout every figure starts from: no ground of its own, thin lines, quiet words."""
    return {
        "template": go.layout.Template(),  # nothing of Plotly's own look
        "height": height,
        "meta": {"alt": alt},
        "margin": {"l": 52, "r": 10, "t": 40, "b": 48},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": FONT_SIZE, "color": theme.text},
        "separators": SEPARATORS,
        "hoverlabel": {
            "bgcolor": theme.surface,
            "bordercolor": theme.grid,
            "font": {"family": FONT, "size": FONT_SIZE, "color": theme.text},
            "align": "left",
        },
        "legend": {
            "orientation": "h",
            "x": 1,
            "xanchor": "right",
            "y": 1.02,
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
            "font": {"size": SMALL_FONT_SIZE, "color": theme.text},
        },
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": theme.muted, "activecolor": theme.accent},
    }


def axis(theme: Theme, title: str, **settings: Any) -> dict[str, Any]:
    """A quiet axis with a title that says what is measured, and in what unit."""
    return {
        "title": {
            "text": title,
            "font": {"size": SMALL_FONT_SIZE, "color": theme.muted},
            "standoff": 10,
        },
        "tickfont": {"size": SMALL_FONT_SIZE, "color": theme.muted},
        "ticklabelstandoff": 5,
        "gridcolor": theme.grid,
        "gridwidth": 1,
        "zeroline": False,
        "automargin": True,
    } | settings


def reading_line(theme: Theme) -> dict[str, Any]:
    """Settings of an x axis: a thin line where the pointer is, in place of Plotly's black one."""
    return {"spikecolor": theme.muted, "spikethickness": 1, "spikedash": "dot"}


def say_in_the_middle(figure: go.Figure, theme: Theme, sentence: str) -> go.Figure:
    """Writes on an empty figure why it is empty."""
    return figure.add_annotation(
        text=sentence,
        x=0.5,
        y=0.5,
        xref="paper",
        yref="paper",
        showarrow=False,
        font={"size": FONT_SIZE, "color": theme.muted},
    )


def alt_text(figure: go.Figure) -> str:
    """What a figure shows, in words: plain text for `alt=`."""
    return str(figure.layout.meta["alt"])


def colour_at(scale: Scale, position: float) -> str:
    """The colour at a position 0..1 of a scale, mixed in RGB as Plotly does."""
    for (low, before), (high, after) in pairwise(scale):
        if position <= high:
            weight = max(0.0, position - low) / (high - low)
            mixed = (
                round(a + weight * (b - a))
                for a, b in zip(_channels(before), _channels(after), strict=True)
            )
            return "#" + "".join(f"{channel:02x}" for channel in mixed)
    return scale[-1][1]


def readable_on(ground: str, theme: Theme) -> str:
    """A colour for text on a ground: the theme's own where it can be read, else black or white."""
    candidates = (theme.text, theme.background, "#ffffff", "#000000")
    return next(c for c in candidates if contrast(c, ground) >= LEAST_CONTRAST)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1..21.

    Source: WCAG 2.2, definitions of contrast ratio and relative luminance.
    """
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance of a colour, 0..1 (WCAG 2.2)."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def faded(colour: str, opacity: float) -> str:
    """A colour that lets its ground through."""
    red, green, blue = _channels(colour)
    return f"rgba({red},{green},{blue},{opacity})"


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def as_page(figure: go.Figure) -> str:
    """A figure as an HTML page that needs no network, whose camera saves it as SVG."""
    config = {"displaylogo": False, "toImageButtonOptions": {"format": "svg"}}
    return str(figure.to_html(include_plotlyjs=True, full_html=True, config=config))
