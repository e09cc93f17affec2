from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from namerec.core.corpus.packing import NO_LETTER, PackedNames, pack_names
from namerec.core.networks import layers, prefixes
from namerec.core.networks.cells import lstm_step, rnn_step
from namerec.core.networks.layers import lstm_layer, rnn_layer
from tests.core.references import modest, one_hot, packed, random_names

LENGTHS = {
    "one letter": [1],
    "one long": [5],
    "equal": [3, 3, 3],
    "single letters": [1, 1],
    "ragged": [2, 5, 1, 3, 3, 1],
    "many": [4, 1, 6, 2, 3, 3, 5, 2, 4, 1, 6, 7, 4],
}
UNITS, INPUTS = 2, 3

ragged_or_not = pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS.keys())
letters_or_dense = pytest.mark.parametrize("dense", [False, True], ids=["letters", "dense"])
apart_or_alike = pytest.mark.parametrize("alphabet", [57, 2], ids=["apart", "alike"])
last_or_all = pytest.mark.parametrize("final", [True, False], ids=["final", "every step"])
squashed_or_not = pytest.mark.parametrize("tanh", [True, False], ids=["tanh", "linear"])


@pytest.fixture(autouse=True, scope="module")
def _few_values_are_worth_sharing():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefixes, "LEAST_VALUES", 0)
        patch.setattr(layers, "BLOCK", 3)  # so that small batches have several blocks
        yield


