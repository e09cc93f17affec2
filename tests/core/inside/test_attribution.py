from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import InputXGradient, IntegratedGradients
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from namerec.core.corpus.alphabet import LETTERS, encode
from namerec.core.corpus.packing import NO_LETTER
from namerec.core.inside.attribution import (
    Attribution,
    FadingName,
    Method,
    attribute,
    following_of,
    least_work,
)
from namerec.core.inside.integration import (
    MOST_MISSED_NATS,
    gradient_times_input,
    integrated_gradients,
)
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.core.networks.name_model import NameModel
from namerec.core.networks.ngrams import ngrams_of
from namerec.core.networks.rnn import RNN
from tests.core.references import network, pack_text

CATEGORIES = ("Ab", "Cd", "Ef", "Gh")
SHAPES = [
    {"kind": kind, "num_layers": layers} for kind in MODEL_KINDS for layers in (1, 2, 3)
] + [
    {"kind": "rnn", "nonlinearity": "tanh", "num_layers": 2},
    {"kind": "custom_lstm", "direction": "both", "num_layers": 2},
    {"kind": "lstm", "char_ngrams": 5},
    {"kind": "custom_lstm", "direction": "both", "char_ngrams": 3},
]  # fmt: skip
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)
names = pytest.mark.parametrize("name", ["X", "O'Neill"])


def with_ngrams(shape: dict[str, Any]) -> NameModel:
    """A network of that shape with strong answers, whose n-grams, if any, have logits."""
    model = network(**shape)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
        if model.ngrams is not None:
            model.ngrams.logits.normal_(0, 0.5)
    return model


@every_shape
@names
def test_a_name_with_all_letters_present_is_answered_as_the_network_answers(shape, name):
    model = with_ngrams(shape)
    fading = FadingName(model, name)
    answer = fading.log_probabilities(fading.all_present[None])
    torch.testing.assert_close(answer, model(pack_text(name)))


@every_shape
@names
def test_an_absent_letter_is_what_letter_dropout_feeds(shape, name):
    model = with_ngrams({**shape, "char_ngrams": 0})
    fading = FadingName(model, name)
    packed = pack_text(name)
    dropped = packed.letters.clone()
    dropped[0] = NO_LETTER
    presence = fading.all_present
    presence[0] = 0
    torch.testing.assert_close(
        fading.log_probabilities(presence[None]), model(packed.with_letters(dropped))
    )


@pytest.mark.parametrize("name", ["X", "Bo", "Li A", "O'Neill"])
@pytest.mark.parametrize("longest", [2, 3, 5])
def test_an_ngrams_logits_count_with_the_product_of_its_letters(name, longest):
    model = with_ngrams({"kind": "rnn", "char_ngrams": longest})
    assert model.ngrams is not None
    fading = FadingName(model, name)
    presence = torch.rand(1, len(name), dtype=torch.float64, generator=torch.manual_seed(1))
    marked = [1.0, *presence[0].tolist(), 1.0]
    spans = [
        (begin, begin + length)
        for length in range(2, longest + 1)
        for begin in range(len(marked) - length + 1)
    ]
    rows, _ = ngrams_of(pack_text(name), longest)
    assert len(spans) == len(rows)
    logits = sum(
        np.prod(marked[begin:end]) * model.ngrams.logits[row].detach()
        for (begin, end), row in zip(spans, rows.tolist(), strict=True)
    )
    model.ngrams.logits.data.zero_()
    alone = FadingName(model, name).outputs(presence)
    torch.testing.assert_close(fading.outputs(presence) - alone, logits[None])


@every_shape
@names
def test_integrated_gradients_explain_the_change_within_one_percent(shape, name):
    model = with_ngrams(shape)
    shown = attribute(model, CATEGORIES, name, 2, "integrated gradients")
    assert shown.complete
    assert shown.missed <= max(0.01 * abs(shown.change), MOST_MISSED_NATS)
    assert shown.total == pytest.approx(shown.with_all - shown.with_none, rel=0.01, abs=1e-4)
    assert shown.with_all == pytest.approx(model(pack_text(name))[0, 2].item())
    assert (shown.category, shown.letters, len(shown.contributions)) == ("Ef", name, len(name))


@every_shape
@names
def test_captum_finds_the_same_contributions(shape, name):
    fading = FadingName(with_ngrams(shape), name)
    present = fading.all_present
    ones = present[None].clone().requires_grad_()

    def score(presence: Tensor) -> Tensor:
        return fading.log_probabilities(presence)[:, 1]

    ours, _ = integrated_gradients(score, present)
    theirs = IntegratedGradients(fading.log_probabilities).attribute(
        ones, baselines=0 * ones, target=1, n_steps=64, method="gausslegendre"
    )
    np.testing.assert_allclose(ours, theirs[0].detach(), atol=1e-6)
    local = InputXGradient(fading.log_probabilities).attribute(ones, target=1)
    np.testing.assert_allclose(gradient_times_input(score, present), local[0].detach(), atol=1e-9)


