from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from namerec.core.corpus.packing import NO_LETTER, pack_names
from namerec.core.networks import prefixes
from namerec.core.networks.cells import gru_step, lstm_step, rnn_step
from namerec.core.networks.layers import inputs, rows
from namerec.core.networks.layers.gru import gru_layer
from namerec.core.networks.layers.lstm import lstm_layer
from namerec.core.networks.layers.rnn import rnn_layer
from tests.core.references import one_hot, packed, random_names

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


class Layer(NamedTuple):
    """A fast layer and what it is held to.

    Attributes:
        run: The layer.
        step: x, h, c, weight and bias to the new h and c.
        products: Rows of the weight a unit.
        biases: The same of the bias.
        before_last: Whether only the state before a name's last letter is wanted of it.
    """

    run: Callable[..., Tensor]
    step: Callable[..., tuple[Tensor, Tensor]]
    products: int
    biases: int
    before_last: bool = False


def _lstm(x: Tensor, h: Tensor, c: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    state = lstm_step(x, h, c, weight, bias)
    return state.h, state.c


def _gru(x: Tensor, h: Tensor, c: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    return gru_step(x, h, weight, bias).h, c


def _rnn(*given: Tensor, tanh: bool) -> tuple[Tensor, Tensor]:
    x, h, c, weight, bias = given
    return rnn_step(x, h, weight, bias, tanh=tanh), c


LAYERS = {
    "lstm": Layer(lstm_layer, _lstm, 4, 4),
    "gru": Layer(gru_layer, _gru, 3, 4),
    **{
        name: Layer(partial(rnn_layer, tanh=tanh), partial(_rnn, tanh=tanh), 1, 1, before_last=True)
        for name, tanh in (("rnn", False), ("rnn with tanh", True))
    },
}
every_layer = pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS.keys())


@pytest.fixture(autouse=True, scope="module")
def _few_values_are_worth_sharing():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefixes, "LEAST_VALUES", 0)
        patch.setattr(rows, "BLOCK", 3)  # so that small batches have several blocks
        yield


class Case:
    """A batch, its input both ways, and weights, all in double precision.

    Names of an alphabet of two letters begin alike.
    """

    def __init__(
        self,
        layer: Layer,
        lengths: list[int],
        *,
        dense: bool = False,
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
        weight = self._random(generator, layer.products * UNITS, width + UNITS)
        self.weight = weight.requires_grad_()
        self.bias = self._random(generator, layer.biases * UNITS).requires_grad_()
        self.layer = layer

    @staticmethod
    def _random(generator: torch.Generator, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    @property
    def leaves(self) -> list[Tensor]:
        """What gradients are taken of."""
        return [self.weight, self.bias, *([] if self.x is None else [self.x])]

    def run(self, final: bool) -> Tensor:
        """What the fast layer makes of it."""
        return self.layer.run(self.names, self.x, self.weight, self.bias, final=final)

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


def _loop(case: Case, final: bool) -> Tensor:
    """Name by name and letter by letter, over the readable step."""
    hidden, finals = [], []
    for row in case.rows():
        h = c = torch.zeros(1, UNITS, dtype=torch.float64)
        steps = [h[0]]
        for x in row:
            h, c = case.layer.step(x[None], h, c, case.weight, case.bias)
            steps.append(h[0])
        hidden.append(torch.stack(steps[1:]))
        finals.append(steps[-2 if case.layer.before_last else -1])
    return torch.stack(finals) if final else packed(hidden, case.names)


def _assert_same_values_and_gradients(case: Case, final: bool) -> None:
    fast, slow = case.run(final), _loop(case, final)
    torch.testing.assert_close(fast, slow, atol=1e-12, rtol=1e-12)
    if not slow.requires_grad:  # a batch of single letters has nothing before the last
        slow = slow + 0 * sum(leaf.sum() for leaf in case.leaves)
    pull = torch.randn(slow.shape, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    got = torch.autograd.grad(fast, case.leaves, pull)
    expected = torch.autograd.grad(slow, case.leaves, pull, materialize_grads=True)
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-12, rtol=1e-12)


@every_layer
@ragged_or_not
@letters_or_dense
@apart_or_alike
@last_or_all
def test_a_fast_layer_is_a_loop_over_the_readable_step(layer, lengths, dense, alphabet, final):
    case = Case(layer, lengths, dense=dense, alphabet=alphabet)
    _assert_same_values_and_gradients(case, final)


@given(
    names=st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=2, max_size=12),
    layer=st.sampled_from(list(LAYERS.values())),
    final=st.booleans(),
    precision=st.sampled_from([torch.float64, torch.float32]),
)
def test_what_names_have_in_common_is_computed_once_with_the_same_result(
    names, layer, final, precision
):
    batch = pack_names([np.array(name, dtype=np.uint8) for name in names])
    weights = Case(layer, [1])
    generator = torch.Generator().manual_seed(len(names))
    answers = len(names) if final else len(batch.letters)
    pull = torch.randn(answers, UNITS, generator=generator, dtype=torch.float64).to(precision)
    leaves = [leaf.detach().to(precision).requires_grad_() for leaf in weights.leaves]

    def run() -> list[Tensor]:
        states = layer.run(batch, None, *leaves, final=final)
        return [states, *torch.autograd.grad(states, leaves, pull)]

    together = run()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "share_prefixes", lambda names, _: prefixes.each_name_alone(names))
        alone = run()
    near = 1e-12 if precision is torch.float64 else 1e-4
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one, other, atol=near, rtol=near)


