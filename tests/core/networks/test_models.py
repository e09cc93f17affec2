import math
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from namerec.core.corpus.alphabet import encode
from namerec.core.corpus.packing import NO_LETTER, PackedNames, pack_names
from namerec.core.inside.traces import trace
from namerec.core.networks.by_hand import GRU, CustomLSTM
from namerec.core.networks.cells import lstm_step
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.core.networks.lstm import LSTM
from namerec.core.networks.models import MODELS, build, describe
from namerec.core.networks.name_model import NameModel
from namerec.core.networks.rnn import RNN
from tests.core.references import NAMES, network, one_hot, pack_text, plain_answer

every_kind = pytest.mark.parametrize("kind", MODEL_KINDS)
layers_1_and_2 = pytest.mark.parametrize("num_layers", [1, 2])
layers_1_to_3 = pytest.mark.parametrize("num_layers", [1, 2, 3])
CATEGORIES = ("Ab", "Cd", "Ef", "Gh")


def _numbers(model: NameModel) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


# What they compute


@every_kind
@layers_1_to_3
def test_a_batch_is_answered_as_by_a_plain_loop_over_letters(kind, num_layers):
    model = network(kind, num_layers=num_layers)
    expected = torch.stack([plain_answer(model, encode(name)) for name in NAMES])
    torch.testing.assert_close(model(pack_text(*NAMES)), expected, atol=1e-12, rtol=0)


@layers_1_and_2
def test_the_rnns_tanh_is_in_the_recurrence_and_nowhere_else(num_layers):
    squashed = network("rnn", num_layers=num_layers, nonlinearity="tanh")
    expected = torch.stack([plain_answer(squashed, encode(name)) for name in NAMES])
    answers = squashed(pack_text(*NAMES))
    torch.testing.assert_close(answers, expected, atol=1e-12, rtol=0)
    plain = network("rnn", num_layers=num_layers)
    plain.load_state_dict(squashed.state_dict())
    assert not torch.allclose(plain(pack_text(*NAMES)), answers)


def test_the_rnn_is_the_reports_forward_pass():
    model = network("rnn", categories=18, hidden_size=128)
    assert isinstance(model, RNN)
    for name in NAMES:
        hidden = torch.zeros(1, 128, dtype=torch.float64)
        output = hidden
        for letter in one_hot(encode(name)):
            combined = torch.cat((letter[None], hidden), 1)
            hidden = model.i2h(combined)
            output = model.softmax(model.i2o(combined))
        torch.testing.assert_close(model(pack_text(name)), output, atol=1e-10, rtol=0)


@every_kind
def test_answers_are_log_probabilities(kind):
    answers = network(kind)(pack_text(*NAMES))
    assert answers.shape == (len(NAMES), 4)
    torch.testing.assert_close(answers.exp().sum(1), torch.ones(len(NAMES), dtype=torch.float64))
    assert (answers < 0).all()


@every_kind
@layers_1_and_2
def test_names_are_answered_alone_as_in_any_company_and_order(kind, num_layers):
    model = network(kind, num_layers=num_layers, dtype=torch.float32)
    alone = torch.cat([model(pack_text(name)) for name in NAMES])
    together = model(pack_text(*NAMES))
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=0)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(NAMES))
        shuffled = model(pack_text(*(NAMES[row] for row in order)))
        torch.testing.assert_close(shuffled, alone[torch.from_numpy(order)], atol=1e-6, rtol=0)


@every_kind
def test_a_letter_more_changes_the_answer(kind):
    answers = network(kind)(pack_text("Ann", "Anna", "nnA", "ann"))
    for one in range(4):
        for other in range(one):
            assert not torch.allclose(answers[one], answers[other])


# The custom LSTM and nn.LSTM