@every_shape
def test_the_gradient_is_what_fading_each_letter_a_little_does(shape):
    fading = FadingName(with_ngrams(shape), "Garcia")
    present, little = fading.all_present, 1e-5
    steps = little * torch.eye(6, dtype=torch.float64)

    def score(presence: Tensor) -> Tensor:
        return fading.log_probabilities(presence)[:, 0]

    differences = (score(present + steps) - score(present - steps)) / (2 * little)
    np.testing.assert_allclose(
        gradient_times_input(score, present), differences.detach(), rtol=1e-5, atol=1e-8
    )


@pytest.mark.parametrize("layers", [1, 2, 3])
@given(name=st.text(LETTERS, min_size=1, max_size=9))
def test_before_the_softmax_a_linear_rnn_is_explained_exactly(layers, name):
    fading = FadingName(network("rnn", num_layers=layers), name)
    present = fading.all_present

    def score(presence: Tensor) -> Tensor:
        return fading.outputs(presence)[:, 3]

    with torch.no_grad():
        change = float(score(present[None]) - score(0 * present[None]))
    local = gradient_times_input(score, present)
    assert local.sum() == pytest.approx(change, abs=1e-12)
    along, _ = integrated_gradients(score, present)
    np.testing.assert_allclose(along, local, atol=1e-12)


def test_a_letter_the_answer_does_not_depend_on_gets_nothing():
    model = network("rnn")  # its answer does not read the state after the last letter
    assert isinstance(model, RNN)
    with torch.no_grad():
        for linear in (model.i2h, model.i2o):
            linear.weight[:, encode("k").tolist()] = 0
    shown = attribute(model, CATEGORIES, "Okonkwo", 0, "integrated gradients")
    nothing = [letter == "k" for letter in "Okonkwo"]
    assert ((shown.contributions == 0) == nothing).all()


def test_where_next_to_nothing_is_explained_a_ten_thousandth_of_a_nat_is_allowed():
    def of(total: float) -> Attribution:
        return Attribution("X", "Ab", "integrated gradients", np.array([total]), -1, -0.9999, 32)

    assert of(0.00019).complete
    assert not of(0.00021).complete


def test_what_misses_more_than_there_is_to_explain_has_failed_but_a_local_view_never_has():
    def of(total: float, change: float, method: Method = "integrated gradients") -> Attribution:
        return Attribution("X", "Ab", method, np.array([total]), -change, 0.0, 32)

    assert of(-20.2, -1.3).failed
    assert of(float("nan"), -1.3).failed
    assert not of(-2.5, -1.3).failed
    assert not of(5e-5, 0.0).failed  # within what float32 gives
    assert not of(-20.2, -1.3, "gradient times input").failed


def test_points_are_bounded_by_the_work_that_each_is():
    model = network("rnn")  # (57 + 5 + 1) * (5 + 4) weights
    weights = (57 + 5 + 1) * (5 + 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("namerec.core.inside.attribution.MOST_WORK", 50 * 4 * weights)
        assert following_of(model, "Abcd").enough == 50
        assert following_of(model, "A").enough == 200
        assert following_of(model, "Ab" * 32).enough == 32
        assert least_work(model, "Ab" * 32) == 32 * 64 * weights
        shown = attribute(network("custom_lstm"), CATEGORIES, "O'Neill", 2, "integrated gradients")
        assert shown.points == 32
    assert following_of(model, "Abcd").enough == 2048


def test_points_followed_at_once_are_bounded_by_the_values_that_each_keeps(monkeypatch):
    model = network("custom_lstm", num_layers=2, direction="both")
    values = 4 * 5 * 6  # a letter's: layers, units, symbols
    whole = attribute(model, CATEGORIES, "O'Neill", 2, "integrated gradients")
    assert following_of(model, "O'Neill").at_once == 64
    monkeypatch.setattr("namerec.core.inside.attribution.MOST_VALUES", 3 * 7 * values)
    assert following_of(model, "O'Neill").at_once == 3
    in_pieces = attribute(model, CATEGORIES, "O'Neill", 2, "integrated gradients")
    np.testing.assert_allclose(in_pieces.contributions, whole.contributions, atol=1e-9)


def test_the_gradient_times_input_says_what_it_misses_and_leaves_no_trace_in_the_network():
    model = with_ngrams({"kind": "lstm", "dropout": 0.5}).train()
    shown = attribute(model, CATEGORIES, "Schmidt", 0, "gradient times input")
    assert shown.points == 1
    assert not shown.complete
    assert shown.missed == pytest.approx(abs(shown.total - shown.change))
    assert not model.training
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
