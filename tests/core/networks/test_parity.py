from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from namerec.core.corpus.packing import pack
from namerec.core.networks import parity as module
from namerec.core.networks.built_in import BuiltIn, copy_to_built_in, pair_of, recurrent_weights
from namerec.core.networks.parity import (
    Agreement,
    agreement,
    comes_back,
    names_for,
    parity,
    speed,
    weight_count,
)
from tests.core.references import network

SHAPES = [
    {"kind": "custom_lstm", "num_layers": 2},
    {"kind": "custom_lstm", "direction": "both", "num_layers": 2},
    {"kind": "custom_lstm", "char_ngrams": 3, "dropout": 0.5},
    {"kind": "lstm", "num_layers": 2, "dropout": 0.5},
    {"kind": "rnn", "nonlinearity": "tanh", "num_layers": 2},
    {"kind": "gru", "direction": "both", "num_layers": 2},
]
SOME = np.arange(0, 200, 5)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_nothing_but_rounding_lies_between_the_two(shape, five_categories):
    found = parity(network(**shape, categories=5), five_categories, SOME)
    single, double = found.agreements
    assert (single.precision, double.precision) == (torch.float32, torch.float64)
    assert 0 < single.output < 1e-5
    assert single.relative < 1e-5
    assert double.output < 1e-13
    assert double.relative < 1e-13
    assert single.is_rounding
    assert double.is_rounding
    assert found.back
    assert found.names == 40
    assert found.weights == weight_count(network(**shape))


def test_what_is_measured_is_what_autograd_says_of_each(five_categories):
    pair = pair_of(network("custom_lstm", categories=5), torch.float64)
    with torch.no_grad():
        pair.built_in.recurrent()[0][1][7, 3] += 0.1  # one entry of W_hh
    names, labels = five_categories.batch(SOME)
    gradients, answers = [], []
    for one, tensors in (
        (pair.by_hand, [t for layer in recurrent_weights(pair.by_hand) for t in layer]),
        (pair.built_in, pair.built_in.recurrent()[0]),
    ):
        # The stacked weights are made anew in every forward pass: follow them to the parameters.
        parameters = [p for name, p in one.named_parameters() if not name.startswith("out")]
        answers.append(one(names))
        gradients.append(torch.autograd.grad(F.nll_loss(answers[-1], labels), parameters))
        assert sum(p.numel() for p in parameters) >= sum(t.numel() for t in tensors)
    f_w, f_b, i_w, i_b, g_w, g_b, o_w, o_b = gradients[0]
    weight, bias = torch.cat([i_w, f_w, g_w, o_w]), torch.cat([i_b, f_b, g_b, o_b])
    read, recurrent, one_bias, _ = gradients[1]
    apart = max(
        (weight - torch.cat([read, recurrent], dim=1)).abs().max().item(),
        (bias - one_bias).abs().max().item(),
    )
    found = agreement(pair, five_categories, SOME, torch.float64)
    assert found.output == pytest.approx((answers[0] - answers[1]).abs().max().item(), rel=1e-12)
    assert found.gradient == pytest.approx(apart, rel=1e-9)
    assert found.largest_gradient == pytest.approx(
        max(weight.abs().max().item(), bias.abs().max().item()), rel=1e-9
    )
    assert found.relative == found.gradient / found.largest_gradient > 1e-6
    assert not found.is_rounding


@pytest.mark.parametrize("which", range(4))
def test_any_changed_tensor_of_either_direction_is_noticed(which, five_categories):
    model = network("custom_lstm", categories=5, direction="both")
    for layer in range(2):
        pair = pair_of(model, torch.float64)
        with torch.no_grad():
            pair.built_in.recurrent()[layer][which].view(-1)[0] += 1e-3
        assert not agreement(pair, five_categories, SOME, torch.float64).is_rounding
        assert comes_back(pair)  # which is about the copying, not about these weights


