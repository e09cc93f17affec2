import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.alphabet import LETTERS, MAX_LETTERS, normalise
from namerec.core.changes import BEAM, Edit, changes, one_letter_edits
from namerec.core.prediction import PREDICTION_BATCH, probabilities
from tests.core.references import modest, network

CATEGORIES = ("Ab", "Cd", "Ef", "Gh")


def logistic(score: float) -> list[float]:
    second = 1 / (1 + np.exp(-score))
    return [1 - second, second]


def names_of(name: str, kind: str, letter: str) -> list[str]:
    """Names that result from putting one letter, of whatever case, everywhere."""
    edits = one_letter_edits(name)
    return [result for edit, result in edits if (edit.kind, edit.letter.lower()) == (kind, letter)]


def distance(one: str, other: str) -> int:
    """Edit distance (Levenshtein), whatever the case."""
    one, other = one.lower(), other.lower()
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


def test_every_one_letter_change_of_a_short_name_is_there():
    found = {name for _, name in one_letter_edits("Bo")}
    lower, upper = string.ascii_lowercase, string.ascii_uppercase
    expected = {"O", "B", "B'o", "B o"}
    expected |= {f"{a}o" for a in upper} | {f"B{a}" for a in lower}
    expected |= {f"{a}bo" for a in upper} | {f"B{a}o" for a in lower} | {f"Bo{a}" for a in lower}
    assert found == expected - {"Bo"}


def test_letters_are_put_in_in_the_case_that_stands_there():
    assert names_of("Li Bo", "replace", "x") == ["Xi Bo", "Lx Bo", "LixBo", "Li Xo", "Li Bx"]
    assert names_of("Li Bo", "insert", "x") == [
        "Xli Bo", "Lxi Bo", "Lix Bo", "Li Xbo", "Li Bxo", "Li Box",
    ]  # fmt: skip
    assert names_of("Li Bo", "delete", "") == ["I Bo", "L Bo", "LiBo", "Li O", "Li B"]
    assert names_of("McDo", "insert", "x") == ["XmcDo", "MxcDo", "McXdo", "McDxo", "McDox"]
    assert names_of("SATO", "insert", "x") == ["XSATO", "SXATO", "SAXTO", "SATXO", "SATOX"]
    assert names_of("x", "insert", "a") == ["ax", "xa"]
    assert names_of("X", "insert", "a") == ["Ax", "Xa"]


@modest
@given(st.text(LETTERS, min_size=1, max_size=8).map(lambda text: normalise(text).letters))
def test_edits_are_normalised_names_one_letter_away(name):
    if not name:
        return
    for edit, result in one_letter_edits(name):
        assert normalise(result).letters == result != name
        assert any(letter.isalpha() for letter in result)
        longer = {"insert": 1, "delete": -1, "replace": 0}[edit.kind]
        assert len(result) == len(name) + longer
        assert distance(name, result) <= 1
        assert edit.stood == name[edit.place : edit.place + 1]
        assert edit.letter == ("" if edit.kind == "delete" else result[edit.place])


def test_a_name_of_the_greatest_length_gets_no_longer():
    longest = "a" * MAX_LETTERS
    kinds = {edit.kind for edit, _ in one_letter_edits(longest)}
    assert kinds == {"replace", "delete"}


def test_the_only_letter_is_not_left_out():
    assert {edit.kind for edit, _ in one_letter_edits("X")} == {"replace", "insert"}


@pytest.mark.parametrize(
    "shape",
    [
        {"kind": "rnn", "nonlinearity": "tanh"},
        {"kind": "lstm", "num_layers": 2},
        {"kind": "custom_lstm", "direction": "both", "letter_groups": 3},
    ],
    ids=str,
)
def test_answers_are_those_of_the_network_asked_about_each_name_alone(shape):
    model = network(**shape)
    found = changes(lambda names: probabilities(model, names), CATEGORIES, "Bo")
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

    found = changes(ask, CATEGORIES[:2], "Bol")
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

    found = changes(ask, CATEGORIES[:2], "Bodo")
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
    found = changes(lambda names: np.tile([0.9, 0.1], (len(names), 1)), CATEGORIES[:2], "Bo")
    assert found.flips() == []
    assert found.doubles


def test_names_are_asked_once_and_so_many_at_a_time():
    asked: list[list[str]] = []

    def ask(names: list[str]) -> np.ndarray:
        asked.append(names)
        return np.tile([0.2, 0.8], (len(names), 1))

    changes(ask, CATEGORIES[:2], "Allan")
    together = asked[0] + asked[1]
    assert asked[0][0] == "Allan"
    assert asked[0].count("Alan") == 1
    assert len(asked) > 2  # two letters
    assert max(map(len, asked)) <= PREDICTION_BATCH
    assert len(set(together)) == len(together)


def test_an_edit_says_what_stood_there():
    edits = {name: edit for edit, name in one_letter_edits("Bo")}
    assert edits["Ba"] == Edit("replace", 1, "a", "o")
    assert edits["O"] == Edit("delete", 0, "", "B")
    assert edits["Bxo"] == Edit("insert", 1, "x", "o")
    assert edits["Box"] == Edit("insert", 2, "x", "")
