import numpy as np
import pytest

from namerec.core.corpus.alphabet import LETTERS
from namerec.core.inside.traces import trace
from namerec.core.inside.unit_step import most_active, unit_step
from namerec.core.networks.models import build
from tests.core.references import network

SHAPES = [
    {"kind": "rnn"},
    {"kind": "rnn", "nonlinearity": "tanh", "num_layers": 2},
    {"kind": "lstm", "num_layers": 3},
    {"kind": "custom_lstm"},
    {"kind": "custom_lstm", "direction": "both", "num_layers": 2},
    {"kind": "gru"},
    {"kind": "gru", "direction": "both", "num_layers": 2},
]
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


@every_shape
def test_a_unit_written_out_is_the_traces_own(shape):
    model = network(**shape)
    traced = trace(model, tuple("ABCD"), "O'Ne")
    for layer in range(traced.layers):
        for place in range(4):
            for unit in range(5):
                step = unit_step(model, traced, layer, place, unit)
                assert set(step.values) == set(traced.values)
                for symbol, value in step.values.items():
                    expected = traced.values[symbol][place, layer, unit]
                    assert value == pytest.approx(float(expected), abs=1e-6), symbol
                for one in step.sums:
                    arriving = one.before
                    if one.passed is not None:
                        gate, value, bias = one.passed
                        assert value == step.values[gate]
                        arriving = value * (one.before + bias)
                    assert one.total == pytest.approx(one.below + arriving + one.bias)


def test_a_letter_adds_its_own_weight_and_nothing_is_remembered_at_first():
    model = network("lstm")
    traced = trace(model, tuple("ABCD"), "Ng")
    weight, bias = (values.detach() for values in model.layer_weights()[0])
    step = unit_step(model, traced, 0, 0, 3)
    assert (step.letter, step.first, step.lowest, step.before["c"]) == ("N", True, True, 0.0)
    column = LETTERS.index("N")
    for block, one in enumerate(step.sums):
        row = 5 * block + 3
        assert one.below == pytest.approx(float(weight[row, column]))
        assert one.bias == pytest.approx(float(bias[row]))
        assert one.before == 0


def test_the_largest_shares_are_products_of_weight_and_state_in_order_of_size():
    model = network("custom_lstm", direction="both")
    traced = trace(model, tuple("ABCD"), "Anna")
    weight, _ = model.backward_weights()[0]
    step = unit_step(model, traced, 1, 1, 2, shares=3)  # reads from the end: 'n' after 'n'
    earlier = traced.values["h"][2, 1]
    for block, one in enumerate(step.sums):
        products = weight[5 * block + 2, 57:].detach().numpy() * earlier
        assert one.before == pytest.approx(products.sum(), abs=1e-6)
        order = np.argsort(-np.abs(products))[:3]
        assert [share.unit for share in one.largest] == order.tolist()
        for share in one.largest:
            assert share.product == pytest.approx(products[share.unit], abs=1e-6)
            assert share.product == pytest.approx(share.weight * share.state)
    assert step.before["c"] == pytest.approx(float(traced.values["c"][2, 1, 2]))
    assert unit_step(model, traced, 1, 3, 2).first
    assert not unit_step(model, traced, 0, 3, 2).first


def test_a_gate_far_beyond_its_range_is_shut_or_open_and_no_error():
    model = build(network("lstm").config.model_copy(update={"forget_bias": 9.0}), 4, seed=1)
    with_bias = model.forget_biases()[0]
    with_bias.data.fill_(-5000)
    traced = trace(model, tuple("ABCD"), "Bo")
    step = unit_step(model, traced, 0, 1, 0)
    assert step.values["f"] == 0


def test_the_most_active_unit_has_the_largest_hidden_state_of_either_sign():
    traced = trace(network(), tuple("ABCD"), "Schmidt")
    sizes = np.abs(traced.values["h"][4, 0])
    assert sizes[most_active(traced, 0, 4)] == sizes.max()