def _twin_of(model: CustomLSTM) -> nn.LSTM:
    """An `nn.LSTM` with the custom network's weights, its second bias zero."""
    size, layers = model.config.hidden_size, model.config.num_layers
    twin = nn.LSTM(57, size, layers, dtype=torch.float64)
    with torch.no_grad():
        for layer, cell in enumerate(model.cells):
            gates = [
                getattr(cell, name)
                for name in ("input_gate", "forget_gate", "cell_update", "output_gate")
            ]
            weight = torch.cat([gate.weight for gate in gates])
            getattr(twin, f"weight_ih_l{layer}").copy_(weight[:, :-size])
            getattr(twin, f"weight_hh_l{layer}").copy_(weight[:, -size:])
            getattr(twin, f"bias_ih_l{layer}").copy_(torch.cat([gate.bias for gate in gates]))
            getattr(twin, f"bias_hh_l{layer}").zero_()
    return twin


@layers_1_and_2
@pytest.mark.parametrize("names", [NAMES, ("Li",), ("Ann", "Bob", "Cyd")])
def test_the_custom_lstm_equals_pytorchs_with_the_same_weights(num_layers, names):
    model = network("custom_lstm", num_layers=num_layers)
    assert isinstance(model, CustomLSTM)
    twin, size = _twin_of(model), model.config.hidden_size
    labels = torch.arange(len(names)) % 4
    F.nll_loss(model(pack_text(*names)), labels).backward()

    rows = [one_hot(encode(name)) for name in names]
    batch = nn.utils.rnn.pack_padded_sequence(
        pad_sequence(rows), torch.tensor([len(row) for row in rows]), enforce_sorted=False
    )
    _, (last, _) = twin(batch)
    out = nn.Linear(size, 4, dtype=torch.float64)
    out.load_state_dict(model.out.state_dict())
    answers = torch.log_softmax(out(last[-1]), dim=1)
    F.nll_loss(answers, labels).backward()

    torch.testing.assert_close(model(pack_text(*names)), answers, atol=1e-10, rtol=0)
    torch.testing.assert_close(model.out.weight.grad, out.weight.grad, atol=1e-12, rtol=0)
    torch.testing.assert_close(model.out.bias.grad, out.bias.grad, atol=1e-12, rtol=0)
    for layer, cell in enumerate(model.cells):
        gates = ("input_gate", "forget_gate", "cell_update", "output_gate")
        pulled = [getattr(twin, f"{name}_l{layer}").grad for name in ("weight_ih", "weight_hh")]
        weight = torch.cat(pulled, dim=1).chunk(4)
        bias = getattr(twin, f"bias_ih_l{layer}").grad.chunk(4)
        for number, name in enumerate(gates):
            gate = getattr(cell, name)
            torch.testing.assert_close(gate.weight.grad, weight[number], atol=1e-12, rtol=0)
            torch.testing.assert_close(gate.bias.grad, bias[number], atol=1e-12, rtol=0)


@every_kind
@layers_1_and_2
@pytest.mark.parametrize("nonlinearity", ["none", "tanh"])
def test_gradients_of_a_whole_network_are_the_finite_differences(kind, num_layers, nonlinearity):
    if kind != "rnn" and nonlinearity == "tanh":
        nonlinearity = "none"
    model = network(kind, num_layers=num_layers, nonlinearity=nonlinearity)
    names, labels = pack_text(*NAMES), torch.arange(len(NAMES)) % 4

    def loss() -> Tensor:
        return F.nll_loss(model(names), labels)

    loss().backward()
    generator = torch.Generator().manual_seed(5)
    for name, parameter in model.named_parameters():
        direction = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        direction /= direction.norm()
        here = parameter.detach().clone()
        with torch.no_grad():
            heights = []
            for step in (1e-6, -1e-6):
                parameter.copy_(here + step * direction)
                heights.append(float(loss()))
            parameter.copy_(here)
        slope = (heights[0] - heights[1]) / 2e-6
        assert parameter.grad is not None
        assert float((parameter.grad * direction).sum()) == pytest.approx(slope, abs=1e-8), name


# Gates and layers


