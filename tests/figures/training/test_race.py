from dataclasses import replace

import numpy as np
import pytest

from namerec.core.training.config import TrainConfig
from namerec.core.training.records import EpochRecord
from namerec.core.training.run_curves import Place, RunCurves, Stretch
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.training.overlay import OverlaidRun
from namerec.figures.training.race import race_accuracy_figure, race_loss_figure
from tests.figures.records import epoch


def _epochs(accuracies: list[float], seconds: float) -> list[EpochRecord]:
    return [
        replace(epoch(n, 1 / n), validation_accuracy=share, seconds=n * seconds)
        for n, share in enumerate(accuracies, 1)
    ]


def _runs() -> list[OverlaidRun]:
    entered = (("RNN", [0.2, 0.4], 1.5), ("LSTM", [0.5, 0.8], 4.0))
    return [
        OverlaidRun(
            name,
            RunCurves(
                step=np.arange(1, 21),
                loss=np.linspace(3, 1, 20),
                epochs=_epochs(accuracies, seconds),
                stretches=(Stretch(0, TrainConfig()),),
                now=Place(20, 2.0, 2 * seconds),
            ),
            "validation names, leak-free split",
        )
        for name, accuracies, seconds in entered
    ]


@pytest.mark.parametrize(
    ("along", "places"),
    [("seconds", [[1.5, 3.0], [4.0, 8.0]]), ("epoch", [[1, 2]] * 2), ("step", [[10, 20]] * 2)],
)
def test_each_network_is_a_line_of_its_accuracies_along_its_own_axis(along, places):
    figure = race_accuracy_figure(_runs(), LIGHT, along=along)
    assert [list(line.y) for line in figure.data] == [[20.0, 40.0], [50.0, 80.0]]
    assert [list(line.x) for line in figure.data] == places
    assert [line.name for line in figure.data] == ["RNN", "LSTM"]
    assert len({line.marker.symbol for line in figure.data}) == 2
    assert figure.layout.yaxis.title.text == "accuracy (%)"
    assert figure.layout.yaxis.range == (0, 88.0)


def test_a_network_keeps_its_colour_when_another_has_nothing_yet():
    first, second = _runs()
    both = race_accuracy_figure([first, second], DARK, along="seconds")
    waiting = replace(first, curves=replace(first.curves, epochs=[]))
    alone = race_accuracy_figure([waiting, second], DARK, along="seconds")
    assert [line.name for line in alone.data] == ["LSTM"]
    assert alone.data[0].line.color == both.data[1].line.color


def test_the_accuracy_that_all_are_timed_to_is_a_line_with_its_words():
    figure = race_accuracy_figure(_runs(), LIGHT, along="seconds", target=0.72)
    (line,) = figure.layout.shapes
    assert (line.y0, line.y1) == (72.0, 72.0)
    assert line.label.text == "nine tenths of the best: 72.0 %"
    assert alt_text(figure).endswith("All are timed to 72 %.")
    assert not race_accuracy_figure(_runs(), LIGHT, along="seconds").layout.shapes


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_race_that_has_not_begun_is_an_empty_figure_that_says_so(theme):
    for figure in (
        race_accuracy_figure([], theme, along="seconds", target=0.5),
        race_loss_figure([], theme, along="seconds"),
    ):
        assert [note.text for note in figure.layout.annotations] == ["Nothing measured yet."]
        assert "Nothing measured yet." in alt_text(figure)
        assert not figure.layout.shapes
    empty = race_accuracy_figure([], theme, along="seconds")
    assert empty.layout.yaxis.range == (0, 100)


def test_losses_are_in_nats_dotted_in_training_and_drawn_through_on_held_out_names():
    figure = race_loss_figure(_runs(), LIGHT, along="step")
    assert figure.layout.yaxis.title.text == "loss (nats)"
    dashes = [line.line.dash for line in figure.data]
    assert dashes.count("dot") == 2
    assert dashes.count("solid") == 2