def test_a_number_that_is_none_is_not_taken_for_rounding(five_categories):
    pair = pair_of(network("custom_lstm", categories=5), torch.float64)
    with torch.no_grad():
        pair.built_in.recurrent()[0][0].fill_(torch.nan)
    assert not agreement(pair, five_categories, SOME, torch.float64).is_rounding
    assert not Agreement(torch.float32, 0.0, float("nan"), 1.0).is_rounding


def test_a_gradient_beside_one_of_zero_is_its_own_share():
    assert Agreement(torch.float32, 0.0, 0.0, 0.0).is_rounding
    assert Agreement(torch.float32, 0.0, 0.5, 0.0).relative == 0.5
    assert Agreement(torch.float32, 0.0, 0.5, 2.0).relative == 0.25


def test_a_copy_that_loses_a_bit_does_not_come_back(monkeypatch):
    pair = pair_of(network("custom_lstm"), torch.float64)
    assert comes_back(pair)

    def rounded(weights, there):
        copy_to_built_in([(weight.half().double(), bias) for weight, bias in weights], there)

    monkeypatch.setattr("namerec.core.networks.parity.copy_to_built_in", rounded)
    assert not comes_back(pair)
    monkeypatch.setattr(
        "namerec.core.networks.parity.copy_to_built_in", lambda weights, there: None
    )
    assert not comes_back(pair)


def test_names_of_one_letter_have_no_gradient_through_time(five_categories):
    pair = pair_of(network("rnn", nonlinearity="tanh", categories=5), torch.float64)
    letters = five_categories.letters.copy()
    one_letter = SimpleNamespace(
        batch=lambda indices: (
            pack(letters[indices, :1], np.ones(len(indices), dtype=np.uint8)),
            torch.from_numpy(five_categories.labels[indices]),
        )
    )
    found = agreement(pair, one_letter, SOME, torch.float64)  # type: ignore[arg-type]
    assert found.largest_gradient == 0
    assert found.is_rounding


def test_large_networks_are_compared_on_fewer_names():
    assert names_for(0) == names_for(95_232) == names_for(300_000) == 256
    assert names_for(600_000) == 128
    assert names_for(10**9) == 8


class _Clock:
    """Time that goes on only when a network takes a step."""

    def __init__(self) -> None:
        self.now = 0.0
        self.order: list[bool] = []

    def perf_counter(self):
        return self.now

    def step(self, network, names, labels):
        built_in = isinstance(network, BuiltIn)
        self.order.append(built_in)
        # The machine grows slower from round to round, for both alike.
        slower = 1 + len(self.order) // 2
        self.now += (0.3 if built_in else 0.2) * slower


def test_speed_is_the_median_of_rounds_in_turns(monkeypatch, five_categories):
    clock = _Clock()
    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(module, "training_step", clock.step)
    found = speed(network("custom_lstm", categories=5), five_categories, SOME, seconds=0)
    assert found.rounds == 5
    assert found.names == 40
    assert found.threads == 1
    order = list(zip(clock.order[::2], clock.order[1::2], strict=True))
    assert order == [(True, False), (False, True)] * 3 + [(True, False)]
    hand: list[float] = []
    theirs: list[float] = []
    for step, turn in enumerate(order):
        for place, built_in in enumerate(turn):
            slower = 1 + (2 * step + place + 1) // 2
            (theirs if built_in else hand).append((0.3 if built_in else 0.2) * slower)
    ratios = [b / a for a, b in zip(hand[2:], theirs[2:], strict=True)]
    assert found.ratio == pytest.approx(np.median(ratios))
    assert found.by_hand == pytest.approx(40 / np.median(hand[2:]))
    assert found.built_in == pytest.approx(40 / np.median(theirs[2:]))


def test_a_real_race_ends_and_gives_rates(five_categories):
    found = speed(network("lstm", categories=5), five_categories, SOME, seconds=0.01)
    assert found.rounds >= 5
    assert found.by_hand > 0
    assert found.built_in > 0
    assert found.ratio > 0