@every_layer
@last_or_all
def test_a_dropped_letter_reads_as_a_zero_vector(layer, final):
    _assert_same_values_and_gradients(Case(layer, [2, 5, 1, 3], dropped=True), final)


def _gradients_hold(case: Case, final: bool) -> bool:
    def run(weight: Tensor, bias: Tensor, *x: Tensor) -> Tensor:
        return case.layer.run(case.names, x[0] if x else None, weight, bias, final=final)

    return torch.autograd.gradcheck(run, case.leaves)


ALIKE = [3, 2, 3, 1, 2, 4, 3]


@every_layer
@pytest.mark.parametrize("lengths", [[1], [2, 2], [1, 3, 2]], ids=["one letter", "equal", "ragged"])
@letters_or_dense
@last_or_all
def test_the_hand_written_gradient_is_the_numerical_one(layer, lengths, dense, final):
    assert _gradients_hold(Case(layer, lengths, dense=dense), final)


@every_layer
@last_or_all
def test_the_hand_written_gradient_of_names_that_begin_alike_is_the_numerical_one(layer, final):
    case = Case(layer, ALIKE, alphabet=2)
    assert prefixes.share_prefixes(case.names, 1).shared_steps > 1
    assert _gradients_hold(case, final)


@every_layer
@letters_or_dense
@last_or_all
def test_a_graph_that_is_kept_gives_the_same_gradient_twice(layer, dense, final):
    case = Case(layer, ALIKE, dense=dense, alphabet=2)
    total = case.run(final).sum()
    first = torch.autograd.grad(total, case.leaves, retain_graph=True)
    second = torch.autograd.grad(total, case.leaves, retain_graph=True)
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one, other)


@every_layer
def test_an_input_that_asks_for_no_gradient_changes_no_other(layer):
    case = Case(layer, [2, 4, 1], dense=True)
    weight, bias = case.leaves[:2]
    with_input = torch.autograd.grad(case.run(False).sum(), [weight, bias])
    assert case.x is not None
    case.x = case.x.detach()
    without = torch.autograd.grad(case.run(False).sum(), [weight, bias])
    for one, other in zip(with_input, without, strict=True):
        assert torch.equal(one, other)


@every_layer
@letters_or_dense
@last_or_all
def test_neither_pass_changes_what_it_was_given(layer, dense, final):
    case = Case(layer, ALIKE, dense=dense, alphabet=2)
    before = [leaf.detach().clone() for leaf in case.leaves]
    result = case.run(final)
    kept = result.detach().clone()
    pull = torch.ones_like(result)
    torch.autograd.grad(result, case.leaves, pull)
    assert all(torch.equal(leaf, old) for leaf, old in zip(case.leaves, before, strict=True))
    assert torch.equal(result, kept)
    assert torch.equal(pull, torch.ones_like(result))


def test_the_rnn_has_read_nothing_before_a_single_letter():
    before = Case(LAYERS["rnn"], [1, 3]).run(True)
    assert not before[0].any()
    assert before[1].all()


@apart_or_alike
@letters_or_dense
def test_the_gru_layer_is_pytorchs_own_with_the_same_weights(alphabet, dense):
    case = Case(LAYERS["gru"], LENGTHS["many"], dense=dense, alphabet=alphabet)
    width = case.weight.shape[1] - UNITS
    own = nn.GRU(width, UNITS, dtype=torch.float64)
    weight, bias = case.weight.detach(), case.bias.detach()
    own.load_state_dict(
        {
            "weight_ih_l0": weight[:, :width],
            "weight_hh_l0": weight[:, width:],
            "bias_ih_l0": bias[: 3 * UNITS],
            "bias_hh_l0": torch.cat([torch.zeros(2 * UNITS), bias[3 * UNITS :]]),
        }
    )
    states = case.run(False)
    rows = packed(case.inputs, case.names) if case.x is None else case.x
    expected, _ = own(PackedSequence(rows, torch.tensor(case.names.batch_sizes)))
    torch.testing.assert_close(states, expected.data, atol=1e-12, rtol=0)
    pull = torch.randn(states.shape, generator=torch.Generator().manual_seed(9)).double()
    got = torch.autograd.grad(states, case.leaves, pull)
    read, recurrent, of_input, of_state, *of_x = torch.autograd.grad(
        expected.data, [*own.parameters(), *case.leaves[2:]], pull
    )
    weight = torch.cat([read, recurrent], dim=1)
    bias = torch.cat([of_input, of_state[2 * UNITS :]])
    for one, other in zip(got, [weight, bias, *of_x], strict=True):
        torch.testing.assert_close(one, other, atol=1e-12, rtol=1e-12)
