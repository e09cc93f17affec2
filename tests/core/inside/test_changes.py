import numpy as np
import pytest

from namerec.core.evaluation.prediction import PREDICTION_BATCH, probabilities
from namerec.core.inside.changes import BEAM, MOST_WORK, changes, work_of_one_letter
from namerec.core.inside.edits import one_letter_edits
from namerec.core.inside.effort import Effort, effort
from tests.core.references import network

CATEGORIES = ("Ab", "Cd", "Ef", "Gh")
EASY = Effort(weights=1, values=1)


def logistic(score: float) -> list[float]:
    second = 1 / (1 + np.exp(-score))
    return [1 - second, second]


@pytest.mark.parametrize(
    "shape",
    [
        {"kind": "rnn", "nonlinearity": "tanh"},
        {"kind": "lstm", "num_layers": 2},
        {"kind": "custom_lstm", "direction": "both", "char_ngrams": 3},
    ],
    ids=str,
)
def test_answers_are_those_of_the_network_asked_about_each_name_alone(shape):
    model = network(**shape)
    found = changes(lambda names: probabilities(model, names), CATEGORIES, "Bo", effort(model))
    (itself,) = probabilities(model, ["Bo"])
    assert found.answer == itself.argmax()
    assert found.probability == pytest.approx(itself.max())
    for variant in found.singles[::9]:
        (row,) = probabilities(model, [variant.letters])
        assert variant.answer == row.argmax()
        assert variant.probability == pytest.approx(row.max())
        assert variant.original == pytest.approx(row[found.answer])
        assert variant.change == pytest.approx(row[found.answer] - itself[found.answer])


def test_flips_are_ranked_by_how_sure_the_new_answer_is_and_stand_first():
    def ask(names: list[str]) -> np.ndarray:
        """More than three letters, or an x, make the second category; each z surer."""
        return np.array([logistic(len(n) - 3.5 + n.count("z") + 9 * ("x" in n)) for n in names])

    found = changes(ask, CATEGORIES[:2], "Bol", EASY)
    flips = found.flips()
    assert {flip.letters for flip in flips} == {
        name for edit, name in one_letter_edits("Bol") if edit.kind == "insert" or "x" in name
    } | {"Boz", "Bzl"}
    assert all(len(flip.edits) == 1 and flip.answer == 1 for flip in flips)
    assert "x" in flips[0].letters
    sure = [flip.probability for flip in flips]
    assert sure == sorted(sure, reverse=True)
    assert found.doubles == ()
    ranked = found.ranked()
    assert ranked[: len(flips)] == flips
    rest = [variant.original for variant in ranked[len(flips) :]]
    assert rest == sorted(rest)
    assert len({variant.letters for variant in ranked}) == len(ranked)


def test_where_one_letter_is_not_enough_two_are_searched_from_the_most_harmful():
    def ask(names: list[str]) -> np.ndarray:
        return np.array([logistic(2 * n.count("q") - 3) for n in names])

    found = changes(ask, CATEGORIES[:2], "Bodo", EASY)
    assert all(single.answer == 0 for single in found.singles)
    flips = found.flips()
    assert flips
    assert all(flip.letters.count("q") == 2 and len(flip.edits) == 2 for flip in flips)
    assert flips[0].edits[0].letter == "q"
    names = [double.letters for double in found.doubles]
    assert len(set(names)) == len(names)
    assert not set(names) & {single.letters for single in found.singles}
    assert "Bodo" not in names
    assert len({double.edits[0] for double in found.doubles}) <= BEAM
    assert found.ranked()[: len(flips)] == flips


def test_where_two_letters_are_not_enough_either_there_are_no_flips():
    found = changes(lambda names: np.tile([0.9, 0.1], (len(names), 1)), CATEGORIES[:2], "Bo", EASY)
    assert found.flips() == []
    assert found.doubles


def test_names_are_asked_once_and_so_many_at_a_time():
    asked: list[list[str]] = []

    def ask(names: list[str]) -> np.ndarray:
        asked.append(names)
        return np.tile([0.2, 0.8], (len(names), 1))

    changes(ask, CATEGORIES[:2], "Allan", EASY)
    together = asked[0] + asked[1]
    assert asked[0][0] == "Allan"
    assert asked[0].count("Alan") == 1
    assert len(asked) > 2  # two letters
    assert max(map(len, asked)) <= PREDICTION_BATCH
    assert len(set(together)) == len(together)


def never(names: list[str]) -> np.ndarray:
    return np.tile([0.9, 0.1], (len(names), 1))


@pytest.mark.parametrize("name", ["X", "Li Bo", "a" * 63, "a" * 64])
def test_the_work_is_hardly_more_than_letters_of_all_edits_times_weights(name):
    letters = sum(len(edited) for _, edited in one_letter_edits(name))
    work = work_of_one_letter(name, Effort(weights=7, values=1))
    assert 7 * letters <= work <= 7 * (1.6 * letters + 80)


def test_two_letters_are_not_tried_where_that_is_too_much_work():
    least = work_of_one_letter("Bo", EASY)
    affordable = MOST_WORK // ((1 + BEAM) * least)
    tried = changes(never, CATEGORIES[:2], "Bo", Effort(affordable, 1))
    assert tried.doubles
    assert not tried.too_much
    left = changes(never, CATEGORIES[:2], "Bo", Effort(affordable + 1, 1))
    assert left.too_much
    assert left.doubles == ()
    assert left.singles == tried.singles
    hard = Effort(affordable + 1, 1)

    def only_itself(names: list[str]) -> np.ndarray:
        return np.array([logistic(-1 if name == "Bo" else 1) for name in names])

    flipped = changes(only_itself, CATEGORIES[:2], "Bo", hard)
    assert not flipped.too_much


def test_batches_are_bounded_by_the_values_that_they_keep(monkeypatch):
    monkeypatch.setattr("namerec.core.inside.changes.MOST_VALUES", 100)
    asked: list[int] = []

    def ask(names: list[str]) -> np.ndarray:
        asked.append(len(names) * max(map(len, names)))
        return never(names)

    found = changes(ask, CATEGORIES[:2], "Bo", Effort(weights=1, values=5))
    assert 5 * max(asked) <= 100
    assert len(found.doubles) > 100
