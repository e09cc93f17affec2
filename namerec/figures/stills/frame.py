"""What all pictures without a browser have in common: ground, axes, legend, letters, bytes.

Matplotlib draws them, with its own objects alone: nothing of `pyplot`, and one at a time, so that
they can be drawn in any thread. Importing this takes a moment; import it late.
"""

import html
import io
import math
import threading
from functools import cache
from typing import Literal

from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text

from namerec.figures.base.theme import Theme
from namerec.text import LONGEST_TEXT, literal, shortened

#: What a picture can be saved as.
StillForm = Literal["png", "svg"]

#: Width of every picture in inches, and dots of a PNG per inch: sharp on paper and dense screens.
WIDTH, DOTS = 7.2, 200
#: Room around everything, in inches.
_ROOM = 0.09
#: Sizes of letters in points.
FONT_SIZE, SMALL_FONT_SIZE, TITLE_FONT_SIZE = 8.5, 7.5, 10.0
#: Letters of a title that fit its line; those of a legend, where each line's sample takes some.
_LONGEST_TITLE, _LETTERS_ACROSS, _SAMPLE = 88, 122, 9
#: Height of a legend's row, in inches.
_ROW = 0.17
#: The first comes with Matplotlib. The others are asked for letters that it does not have, where
#: they are installed.
_FAMILIES = (
    "DejaVu Sans", "Noto Sans", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans Arabic",
    "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai", "Noto Sans Bengali",
    "Arial Unicode MS", "Segoe UI", "Microsoft YaHei", "Malgun Gothic", "Nirmala UI",
    "PingFang SC", "Hiragino Sans",
)  # fmt: skip
#: Stands for a letter that no font here has.
_UNKNOWN = "\ufffd"
# Pictures share nothing, but FreeType's fonts are shared by all of Matplotlib.
_drawing = threading.Lock()


def new_still(theme: Theme, title: str, height: float) -> tuple[Figure, Axes]:
    """An empty picture with a title and one pair of axes.

    Args:
        theme: The colours.
        title: Plain text; a person may have put it in.
        height: In inches.
    """
    room = ConstrainedLayoutEngine(w_pad=_ROOM, h_pad=_ROOM)
    figure = Figure(figsize=(WIDTH, height), layout=room, facecolor=theme.background)
    axes = figure.add_subplot(facecolor=theme.background)
    figure.suptitle(
        drawable(title, _LONGEST_TITLE), x=0.02, ha="left", color=theme.text,
        fontsize=TITLE_FONT_SIZE,
    )  # fmt: skip
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0, labelsize=SMALL_FONT_SIZE, labelcolor=theme.muted, pad=5)
    return figure, axes


def name_axes(axes: Axes, theme: Theme, x: str, y: str, *, grid: Literal["y", "none"]) -> None:
    """Titles that say what is measured, and in what unit; lines across to read values at."""
    axes.set_xlabel(x, color=theme.muted, fontsize=SMALL_FONT_SIZE, labelpad=7)
    axes.set_ylabel(y, color=theme.muted, fontsize=SMALL_FONT_SIZE, labelpad=7)
    if grid == "y":
        axes.grid(axis="y", color=theme.grid, linewidth=0.8)
        axes.set_axisbelow(True)


def add_legend(figure: Figure, axes: Axes, theme: Theme) -> None:
    """Names of the lines, under the axes, side by side as far as they have room."""
    handles, names = axes.get_legend_handles_labels()
    widths = [len(name) + _SAMPLE for name in names]
    one_row = sum(widths) <= _LETTERS_ACROSS
    columns = len(names) if one_row else max(1, _LETTERS_ACROSS // max(widths))
    figure.set_figheight(figure.get_figheight() + _ROW * math.ceil(len(names) / columns))
    figure.legend(
        handles,
        names,
        loc="outside lower left",
        ncols=columns,
        frameon=False,
        fontsize=SMALL_FONT_SIZE,
        labelcolor=theme.text,
        handlelength=2.4,
        columnspacing=1.6,
        borderaxespad=1.2,
        borderpad=0,
    )


def say_in_still(axes: Axes, theme: Theme, sentence: str) -> None:
    """Writes on an empty picture why it is empty."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(
        0.5, 0.5, sentence, transform=axes.transAxes, ha="center", va="center",
        color=theme.muted, fontsize=FONT_SIZE,
    )  # fmt: skip


def drawable(text: str, most: int = LONGEST_TEXT) -> str:
    """Text as it can be drawn, letter by letter: no formula, no control mark, no missing glyph.

    Args:
        text: Anything a person may have put in.
        most: Letters of it, at most.
    """
    plain = html.unescape(literal(shortened(text, most)))
    known = "".join(letter if _has_glyph(letter) else _UNKNOWN for letter in plain)
    return known.replace("$", r"\$")


def as_bytes(figure: Figure, form: StillForm) -> bytes:
    """The picture as the content of a file."""
    for text in figure.findobj(Text):
        own, *others = _families()
        known = all(ord(letter) in _letters(own) for letter in text.get_text())
        text.set_fontfamily(own if known else [own, *others])  # to look through all takes long
    content = io.BytesIO()
    # Equal pictures have equal bytes, the ids in them included.
    metadata = {"Date": None} if form == "svg" else {"Software": None}
    with _drawing, rc_context({"svg.hashsalt": "namerec"}):
        figure.savefig(content, format=form, dpi=DOTS, metadata=metadata)
    return content.getvalue()


@cache
def _families() -> list[str]:
    """Those that are installed, the first of them always."""
    installed = set(font_manager.get_font_names())
    return [family for family in _FAMILIES if family in installed]


@cache
def _letters(family: str) -> frozenset[int]:
    """Code points of the letters that a font has."""
    path = font_manager.findfont(font_manager.FontProperties(family=[family]))
    return frozenset(FT2Font(path).get_charmap())


def _has_glyph(letter: str) -> bool:
    return any(ord(letter) in _letters(family) for family in _families())
