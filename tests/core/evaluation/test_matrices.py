import csv
import io
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from namerec.core.evaluation.matrices import (
    MatrixView,
    as_cell_text,
    category_order,
    difference,
    matrix_csv,
    shared_order,
    viewed,
)
from namerec.core.evaluation.results import ConfusionMatrix
from namerec.errors import NamerecError

#: Every cell differs from its mirror image; Polish has no names, and no name is taken for Greek.
LOPSIDED = ConfusionMatrix(
    np.array([[1, 2, 0, 0], [1, 3, 1, 0], [0, 0, 0, 0], [5, 0, 0, 0]]),
    ("czech", "Arabic", "Polish", "Greek"),
    "test",
    "raw",
)
FORMULA_SIGNS = "=+-@|%\t\r\n ＝＋－＠"


def matrix(counts: object, names: str = "ABCDEFGH", **measured: str) -> ConfusionMatrix:
    table = np.array(counts)
    return ConfusionMatrix(table, tuple(names[: len(table)]), **measured)  # type: ignore[arg-type]


counted = st.integers(1, 8).flatmap(
    lambda size: arrays(np.int64, (size, size), elements=st.integers(0, 30))
)


def test_counts_are_left_as_they_are():
    shown = viewed(LOPSIDED, MatrixView("counts"), np.arange(4))
    assert shown.values.tolist() == LOPSIDED.counts.tolist()


def test_recall_is_a_share_of_the_row_and_precision_of_the_column():
    recall = viewed(LOPSIDED, MatrixView("recall"), np.arange(4)).values
    assert recall[0].tolist() == [1 / 3, 2 / 3, 0, 0]
    assert recall[2].tolist() == [0, 0, 0, 0]
    precision = viewed(LOPSIDED, MatrixView("precision"), np.arange(4)).values
    assert precision[:, 0].tolist() == [1 / 7, 1 / 7, 0, 5 / 7]
    assert precision[:, 2].tolist() == [0, 1, 0, 0]
    assert precision[:, 3].tolist() == [0, 0, 0, 0]


@given(counted, st.sampled_from(["counts", "recall", "precision"]), st.booleans())
def test_values_are_those_of_a_plain_loop(counts, normalisation, hidden):
    table = matrix(counts)
    shown = viewed(table, MatrixView(normalisation, "support", hidden))
    for y, row in enumerate(shown.order.tolist()):
        assert shown.categories[y] == table.categories[row]
        for x, column in enumerate(shown.order.tolist()):
            whole = {
                "counts": 1,
                "recall": sum(counts[row].tolist()),
                "precision": sum(counts[:, column].tolist()),
            }[normalisation]
            if hidden and y == x:
                assert np.isnan(shown.values[y, x])
            else:
                expected = counts[row, column] / whole if whole else 0
                assert shown.values[y, x] == pytest.approx(expected)


def test_a_hidden_diagonal_does_not_change_the_shares_beside_it():
    hidden = viewed(LOPSIDED, MatrixView("recall", hide_diagonal=True)).values
    shown = viewed(LOPSIDED, MatrixView("recall")).values
    off = ~np.eye(4, dtype=bool)
    assert np.isnan(np.diag(hidden)).all()
    assert hidden[off].tolist() == shown[off].tolist()
    assert not np.isnan(LOPSIDED.counts).any()


def test_by_name_is_alphabetical_whatever_the_case():
    assert category_order(LOPSIDED, "name").tolist() == [1, 0, 3, 2]


def test_by_support_is_the_most_frequent_first_and_equals_in_alphabetical_order():
    assert category_order(LOPSIDED, "support").tolist() == [1, 3, 0, 2]


def test_by_similarity_confused_categories_stand_together_and_unmixed_ones_last():
    counts = np.diag([50, 50, 50, 50, 0, 9])
    counts[0, 3] = counts[3, 0] = 30  # A with D
    counts[1, 2] = 40  # B is taken for C
    counts[0, 1] = 1  # A now and then for B
    order = [matrix(counts).categories[i] for i in category_order(matrix(counts), "similarity")]
    assert "".join(order) == "CBADEF"


@given(st.permutations(range(8)), st.integers(0, 2**32 - 1))
def test_planted_groups_stand_side_by_side_however_they_are_shuffled(shuffled, seed):
    generator = np.random.default_rng(seed)
    group = np.array([0, 0, 0, 1, 1, 2, 2, 2])[shuffled]
    counts = generator.integers(0, 2, (8, 8)) + 20 * (group[:, None] == group[None, :])
    order = category_order(matrix(counts), "similarity")
    changes = int((np.diff(group[order]) != 0).sum())
    assert changes == 2


