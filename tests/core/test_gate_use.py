import numpy as np
import pytest
import torch

from namerec.core.dataset import Dataset, LabelledName
from namerec.core.gate_use import SYMBOLS, gate_use
from namerec.core.reading import one_hot_text, read
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
    for symbol in SYMBOLS:
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
        step["f"][0].numpy()
        for steps in read_alone
        for step in (steps[:-1] if backward else steps[1:])
    ]
    np.testing.assert_allclose(use.spans, 1 / (1 - np.mean(kept, axis=0)), rtol=1e-9)


def test_without_a_second_letter_there_is_nothing_to_remember_for(names):
    use = gate_use(network("lstm"), names, np.array([3]), 0)
    assert np.isnan(use.spans).all()


def test_an_rnn_has_no_gates_to_look_at(names):
    with pytest.raises(ConfigError, match="An RNN has no gates"):
        gate_use(network("rnn"), names, INDICES, 0)