class Case:
    """A batch, its input both ways, and weights, all in double precision.

    Names of an alphabet of two letters begin alike.
    """

    def __init__(
        self,
        lengths: list[int],
        *,
        gates: int,
        dense: bool,
        dropped: bool = False,
        alphabet: int = 57,
    ):
        generator = torch.Generator().manual_seed(sum(lengths))
        drawn = [name % alphabet for name in random_names(lengths)]
        self.indices = [name.astype(int).tolist() for name in drawn]
        if dropped:
            self.indices = [
                [NO_LETTER if n % 2 else v for n, v in enumerate(name)] for name in self.indices
            ]
        self.names = pack_names(drawn)
        inputs = [torch.tensor(name)[:, None] for name in self.indices]
        self.names = self.names.with_letters(packed(inputs, self.names)[:, 0])
        width = INPUTS if dense else 57
        self.inputs = [one_hot(name) for name in self.indices]
        self.x: Tensor | None = None
        if dense:
            self.inputs = [self._random(generator, n, INPUTS) for n in lengths]
            self.x = packed(self.inputs, self.names).clone().requires_grad_()
        self.weight = self._random(generator, gates * UNITS, width + UNITS).requires_grad_()
        self.bias = self._random(generator, gates * UNITS).requires_grad_()

    @staticmethod
    def _random(generator: torch.Generator, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    @property
    def leaves(self) -> list[Tensor]:
        """What gradients are taken of."""
        return [self.weight, self.bias, *([] if self.x is None else [self.x])]

    def rows(self) -> list[Tensor]:
        """The input of each name, (length, X), cut out of `x` where that is the leaf."""
        if self.x is None:
            return self.inputs
        numbered = packed([torch.arange(len(r))[:, None] for r in self.inputs], self.names)[:, 0]
        owner = packed([torch.full((len(r), 1), n) for n, r in enumerate(self.inputs)], self.names)[
            :, 0
        ]
        return [
            torch.stack([self.x[(owner == n) & (numbered == t)][0] for t in range(len(r))])
            for n, r in enumerate(self.inputs)
        ]


def _loop_lstm(case: Case, final: bool) -> Tensor:
    """Name by name and letter by letter, over the readable step."""
    hidden = []
    for row in case.rows():
        h = c = torch.zeros(1, UNITS, dtype=torch.float64)
        steps = []
        for x in row:
            state = lstm_step(x[None], h, c, case.weight, case.bias)
            h, c = state.h, state.c
            steps.append(h[0])
        hidden.append(torch.stack(steps))
    return torch.stack([steps[-1] for steps in hidden]) if final else packed(hidden, case.names)


def _loop_rnn(case: Case, final: bool, tanh: bool) -> Tensor:
    hidden, before_last = [], []
    for row in case.rows():
        h = torch.zeros(1, UNITS, dtype=torch.float64)
        steps = [h[0]]
        for x in row:
            h = rnn_step(x[None], h, case.weight, case.bias, tanh=tanh)
            steps.append(h[0])
        hidden.append(torch.stack(steps[1:]))
        before_last.append(steps[-2])
    return torch.stack(before_last) if final else packed(hidden, case.names)


def _assert_same_values_and_gradients(case: Case, fast: Tensor, slow: Tensor) -> None:
    torch.testing.assert_close(fast, slow, atol=1e-12, rtol=1e-12)
    if not slow.requires_grad:  # a batch of single letters has nothing before the last
        slow = slow + 0 * sum(leaf.sum() for leaf in case.leaves)
    pull = torch.randn(slow.shape, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    got = torch.autograd.grad(fast, case.leaves, pull)
    expected = torch.autograd.grad(slow, case.leaves, pull, materialize_grads=True)
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-12, rtol=1e-12)


@ragged_or_not
@letters_or_dense
@apart_or_alike
@last_or_all
def test_the_fast_lstm_layer_is_a_loop_over_the_readable_step(lengths, dense, alphabet, final):
    case = Case(lengths, gates=4, dense=dense, alphabet=alphabet)
    fast = lstm_layer(case.names, case.x, case.weight, case.bias, final=final)
    _assert_same_values_and_gradients(case, fast, _loop_lstm(case, final))


@ragged_or_not
@letters_or_dense
@apart_or_alike
@last_or_all
@squashed_or_not
def test_the_fast_rnn_layer_is_a_loop_over_the_readable_step(lengths, dense, alphabet, final, tanh):
    case = Case(lengths, gates=1, dense=dense, alphabet=alphabet)
    fast = rnn_layer(case.names, case.x, case.weight, case.bias, final=final, tanh=tanh)
    _assert_same_values_and_gradients(case, fast, _loop_rnn(case, final, tanh))


@modest
@given(
    names=st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=2, max_size=12),
    gated=st.booleans(),
    final=st.booleans(),
    precision=st.sampled_from([torch.float64, torch.float32]),
)
def test_what_names_have_in_common_is_computed_once_with_the_same_result(
    names, gated, final, precision
):
    batch = pack_names([np.array(name, dtype=np.uint8) for name in names])
    weights = Case([1], gates=4 if gated else 1, dense=False)
    generator = torch.Generator().manual_seed(len(names))
    answers = len(names) if final else len(batch.letters)
    pull = torch.randn(answers, UNITS, generator=generator, dtype=torch.float64).to(precision)
    leaves = [leaf.detach().to(precision).requires_grad_() for leaf in weights.leaves]

    def run() -> list[Tensor]:
        if gated:
            states = lstm_layer(batch, None, *leaves, final=final)
        else:
            states = rnn_layer(batch, None, *leaves, final=final, tanh=True)
        return [states, *torch.autograd.grad(states, leaves, pull)]

    together = run()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layers, "share_prefixes", lambda names, _: prefixes.each_name_alone(names))
        alone = run()
    near = 1e-12 if precision is torch.float64 else 1e-4
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one, other, atol=near, rtol=near)


@last_or_all
def test_a_dropped_letter_reads_as_a_zero_vector_in_both_layers(final):
    lstm = Case([2, 5, 1, 3], gates=4, dense=False, dropped=True)
    fast = lstm_layer(lstm.names, None, lstm.weight, lstm.bias, final=final)
    _assert_same_values_and_gradients(lstm, fast, _loop_lstm(lstm, final))
    rnn = Case([2, 5, 1, 3], gates=1, dense=False, dropped=True)
    fast = rnn_layer(rnn.names, None, rnn.weight, rnn.bias, final=final, tanh=True)
    _assert_same_values_and_gradients(rnn, fast, _loop_rnn(rnn, final, True))


