from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from namerec.core.corpus.alphabet import LETTERS, encode
from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.evaluation.scores import predict_names
from namerec.core.inside.ablation import (
    ablated_answers,
    after_every_letter,
    alteration,
    mean_gates,
)
from namerec.core.inside.ablations import LEVELS, AblatedLayer, AblatedUnits, Ablation, HeldGate
from namerec.core.inside.reading import one_hot_text, read
from namerec.errors import ConfigError
from tests.core.inside.test_reading import every_shape
from tests.core.references import network, one_hot, pack_text, unequal_dataset

MEANS = {"i": 0.3, "f": 0.6, "g": -0.2, "o": 0.7}


def made_up_means(layers: int = 1, units: int = 5) -> dict[str, np.ndarray]:
    """Means that differ from unit to unit."""
    spread = np.linspace(0, 0.1, layers * units).reshape(layers, units)
    return {gate: mean + spread for gate, mean in MEANS.items()}


def ablated_by_hand(
    model: Any,
    name: str,
    *,
    held: dict[str, np.ndarray] | None = None,
    ablated: Iterable[int] = (),
    layer_off: bool = False,
) -> np.ndarray:
    """One custom LSTM layer once more, in numpy: log-probabilities after the last letter."""
    (cell,) = model.cells
    weights = {
        "i": cell.input_gate, "f": cell.forget_gate, "g": cell.cell_update, "o": cell.output_gate,
    }  # fmt: skip
    h = c = np.zeros(5)
    for x in one_hot(encode(name)).numpy():
        z = {
            s: linear.weight.detach().numpy() @ np.concatenate([x, h])
            + linear.bias.detach().numpy()
            for s, linear in weights.items()
        }
        gates = {s: np.tanh(v) if s == "g" else 1 / (1 + np.exp(-v)) for s, v in z.items()}
        gates |= held or {}
        c = gates["f"] * c + gates["i"] * gates["g"]
        c[list(ablated)] = 0
        h = gates["o"] * np.tanh(c)
        h[list(ablated)] = 0
        h = h * (not layer_off)
    output = model.out.weight.detach().numpy() @ h + model.out.bias.detach().numpy()
    return np.asarray(output - np.logaddexp.reduce(output))


@every_shape
@settings(max_examples=12)
@given(name=st.text(LETTERS, min_size=1, max_size=7))
def test_without_a_cut_every_network_answers_as_it_does(shape, name):
    model = network(**shape)
    beginnings = [name[: end + 1] for end in range(len(name))]
    expected = model(pack_text(*beginnings)).detach().numpy()
    np.testing.assert_allclose(after_every_letter(model, name, Ablation()), expected, rtol=1e-9)


@every_shape
def test_without_a_cut_names_of_a_corpus_are_answered_as_ever(shape):
    names = unequal_dataset({"Alphan": 9, "Betan": 6})
    model = network(categories=2, char_ngrams=3, **shape)
    assert model.ngrams is not None
    with torch.no_grad():
        model.ngrams.logits.normal_(generator=torch.Generator().manual_seed(1))
    indices = np.array([3, 0, 14, 3, 7, 9])
    answers = ablated_answers(model, names, indices, Ablation())
    expected = predict_names(model, names, indices)
    np.testing.assert_allclose(answers.log_probabilities, expected.log_probabilities, atol=1e-6)
    np.testing.assert_array_equal(answers.indices, indices)
    np.testing.assert_array_equal(answers.labels, names.labels[indices])
    first = names.normalised(3)
    letter_by_letter = after_every_letter(model, first, Ablation())
    np.testing.assert_allclose(letter_by_letter[-1], expected.log_probabilities[0], atol=1e-6)


@pytest.mark.parametrize("gate", "ifgo")
@pytest.mark.parametrize("level", LEVELS)
def test_a_held_gate_gives_what_a_loop_by_hand_gives(gate, level):
    model, means = network("custom_lstm"), made_up_means()
    answer = after_every_letter(model, "Okonkwo", Ablation((HeldGate(0, gate, level),)), means)
    value = means[gate][0] if level == "mean" else np.full(5, float(level))
    expected = ablated_by_hand(model, "Okonkwo", held={gate: value})
    np.testing.assert_allclose(answer[-1], expected, rtol=1e-9)
    assert not np.allclose(answer[-1], ablated_by_hand(model, "Okonkwo"), rtol=1e-4)


@settings(max_examples=30)
@given(
    levels=st.dictionaries(st.sampled_from("ifgo"), st.sampled_from(LEVELS)),
    units=st.lists(st.integers(0, 4), min_size=1, max_size=3),
    name=st.text(LETTERS, min_size=1, max_size=6),
)
def test_cuts_together_give_what_a_loop_by_hand_gives(levels, units, name):
    model, means = network("custom_lstm"), made_up_means()
    parts = tuple(HeldGate(0, gate, level) for gate, level in levels.items())
    ablation = Ablation((*parts, AblatedUnits(0, tuple(units)), AblatedUnits(0, (1,))))
    held = {
        gate: means[gate][0] if level == "mean" else np.full(5, float(level))
        for gate, level in levels.items()
    }
    expected = ablated_by_hand(model, name, held=held, ablated={*units, 1})
    answer = after_every_letter(model, name, ablation, means)
    np.testing.assert_allclose(answer[-1], expected, rtol=1e-9)