def _with_biases(**biases: float) -> CustomLSTM:
    model = network("custom_lstm")
    assert isinstance(model, CustomLSTM)
    with torch.no_grad():
        for gate, bias in biases.items():
            getattr(model.cells[0], gate).bias.fill_(bias)
    return model


def test_a_shut_forget_gate_leaves_only_what_the_last_letter_let_in():
    values = trace(_with_biases(forget_gate=-1e4), CATEGORIES, "Okonkwo").values
    np.testing.assert_array_equal(values["f"], 0)
    np.testing.assert_allclose(values["c"], values["i"] * values["g"], atol=1e-7)


def test_a_shut_input_gate_keeps_the_cell_empty():
    values = trace(_with_biases(input_gate=-1e4), CATEGORIES, "Okonkwo").values
    np.testing.assert_array_equal(values["i"], 0)
    np.testing.assert_array_equal(values["c"], 0)
    np.testing.assert_array_equal(values["h"], 0)


def test_what_one_letter_lets_in_an_open_forget_gate_carries_to_the_end():
    model = _with_biases(forget_gate=1e4, input_gate=-1e4)
    with torch.no_grad():  # the input gate opens for the letter k, and for no other
        model.cells[0].input_gate.weight[:, encode("k")[0]] = 2e4  # type: ignore[operator, union-attr]
    cell = trace(model, CATEGORIES, "Okonnoo").values["c"][:, 0]
    np.testing.assert_array_equal(cell[0], 0)
    assert np.abs(cell[1]).min() > 0
    for later in cell[2:]:
        np.testing.assert_array_equal(later, cell[1])


@every_kind
def test_every_layer_has_its_own_weights(kind):
    model = network(kind, num_layers=2)
    lower, upper = model.layer_weights()
    assert lower[0].shape[1] == 57 + 5
    assert upper[0].shape[1] == 5 + 5
    before = trace(model, CATEGORIES, "Okonkwo").values["h"]
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if any(mark in name for mark in ("deeper", "_l1", "cells.1")):
                parameter.mul_(-1)
    after = trace(model, CATEGORIES, "Okonkwo").values["h"]
    np.testing.assert_array_equal(after[:, 0], before[:, 0])
    assert (after[:, 1] != before[:, 1]).all()


@every_kind
@layers_1_and_2
def test_layer_weights_are_the_networks_own_in_the_order_of_its_symbols(kind, num_layers):
    model = network(kind, num_layers=num_layers)
    rows, biases = {"rnn": (5, 5), "gru": (15, 20)}.get(kind, (20, 20))
    weights = model.layer_weights()
    assert [tuple(weight.shape) for weight, _ in weights] == [(rows, 62), (rows, 10)][:num_layers]
    assert all(bias.shape == (biases,) for _, bias in weights)
    if isinstance(model, CustomLSTM):
        cell = model.cells[0]
        assert torch.equal(weights[0][0][5:10], cell.forget_gate.weight)  # type: ignore[union-attr, arg-type]
        assert torch.equal(weights[0][1][:5], cell.input_gate.bias)  # type: ignore[union-attr, arg-type]
    if isinstance(model, GRU):
        cell = model.cells[0]
        assert torch.equal(weights[0][0][5:10], cell.update_gate.weight)  # type: ignore[union-attr, arg-type]
        assert torch.equal(weights[0][1][15:], cell.candidate_state.bias)  # type: ignore[union-attr, arg-type]
    if isinstance(model, LSTM):
        of_torch = model.rnn.state_dict()
        assert torch.equal(weights[0][1], of_torch["bias_ih_l0"] + of_torch["bias_hh_l0"])


# Dropped letters and dropout


@every_kind
@layers_1_and_2
def test_dropped_letters_act_as_zero_vectors(kind, num_layers):
    model = network(kind, num_layers=num_layers)
    indices = [encode(name).tolist() for name in NAMES]
    for row, name in enumerate(indices):
        name[row % len(name)] = NO_LETTER
    name_lists = [np.array(name, dtype=np.uint8) for name in indices]
    expected = torch.stack([plain_answer(model, name) for name in indices])
    torch.testing.assert_close(model(pack_names(name_lists)), expected, atol=1e-12, rtol=0)


