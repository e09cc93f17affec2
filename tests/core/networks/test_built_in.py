import pytest
import torch

from namerec.core.corpus.alphabet import encode
from namerec.core.networks.built_in import (
    BuiltIn,
    copy_by_hand,
    copy_to_built_in,
    has_counterpart,
    pair_of,
    recurrent_weights,
    weights_of_built_in,
)
from namerec.core.networks.by_hand import CustomLSTM
from namerec.core.networks.config import ModelConfig
from namerec.core.networks.lstm import LSTM
from tests.core.references import NAMES, network, pack_text, plain_answer

FORWARD = [
    {"kind": "custom_lstm"},
    {"kind": "custom_lstm", "num_layers": 3},
    {"kind": "lstm", "num_layers": 2},
    {"kind": "rnn", "nonlinearity": "tanh"},
    {"kind": "rnn", "nonlinearity": "tanh", "num_layers": 3},
    {"kind": "gru", "num_layers": 2},
]
BOTH = [
    {"kind": "custom_lstm", "direction": "both"},
    {"kind": "custom_lstm", "direction": "both", "num_layers": 2},
    {"kind": "gru", "direction": "both", "num_layers": 2},
]
every_shape = pytest.mark.parametrize("shape", [*FORWARD, *BOTH], ids=str)


@pytest.mark.parametrize("shape", FORWARD, ids=str)
def test_both_answer_as_a_plain_loop_over_letters_does(shape):
    model = network(**shape)
    expected = torch.stack([plain_answer(model, encode(name)) for name in NAMES])
    for one in pair_of(model, torch.float64):
        torch.testing.assert_close(one(pack_text(*NAMES)), expected)


@pytest.mark.parametrize("shape", BOTH, ids=str)
def test_both_read_in_both_directions_as_the_network_does(shape):
    model = network(**shape)
    for one in pair_of(model, torch.float64):
        torch.testing.assert_close(one(pack_text(*NAMES)), model(pack_text(*NAMES)))


def test_dropout_and_ngrams_are_left_out_of_both():
    plain = network("custom_lstm")
    with_ngrams = network("custom_lstm", char_ngrams=3, dropout=0.9)
    assert with_ngrams.ngrams is not None
    torch.nn.init.ones_(with_ngrams.ngrams.logits[:, 1])
    with_ngrams.load_state_dict(plain.state_dict(), strict=False)  # all but the n-gram logits
    expected = plain(pack_text(*NAMES))
    assert not torch.allclose(with_ngrams(pack_text(*NAMES)), expected)
    for one in pair_of(with_ngrams, torch.float64):
        torch.testing.assert_close(one.train()(pack_text(*NAMES)), expected)


def test_the_whole_bias_stands_in_one_of_the_two():
    model = network("custom_lstm", num_layers=2)
    pair = pair_of(model, torch.float64)
    for (weight, bias), tensors in zip(
        recurrent_weights(model), pair.built_in.recurrent(), strict=True
    ):
        read, recurrent, one, other = tensors
        assert torch.equal(torch.cat([read, recurrent], dim=1), weight)
        assert torch.equal(one, bias)
        assert not other.any()


def test_a_built_in_lstm_is_copied_with_both_its_biases_and_by_hand_has_their_sum():
    model = network("lstm")
    assert isinstance(model, LSTM)
    pair = pair_of(model, torch.float32)
    assert isinstance(pair.by_hand, CustomLSTM)
    theirs = pair.built_in.parts[0].state_dict()
    for name, tensor in model.rnn.state_dict().items():
        assert torch.equal(theirs[name], tensor.float())
    *_, one, other = pair.built_in.recurrent()[0]
    assert one.any()
    assert other.any()
    assert torch.equal(pair.by_hand.forget_biases()[0], (one + other)[5:10])


@every_shape
@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_copying_there_and_back_gives_the_same_bits(shape, precision):
    original = pair_of(network(**shape), precision)
    there, back = pair_of(network(**shape, seed=8), precision)[::-1]
    weights = recurrent_weights(original.by_hand)
    copy_to_built_in(weights, there)
    copy_by_hand(weights_of_built_in(there), back)
    for old, new in zip(weights, recurrent_weights(back), strict=True):
        for before, after in zip(old, new, strict=True):
            assert before.dtype == precision
            assert before.detach().numpy().tobytes() == after.detach().numpy().tobytes()


def test_the_network_itself_is_left_alone():
    model = network("custom_lstm")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    pair = pair_of(model, torch.float64)
    for one in pair:
        for parameter in one.parameters():
            torch.nn.init.zeros_(parameter)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize("shape", [*FORWARD, *BOTH], ids=str)
def test_making_a_pair_draws_nothing_from_the_generator_that_all_share(shape):
    before = torch.get_rng_state()
    pair_of(network(**shape), torch.float32)
    assert torch.equal(torch.get_rng_state(), before)


def test_only_an_rnn_without_nonlinearity_has_no_counterpart():
    assert not has_counterpart(ModelConfig(kind="rnn"))
    assert has_counterpart(ModelConfig(kind="rnn", nonlinearity="tanh"))
    assert has_counterpart(ModelConfig(kind="lstm"))
    assert has_counterpart(ModelConfig(kind="custom_lstm", direction="both"))


def test_of_several_rnn_layers_the_top_one_stands_alone():
    config = ModelConfig(kind="rnn", nonlinearity="tanh", num_layers=3, hidden_size=5)
    assert [part.num_layers for part in BuiltIn(config, 4).parts] == [2, 1]
