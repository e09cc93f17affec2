import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.alphabet import normalise
from namerec.core.evaluation import many
from namerec.core.evaluation.many import (
    MOST_NAMES,
    TopTwo,
    UnreadableLine,
    answer,
    cut_words,
    joined,
    lines_of,
    name_list,
)
from namerec.core.evaluation.prediction import predict
from namerec.core.evaluation.priors import assuming
from namerec.errors import NameInputError
from tests.core.references import NAMES, network

CATEGORIES = ("A", "B", "C", "D")


def test_every_line_that_is_not_blank_is_read_or_listed_with_its_number():
    names = lines_of("Nguyễn\r\n\n  \n123\rO'Neill\n김\n🙂")
    assert [(line.number, line.name.letters) for line in names.lines] == [
        (1, "Nguyen"),
        (5, "O'Neill"),
        (6, "Gim"),
    ]
    assert names.lines[0].name.original == "Nguyễn"
    why = "No letter in it can be read."
    assert names.unreadable == (UnreadableLine(4, "123", why), UnreadableLine(7, "🙂", why))


@given(texts=st.lists(st.text(max_size=8), min_size=1, max_size=20))
def test_no_line_is_lost(texts):
    numbered = list(enumerate(texts, start=1))
    there = {number for number, text in numbered if text.strip()}
    if not there:
        with pytest.raises(NameInputError, match="No name was given"):
            name_list(numbered)
        return
    names = name_list(numbered)
    read = [line.number for line in names.lines]
    others = [line.number for line in names.unreadable]
    assert read == sorted(read)
    assert others == sorted(others)
    assert sorted(read + others) == sorted(there)
    for line in names.lines:
        assert line.name == normalise(texts[line.number - 1])


def test_known_unreadable_lines_stand_in_order_among_the_others():
    known = [UnreadableLine(2, "a, b", "two cells")]
    names = name_list([(1, "Bo"), (3, "?"), (4, "Li")], known)
    assert [line.number for line in names.unreadable] == [2, 3]


def test_too_many_names_are_refused_with_their_number():
    assert len(lines_of("Li\n" * MOST_NAMES).lines) == MOST_NAMES
    with pytest.raises(NameInputError, match=r"10,002 names were given; at most 10,000"):
        lines_of("Li\n" * (MOST_NAMES + 2))
    with pytest.raises(NameInputError, match=r"10,001 names"):
        name_list([(n, "Li") for n in range(MOST_NAMES)], [UnreadableLine(1, "", "")])
    with pytest.raises(NameInputError, match=r"1,000,001 characters; at most 1,000,000"):
        lines_of("a" * 1_000_001)


def test_names_that_were_cut_are_counted():
    assert cut_words(lines_of("Li\nBo")) == ""
    assert cut_words(lines_of("a" * 65 + "\nBo")) == (
        "1 name has more than 64 letters; the network read the first 64."
    )
    assert cut_words(lines_of("a" * 65 + "\n" + "b" * 90)).startswith("2 names have")


@pytest.mark.parametrize("batch", [1, 3, 1024])
def test_answers_are_the_first_two_of_the_ranking(batch, monkeypatch):
    monkeypatch.setattr(many, "PREDICTION_BATCH", batch)
    model = network("custom_lstm", dtype=torch.float32)
    names = [normalise(name) for name in NAMES]
    batches = list(answer(model, names))
    assert [len(one.categories) for one in batches] == [batch] * (10 // batch) + [10 % batch] * (
        10 % batch > 0
    )
    both = joined(batches)
    for row, expected in enumerate(predict(model, CATEGORIES, names)):
        top = [CATEGORIES[index] for index in both.categories[row]]
        assert top == [category for category, _ in expected.top(2)]
        shares = [share for _, share in expected.top(2)]
        np.testing.assert_allclose(both.probabilities[row], shares, atol=1e-6)


def test_no_batch_is_asked_before_it_is_wanted(monkeypatch):
    asked: list[int] = []

    def even(model, letters):
        asked.append(len(letters))
        return np.full((len(letters), 2), 0.5)

    monkeypatch.setattr(many, "PREDICTION_BATCH", 4)
    monkeypatch.setattr(many, "probabilities", even)
    batches = answer(None, [normalise(name) for name in NAMES])  # type: ignore[arg-type]
    assert asked == []
    next(batches)
    assert asked == [4]
    list(batches)
    assert asked == [4, 4, 2]


def test_other_priors_reweight_by_bayes_rule():
    model = network("lstm", dtype=torch.float32)
    prior = np.array([0.7, 0.2, 0.05, 0.05])
    names = [normalise(name) for name in NAMES]
    given = joined(list(answer(model, names, lambda a: assuming(a, prior, "natural", 0.5))))
    plain = np.array(
        [[dict(p.ranked)[c] for c in CATEGORIES] for p in predict(model, CATEGORIES, names)]
    )
    expected = plain / np.sqrt(prior)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_array_equal(given.categories[:, 0], expected.argmax(axis=1))
    np.testing.assert_allclose(given.probabilities[:, 0], expected.max(axis=1), rtol=1e-5)
    np.testing.assert_allclose(given.probabilities[:, 1], np.sort(expected)[:, -2], rtol=1e-5)


def test_a_probability_of_nothing_survives_other_priors(monkeypatch):
    shares = np.array([[1.0, 0.0, 0.0]], dtype=np.float32)
    monkeypatch.setattr(many, "probabilities", lambda model, letters: shares)
    prior = np.array([0.98, 0.01, 0.01])
    (found,) = answer(None, [normalise("Li")], lambda a: assuming(a, prior, "natural", 1))  # type: ignore[arg-type]
    np.testing.assert_array_equal(found.categories, [[0, 1]])
    np.testing.assert_allclose(found.probabilities, [[1, 0]], atol=1e-30)


def test_of_no_batches_nothing_is_joined():
    empty = joined([])
    assert isinstance(empty, TopTwo)
    assert empty.categories.shape == empty.probabilities.shape == (0, 2)
