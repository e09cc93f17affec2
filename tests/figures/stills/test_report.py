"""Pictures without a browser: they open, have their size, and stand where the values say."""

import io
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from namerec.core.evaluation.matrices import MatrixView
from namerec.core.inside.gradient_steps import ByStep
from namerec.core.tasks.memory_curves import MemoryPoint, memory_curves
from namerec.core.training.config import TrainConfig
from namerec.core.training.run_curves import RunCurves, Stretch
from namerec.figures.base.theme import DARK, LIGHT, colour_at
from namerec.figures.confusion.matrix import colours
from namerec.figures.memory.gradient_words import Curve
from namerec.figures.stills import frame as still_frame
from namerec.figures.stills.frame import WIDTH, StillForm, drawable
from namerec.figures.stills.memory import gradient_still, memory_still
from namerec.figures.stills.report import accuracy_still, loss_still, matrix_still, overlay_still
from namerec.figures.training.overlay import OverlaidRun, View
from tests.conftest import ROOT
from tests.figures.records import history, matrix
from tests.test_house import imported_by

HOSTILE = "<b>$x_1$ & \\$ 漢字 سلام ᚠ 👍 \u202e\x00\ud800 " + "w" * 200


BY_EPOCH = View(along="epoch", smoothing=0)


@pytest.fixture
def _small(monkeypatch):
    """Pictures that are drawn faster."""
    monkeypatch.setattr(still_frame, "DOTS", 40)


def overlaid(name: str, epochs: int = 2) -> OverlaidRun:
    shown = history(20, epochs)
    stretches = (Stretch(0, TrainConfig()),)
    return OverlaidRun(
        name, RunCurves(shown.step, shown.loss, shown.epochs, stretches), shown.held_out
    )


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(np.int16)


def rows_of(image: np.ndarray, colour: str, least: int) -> np.ndarray:
    """Rows in which a colour stands at least so often."""
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return np.flatnonzero((np.abs(image - wanted).sum(axis=2) < 12).sum(axis=1) >= least)


