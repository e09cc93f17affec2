import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.alphabet import LETTERS
from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.inside.reading import by_length, letters_of, one_hot, one_hot_text, read
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.core.networks.models import build
from tests.core.references import network, pack_text

SHAPES = [
    {"kind": kind, "num_layers": layers}
    for kind in MODEL_KINDS
    for layers in (1, 2, 3)
] + [
    {"kind": "rnn", "nonlinearity": "tanh", "num_layers": 2},
    {"kind": "custom_lstm", "direction": "both"},
    {"kind": "custom_lstm", "direction": "both", "num_layers": 2},
    {"kind": "lstm", "num_layers": 2, "dropout": 0.9},
]  # fmt: skip
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)
any_names = st.integers(1, 9).flatmap(
    lambda length: st.lists(
        st.text(LETTERS, min_size=length, max_size=length), min_size=1, max_size=4
    )
)


@every_shape
@given(names=any_names)
def test_a_reading_ends_in_the_networks_own_answer(shape, names):
    model = network(**shape)
    output = read(model, one_hot_text(model, names)).output
    torch.testing.assert_close(output.log_softmax(1), model(pack_text(*names)))


@every_shape
def test_putting_in_what_was_computed_changes_nothing(shape):
    model = network(**shape)
    x = one_hot_text(model, ["Okonkwo"])
    plain, altered = read(model, x), read(model, x, lambda layer, symbol, value: value.clone())
    torch.testing.assert_close(altered.output, plain.output, rtol=0, atol=0)
    for symbol in plain.steps[0][0]:
        torch.testing.assert_close(altered.stacked(symbol), plain.stacked(symbol), rtol=0, atol=0)


@pytest.mark.parametrize("kind", ["lstm", "custom_lstm"])
def test_a_shut_forget_gate_leaves_only_the_last_letter_in_the_cell(kind):
    model = network(kind)

    def shut(layer, symbol, value):
        return torch.zeros_like(value) if symbol == "f" else value

    steps = read(model, one_hot_text(model, ["Okonkwo"]), shut).steps[0]
    torch.testing.assert_close(steps[-1]["c"], steps[-1]["i"] * steps[-1]["g"])
    assert not torch.allclose(
        read(model, one_hot_text(model, ["Okonkwo"])).steps[0][-1]["c"], steps[-1]["c"]
    )


def test_every_layer_and_symbol_is_offered_once_a_letter():
    model = network("custom_lstm", num_layers=2, direction="both")
    seen: list[tuple[int, str]] = []

    def look(layer, symbol, value):
        seen.append((layer, symbol))
        return value

    read(model, one_hot_text(model, ["Bo"]), look)
    assert sorted(seen) == sorted((layer, s) for layer in range(4) for s in "ifgoch" for _ in "Bo")


def test_groups_by_length_hold_every_name_once():
    lines = ["Li A", "Okonkwo A", "Bo A", "Ng A", "X A", "Schmidt B"]
    names = Dataset.build("six", (LabelledName(line[:-2], line[-1]) for line in lines))
    indices = np.array([5, 0, 1, 3, 2, 4])
    groups = list(by_length(names, indices, most=2))
    assert sorted(np.concatenate(groups).tolist()) == list(range(6))
    for places in groups:
        assert len(set(names.lengths[indices[places]].tolist())) == 1
        assert len(places) <= 2
        letters = letters_of(names, indices[places])
        assert letters.shape == (len(places), names.lengths[indices[places[0]]])
        expected = [names.normalised(index) for index in indices[places]]
        model = network("rnn")
        torch.testing.assert_close(one_hot(model, letters), one_hot_text(model, expected))


@pytest.mark.parametrize("shape", [{"kind": "lstm"}, {"kind": "custom_lstm", "direction": "both"}])
def test_the_forget_bias_is_added_to_the_forget_gates_and_nothing_else(shape):
    plain = network(num_layers=2, **shape)
    raised = build(plain.config.model_copy(update={"forget_bias": 2.0}), 4, seed=3).double()
    pairs = [
        (before, after)
        for layers in ("layer_weights", "backward_weights")
        for before, after in zip(getattr(plain, layers)(), getattr(raised, layers)(), strict=True)
    ]
    assert len(pairs) == (4 if shape.get("direction") == "both" else 2)
    for (weight, bias), (raised_weight, raised_bias) in pairs:
        torch.testing.assert_close(raised_weight, weight, rtol=0, atol=0)
        moved = (raised_bias - bias).reshape(4, 5)
        torch.testing.assert_close(moved[1], torch.full((5,), 2.0, dtype=torch.float64))
        assert not moved[[0, 2, 3]].any()
