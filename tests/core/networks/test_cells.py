import math

import pytest
import torch
from torch import Tensor, nn

from namerec.core.networks.cells import (
    GRUCell,
    GRUState,
    LSTMCell,
    LSTMState,
    gru_step,
    lstm_step,
    rnn_step,
)
from namerec.core.networks.kinds import KINDS

LARGE = 1e4


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _step(bias: dict[str, float], *, c: Tensor | None = None) -> LSTMState:
    """One step of two units with random weights and large biases on some gates."""
    weight, stacked = _random(8, 5), torch.zeros(8, dtype=torch.float64)
    for gate, value in bias.items():
        stacked[2 * "ifgo".index(gate) :][:2] = value
    c = _random(4, 2, seed=3) if c is None else c
    return lstm_step(_random(4, 3, seed=1), _random(4, 2, seed=2), c, weight, stacked)


def test_a_step_is_the_textbooks_equations_number_by_number():
    x, h, c = _random(1, 2), _random(1, 2, seed=1), _random(1, 2, seed=2)
    weight, bias = _random(8, 4, seed=3), _random(8, seed=4)
    state = lstm_step(x, h, c, weight, bias)

    def product(row: int) -> float:
        read = [*x[0].tolist(), *h[0].tolist()]
        products = [w * v for w, v in zip(weight[row].tolist(), read, strict=True)]
        return float(sum(products) + bias[row])

    def sigmoid(z: float) -> float:
        return 1 / (1 + math.exp(-z))

    for unit in range(2):
        i, f, o = (sigmoid(product(2 * gate + unit)) for gate in (0, 1, 3))
        g = math.tanh(product(4 + unit))
        new_c = f * float(c[0, unit]) + i * g
        expected = (i, f, g, o, new_c, o * math.tanh(new_c))
        got = tuple(float(value[0, unit]) for value in state)
        assert got == pytest.approx(expected, abs=1e-12)


def test_a_step_is_pytorchs_own_cell_with_the_same_weights():
    cell = nn.LSTMCell(3, 2, dtype=torch.float64)
    weight, bias = _random(8, 5), _random(8, seed=4)
    with torch.no_grad():
        cell.weight_ih.copy_(weight[:, :3])
        cell.weight_hh.copy_(weight[:, 3:])
        cell.bias_ih.copy_(bias)
        cell.bias_hh.zero_()
    x, h, c = _random(4, 3, seed=1), _random(4, 2, seed=2), _random(4, 2, seed=3)
    state = lstm_step(x, h, c, weight, bias)
    expected_h, expected_c = cell(x, (h, c))
    torch.testing.assert_close(state.h, expected_h, atol=1e-12, rtol=0)
    torch.testing.assert_close(state.c, expected_c, atol=1e-12, rtol=0)


def test_an_open_forget_gate_keeps_and_a_shut_input_gate_lets_nothing_in():
    before = _random(4, 2, seed=3)
    state = _step({"f": LARGE, "i": -LARGE}, c=before)
    assert torch.equal(state.f, torch.ones(4, 2, dtype=torch.float64))
    assert torch.equal(state.i, torch.zeros(4, 2, dtype=torch.float64))
    assert torch.equal(state.c, before)


def test_a_shut_forget_gate_forgets_and_an_open_input_gate_lets_in():
    state = _step({"f": -LARGE, "i": LARGE})
    assert torch.equal(state.c, state.g)
    assert float(state.c.abs().min()) > 0


def test_a_shut_output_gate_shows_nothing_and_an_open_one_the_squashed_cell():
    assert torch.equal(_step({"o": -LARGE}).h, torch.zeros(4, 2, dtype=torch.float64))
    open_ = _step({"o": LARGE})
    assert torch.equal(open_.h, torch.tanh(open_.c))


def test_gates_lie_between_zero_and_one_and_the_candidate_between_minus_one_and_one():
    state = _step({})
    for gate in (state.i, state.f, state.o):
        assert ((gate > 0) & (gate < 1)).all()
    assert ((state.g > -1) & (state.g < 1)).all()
    assert (state.g < 0).any()


def test_gates_are_stacked_as_in_pytorchs_own_lstm():
    assert KINDS["lstm"].gates == ("i", "f", "g", "o") == LSTMState._fields[:4]
    assert tuple(one.name for one in KINDS["lstm"].symbols) == LSTMState._fields


def test_the_named_gates_are_what_their_names_say():
    cell = LSTMCell(3, 2).double()
    x, h, c = _random(4, 3, seed=1), _random(4, 2, seed=2), _random(4, 2, seed=3)
    read = torch.cat([x, h], dim=1)
    state = cell(x, h, c)
    for got, gate in (
        (state.i, torch.sigmoid(cell.input_gate(read))),
        (state.f, torch.sigmoid(cell.forget_gate(read))),
        (state.g, torch.tanh(cell.cell_update(read))),
        (state.o, torch.sigmoid(cell.output_gate(read))),
    ):
        torch.testing.assert_close(got, gate, atol=1e-12, rtol=0)


