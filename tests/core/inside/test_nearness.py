import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.alphabet import encode
from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.splits import Split
from namerec.core.inside.nearness import (
    Standing,
    StateNeighbour,
    TrainingStates,
    last_states,
    share_with,
    standings,
    verdict,
)
from namerec.core.inside.neighbours import Neighbour, TrainingNames
from namerec.text import listed
from tests.core.references import NAMES, network, pack_text, plain_answer

LSTMS = [
    {"kind": "lstm", "num_layers": 2},
    {"kind": "custom_lstm", "num_layers": 2, "char_ngrams": 3},
    {"kind": "custom_lstm", "direction": "both", "num_layers": 2},
]
RNNS = [{"kind": "rnn", "nonlinearity": nonlinearity} for nonlinearity in ("tanh", "none")]
CORPUS = Dataset.build(
    "nine",
    [
        LabelledName("Novák", "Czech"),
        LabelledName("novak", "Czech"),
        LabelledName("Novak", "Polish"),
        LabelledName("Ng", "Chinese"),
        LabelledName("Li", "Chinese"),
        LabelledName("Sato", "Japanese"),
        LabelledName("Ng", "Korean"),
        LabelledName("Ito", "Japanese"),
        LabelledName("Nova", "Polish"),
    ],
)


def split(
    train: Sequence[int], validation: Sequence[int], test: Sequence[int], protocol: str = "raw"
) -> Split:
    parts = (np.array(part, dtype=np.int64) for part in (train, validation, test))
    return Split(protocol, 0, *parts)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", LSTMS, ids=str)
def test_the_output_layer_makes_the_answer_of_this_very_state(shape):
    model = network(dtype=torch.float32, **shape)
    state = torch.from_numpy(last_states(model, list(NAMES)))
    nothing = torch.zeros(len(NAMES), 0)
    output = model.with_ngram_logits(model.read_out(nothing, nothing, state), pack_text(*NAMES))
    torch.testing.assert_close(output.log_softmax(1), model(pack_text(*NAMES)))


@pytest.mark.parametrize("shape", RNNS, ids=str)
def test_the_rnns_state_is_what_it_would_read_before_another_letter(shape):
    model = network(dtype=torch.float32, **shape)
    state = torch.from_numpy(last_states(model, list(NAMES)))
    z = torch.zeros(len(NAMES), 57)
    z[:, encode("z").item()] = 1
    expected = torch.stack([plain_answer(model, encode(name + "z")) for name in NAMES])
    torch.testing.assert_close(model.read_out(z, state, state).log_softmax(1), expected)


@pytest.mark.parametrize("kept", [1, 700])
def test_states_do_not_depend_on_how_many_names_are_read_at_once(kept, monkeypatch):
    model = network("custom_lstm", direction="both", dtype=torch.float32)
    names = [*NAMES, "Bi", "Bu", "Ba", "Be"]
    expected = last_states(model, names)
    monkeypatch.setattr("namerec.core.inside.nearness.MOST_READ", kept)
    np.testing.assert_allclose(last_states(model, names), expected, atol=1e-6)


@given(
    rows=st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=1, max_size=8),
    state=st.lists(st.integers(-3, 3), min_size=3, max_size=3),
    most=st.integers(1, 4),
)
def test_the_nearest_have_the_largest_cosines(rows, state, most):
    def cosine(one: list[int], other: list[int]) -> float:
        sizes = math.hypot(*one) * math.hypot(*other)
        return sum(a * b for a, b in zip(one, other, strict=True)) / sizes if sizes else 0.0

    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    names = tuple(chr(ord("a") + n) for n in range(len(rows)))
    directions = (np.array(rows) / lengths).astype(np.float32)
    states = TrainingStates(names, tuple((name,) for name in names), directions, len(rows))
    found = states.nearest(np.array(state, dtype=np.float32), most)
    cosines = {name: cosine(row, state) for name, row in zip(names, rows, strict=True)}
    assert len(found) == min(most, len(rows))
    for neighbour, expected in zip(found, sorted(cosines.values(), reverse=True), strict=False):
        assert neighbour.similarity == pytest.approx(expected, abs=1e-6)
        assert cosines[neighbour.name] == pytest.approx(expected, abs=1e-6)
        assert neighbour.categories == (neighbour.name,)


def test_a_training_name_is_nearest_to_itself_and_keeps_its_native_spelling():
    model = network("custom_lstm", dtype=torch.float32)
    training = TrainingNames.of(CORPUS, np.arange(9))
    states = TrainingStates.read(model, training)
    assert states.names == training.names
    assert states.of == len(states.names) == 6
    nearest = states.nearest(last_states(model, ["Novak"])[0], most=3)
    assert nearest[0].name == "Novák"
    assert nearest[0].categories == ("Czech", "Polish")
    assert nearest[0].similarity == pytest.approx(1, abs=1e-6)
    assert len(nearest) == 3
    assert nearest[1].similarity < 1