def _seeded(model: NameModel, seed: int) -> NameModel:
    model.generator = torch.Generator().manual_seed(seed)
    return model.train()


@every_kind
@layers_1_and_2
def test_dropout_is_off_in_evaluation_mode(kind, num_layers):
    plain = network(kind, num_layers=num_layers)
    dropping = network(kind, num_layers=num_layers, dropout=0.9)
    assert torch.equal(dropping(pack_text(*NAMES)), plain(pack_text(*NAMES)))
    states = torch.ones(3, 5)
    assert dropping.dropped(states) is states


@every_kind
@layers_1_and_2
def test_dropout_depends_on_the_networks_own_generator_only(kind, num_layers):
    model = network(kind, num_layers=num_layers, dropout=0.5)
    names = pack_text(*NAMES)
    torch.manual_seed(1)
    first = _seeded(model, 7)(names)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    again = _seeded(model, 7)(names)
    assert torch.equal(first, again)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.allclose(first, _seeded(model, 8)(names))
    assert not torch.allclose(first, model(names))  # and every forward pass draws anew


def test_dropout_keeps_the_mean():
    model = _seeded(network("custom_lstm", dropout=0.25), 0)
    dropped = model.dropped(torch.full((400, 500), 3.0))
    assert set(dropped.unique().tolist()) == {0.0, 4.0}
    # 200,000 draws of variance 3: the mean's standard deviation is 0.004.
    assert float(dropped.mean()) == pytest.approx(3.0, abs=0.02)
    assert float((dropped == 0).float().mean()) == pytest.approx(0.25, abs=0.005)


@every_kind
@layers_1_to_3
def test_dropout_stands_after_every_layer(kind, num_layers, monkeypatch):
    model = network(kind, num_layers=num_layers, dropout=0.5).train()
    seen: list[tuple[int, ...]] = []

    def spy(states: Tensor) -> Tensor:
        seen.append(tuple(states.shape))
        return torch.zeros_like(states)

    monkeypatch.setattr(model, "dropped", spy)
    answers = model(pack_text("Okonkwo", "Li"))
    assert seen == [(9, 5)] * (num_layers - 1) + [(2, 5)]
    if isinstance(model, RNN):
        # All states dropped: what is left is the last letter, or of a deeper network the bias.
        read = one_hot(encode("oi")) if num_layers == 1 else torch.zeros(2, 5, dtype=torch.float64)
        zeros = torch.zeros(2, 5, dtype=torch.float64)
        expected = model.softmax(model.i2o(torch.cat([read, zeros], dim=1)))
    else:
        expected = model.output_layer.bias.expand(2, 4).log_softmax(dim=1)
    torch.testing.assert_close(answers, expected)


@every_kind
@layers_1_to_3
def test_with_next_to_no_dropout_training_mode_computes_what_evaluation_mode_does(kind, num_layers):
    model = network(kind, num_layers=num_layers, dropout=1e-12)
    names = pack_text(*NAMES)
    expected = model(names)
    torch.testing.assert_close(_seeded(model, 0)(names), expected, atol=1e-10, rtol=0)