@pytest.mark.parametrize("part", [AblatedUnits(0, tuple(range(5))), AblatedLayer(0)])
def test_a_silenced_layer_says_the_same_whatever_the_name(part):
    model = network("custom_lstm")
    answers = [after_every_letter(model, name, Ablation((part,)))[-1] for name in ("Bo", "Schmidt")]
    np.testing.assert_array_equal(*answers)
    expected = ablated_by_hand(model, "Bo", layer_off=True)
    np.testing.assert_allclose(answers[0], expected, rtol=1e-9)


def test_a_silenced_rnn_sees_the_last_letter_alone():
    model, part = network("rnn"), Ablation((AblatedLayer(0),))
    whole, alone = (after_every_letter(model, name, part)[-1] for name in ("Okonkwo", "o"))
    np.testing.assert_allclose(whole, alone, rtol=1e-12)
    assert not np.allclose(after_every_letter(model, "Okonkwo", Ablation())[-1], alone, rtol=1e-3)


def test_a_cut_stays_in_its_layer_and_direction():
    model = network("custom_lstm", num_layers=2, direction="both")
    x = one_hot_text(model, ["Okonkwo"])
    parts = (HeldGate(2, "f", "1"), HeldGate(3, "o", "mean"), AblatedUnits(1, (0, 3)))
    means = made_up_means(layers=4)
    alter = alteration(Ablation(parts), model, means)
    part, plain = read(model, x, alter), read(model, x)
    forget, h, c = part.stacked("f"), part.stacked("h"), part.stacked("c")
    assert (forget[:, 2] == 1).all()
    assert (forget[:, [0, 1, 3]] != 1).all()
    np.testing.assert_allclose(part.stacked("o")[:, 3, 0].detach(), [means["o"][3]] * 7)
    assert (h[:, 1, :, [0, 3]] == 0).all()
    assert (c[:, 1, :, [0, 3]] == 0).all()
    assert (h[:, 1, :, [1, 2, 4]] != 0).all()
    torch.testing.assert_close(h[:, 0], plain.stacked("h")[:, 0], rtol=0, atol=0)


def test_a_state_beyond_all_numbers_is_silenced_too():
    alter = alteration(Ablation((AblatedUnits(0, (1,)),)), network("rnn"))
    value = torch.tensor([[1.0, float("nan"), 2.0, 3.0, 4.0]])
    assert alter(0, "h", value).tolist() == [[1, 0, 2, 3, 4]]


@pytest.mark.parametrize("direction", ["forward", "both"])
def test_means_are_those_over_all_letters_of_the_names(direction):
    model = network("custom_lstm", num_layers=2, direction=direction)
    lines = ["Li A", "Okonkwo A", "Bo A", "Schmidt B", "X B"]
    names = Dataset.build("five", (LabelledName(line[:-2], line[-1]) for line in lines))
    indices = np.array([0, 1, 1, 2, 4])
    means = mean_gates(model, names, indices)
    for gate in "ifgo":
        values = [
            read(model, one_hot_text(model, [names.normalised(index)])).stacked(gate)[:, :, 0]
            for index in indices
        ]
        expected = torch.cat(values).detach().numpy().mean(axis=0)
        np.testing.assert_allclose(means[gate], expected, rtol=1e-12)


def test_much_is_read_in_pieces_with_the_same_answers(monkeypatch):
    names, model = unequal_dataset({"Alphan": 9, "Betan": 6}), network(categories=2)
    indices, ablation = np.arange(15), Ablation((HeldGate(0, "o", "mean"),))

    def measured() -> tuple[dict[str, np.ndarray], np.ndarray]:
        means = mean_gates(model, names, indices)
        return means, ablated_answers(model, names, indices, ablation, means).log_probabilities

    means, whole = measured()
    monkeypatch.setattr("namerec.core.inside.ablation.MOST_VALUES", 600)
    means_in_pieces, in_pieces = measured()
    np.testing.assert_allclose(means_in_pieces["f"], means["f"], rtol=1e-12)
    np.testing.assert_allclose(in_pieces, whole, rtol=1e-6)


@pytest.mark.parametrize(
    ("shape", "part", "words"),
    [
        ({"kind": "rnn"}, HeldGate(0, "f", "0"), "an RNN has no gates"),
        ({"kind": "lstm"}, AblatedLayer(1), "0 to 0"),
        ({"kind": "custom_lstm", "direction": "both"}, AblatedLayer(2), "0 to 1"),
        ({"kind": "lstm"}, AblatedUnits(0, (5,)), "0 to 4"),
        ({"kind": "lstm"}, HeldGate(0, "f", "mean"), "Measure the means first"),
    ],
)
def test_a_network_without_such_a_part_refuses(shape, part, words):
    with pytest.raises(ConfigError, match=words):
        after_every_letter(network(**shape), "Bo", Ablation((part,)))
