import tracemalloc

import numpy as np
import pytest
import torch

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.inside import gate_use as module
from namerec.core.inside.gate_use import gate_use, watched, watched_names
from namerec.core.inside.reading import one_hot_text, read
from namerec.errors import ConfigError
from tests.core.references import network

LINES = ["Li A", "Okonkwo B", "Bo C", "X D", "Dvorak A"]
INDICES = np.array([1, 4, 0, 3, 2])


@pytest.fixture(scope="module")
def names() -> Dataset:
    return Dataset.build("five", (LabelledName(line[:-2], line[-1]) for line in LINES))


@pytest.mark.parametrize(
    ("shape", "layer"),
    [
        ({"kind": "lstm", "num_layers": 2}, 1),
        ({"kind": "custom_lstm", "direction": "both"}, 0),
        ({"kind": "custom_lstm", "direction": "both"}, 1),
        ({"kind": "gru", "num_layers": 2}, 0),
    ],
)
def test_gates_are_summed_up_as_a_loop_over_the_names_does(names, shape, layer):
    model = network(**shape)
    for parameter in model.parameters():
        parameter.data *= 4  # gates that open and shut
    use = gate_use(model, names, INDICES, layer)
    with torch.no_grad():
        read_alone = [
            read(model, one_hot_text(model, [names.normalised(i)])).steps[layer] for i in INDICES
        ]
    assert use.lengths.tolist() == [len(steps) for steps in read_alone]
    for symbol in watched(model.kind):
        values = [np.stack([step[symbol][0].numpy() for step in steps]) for steps in read_alone]
        whole = np.concatenate(values).ravel()
        found = use.uses[symbol]
        assert found.mean == pytest.approx(whole.mean(), abs=1e-7)
        limit = 1 if symbol == "c" else 0.9
        assert found.high == pytest.approx((np.abs(whole) > limit).mean())
        assert found.low == pytest.approx((np.abs(whole) < 0.1).mean())
        for band, turn in ((found.from_beginning, 1), (found.from_end, -1)):
            for place in range(7):
                there = np.concatenate([v[::turn][place] for v in values if len(v) > place])
                assert band.names[place] == sum(len(v) > place for v in values)
                assert band.mean[place] == pytest.approx(there.mean(), abs=1e-6)
                assert band.low[place] == pytest.approx(np.percentile(there, 10), abs=1e-6)
                assert band.high[place] == pytest.approx(np.percentile(there, 90), abs=1e-6)
    backward = "direction" in shape and layer == 1
    kept = [
        step[model.kind.keeps][0].numpy()
        for steps in read_alone
        for step in (steps[:-1] if backward else steps[1:])
    ]
    np.testing.assert_allclose(use.spans, 1 / (1 - np.mean(kept, axis=0)), rtol=1e-9)


def test_without_a_second_letter_there_is_nothing_to_remember_for(names):
    use = gate_use(network("lstm"), names, np.array([3]), 0)
    assert np.isnan(use.spans).all()


def test_of_a_large_network_fewer_names_are_watched_so_that_little_is_kept(names, monkeypatch):
    model = network("lstm")
    assert watched_names(model, names, INDICES) is INDICES
    letters = names.lengths[INDICES].sum()
    monkeypatch.setattr(module, "MOST_KEPT", 5 * 5 * letters)
    assert watched_names(model, names, INDICES) is INDICES
    monkeypatch.setattr(module, "MOST_KEPT", 5 * 5 * letters - 1)
    drawn = watched_names(model, names, INDICES)
    assert 1 <= len(drawn) < 5
    assert 5 * 5 * names.lengths[drawn].sum() <= 5 * 5 * letters - 1
    monkeypatch.setattr(module, "MOST_KEPT", 1)
    assert len(watched_names(model, names, INDICES)) == 1


def test_long_names_take_no_more_memory_than_their_letters():
    """One name of 60 letters among short ones: nothing is kept of letters they do not have."""
    texts = ("Ab" * 30, *(f"B{letter}" for letter in "abcdefghijk" * 20))
    among = Dataset.build("mixed", [LabelledName(text, "AB"[len(text) > 2]) for text in texts])
    model = network("lstm", hidden_size=64, categories=2, dtype=torch.float32)
    tracemalloc.start()
    gate_use(model, among, np.arange(len(among)), 0)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    letters = int(among.lengths.sum())
    assert most < 4 * (len(watched(model.kind)) + 5) * 64 * letters


def test_an_rnn_has_no_gates_to_look_at(names):
    with pytest.raises(ConfigError, match="An RNN has no gates"):
        gate_use(network("rnn"), names, INDICES, 0)