def test_equally_near_names_come_in_the_order_of_the_alphabet():
    same = np.array([[1, 0], [0, 1], [1, 0]], dtype=np.float32)
    states = TrainingStates(("A", "B", "C"), ((), (), ()), same, 3)
    assert [n.name for n in states.nearest(np.array([2, 0], np.float32))] == ["A", "C", "B"]


def test_of_too_many_names_some_are_drawn_and_always_the_same():
    model = network("custom_lstm", dtype=torch.float32)  # 5 units
    training = TrainingNames.of(CORPUS, np.arange(9))
    first, second = (TrainingStates.read(model, training, most=23) for _ in range(2))
    assert len(first.names) == 4
    assert first.of == 6
    assert first.names == second.names
    assert list(first.names) == [name for name in training.names if name in first.names]
    whole = TrainingStates.read(model, training)
    for name, row in zip(first.names, first.directions, strict=True):
        np.testing.assert_allclose(row, whole.directions[whole.names.index(name)], atol=1e-6)


def test_a_name_stands_in_every_part_that_has_it_with_all_its_categories_there():
    parts = split([0, 2, 3], [1, 4], [5, 6])
    assert standings(CORPUS, parts, "NOVAK") == (
        Standing("train", ("Czech", "Polish")),
        Standing("validation", ("Czech",)),
    )
    assert standings(CORPUS, parts, "Ng") == (
        Standing("train", ("Chinese",)),
        Standing("test", ("Korean",)),
    )
    assert standings(CORPUS, parts, "Nov") == ()
    assert standings(CORPUS, parts, "Novakova") == ()
    assert standings(CORPUS, parts, "Ito") == ()  # in the corpus, in no part


def test_under_the_report_protocol_all_names_are_training_names():
    parts = split(range(9), [5], [5, 5], protocol="course")
    assert standings(CORPUS, parts, "sato") == (Standing("train", ("Japanese",)),)


def test_the_share_counts_neighbours_that_have_the_category_among_others():
    near: list[Neighbour | StateNeighbour] = [
        Neighbour("A", ("Czech", "Polish"), 0),
        StateNeighbour("B", ("Czech",), 0.5),
        StateNeighbour("C", ("Polish",), 0.4),
        StateNeighbour("D", (), 0.3),
    ]
    assert share_with(near, "Czech") == 0.5
    assert share_with(near, "Greek") == 0
    assert math.isnan(share_with([], "Greek"))


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            [Standing("train", ("Russian",))],
            "This name (upper and lower case as one) was in training as Russian, so its "
            "answer is no test of what the network learned.",
        ),
        (
            [Standing("train", ("Czech", "Polish"))],
            "This name (upper and lower case as one) was in training as Czech and Polish, but the "
            "network answers Russian.",
        ),
        (
            [Standing("train", ("Czech", "Polish", "Russian")), Standing("test", ("Polish",))],
            "This name (upper and lower case as one) was in training as Czech, Polish and "
            "Russian, and is in the test part as well, so its answer is no test of what the "
            "network learned.",
        ),
        (
            [Standing("test", ("Russian",))],
            "This name was not in training. It is in the test part as Russian, so the answer, "
            "Russian, is a fair test, and right.",
        ),
        (
            [Standing("validation", ("Czech",)), Standing("test", ("Polish",))],
            "This name was not in training. It is in the validation and the test part as Czech "
            "and Polish, so the answer, Russian, is wrong, although validation names were used to "
            "choose the epoch.",
        ),
        (
            [Standing("validation", ("Czech",)), Standing("test", ("Czech", "Russian"))],
            "This name was not in training. It is in the validation and the test part as Czech "
            "and Russian, so the answer, Russian, is right without memorising, but validation "
            "names were used to choose the epoch.",
        ),
        (
            [Standing("test", ("Polish",))],
            "This name was not in training. It is in the test part as Polish, so the answer, "
            "Russian, is a fair test, and wrong.",
        ),
        (
            [Standing("validation", ("Russian",))],
            "This name was not in training. It is in the validation part as Russian, so the "
            "answer, Russian, is right without memorising, but validation names were used to "
            "choose the epoch.",
        ),
        (
            [],
            "This name is not in the corpus of this run. The network has never seen it, and the "
            "lab does not know whether Russian is right.",
        ),
    ],
)
def test_the_verdict_says_what_the_facts_mean(found, sentence):
    assert verdict(found, "Russian") == sentence


def test_categories_in_a_row():
    assert [listed(["A"]), listed(["A", "B"]), listed(["A", "B", "C"])] == [
        "A",
        "A and B",
        "A, B and C",
    ]
