import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.inside.traces import trace
from namerec.core.inside.tracking import LEAST_CASES, Tracking, pearson, tracking
from namerec.core.inside.units import part_states
from tests.core.references import network

NAMES = [
    *("Ivanov", "Petrov", "Sidorov", "Popov", "Smirnov", "Orlov", "Volkov"),
    *("Anna", "D'Arco", "O'Neill", "Okafor", "Okonkwo", "Eze", "Obi", "Ade", "Ito", "Sato"),
    *("Mori", "Abe", "Ueda", "Li", "Bo", "Ng", "Wu", "Anh"),
]


def corpus() -> Dataset:
    lines = [LabelledName(name, "Russian") for name in NAMES[:7]]
    lines += [LabelledName(name, "Other") for name in NAMES[7:-2]]
    lines += [LabelledName(name, "Rare") for name in NAMES[-2:]]
    return Dataset.build("some", lines)


def measured(model, symbol: str = "h", layer: int = 0, **direction: bool) -> Tracking:
    states = part_states(model, corpus(), np.arange(len(NAMES)), layer)
    return tracking(states, corpus(), symbol, **direction)


def values_of(model, symbol: str, layer: int) -> list[np.ndarray]:
    """By name, (letters, units)."""
    return [trace(model, tuple("ABCD"), name).values[symbol][:, layer] for name in NAMES]


def r_of(found: Tracking, words: str) -> np.ndarray:
    words_of = [feature.words for feature in found.features]
    return np.asarray(found.r[words_of.index(words)])


@given(arrays(np.float64, (6, 5), elements=st.integers(-8, 8).map(lambda eighths: eighths / 8)))
def test_all_correlations_at_once_are_numpys_one_by_one(table):
    features, units = table[:, :2], table[:, 2:]
    r = pearson(features, units)
    for f in range(2):
        for u in range(3):
            a, b = features[:, f], units[:, u]
            if len(set(a)) == 1 or len(set(b)) == 1:
                assert np.isnan(r[f, u])
            else:
                assert r[f, u] == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-9)


@pytest.mark.parametrize(("kind", "symbol"), [("rnn", "h"), ("lstm", "h"), ("custom_lstm", "c")])
def test_features_of_letters_are_correlated_over_all_letters(kind, symbol):
    model = network(kind)
    found = measured(model, symbol)
    values = np.concatenate(values_of(model, symbol, 0))
    letters = [(name, place) for name in NAMES for place in range(len(name))]
    assert (found.letters, found.names) == (len(letters), len(NAMES))
    said = {
        "letters read so far, counted from the beginning": [p + 1 for _, p in letters],
        "letters still to come": [len(name) - p - 1 for name, p in letters],
        "the letter is a vowel (a, e, i, o, u)": [n[p].lower() in "aeiou" for n, p in letters],
        "the letter is upper case": [n[p].isupper() for n, p in letters],
        "the letter is o": [n[p] in "oO" for n, p in letters],
    }
    for words, feature in said.items():
        for unit in range(5):
            expected = np.corrcoef(np.array(feature, float), values[:, unit])[0, 1]
            assert r_of(found, words)[unit] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("layer", [0, 1])
def test_features_of_names_are_correlated_once_the_name_is_read(layer):
    model = network("custom_lstm", direction="both")
    found = measured(model, "h", layer, from_the_end=layer == 1)
    last_read = 0 if layer else -1
    values = np.array([of_name[last_read] for of_name in values_of(model, "h", layer)])
    said = {
        "letters in the name": [len(name) for name in NAMES],
        "the name ends in -ov": [name.endswith("ov") for name in NAMES],
        "the name is Russian": [place < 7 for place in range(len(NAMES))],
    }
    for words, feature in said.items():
        for unit in range(5):
            expected = np.corrcoef(np.array(feature, float), values[:, unit])[0, 1]
            assert r_of(found, words)[unit] == pytest.approx(expected, abs=1e-5)
    russian = next(f for f in found.features if f.words == "the name is Russian")
    assert corpus().categories[russian.category or 0] == "Russian"
    assert (russian.cases, russian.over) == (7, "names")


def test_from_the_end_read_letters_are_counted_from_there():
    model = network("custom_lstm", direction="both")
    found = measured(model, "h", 1, from_the_end=True)
    values = np.concatenate(values_of(model, "h", 1))
    behind = [len(name) - place for name in NAMES for place in range(len(name))]
    r = r_of(found, "letters read so far, counted from the end")
    assert r[0] == pytest.approx(np.corrcoef(behind, values[:, 0])[0, 1], abs=1e-5)


def test_what_is_too_rare_is_not_tried_and_endings_are_those_of_the_corpus():
    said = {feature.words: feature for feature in measured(network()).features}
    assert "the name is Rare" not in said
    assert "the letter is a space or an apostrophe" not in said  # two letters
    assert {words for words in said if "ends in" in words} == {"the name ends in -ov"}
    assert min(f.cases for f in said.values() if f.cases is not None) >= LEAST_CASES


def test_only_what_no_layer_has_read_is_called_unread():
    model = network("custom_lstm", direction="both", num_layers=2)
    unread = [f.words for f in measured(model, "h", 0).features if f.unread]
    assert unread == ["letters still to come"]
    assert not any(f.unread for f in measured(model, "h", 2, sees_all=True).features)


def test_the_strongest_come_first_with_their_signs_and_still_units_have_none():
    features = measured(network()).features[:3]
    r = np.array([[0.2, np.nan], [-0.9, np.nan], [0.5, np.nan]])
    found = Tracking(features, r, 9, 3)
    assert found.strongest(0, 2) == [(features[1], -0.9), (features[2], 0.5)]
    assert found.strongest(1, 2) == []