@every_kind
def test_gradients_with_dropout_are_those_of_the_mask_that_was_drawn(kind):
    model = network(kind, num_layers=2, dropout=0.5)
    names = pack_text(*NAMES)
    parameter = next(model.parameters())
    direction = torch.randn(
        parameter.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    loss = _seeded(model, 3)(names)[:, 0].sum()
    (gradient,) = torch.autograd.grad(loss, [parameter])
    heights = []
    with torch.no_grad():
        for step in (1e-6, -2e-6):
            parameter.add_(step * direction)
            heights.append(float(_seeded(model, 3)(names)[:, 0].sum()))
    slope = (heights[0] - heights[1]) / 2e-6
    assert float((gradient * direction).sum()) == pytest.approx(slope, abs=1e-6)


# How they are made


def test_the_rnn_prints_the_reports_structure():
    text = describe(ModelConfig(kind="rnn"), 18)
    assert "(i2h): Linear(in_features=185, out_features=128, bias=True)" in text
    assert "(i2o): Linear(in_features=185, out_features=18, bias=True)" in text
    assert "(softmax): LogSoftmax(dim=1)" in text
    assert text.count("Linear") == 2


def test_the_built_in_lstm_prints_the_reports_structure():
    text = describe(ModelConfig(kind="lstm", num_layers=2), 18)
    assert "(rnn): LSTM(57, 128, num_layers=2)" in text
    assert "(out): Linear(in_features=128, out_features=18, bias=True)" in text
    assert "(softmax): LogSoftmax(dim=-1)" in text


def test_the_custom_lstm_prints_its_four_named_gates():
    text = describe(ModelConfig(kind="custom_lstm"), 18)
    for gate in ("forget_gate", "input_gate", "cell_update", "output_gate"):
        assert f"({gate}): Linear(in_features=185, out_features=128, bias=True)" in text
    assert "(out): Linear(in_features=128, out_features=18, bias=True)" in text
    assert "(softmax): LogSoftmax(dim=-1)" in text
    assert text.count("Linear") == 5


@every_kind
def test_what_is_described_is_what_is_built(kind):
    config = ModelConfig(kind=kind, hidden_size=6, num_layers=3)
    assert describe(config, 5) == str(build(config, 5))


@every_kind
@layers_1_to_3
@pytest.mark.parametrize("char_ngrams", [0, 3])
def test_parameters_are_counted_without_building(kind, num_layers, char_ngrams):
    config = ModelConfig(kind=kind, hidden_size=7, num_layers=num_layers, char_ngrams=char_ngrams)
    assert config.parameter_count(5) == len(_numbers(build(config, 5)))


@every_kind
def test_every_kind_is_built_as_its_class_and_knows_its_sizes(kind):
    model = build(ModelConfig(kind=kind, hidden_size=6), 5)
    assert type(model) is MODELS[kind]
    assert model.categories == 5
    assert model.config.kind == kind
    assert bool(model.kind.gates) == (kind != "rnn")
    assert list(MODELS) == list(MODEL_KINDS)


@every_kind
@layers_1_and_2
def test_weights_are_uniform_within_the_layers_bounds(kind, num_layers):
    model = build(ModelConfig(kind=kind, hidden_size=32, num_layers=num_layers), 18)
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            # A custom LSTM's gates are drawn as `nn.LSTM` draws its own.
            bound = 1 / math.sqrt(32 if name.startswith("cells.") else module.in_features)
        elif isinstance(module, nn.LSTM):
            bound = 1 / math.sqrt(32)
        else:
            continue
        numbers = torch.cat([p.detach().flatten() for p in module.parameters(recurse=False)])
        assert float(numbers.abs().max()) <= bound, name
        assert float(numbers.abs().max()) > 0.98 * bound, name
        # Of a uniform distribution: mean 0, mean square a third of the bound's.
        assert float(numbers.mean()) == pytest.approx(0, abs=0.1 * bound), name
        assert float(numbers.square().mean()) == pytest.approx(bound**2 / 3, rel=0.15), name


@every_kind
def test_the_same_seed_draws_the_same_weights_and_no_global_numbers(kind):
    config = ModelConfig(kind=kind, hidden_size=6, num_layers=2)
    torch.manual_seed(1)
    first = _numbers(build(config, 5, seed=4))
    torch.manual_seed(2)
    before = torch.get_rng_state()
    again = _numbers(build(config, 5, seed=4))
    describe(config, 5)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, again)
    other = _numbers(build(config, 5, seed=5))
    assert (first != other).all()