@given(
    counted, st.randoms(use_true_random=False), st.sampled_from(["name", "support", "similarity"])
)
def test_an_order_does_not_depend_on_how_the_rows_were_put_in(counts, random, order):
    table = matrix(counts)
    shuffled = list(range(len(counts)))
    random.shuffle(shuffled)
    other = ConfusionMatrix(
        counts[np.ix_(shuffled, shuffled)], tuple(table.categories[i] for i in shuffled)
    )
    first = [table.categories[i] for i in category_order(table, order)]
    assert first == [other.categories[i] for i in category_order(other, order)]
    assert sorted(first) == sorted(table.categories)


@pytest.mark.parametrize("order", ["name", "support", "similarity"])
@pytest.mark.parametrize("size", [0, 1, 2])
def test_tiny_and_empty_matrices_have_an_order(size, order):
    for counts in (np.zeros((size, size), int), np.ones((size, size), int)):
        assert category_order(matrix(counts), order).tolist() == list(range(size))


def test_two_hundred_categories_are_ordered_quickly():
    generator = np.random.default_rng(0)
    counts = generator.integers(0, 30, (200, 200)) * (generator.random((200, 200)) < 0.2)
    table = ConfusionMatrix(counts, tuple(f"{index:03}" for index in range(200)))
    category_order(table, "similarity")  # scipy is imported
    begin = time.process_time()
    viewed(table, MatrixView("recall", "similarity"))
    assert time.process_time() - begin < 5


def test_two_matrices_share_the_order_of_all_their_names():
    a, b = matrix([[9, 0], [0, 1]]), matrix([[1, 0], [0, 20]])
    assert category_order(a, "support").tolist() == [0, 1]
    assert shared_order((a, b), "support").tolist() == [1, 0]


def test_a_difference_is_the_second_minus_the_first():
    a = matrix([[8, 2], [5, 0]], part="test", protocol="raw")
    b = matrix([[5, 5], [1, 4]], part="test", protocol="raw")
    counts = difference(a, b, MatrixView("counts"))
    assert counts.values.tolist() == [[-3, 3], [-4, 4]]
    assert counts.categories == ("A", "B")
    recall = difference(a, b, MatrixView("recall", "support"))
    assert recall.values == pytest.approx(np.array([[-0.3, 0.3], [-0.8, 0.8]]))
    hidden = difference(a, b, MatrixView("recall", hide_diagonal=True)).values
    assert np.isnan(hidden).tolist() == [[True, False], [False, True]]


def test_matrices_of_other_categories_parts_or_protocols_are_not_subtracted():
    a = matrix([[1, 0], [0, 1]], part="test", protocol="raw")
    with pytest.raises(NamerecError, match="not in both: B, X"):
        difference(a, matrix([[1, 0], [0, 1]], "AX", part="test", protocol="raw"), MatrixView())
    with pytest.raises(NamerecError, match="another order"):
        difference(a, matrix([[1, 0], [0, 1]], "BA", part="test", protocol="raw"), MatrixView())
    for other in ({"part": "validation", "protocol": "raw"}, {"part": "test", "protocol": "given"}):
        with pytest.raises(NamerecError, match="same part and protocol"):
            difference(a, matrix([[1, 0], [0, 1]], **other), MatrixView())


def test_csv_has_true_categories_in_lines_and_predicted_ones_in_columns():
    assert matrix_csv(LOPSIDED) == (
        '"true \\ predicted","Arabic","czech","Greek","Polish"\r\n'
        '"Arabic",3,1,0,1\r\n'
        '"czech",2,1,0,0\r\n'
        '"Greek",0,5,0,0\r\n'
        '"Polish",0,0,0,0\r\n'
    )
    shares = matrix_csv(LOPSIDED, MatrixView("recall", "support", hide_diagonal=True))
    assert shares.splitlines()[3] == '"czech",0.666667,0.0,"",0.0'


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5, unique=True))
def test_no_category_begins_a_formula_and_none_is_lost(names):
    table = ConfusionMatrix(np.eye(len(names), dtype=np.int64), tuple(names))
    lines = list(csv.reader(io.StringIO(matrix_csv(table), newline="")))
    heads = [line[0] for line in lines[1:]]
    assert lines[0][1:] == heads
    assert all(head[:1] not in FORMULA_SIGNS or head == "" for head in heads)
    assert sorted(head.removeprefix("'") for head in heads) == sorted(
        name.removeprefix("'") for name in names
    )
    assert all(len(line) == len(names) + 1 for line in lines)


@pytest.mark.parametrize("sign", [*FORMULA_SIGNS, "\x00", "\u200b"])
def test_signs_of_formulas_are_defused(sign):
    assert as_cell_text(f"{sign}cmd|' /C calc'!A0") == f"'{sign}cmd|' /C calc'!A0"


def test_harmless_names_stay_as_they_are():
    assert [as_cell_text(name) for name in ("Czech", "O'Neill", "Ü", "", "a=b")] == [
        "Czech", "O'Neill", "Ü", "", "a=b",
    ]  # fmt: skip


def test_another_countrys_separator_does_not_open_a_cell():
    table = ConfusionMatrix(np.array([[1]]), ("a;=1+1",))
    assert '"a;=1+1",1' in matrix_csv(table)
