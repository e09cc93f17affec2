import numpy as np
import pytest
import torch
import torch.nn.functional as F

from namerec.core.corpus.alphabet import encode
from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.inside.gradient_steps import by_step
from namerec.core.inside.gradients import gradient_norms
from namerec.core.inside.reading import one_hot_text, read
from namerec.core.networks.by_hand import GRU
from namerec.core.networks.lstm import LSTM
from namerec.core.networks.name_model import NameModel
from namerec.core.networks.rnn import RNN
from tests.core.references import (
    _built_in_letter,
    _custom_letter,
    _gru_letter,
    _rnn_letter,
    network,
    one_hot,
    pack_text,
)

LINES = ["Li A", "Okonkwo B", "Bo C", "Ng A", "X D", "Schmidt B", "Dvorak A", "Garcia C"]
INDICES = np.array([5, 0, 1, 7, 4, 3, 6])
SHAPES = [
    {"kind": "rnn"},
    {"kind": "rnn", "nonlinearity": "tanh", "num_layers": 2},
    {"kind": "lstm", "num_layers": 2},
    {"kind": "custom_lstm"},
    {"kind": "custom_lstm", "num_layers": 2, "char_ngrams": 3},
    {"kind": "gru", "num_layers": 2},
]


@pytest.fixture(scope="module")
def names() -> Dataset:
    return Dataset.build("eight", (LabelledName(line[:-2], line[-1]) for line in LINES))


def with_ngram_logits(model: NameModel) -> NameModel:
    """N-grams begin without logits; the loss must feel them."""
    if model.ngrams is not None:
        torch.nn.init.normal_(model.ngrams.logits, generator=torch.Generator().manual_seed(1))
    return model


def looped(model: NameModel, name: str, label: int) -> dict[str, np.ndarray]:
    """Norms (layers, letters), the last letter first: a plain loop and autograd's own `.grad`."""
    size, layers = model.config.hidden_size, model.config.num_layers
    h = [torch.zeros(1, size, dtype=torch.float64) for _ in range(layers)]
    c = [torch.zeros(1, size, dtype=torch.float64) for _ in range(layers)]
    kept = []
    output = torch.zeros(1)
    for letter in one_hot(encode(name).tolist()):
        if isinstance(model, RNN):
            output = _rnn_letter(model, letter[None], h)
        elif isinstance(model, LSTM):
            output = _built_in_letter(model, letter[None], h, c)
        elif isinstance(model, GRU):
            output = _gru_letter(model, letter[None], h)
        else:
            output = _custom_letter(model, letter[None], h, c)  # type: ignore[arg-type]
        kept.append({"h": list(h), "c": list(c) if "c" in model.kind.states else []})
        for state in (*h, *kept[-1]["c"]):
            state.retain_grad()
    answer = model.with_ngram_logits(output, pack_text(name)).log_softmax(1)
    (-answer[0, label]).backward()

    def norm(state: torch.Tensor) -> float:
        return float("nan") if state.grad is None else float(state.grad.norm())

    return {
        symbol: np.array([[norm(step[symbol][layer]) for step in kept[::-1]]
                          for layer in range(layers)])
        for symbol in model.kind.states
    }  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gradients_are_those_of_autograd_on_a_plain_loop(names, shape):
    model = with_ngram_logits(network(**shape))
    measured = gradient_norms(model, names, INDICES)
    assert measured.norms.keys() == set(model.kind.states)
    for row, index in enumerate(INDICES):
        expected = looped(model, names.normalised(index), int(names.labels[index]))
        for symbol, norms in measured.norms.items():
            length = int(names.lengths[index])
            assert measured.lengths[row] == length
            np.testing.assert_allclose(norms[:, row, :length], expected[symbol], rtol=1e-9)
            assert np.isnan(norms[:, row, length:]).all()