@every_kind
def test_no_two_weights_are_shared(kind):
    model = build(ModelConfig(kind=kind, hidden_size=6, num_layers=3), 5)
    numbers = _numbers(model)
    assert len(numbers.unique()) > 0.99 * len(numbers)
    spans = sorted(
        (p.data_ptr(), p.data_ptr() + p.numel() * p.element_size()) for p in model.parameters()
    )
    assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))


@every_kind
def test_reading_a_batch_leaves_it_as_it_was(kind):
    names: PackedNames = pack_text(*NAMES)
    letters, previous = names.letters.clone(), names.previous.clone()
    network(kind, num_layers=2)(names).sum().backward()
    assert torch.equal(names.letters, letters)
    assert torch.equal(names.previous, previous)


def _as_torch(model: CustomLSTM) -> nn.LSTM:
    """PyTorch's own bidirectional LSTM with the same weights."""
    shape = model.config
    twin = nn.LSTM(57, shape.hidden_size, shape.num_layers, bidirectional=True).double()
    with torch.no_grad():
        for layer in range(shape.num_layers):
            readings = {"": model.layer_weights(), "_reverse": model.backward_weights()}
            for ending, weights in readings.items():
                weight, bias = weights[layer]
                width = weight.shape[1] - shape.hidden_size
                name = f"l{layer}{ending}"
                getattr(twin, f"weight_ih_{name}").copy_(weight[:, :width])
                getattr(twin, f"weight_hh_{name}").copy_(weight[:, width:])
                getattr(twin, f"bias_ih_{name}").copy_(bias)
                getattr(twin, f"bias_hh_{name}").zero_()
    return twin


@layers_1_and_2
def test_reading_in_both_directions_is_what_pytorchs_own_does(num_layers):
    model = network("custom_lstm", num_layers=num_layers, direction="both")
    assert isinstance(model, CustomLSTM)
    twin = _as_torch(model)
    answers = model(pack_text(*NAMES))
    for name, answer in zip(NAMES, answers, strict=True):
        _, (states, _) = twin(one_hot(encode(name))[:, None])
        expected = torch.log_softmax(model.out(torch.cat([states[-2], states[-1]], dim=1)), dim=1)
        assert torch.allclose(answer, expected[0], atol=1e-10)


@layers_1_and_2
def test_gradients_of_both_directions_are_autograds_own(num_layers):
    model = network("custom_lstm", num_layers=num_layers, direction="both")
    labels = torch.arange(len(NAMES)) % 4
    assert isinstance(model, CustomLSTM)
    weights = list(model.parameters())
    ours = torch.autograd.grad(F.nll_loss(model(pack_text(*NAMES)), labels), weights)
    rows = []
    for name in NAMES:  # the reference cells, one name at a time
        x = one_hot(encode(name))
        for there, back in zip(model.layer_weights(), model.backward_weights(), strict=True):
            forth = _states(x, *there)
            x = torch.cat([forth, _states(x.flip(0), *back).flip(0)], dim=1)
        size = model.config.hidden_size
        rows.append(torch.cat([x[-1, :size], x[0, size:]]))
    answers = torch.log_softmax(model.out(torch.stack(rows)), dim=1)
    expected = torch.autograd.grad(F.nll_loss(answers, labels), weights)
    for mine, theirs in zip(ours, expected, strict=True):
        assert torch.allclose(mine, theirs, atol=1e-10)


def _states(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    h = c = x.new_zeros(1, len(bias) // 4)
    states = []
    for row in x.split(1):
        state = lstm_step(row, h, c, weight, bias)
        h, c = state.h, state.c
        states.append(h)
    return torch.cat(states)


@layers_1_and_2
def test_parameters_of_both_directions_are_counted_without_building(num_layers):
    config = ModelConfig(hidden_size=7, num_layers=num_layers, direction="both")
    assert config.parameter_count(5) == len(_numbers(build(config, 5)))
    assert describe(config, 5) == str(build(config, 5))
