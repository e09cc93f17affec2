from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from namerec.core.evaluation.matrices import MatrixView
from namerec.core.training.records import EpochRecord
from namerec.errors import NamerecError
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.confusion.timelapse import MOST_FRAMES, shown_epochs, timelapse_figure
from tests.figures.records import HELD_OUT, epoch

THREE = ("Czech", "Dutch", "Irish")


def records(*tables: object) -> list[EpochRecord]:
    return [
        replace(epoch(number, 1.0), validation_confusion=tuple(map(tuple, np.array(t).tolist())))
        for number, t in enumerate(tables, 1)
    ]


def random_epochs(epochs: int, size: int, *, filled: float = 1) -> list[EpochRecord]:
    generator = np.random.default_rng(0)
    shape = (epochs, size, size)
    return records(*(generator.integers(0, 90, shape) * (generator.random(shape) < filled)))


EPOCHS = records(
    [[1, 3, 0], [4, 0, 0], [0, 2, 0]],
    [[2, 2, 0], [1, 3, 0], [0, 1, 1]],
    [[3, 1, 0], [0, 4, 0], [0, 0, 2]],
)


def figure(
    epochs: list[EpochRecord] = EPOCHS,
    categories: tuple[str, ...] = THREE,
    view: MatrixView = MatrixView("recall"),  # noqa: B008
) -> go.Figure:
    return timelapse_figure(epochs, categories, LIGHT, view=view, held_out=HELD_OUT)


def test_each_frame_is_the_matrix_of_its_epoch_as_the_view_shows_it():
    drawn = figure()
    assert [frame.name for frame in drawn.frames] == ["1", "2", "3"]
    assert drawn.frames[1].data[0].z == ([50, 50, 0], [25, 75, 0], [0, 50, 50])
    assert drawn.data[0].z == drawn.frames[0].data[0].z
    precision = figure(view=MatrixView("precision")).frames[0].data[0].z
    assert precision == ([20, 60, 0], [80, 0, 0], [0, 40, 0])
    errors = figure(view=MatrixView("counts", hide_diagonal=True)).frames[2].data[0].z
    assert errors == ([None, 1, 0], [0, None, 0], [0, 0, None])


def test_all_epochs_have_the_order_of_the_last_and_one_range_of_colours():
    drawn = figure(view=MatrixView("counts", "support"))
    assert drawn.data[0].x == drawn.data[0].y == THREE
    other = records([[0, 9], [9, 0]], [[5, 0], [0, 8]])
    drawn = figure(other, ("A", "B"), MatrixView("counts", "support"))
    assert drawn.data[0].y == ("B", "A")
    assert drawn.frames[1].data[0].z == ([8, 0], [0, 5])
    assert drawn.data[0].zmax == 9


def test_every_step_of_the_slider_shows_its_own_frame():
    drawn = figure()
    (slider,) = drawn.layout.sliders
    assert [step.args[0] for step in slider.steps] == [("1",), ("2",), ("3",)]
    assert all(step.args[1]["frame"]["redraw"] for step in slider.steps)
    assert slider.currentvalue.suffix == " of 3"
    (menu,) = drawn.layout.updatemenus
    assert [button.label for button in menu.buttons] == ["Play", "Pause"]


def test_axes_and_hover_words_say_what_is_what():
    drawn = figure()
    assert drawn.layout.yaxis.title.text == "true language"
    assert drawn.layout.xaxis.title.text == "predicted language"
    assert list(drawn.layout.xaxis.ticktext) == list(THREE)
    assert HELD_OUT in drawn.data[0].colorbar.title.text
    told = {
        normalisation: figure(view=MatrixView(normalisation)).data[0].hovertemplate
        for normalisation in ("recall", "precision", "counts")
    }
    assert told == {
        "recall": "%{z} % of the true %{y} names were answered with %{x}<extra></extra>",
        "precision": "%{z} % of the names answered with %{x} are %{y}<extra></extra>",
        "counts": "%{z} of the true %{y} names were answered with %{x}<extra></extra>",
    }


def test_rows_and_columns_are_known_by_names_that_are_literal_and_differ():
    names = ("<b>x</b>", "y" * 200 + "1", "y" * 200 + "2")
    drawn = figure(categories=names)
    shown = drawn.data[0].x
    assert "&lt;b&gt;x&lt;/b&gt;" in shown
    assert len(set(shown)) == 3
    assert list(drawn.layout.xaxis.tickvals) == list(shown)
    assert list(drawn.layout.xaxis.categoryarray) == list(shown)


@pytest.mark.parametrize(("epochs", "size"), [(1, 18), (100, 18), (101, 18), (5000, 2), (300, 200)])
def test_few_epochs_are_all_shown_and_many_thinned_out_evenly(epochs, size):
    shown = shown_epochs(epochs, size)
    assert len(shown) == len(set(shown)) <= min(epochs, MOST_FRAMES)
    assert (shown[0], shown[-1]) == (0, epochs - 1)
    assert np.ptp(np.diff(shown)) <= 1 if len(shown) > 1 else epochs == 1
    if size == 18:
        assert len(shown) == min(epochs, MOST_FRAMES)


def test_thinned_out_epochs_are_said_to_be_so():
    drawn = figure(random_epochs(250, 3))
    assert drawn.layout.sliders[0].currentvalue.suffix == " of 250 (100 of 250 are shown)"
    assert "after each of 250 epochs, 100 of them shown" in alt_text(drawn)
    assert drawn.frames[-1].name == "250"


@pytest.mark.parametrize(
    ("epochs", "size", "filled"), [(100, 18, 1), (300, 18, 1), (60, 200, 1), (60, 200, 0.1)]
)
def test_a_time_lapse_stays_below_two_megabytes(epochs, size, filled):
    names = tuple(f"a name of a category that is long {index}" for index in range(size))
    drawn = figure(random_epochs(epochs, size, filled=filled), names)
    assert len(drawn.to_json()) < 2_000_000


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_no_epochs_or_no_names_give_the_titled_empty_figure(theme):
    view = MatrixView("recall", "similarity")
    none = timelapse_figure([], THREE, theme, view=view, held_out=HELD_OUT)
    assert none.layout.annotations[0].text == "No epoch is done yet."
    assert "No epoch is done yet." in alt_text(none)
    nothing = records(np.zeros((3, 3), int))
    empty = timelapse_figure(nothing, THREE, theme, view=view, held_out=HELD_OUT)
    assert empty.layout.annotations[0].text == "No names were counted."
    assert (empty.data, empty.frames) == ((), ())
    assert empty.layout.xaxis.title.text == "predicted language"


def test_matrices_of_other_categories_are_refused():
    with pytest.raises(NamerecError, match="there are 2 categories"):
        figure(categories=("A", "B"))
