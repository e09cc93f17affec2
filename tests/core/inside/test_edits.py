import string

from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.alphabet import LETTERS, MAX_LETTERS, normalise
from namerec.core.inside.edits import Edit, one_letter_edits


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


def test_an_edit_says_what_stood_there():
    edits = {name: edit for edit, name in one_letter_edits("Bo")}
    assert edits["Ba"] == Edit("replace", 1, "a", "o")
    assert edits["O"] == Edit("delete", 0, "", "B")
    assert edits["Bxo"] == Edit("insert", 1, "x", "o")
    assert edits["Box"] == Edit("insert", 2, "x", "")