def test_of_a_linear_rnn_they_are_the_powers_of_its_recurrent_weights(names):
    model = network("rnn")
    assert isinstance(model, RNN)
    measured = gradient_norms(model, names, INDICES)
    recurrent = model.i2h.weight[:, -5:].detach().numpy()
    out = model.i2o.weight[:, -5:].detach().numpy()
    for row, index in enumerate(INDICES):
        name, label = names.normalised(index), int(names.labels[index])
        error = np.exp(model(pack_text(name))[0].detach().numpy())
        error[label] -= 1
        gradient = out.T @ error
        assert np.isnan(measured.norms["h"][0, row, 0])  # the answer reads the state before it
        for back in range(1, len(name)):
            found = measured.norms["h"][0, row, back]
            assert found == pytest.approx(np.linalg.norm(gradient), rel=1e-9)
            gradient = recurrent.T @ gradient
    assert measured.recurrence[0].radius == pytest.approx(
        np.abs(np.linalg.eigvals(recurrent)).max()
    )
    assert measured.recurrence[0].stretch == pytest.approx(np.linalg.norm(recurrent, 2))
    assert measured.recurrence[0].slope == 1
    assert measured.recurrence[0].per_letter == measured.recurrence[0].radius


@pytest.mark.parametrize("layer", [0, 1])
def test_of_both_directions_the_forward_one_is_measured(names, layer):
    """Held to finite differences, which feel every later path, through both directions."""
    model = network("custom_lstm", num_layers=2, direction="both")
    index = LINES.index("Bo C")
    measured = gradient_norms(model, names, np.array([index]))
    assert measured.both_directions
    x, label = one_hot_text(model, ["Bo"]), names.labels[[index]]

    def loss(back: int, symbol: str, unit: int, by: float) -> float:
        count = 0

        def moved(place, of, value):
            nonlocal count
            if (place, of) == (2 * layer, symbol):
                count += 1
                if count == 2 - back:
                    value = value.clone()
                    value[0, unit] += by
            return value

        with torch.no_grad():
            output = read(model, x, moved).output
        return float(F.cross_entropy(output, torch.from_numpy(label)))

    for symbol in "hc":
        for back in (0, 1):
            slopes = [
                (loss(back, symbol, unit, 1e-5) - loss(back, symbol, unit, -1e-5)) / 2e-5
                for unit in range(5)
            ]
            found = measured.norms[symbol][layer, 0, back]
            assert found == pytest.approx(np.linalg.norm(slopes), rel=1e-6)


def test_a_name_counts_alone_whatever_is_read_beside_it(names):
    model = network("lstm")
    together = gradient_norms(model, names, INDICES)
    for row, index in enumerate(INDICES):
        alone = gradient_norms(model, names, np.array([index]))
        length = alone.norms["h"].shape[2]
        np.testing.assert_allclose(alone.norms["h"][:, 0], together.norms["h"][:, row, :length])


def test_the_expected_factors_are_means_over_every_letter_but_the_first(names):
    rnn, lstm = network("rnn", nonlinearity="tanh"), network("lstm", num_layers=2)
    slopes, gates = [], []
    for index in INDICES:
        name = names.normalised(index)
        with torch.no_grad():
            steps = read(rnn, one_hot_text(rnn, [name])).steps[0]
            slopes += [1 - step["h"].numpy() ** 2 for step in steps[1:]]
            gates += [
                step["f"].numpy() for step in read(lstm, one_hot_text(lstm, [name])).steps[1]
            ][1:]
    slope = float(np.concatenate(slopes).mean())
    found = gradient_norms(rnn, names, INDICES).recurrence[0]
    assert found.slope == pytest.approx(slope)
    assert found.radius is not None
    assert found.per_letter == pytest.approx(found.radius * slope)
    top = gradient_norms(lstm, names, INDICES).recurrence[1]
    assert top.kept == pytest.approx(float(np.concatenate(gates).mean()))
    assert (top.per_letter, top.radius, top.slope) == (top.kept, None, None)


def test_one_letter_names_leave_an_rnn_nothing_to_look_back_on(names):
    measured = gradient_norms(network("rnn"), names, np.array([LINES.index("X D")]))
    assert np.isnan(measured.norms["h"]).all()
    assert measured.recurrence[0].slope is None
    assert measured.recurrence[0].per_letter is None
    summed = by_step(measured, "h", 0, relative=True)
    assert (len(summed.steps), summed.per_letter) == (0, None)


def test_a_gradient_too_large_for_the_networks_numbers_is_told_from_none_at_all(names):
    model = network("rnn", dtype=torch.float32)
    assert isinstance(model, RNN)
    with torch.no_grad():
        model.i2h.weight[:, -5:] *= 1e30
    measured = gradient_norms(model, names, INDICES)
    for norms, length in zip(measured.norms["h"][0], measured.lengths, strict=True):
        assert np.isnan(norms[length:]).all()
        assert np.isinf(norms[3:length]).all()
        assert not np.isnan(norms[1:length]).any()
