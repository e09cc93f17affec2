import numpy as np
import pytest

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.inside import name_samples
from namerec.core.inside.gate_use import gate_use
from namerec.core.inside.gradients import gradient_norms
from namerec.core.inside.name_samples import LEAST_NAMES, MOST_NAMES, batches, sample, spread_over
from tests.core.references import network

PART = np.arange(100, 10_100)


@pytest.fixture(scope="module")
def names() -> Dataset:
    lines = ["Li", "Bo", "Ng", "Okonkwo", "Schmidt", "Dvorak", "Garcia", "Abcdefghijklmnopqrst"]
    return Dataset.build(
        "eight", (LabelledName(name, "ABCD"[i % 4]) for i, name in enumerate(lines))
    )


def test_names_are_spread_evenly_and_are_the_same_ones_every_time():
    part = np.arange(100, 1100)
    assert spread_over(part, 5).tolist() == [100, 350, 600, 849, 1099]
    assert spread_over(part, 1000) is part
    assert len(set(spread_over(part, 512).tolist())) == 512


def test_usual_networks_are_measured_on_all_names_and_larger_ones_on_fewer():
    of = {units: len(sample(network("lstm", hidden_size=units), PART)) for units in (8, 128, 512)}
    assert of[8] == MOST_NAMES
    assert of[128] > 3000
    assert of[512] == LEAST_NAMES
    assert len(sample(network("lstm", hidden_size=128), PART[:777])) == 777


def test_logits_of_ngrams_make_a_network_no_slower():
    plain, with_ngrams = network(hidden_size=128), network(hidden_size=128, char_ngrams=3)
    assert len(sample(plain, PART)) == len(sample(with_ngrams, PART))


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize(
    "shape",
    [{"kind": "rnn"}, {"kind": "lstm", "num_layers": 2}, {"direction": "both", "num_layers": 2}],
    ids=str,
)
def test_groups_hold_every_name_once_and_no_more_numbers_than_allowed(
    names, monkeypatch, shape, graph
):
    monkeypatch.setattr(name_samples, "MOST_VALUES", 2000)
    model = network(**shape)
    indices = np.array([7, 0, 3, 1, 4, 2, 5, 6])
    groups = list(batches(model, names, indices, graph=graph))
    assert sorted(np.concatenate(groups).tolist()) == list(range(8))
    directions = 2 if shape.get("direction") else 1
    layers = directions * shape.get("num_layers", 1)
    for places in groups:
        lengths = set(names.lengths[indices[places]].tolist())
        assert len(lengths) == 1
        numbers = len(places) * lengths.pop() * layers * 5 * len(model.kind.symbols)
        assert len(places) == 1 or numbers * (3 if graph else 1) <= 2000
    assert len(groups) < 8


def test_what_is_measured_does_not_depend_on_how_many_names_are_read_at_once(names, monkeypatch):
    model, indices = network("lstm"), np.arange(8)
    norms, use = gradient_norms(model, names, indices), gate_use(model, names, indices, 0)
    monkeypatch.setattr(name_samples, "MOST_VALUES", 1)
    one_by_one = gradient_norms(model, names, indices)
    for symbol in "hc":
        np.testing.assert_allclose(one_by_one.norms[symbol], norms.norms[symbol], rtol=1e-9)
    np.testing.assert_allclose(gate_use(model, names, indices, 0).spans, use.spans)