def _gradients_hold(layer: Callable[..., Tensor], case: Case, **options: Any) -> bool:
    def run(weight: Tensor, bias: Tensor, *x: Tensor) -> Tensor:
        return layer(case.names, x[0] if x else None, weight, bias, **options)

    return torch.autograd.gradcheck(run, case.leaves)


GRADCHECK_LENGTHS = pytest.mark.parametrize(
    "lengths", [[1], [2, 2], [1, 3, 2]], ids=["one letter", "equal", "ragged"]
)
ALIKE = [3, 2, 3, 1, 2, 4, 3]


@GRADCHECK_LENGTHS
@letters_or_dense
@last_or_all
def test_the_lstm_layers_hand_written_gradient_is_the_numerical_one(lengths, dense, final):
    assert _gradients_hold(lstm_layer, Case(lengths, gates=4, dense=dense), final=final)


@GRADCHECK_LENGTHS
@letters_or_dense
@last_or_all
@squashed_or_not
def test_the_rnn_layers_hand_written_gradient_is_the_numerical_one(lengths, dense, final, tanh):
    case = Case(lengths, gates=1, dense=dense)
    assert _gradients_hold(rnn_layer, case, final=final, tanh=tanh)


@last_or_all
@squashed_or_not
def test_the_hand_written_gradients_of_names_that_begin_alike_are_the_numerical_ones(final, tanh):
    lstm, rnn = (Case(ALIKE, gates=gates, dense=False, alphabet=2) for gates in (4, 1))
    assert prefixes.share_prefixes(lstm.names, 1).shared_steps > 1
    assert _gradients_hold(lstm_layer, lstm, final=final)
    assert _gradients_hold(rnn_layer, rnn, final=final, tanh=tanh)


def _run(kind: str, case: Case, final: bool) -> Tensor:
    if kind == "lstm":
        return lstm_layer(case.names, case.x, case.weight, case.bias, final=final)
    return rnn_layer(case.names, case.x, case.weight, case.bias, final=final, tanh=True)


@pytest.mark.parametrize(("kind", "gates"), [("lstm", 4), ("rnn", 1)])
@letters_or_dense
@last_or_all
def test_a_graph_that_is_kept_gives_the_same_gradient_twice(kind, gates, dense, final):
    case = Case(ALIKE, gates=gates, dense=dense, alphabet=2)
    total = _run(kind, case, final).sum()
    first = torch.autograd.grad(total, case.leaves, retain_graph=True)
    second = torch.autograd.grad(total, case.leaves, retain_graph=True)
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(("kind", "gates"), [("lstm", 4), ("rnn", 1)])
def test_an_input_that_asks_for_no_gradient_changes_no_other(kind, gates):
    case = Case([2, 4, 1], gates=gates, dense=True)
    weight, bias = case.leaves[:2]
    with_input = torch.autograd.grad(_run(kind, case, False).sum(), [weight, bias])
    assert case.x is not None
    case.x = case.x.detach()
    without = torch.autograd.grad(_run(kind, case, False).sum(), [weight, bias])
    for one, other in zip(with_input, without, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(("kind", "gates"), [("lstm", 4), ("rnn", 1)])
@letters_or_dense
@last_or_all
def test_neither_pass_changes_what_it_was_given(kind, gates, dense, final):
    case = Case(ALIKE, gates=gates, dense=dense, alphabet=2)
    before = [leaf.detach().clone() for leaf in case.leaves]
    result = _run(kind, case, final)
    kept = result.detach().clone()
    pull = torch.ones_like(result)
    torch.autograd.grad(result, case.leaves, pull)
    assert all(torch.equal(leaf, old) for leaf, old in zip(case.leaves, before, strict=True))
    assert torch.equal(result, kept)
    assert torch.equal(pull, torch.ones_like(result))


def test_the_rnn_has_read_nothing_before_a_single_letter():
    names: PackedNames = pack_names(random_names([1, 3]))
    case = Case([1, 3], gates=1, dense=False)
    before = rnn_layer(names, None, case.weight, case.bias, tanh=False, final=True)
    assert not before[0].any()
    assert before[1].all()
