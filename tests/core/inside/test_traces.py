import numpy as np
import pytest
import torch

from namerec.core.corpus.alphabet import encode
from namerec.core.evaluation.prediction import after_every_letter
from namerec.core.inside.traces import trace
from namerec.core.networks.by_hand import CustomLSTM
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.core.networks.lstm import LSTM
from namerec.core.networks.rnn import RNN
from tests.core.references import network, one_hot, pack_text, plain_answer

CATEGORIES = ("Ab", "Cd", "Ef", "Gh")
every_kind = pytest.mark.parametrize("kind", MODEL_KINDS)
gated_kinds = pytest.mark.parametrize("kind", ["lstm", "custom_lstm"])
layers_1_to_3 = pytest.mark.parametrize("num_layers", [1, 2, 3])
names = pytest.mark.parametrize("name", ["X", "O'Neill", "x" * 64])


@gated_kinds
@layers_1_to_3
def test_cell_and_hidden_state_follow_from_the_traced_gates(kind, num_layers):
    values = trace(network(kind, num_layers=num_layers), CATEGORIES, "Okonkwo").values
    assert set(values) == {"i", "f", "g", "o", "c", "h"}
    assert all(value.shape == (7, num_layers, 5) for value in values.values())
    cell = np.zeros((num_layers, 5))
    for step in range(7):
        i, f, g, o, c, h = (values[symbol][step] for symbol in "ifgoch")
        cell = f * cell + i * g
        np.testing.assert_allclose(c, cell, atol=1e-6)
        np.testing.assert_allclose(h, o * np.tanh(c), atol=1e-6)


@gated_kinds
@layers_1_to_3
def test_gates_stay_within_their_ranges_and_move(kind, num_layers):
    values = trace(network(kind, num_layers=num_layers), CATEGORIES, "Okonkwo").values
    for symbol in "ifo":
        assert ((values[symbol] > 0) & (values[symbol] < 1)).all()
    assert ((values["g"] > -1) & (values["g"] < 1)).all()
    assert all(float(np.ptp(values[symbol], axis=0).min()) > 0 for symbol in "ifgo")


@layers_1_to_3
@names
def test_the_built_in_lstms_trace_is_what_the_module_itself_gives(num_layers, name):
    model = network("lstm", num_layers=num_layers, dtype=torch.float32)
    assert isinstance(model, LSTM)
    values = trace(model, CATEGORIES, name).values
    with torch.no_grad():
        output, (h, c) = model.rnn(one_hot(encode(name), torch.float32)[:, None])
    np.testing.assert_allclose(values["h"][:, -1], output[:, 0], atol=1e-5)
    np.testing.assert_allclose(values["h"][-1], h[:, 0], atol=1e-5)
    np.testing.assert_allclose(values["c"][-1], c[:, 0], atol=1e-5)


@layers_1_to_3
@pytest.mark.parametrize("nonlinearity", ["none", "tanh"])
def test_the_rnns_trace_is_its_hidden_state_letter_by_letter(num_layers, nonlinearity):
    model = network("rnn", num_layers=num_layers, nonlinearity=nonlinearity)
    assert isinstance(model, RNN)
    values = trace(model, CATEGORIES, "Okonkwo").values
    assert set(values) == {"h"}
    h = [torch.zeros(5, dtype=torch.float64)] * num_layers
    steps = [model.i2h, *(model.deeper if num_layers > 1 else [])]
    for t, letter in enumerate(one_hot(encode("Okonkwo"))):
        x = letter
        for layer, step in enumerate(steps):
            x = step(torch.cat([x, h[layer]]))
            h[layer] = x = torch.tanh(x) if nonlinearity == "tanh" else x
            np.testing.assert_allclose(values["h"][t, layer], x.detach(), atol=1e-6)


@every_kind
@layers_1_to_3
@names
def test_the_last_probabilities_are_the_networks_own_answer(kind, num_layers, name):
    model = network(kind, num_layers=num_layers, dtype=torch.float32)
    answer = model(pack_text(name))[0].exp().detach()
    np.testing.assert_allclose(trace(model, CATEGORIES, name).probabilities[-1], answer, atol=1e-5)


@every_kind
@layers_1_to_3
def test_the_probabilities_after_each_letter_are_those_of_the_name_so_far(kind, num_layers):
    model = network(kind, num_layers=num_layers)
    traced = trace(model, CATEGORIES, "Okonkwo").probabilities
    assert traced.shape == (7, 4)
    for end in range(1, 8):
        expected = plain_answer(model, encode("Okonkwo"[:end])).exp().detach()
        np.testing.assert_allclose(traced[end - 1], expected, atol=1e-6)
    np.testing.assert_allclose(traced, after_every_letter(model, "Okonkwo"), atol=1e-6)


@every_kind
def test_a_trace_says_what_it_read_and_is_taken_with_dropout_off(kind):
    model = network(kind, num_layers=2, dropout=0.9).train()
    first, again = (trace(model, CATEGORIES, "Okonkwo") for _ in range(2))
    assert not model.training
    assert (first.letters, first.categories, first.layers) == ("Okonkwo", CATEGORIES, 2)
    assert all(value.dtype == np.float32 for value in first.values.values())
    for symbol, value in first.values.items():
        np.testing.assert_array_equal(value, again.values[symbol])
    np.testing.assert_array_equal(first.probabilities, again.probabilities)


@every_kind
@layers_1_to_3
def test_the_answer_is_read_off_the_last_hidden_state_traced(kind, num_layers):
    model = network(kind, num_layers=num_layers)
    traced = trace(model, CATEGORIES, "Okonkwo")
    h = torch.from_numpy(traced.values["h"]).double()
    if isinstance(model, RNN):  # reads its input and the state before the last letter
        below = one_hot(encode("o"))[0] if num_layers == 1 else h[-1, -2]
        output = model.i2o(torch.cat([below, h[-2, -1]]))
    else:
        output = model.output_layer(h[-1, -1])
    np.testing.assert_allclose(traced.probabilities[-1], output.softmax(0).detach(), atol=1e-5)


@layers_1_to_3
def test_a_layer_that_reads_in_both_directions_is_two_and_both_end_in_the_answer(num_layers):
    model = network("custom_lstm", num_layers=num_layers, direction="both")
    traced = trace(model, CATEGORIES, "Okonkwo")
    names = [traced.layer_name(place) for place in range(traced.layers)]
    assert names[-2:] == [f"layer {num_layers} →", f"layer {num_layers} ←"]
    assert traced.values["h"].shape == (7, 2 * num_layers, 5)
    h = torch.from_numpy(traced.values["h"]).double()
    assert isinstance(model, CustomLSTM)
    output = model.out(torch.cat([h[-1, -2], h[0, -1]]))
    np.testing.assert_allclose(traced.probabilities[-1], output.softmax(0).detach(), atol=1e-5)
    # Read from the end: each cell state follows from the gates and the state one letter later.
    i, f, g, c = (traced.values[symbol][:, -1] for symbol in "ifgc")
    np.testing.assert_allclose(c[:-1], f[:-1] * c[1:] + i[:-1] * g[:-1], atol=1e-6)
