import numpy as np
import pytest

from namerec.core.inside.gate_use import Band, GateUse, SymbolUse
from namerec.figures.base.theme import DARK, LIGHT, alt_text
from namerec.figures.memory.gates import (
    SPAN_ENDS,
    gate_use_figure,
    median_words,
    share_of_units_over,
    spans,
    spans_figure,
)


def use(found: list[float], names: tuple[int, ...] = (30, 20, 9)) -> GateUse:
    values = np.array([0.5, 0.6, 0.7])[: len(names)]
    forth = Band(np.array(names), values, values - 0.2, values + 0.2)
    back = Band(np.array(names), values[::-1], values[::-1] - 0.1, values[::-1] + 0.1)
    of_symbol = SymbolUse(forth, back, 0.55, 0.1, 0.2)
    return GateUse("lstm", dict.fromkeys("ifogc", of_symbol), np.array(found), np.array([2, 3]))


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_gate_is_drawn_by_place_from_the_beginning_and_from_the_end(theme):
    figure = gate_use_figure(use([2.0]), "f", theme, from_end=False)
    band, mean = figure.data
    assert list(mean.x) == [1, 2]  # the third letter stands in too few names
    assert list(mean.y) == [0.5, 0.6]
    assert list(band.x) == [1, 2, 2, 1]
    assert list(band.y) == pytest.approx([0.7, 0.8, 0.4, 0.3])
    assert mean.text[1] == "mean 0.60, middle 80 % from 0.40 to 0.80; 20 names"
    assert figure.layout.yaxis.title.text == "forget gate f"
    assert alt_text(figure) == (
        "Mean and middle 80 % of the forget gate f over units and names, by letter of the name: "
        "mean 0.50 at 1, 0.60 at 2."
    )
    turned = gate_use_figure(use([2.0]), "f", theme, from_end=True)
    assert list(turned.data[1].x) == [0, 1]
    assert list(turned.data[1].y) == [0.7, 0.6]
    assert turned.layout.xaxis.title.text == "letters back from the end"


def test_few_names_are_drawn_as_far_as_all_of_them_go():
    figure = gate_use_figure(use([2.0], names=(4, 4, 3)), "c", LIGHT, from_end=False)
    assert list(figure.data[1].x) == [1, 2]
    low, high = figure.layout.yaxis.range
    assert low == -high


def test_units_are_counted_by_how_long_they_remember():
    shown = spans(use([1.0, 1.3, 1.3, 2.0, 7.0, 500.0, np.inf]))
    counted = dict(zip(shown.labels, shown.units, strict=True))
    assert len(shown.units) == len(SPAN_ENDS) + 1
    assert {name: units for name, units in counted.items() if units} == {
        "1 to 1.25": 1, "1.25 to 1.5": 2, "2 to 2.5": 1, "6 to 10": 1, "over 20": 2,
    }  # fmt: skip
    figure = spans_figure(use([1.3, 1.3, 7.0]), LIGHT)
    assert sum(figure.data[0].y) == 3
    assert alt_text(figure).endswith("units: 2 for 1.25 to 1.5, 1 for 6 to 10.")


@pytest.mark.parametrize(
    ("found", "median", "over"),
    [
        ([1.5, 2.0, 9.0], "2.0 letters", "33 %"),
        ([2.0, np.inf, np.inf], "infinite", "67 %"),
        ([np.nan, np.nan], "unknown, because no name has a second letter", "–"),
    ],
)
def test_memory_is_told_in_words(found, median, over):
    assert median_words(use(found)) == median
    assert share_of_units_over(use(found), 4) == over


def test_a_figure_of_no_spans_says_why():
    figure = spans_figure(use([np.nan]), LIGHT)
    assert "second letter" in figure.layout.annotations[0].text