def by_step(means: list[float]) -> ByStep:
    mean = np.array(means)
    steps = np.arange(len(means))
    return ByStep(steps, np.full(len(means), 80), mean, mean / 2, mean * 2, mean * 0 + 0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_lines_stand_where_their_values_are(theme):
    image = pixels(accuracy_still(history(20, 5), theme, "accuracy", "png"))
    assert image.shape[1] == WIDTH * still_frame.DOTS == 1440
    grid = rows_of(image, theme.grid, 600)
    top, bottom = grid.min(), grid.max()
    # The made-up records have 40 % in training, 50 % held out and 25 % macro recall throughout.
    for colour, share in ((theme.train, 0.4), (theme.validation, 0.5), (theme.macro_recall, 0.25)):
        rows = rows_of(image, colour, 300)
        assert (bottom - rows.mean()) / (bottom - top) == pytest.approx(share, abs=0.01)


def height_of(image: np.ndarray, colour: str) -> float:
    """How high a level line lies between the lowest and the highest line of the grid, 0..1."""
    grid = rows_of(image, LIGHT.grid, 500)
    rows = rows_of(image, colour, 300)
    return float((grid.max() - rows.mean()) / (grid.max() - grid.min()))


def test_memory_is_drawn_where_its_values_are():
    points = [MemoryPoint("lstm", noise, 0, 0.5, 571) for noise in (5, 10)]
    still = memory_still(memory_curves(points), LIGHT, "r", "png", distances=(5, 10))
    assert height_of(pixels(still), LIGHT.categorical[2]) == pytest.approx(0.5, abs=0.02)
    # Its band reaches from 1 to 4: ticks at 1, 2 and 5, of which 2 is the mean.
    curves = [Curve("a", by_step([2.0, 2.0, 2.0]), None)]
    gradients = gradient_still(curves, LIGHT, "g", "png", state="hidden state")
    expected = np.log(2) / np.log(5)
    assert height_of(pixels(gradients), LIGHT.categorical[0]) == pytest.approx(expected, abs=0.02)


def test_overlaid_curves_are_drawn_where_their_values_are():
    drawn = overlay_still([overlaid("a", 5)], "validation_accuracy", LIGHT, "s", "png", BY_EPOCH)
    assert height_of(pixels(drawn), LIGHT.categorical[0]) == pytest.approx(0.5, abs=0.02)


def test_cells_of_the_matrix_have_the_colours_of_their_shares():
    counted = matrix([[3, 1, 0], [0, 2, 0], [1, 0, 1]])
    drawn = matrix_still(counted, LIGHT, "matrix", "svg", view=MatrixView()).decode()
    mesh = drawn[drawn.index('id="QuadMesh_1"') :]
    fills = re.findall(r"fill: (#[0-9a-f]{6})", mesh)[:9]
    scale = colours(LIGHT, MatrixView())
    for fill, share in zip(fills, counted.row_normalised().ravel(), strict=True):
        expected = colour_at(scale, float(share))
        for place in (1, 3, 5):
            there, wanted = fill[place : place + 2], expected[place : place + 2]
            assert abs(int(there, 16) - int(wanted, 16)) <= 2


@pytest.mark.usefixtures("_small")
def test_every_picture_opens_in_both_forms_whatever_names_are_in_it():
    runs = [overlaid(HOSTILE), overlaid("b")]
    points = [MemoryPoint("lstm", 5, 0, 1.0, 571), MemoryPoint("lstm", 10, 0, 0.5, 571)]
    curves = [Curve(HOSTILE, by_step([1.0, 0.1, 1e-7]), 0.2)]
    counted = matrix([[2, 1], [0, 3]], [HOSTILE, "\n\t"])
    baselines = ((HOSTILE, 0.7), ("b", 0.71))
    makers: list[Callable[[StillForm], bytes]] = [
        lambda form: loss_still(history(), LIGHT, HOSTILE, form),
        lambda form: accuracy_still(history(baselines=baselines), LIGHT, "a", form),
        lambda form: overlay_still(runs, "validation_loss", LIGHT, "scores", form, BY_EPOCH),
        lambda form: matrix_still(counted, LIGHT, HOSTILE, form, view=MatrixView("counts")),
        lambda form: gradient_still(curves, LIGHT, "gradients", form, state="hidden state"),
        lambda form: memory_still(memory_curves(points), LIGHT, "r", form, distances=(5, 10)),
    ]
    for make in makers:
        assert pixels(make("png")).shape[1] == WIDTH * still_frame.DOTS
        root = ElementTree.fromstring(make("svg"))
        assert root.tag.endswith("svg")
        assert root.get("width") == f"{72 * WIDTH:g}pt"


def test_without_data_there_is_a_titled_picture_that_says_so():
    nothing = history(0, 0)
    empty = [
        loss_still(nothing, LIGHT, "loss", "png"),
        accuracy_still(nothing, LIGHT, "accuracy", "png"),
        overlay_still([overlaid("a", 0)], "macro_recall", LIGHT, "s", "png", BY_EPOCH),
        matrix_still(matrix(np.zeros((2, 2))), LIGHT, "matrix", "png", view=MatrixView()),
        gradient_still([Curve("a", ByStep.empty(), None)], LIGHT, "g", "png", state="cell state"),
        memory_still([], LIGHT, "memory-task", "png", distances=(5, 10)),
    ]
    for content in empty:
        image = pixels(content)
        height = len(image)
        assert len(rows_of(image, LIGHT.text, 1)) > 10  # the title
        middle = rows_of(image[height // 3 : -height // 3], LIGHT.muted, 3)
        assert len(middle) > 10  # the sentence


def test_a_hundred_categories_fit_and_have_no_numbers():
    counted = matrix(np.eye(100) * 3)
    image = pixels(matrix_still(counted, LIGHT, "matrix", "png", view=MatrixView()))
    strongest = colour_at(colours(LIGHT, MatrixView()), 1.0)
    assert len(rows_of(image, strongest, 1)) > 400


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("form", ["png", "svg"])
def test_pictures_drawn_at_once_are_to_the_byte_those_drawn_one_by_one(form):
    titles = [f"run {place}" for place in range(4)]
    alone = [loss_still(history(), LIGHT, title, form) for title in titles]
    with ThreadPoolExecutor(4) as threads:
        together = list(
            threads.map(lambda title: loss_still(history(), LIGHT, title, form), titles)
        )
    assert together == alone
    assert len(set(alone)) == 4


def test_text_is_drawn_letter_by_letter():
    assert drawable("a $b$ <i>") == r"a \$b\$ <i>"
    assert drawable("x\x00\u202ey") == "x\ufffd\ufffdy"
    assert drawable("\ue000") == "\ufffd"  # no font has it
    assert len(drawable("w" * 300)) == 120


def test_drawing_has_nothing_of_pyplot():
    """It keeps figures in a list of its own, and is not for threads."""
    files = list((ROOT / "namerec" / "figures" / "stills").glob("*.py"))
    assert len(files) > 2
    for file in files:
        assert "matplotlib.pyplot" not in imported_by(file)
