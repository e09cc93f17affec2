from itertools import pairwise

import numpy as np
import pytest

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.evaluation.leaf_order import alike
from namerec.core.inside.trace import GateTrace
from namerec.core.inside.traces import trace
from namerec.core.inside.units import extremes, part_states, spread, unit_order
from namerec.core.networks.name_model import NameModel
from tests.core.references import network

LINES = ("Okonkwo A", "Li A", "Bo A", "Li B", "O'Neill B", "Schmidt B", "Anna A", "Dvorak B")
SHAPES = [
    {"kind": "rnn"},
    {"kind": "lstm", "num_layers": 2},
    {"kind": "custom_lstm", "num_layers": 2, "direction": "both"},
]
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def names() -> Dataset:
    return Dataset.build("some", (LabelledName(line[:-2], line[-1]) for line in LINES))


def traced(model: NameModel, text: str) -> GateTrace:
    return trace(model, ("A", "B", "C", "D"), text)


@every_shape
def test_the_states_of_a_part_are_those_of_each_name_by_itself(shape):
    model, corpus = network(**shape), names()
    indices = np.array([7, 0, 1, 2, 4, 5])
    last = traced(model, "Li").layers - 1
    for layer in {0, last}:
        states = part_states(model, corpus, indices, layer)
        assert sorted(states.rows.tolist()) == sorted(indices.tolist())
        assert states.available == 6
        assert set(states.values) == ({"h"} if shape["kind"] == "rnn" else {"h", "c"})
        for number, row in enumerate(states.rows):
            mine = states.name == number
            one = traced(model, corpus.normalised(row))
            assert states.place[mine].tolist() == list(range(len(one.letters)))
            for symbol, values in states.values.items():
                np.testing.assert_allclose(values[mine], one.values[symbol][:, layer], atol=1e-6)


def test_of_too_many_letters_whole_names_are_drawn_and_always_the_same():
    model, corpus = network(), names()
    one, other = (part_states(model, corpus, np.arange(8), 0, most=20) for _ in "ab")
    assert one.rows.tolist() == other.rows.tolist()
    assert one.available == 8
    lengths = corpus.lengths[one.rows]
    assert len(one.name) == lengths.sum() <= 20
    assert 0 < len(one.rows) < 8
    assert len(part_states(model, corpus, np.array([5]), 0, most=2).rows) == 1
    assert len(part_states(model, corpus, np.arange(8), 0, most=41).rows) == 8


@pytest.mark.parametrize("shape", [*SHAPES[:1], SHAPES[2]], ids=str)
def test_extremes_are_the_highest_and_lowest_that_a_plain_loop_finds(shape):
    model, corpus = network(**shape), names()
    states = part_states(model, corpus, np.arange(8), 0)
    for symbol in states.values:
        for unit in range(5):
            best: dict[str, list[tuple[float, int]]] = {}
            for row in range(8):
                text = corpus.normalised(row)
                values = traced(model, text).values[symbol][:, 0, unit]
                best[text] = [(float(v), place) for place, v in enumerate(values)]
            highest, lowest = extremes(states, corpus, symbol, unit, 3)
            for found, pick, turn in ((highest, max, -1), (lowest, min, 1)):
                expected = sorted(
                    ((*pick(values), text) for text, values in best.items()),
                    key=lambda item: turn * item[0],
                )[:3]
                np.testing.assert_allclose(
                    [d.value for d in found], [value for value, _, _ in expected], atol=1e-6
                )
                assert [(d.letters, d.place) for d in found] == [
                    (text, place) for _, place, text in expected
                ]
                for driven in found:
                    assert any(
                        LINES[row] == f"{driven.letters} {'AB'[driven.label]}" for row in range(8)
                    )


def test_asking_for_more_names_than_there_are_gives_each_spelling_once():
    states = part_states(network(), names(), np.arange(8), 0)
    highest, lowest = extremes(states, names(), "h", 0, 99)
    assert len(highest) == len(lowest) == 7
    assert len({driven.letters for driven in highest}) == 7


def test_the_spread_is_mean_and_outer_tenths_over_the_units():
    one = traced(network("lstm", hidden_size=21), "Bo")
    values = one.values["f"][:, 0]
    told = spread(one, "f", 0)
    np.testing.assert_allclose(told.mean, values.mean(axis=1), rtol=1e-6)
    in_order = np.sort(values, axis=1)  # of 21, the third from either end
    np.testing.assert_allclose(told.low, in_order[:, 2], rtol=1e-6)
    np.testing.assert_allclose(told.high, in_order[:, 18], rtol=1e-6)


@every_shape
def test_by_activity_the_mean_size_of_h_falls(shape):
    one = traced(network(**shape), "Okonkwo")
    order = unit_order("activity", one, one.layers - 1)
    sizes = np.abs(one.values["h"][:, -1]).mean(axis=0)[order]
    assert sorted(order.tolist()) == list(range(5))
    assert all(before >= after for before, after in pairwise(sizes))
    assert unit_order("number", one, 0).tolist() == list(range(5))


def test_alike_looks_at_the_hidden_states_of_the_layer_in_this_name():
    one = traced(network(hidden_size=9, num_layers=2), "Okonkwo")
    order = unit_order("alike", one, 1)
    assert order.tolist() == alike(one.values["h"][:, 1]).tolist()
    assert order.tolist() != unit_order("alike", one, 0).tolist()
