import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from namerec.core.corpus.alphabet import ALPHABET_SIZE, LETTERS, encode
from namerec.core.corpus.packing import pack_names
from namerec.core.inside.training_step import (
    WeightPlace,
    largest_gradient,
    symbols,
    training_step,
)
from namerec.core.networks.name_model import NameModel
from tests.core.references import network

SHAPES = [
    {"kind": "rnn"},
    {"kind": "rnn", "nonlinearity": "tanh", "num_layers": 2},
    {"kind": "lstm"},
    {"kind": "lstm", "num_layers": 2},
    {"kind": "custom_lstm"},
    {"kind": "custom_lstm", "direction": "both", "num_layers": 2},
    {"kind": "custom_lstm", "char_ngrams": 3},
    {"kind": "gru"},
    {"kind": "gru", "direction": "both", "num_layers": 2},
]


def _loss(model: NameModel, name: str, label: int) -> float:
    with torch.no_grad():
        return -float(model(pack_names([encode(name)]))[0, label])


@pytest.mark.parametrize("shape", SHAPES)
@given(
    name=st.text(LETTERS, min_size=1, max_size=9),
    label=st.integers(0, 3),
    unit=st.integers(0, 4),
    source=st.integers(0, ALPHABET_SIZE + 4),
    block=st.integers(0, 3),
)
@settings(max_examples=15)
def test_letters_shares_make_the_gradient_and_the_quotient_agrees(
    shape, name, label, unit, source, block
):
    model = network(**shape)
    symbol = symbols(model)[block % len(symbols(model))]
    step = training_step(model, name, label, 0.1, WeightPlace(symbol, unit, source))
    total = math.fsum(share.product for share in step.shares)
    assert total == pytest.approx(step.gradient, abs=1e-10)
    assert step.quotient == pytest.approx(step.gradient, abs=1e-6)
    assert [share.letter for share in step.shares] == list(name)
    assert step.loss == pytest.approx(_loss(model, name, label))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_step_is_one_of_plain_gradient_descent(shape):
    model = network(**shape)
    theirs = copy.deepcopy(model)
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.2)
    (-theirs(pack_names([encode("Okonkwo")]))[0, 2]).backward()
    given = [parameter.grad for parameter in theirs.parameters()]
    norm = math.sqrt(sum(float((g**2).sum()) for g in given if g is not None))
    optimizer.step()
    step = training_step(model, "Okonkwo", 2, 0.2)
    assert step.norm == pytest.approx(norm)
    assert step.loss_after == pytest.approx(_loss(theirs, "Okonkwo", 2))
    assert np.exp(step.after).sum() == pytest.approx(1)
    assert step.weight_after == pytest.approx(step.weight - 0.2 * step.gradient)


def test_the_network_stays_as_it_is():
    model = network(dtype=torch.float32)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    training_step(model, "Li", 1, 5.0)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_small_step_changes_the_loss_as_a_plane_would():
    step = training_step(network(), "Schmidt", 0, 1e-6)
    assert step.loss_after - step.loss == pytest.approx(step.expected, rel=1e-3)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_weight_followed_has_the_largest_gradient_of_its_layer(shape):
    model = network(**shape)
    place = largest_gradient(model, "Garcia", 3)
    found = abs(training_step(model, "Garcia", 3, 0.1, place).gradient)
    generator = np.random.default_rng(0)
    for _ in range(40):
        other = WeightPlace(
            symbols(model)[generator.integers(len(symbols(model)))],
            int(generator.integers(5)),
            int(generator.integers(ALPHABET_SIZE + 5)),
        )
        assert abs(training_step(model, "Garcia", 3, 0.1, other).gradient) <= found + 1e-12


def test_a_weight_of_a_letter_that_is_not_in_the_name_has_no_gradient():
    step = training_step(network(), "Li", 0, 0.1, WeightPlace("f", 1, LETTERS.index("z")))
    assert step.gradient == 0
    assert step.place.from_letter == "z"
    assert step.place.from_unit is None


def test_a_weight_of_the_previous_state_has_none_at_the_first_letter():
    step = training_step(network(), "Li", 0, 0.1, WeightPlace("o", 1, ALPHABET_SIZE + 2))
    assert step.place.from_unit == 2
    assert step.shares[0].read == 0
    assert step.gradient == pytest.approx(step.shares[1].product)