def test_stacking_keeps_gradients_on_the_gates_own_weights():
    cell = LSTMCell(3, 2)
    weight, bias = cell.stacked()
    (weight[2:4].sum() + bias[6:].sum()).backward()
    gradient = cell.forget_gate.weight.grad
    assert gradient is not None
    assert torch.equal(gradient, torch.ones(2, 5))
    output = cell.output_gate.bias.grad
    assert output is not None
    assert torch.equal(output, torch.ones(2))
    assert cell.input_gate.weight.grad is not None
    assert not cell.input_gate.weight.grad.any()


def test_a_gru_step_is_the_textbooks_equations_number_by_number():
    x, h = _random(1, 2), _random(1, 2, seed=1)
    weight, bias = _random(6, 4, seed=3), _random(8, seed=4)
    state = gru_step(x, h, weight, bias)

    def product(row: int, read: Tensor, begin: int) -> float:
        return float(weight[row, begin : begin + 2] @ read[0])

    def sigmoid(z: float) -> float:
        return 1 / (1 + math.exp(-z))

    for unit in range(2):
        r, z = (
            sigmoid(product(row, x, 0) + product(row, h, 2) + float(bias[row]))
            for row in (unit, 2 + unit)
        )
        of_state = product(4 + unit, h, 2) + float(bias[6 + unit])
        n = math.tanh(product(4 + unit, x, 0) + float(bias[4 + unit]) + r * of_state)
        expected = (r, z, n, (1 - z) * n + z * float(h[0, unit]))
        got = tuple(float(value[0, unit]) for value in state)
        assert got == pytest.approx(expected, abs=1e-12)


def test_a_gru_step_is_pytorchs_own_cell_with_the_same_weights():
    cell = nn.GRUCell(3, 2, dtype=torch.float64)
    weight, bias = _random(6, 5), _random(8, seed=4)
    with torch.no_grad():
        cell.weight_ih.copy_(weight[:, :3])
        cell.weight_hh.copy_(weight[:, 3:])
        cell.bias_ih.copy_(bias[:6])
        cell.bias_hh.zero_()[4:] = bias[6:]
    x, h = _random(4, 3, seed=1), _random(4, 2, seed=2)
    torch.testing.assert_close(gru_step(x, h, weight, bias).h, cell(x, h), atol=1e-12, rtol=0)


def _gru_step(bias: dict[int, float]) -> tuple[GRUState, Tensor, Tensor]:
    """A step of two units with large biases on some of r, z, n; and what it read."""
    weight, stacked = _random(6, 5), torch.zeros(8, dtype=torch.float64)
    for place, value in bias.items():
        stacked[2 * place :][:2] = value
    x, h = _random(4, 3, seed=1), _random(4, 2, seed=2)
    return gru_step(x, h, weight, stacked), x, h


def test_an_open_update_gate_keeps_the_state_and_a_shut_one_takes_the_candidate():
    state, _, before = _gru_step({1: LARGE})
    assert torch.equal(state.h, before)
    state, _, _ = _gru_step({1: -LARGE})
    assert torch.equal(state.h, state.n)


def test_a_shut_reset_gate_lets_the_candidate_read_the_letter_alone():
    state, x, _ = _gru_step({0: -LARGE})
    of_input = _random(6, 5)[4:, :3]
    torch.testing.assert_close(state.n, torch.tanh(x @ of_input.T), atol=1e-12, rtol=0)


def test_the_grus_named_gates_are_what_their_names_say():
    cell = GRUCell(3, 2).double()
    x, h = _random(4, 3, seed=1), _random(4, 2, seed=2)
    read = torch.cat([x, h], dim=1)
    state = cell(x, h)
    for got, gate in (
        (state.r, torch.sigmoid(cell.reset_gate(read))),
        (state.z, torch.sigmoid(cell.update_gate(read))),
        (state.n, torch.tanh(cell.candidate_input(x) + state.r * cell.candidate_state(h))),
    ):
        torch.testing.assert_close(got, gate, atol=1e-12, rtol=0)


def test_what_a_gru_step_goes_on_with_can_be_altered():
    held = torch.full((4, 2), 0.25, dtype=torch.float64)
    x, h = _random(4, 3, seed=1), _random(4, 2, seed=2)
    weight, bias = _random(6, 5), _random(8, seed=4)
    plain = gru_step(x, h, weight, bias)
    state = gru_step(x, h, weight, bias, lambda symbol, value: held if symbol == "z" else value)
    assert torch.equal(state.z, held)
    torch.testing.assert_close(state.h, 0.75 * plain.n + 0.25 * h, atol=1e-12, rtol=0)


@pytest.mark.parametrize("tanh", [False, True])
def test_a_simple_recurrent_step_is_one_product_squashed_only_if_asked(tanh):
    x, h = _random(4, 3, seed=1), _random(4, 2, seed=2)
    weight, bias = 3 * _random(2, 5), _random(2, seed=4)
    linear = nn.Linear(5, 2, dtype=torch.float64)
    with torch.no_grad():
        linear.weight.copy_(weight)
        linear.bias.copy_(bias)
    product = linear(torch.cat([x, h], dim=1))
    expected = torch.tanh(product) if tanh else product
    torch.testing.assert_close(rnn_step(x, h, weight, bias, tanh=tanh), expected)
    assert (
        tanh or float(product.detach().abs().max()) > 1
    )  # far enough out that squashing would show
