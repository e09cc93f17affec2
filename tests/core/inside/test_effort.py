import pytest

from namerec.core.inside.effort import Effort, effort
from namerec.core.inside.reading import one_hot_text, read
from tests.core.inside.test_reading import every_shape
from tests.core.references import network


@every_shape
def test_values_are_those_that_a_reading_keeps(shape):
    model = network(**shape)
    steps = read(model, one_hot_text(model, ["Bo"])).steps
    kept = sum(value.numel() for layer in steps for value in layer[0].values())
    assert effort(model).values == kept


@pytest.mark.parametrize(
    "shape",
    [
        {"kind": "rnn"},
        {"kind": "lstm", "num_layers": 2},
        {"kind": "custom_lstm", "direction": "both"},
    ],
    ids=str,
)
def test_logits_of_ngrams_are_looked_up_and_no_work(shape):
    alone = network(**shape)
    assert effort(alone).weights == alone.config.parameter_count(4)
    assert effort(network(**shape, char_ngrams=3)) == effort(alone)


def test_as_many_names_are_read_at_once_as_keep_no_more_than_allowed():
    asked = Effort(weights=1, values=10)
    assert [asked.at_once(length, 100) for length in (1, 3, 10, 11, 1000)] == [10, 3, 1, 1, 1]
