from collections.abc import Iterator

import numpy as np
import pytest
import torch

from namerec.core.corpus.alphabet import NormalisedName, encode, readable
from namerec.core.evaluation import prediction
from namerec.core.evaluation.prediction import after_every_letter, predict, probabilities
from namerec.core.networks.kinds import MODEL_KINDS
from tests.core.references import NAMES, network, plain_answer

CATEGORIES = ("Ab", "Cd", "Ef", "Gh")
every_kind = pytest.mark.parametrize("kind", MODEL_KINDS)


@every_kind
def test_probabilities_are_those_of_a_plain_loop(kind):
    model = network(kind)
    expected = torch.stack([plain_answer(model, encode(name)).exp() for name in NAMES])
    np.testing.assert_allclose(probabilities(model, list(NAMES)), expected.detach(), atol=1e-12)
    np.testing.assert_allclose(probabilities(model, list(NAMES)).sum(axis=1), 1, atol=1e-12)


def test_dropout_is_off_when_a_name_is_asked_for():
    model = network(dropout=0.9).train()
    first = probabilities(model, list(NAMES))
    np.testing.assert_array_equal(probabilities(model, list(NAMES)), first)


@every_kind
def test_after_every_letter_stands_the_answer_to_the_name_so_far(kind):
    model = network(kind, num_layers=2)
    answers = after_every_letter(model, "O'Neill")
    assert answers.shape == (7, 4)
    for row, beginning in zip(
        answers, ("O", "O'", "O'N", "O'Ne", "O'Nei", "O'Neil", "O'Neill"), strict=True
    ):
        expected = plain_answer(model, encode(beginning)).exp().detach()
        np.testing.assert_allclose(row, expected, atol=1e-12)


def test_categories_are_ranked_most_probable_first():
    model = network()
    (answer,) = predict(model, CATEGORIES, [readable("Łukasiewicz")])
    expected = plain_answer(model, encode("Lukasiewicz")).exp().tolist()
    assert (answer.name, answer.letters) == ("Łukasiewicz", "Lukasiewicz")
    shares = [share for _, share in answer.ranked]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1)
    assert dict(answer.ranked) == pytest.approx(dict(zip(CATEGORIES, expected, strict=True)))


def test_equally_probable_categories_are_ranked_in_their_own_order():
    model = network()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    (answer,) = predict(model, CATEGORIES, [readable("Ann")])
    assert answer.ranked == tuple((category, 0.25) for category in CATEGORIES)


@pytest.mark.parametrize("batch", [1, 3, 10, 1024])
def test_names_are_answered_in_order_whatever_the_batch(batch, monkeypatch):
    monkeypatch.setattr(prediction, "PREDICTION_BATCH", batch)
    model = network()
    answers = list(predict(model, CATEGORIES, (readable(name) for name in NAMES)))
    assert [answer.letters for answer in answers] == list(NAMES)
    for answer in answers:
        expected = plain_answer(model, encode(answer.letters)).exp().tolist()
        assert dict(answer.ranked) == pytest.approx(dict(zip(CATEGORIES, expected, strict=True)))


def test_no_names_give_no_answers():
    assert list(predict(network(), CATEGORIES, [])) == []


def test_names_are_read_only_as_far_as_answers_are_asked_for(monkeypatch):
    monkeypatch.setattr(prediction, "PREDICTION_BATCH", 2)
    taken = 0

    def endless() -> Iterator[NormalisedName]:
        nonlocal taken
        while True:
            taken += 1
            yield readable("Ann")

    answers = predict(network(), CATEGORIES, endless())
    assert [next(answers).letters for _ in range(3)] == ["Ann"] * 3
    assert taken == 4
