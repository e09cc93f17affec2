import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.training.records import EpochRecord
from namerec.core.training.separation import (
    SEPARATED_SHARE,
    last_to_separate,
    most_mixed,
    separation_words,
    separations,
)
from namerec.errors import NamerecError


def record(number: int, counts: object) -> EpochRecord:
    table = tuple(map(tuple, np.array(counts).tolist()))
    return EpochRecord(number, number, 1.0, 0.5, 1.0, 0.5, 0.5, table, 1.0, 1.0, True)


def pair_of(*mixed: int, names: int = 100) -> list[EpochRecord]:
    """Epochs in which so many of half as many names of A are taken for B."""
    half = names // 2
    return [record(n, [[half - wrong, wrong], [0, half]]) for n, wrong in enumerate(mixed, 1)]


@pytest.mark.parametrize(
    ("mixed", "state", "epoch"),
    [
        ((40, 20, 3, 2), "separated", 3),
        ((40, 5, 5), "separated", 2),  # at the threshold is separated
        ((40, 2, 6, 2), "separated", 4),  # a relapse does not count as separated
        ((0, 9, 0), "separated", 3),
        ((40, 2, 6), "mixed", None),
        ((9,), "mixed", None),
        ((0, 0), "apart", None),
        ((5, 3), "apart", None),
    ],
)
def test_a_pair_separates_where_it_stays_below_the_threshold(mixed, state, epoch):
    (pair,) = separations(pair_of(*mixed), ("A", "B"))
    assert (pair.first, pair.second, pair.names) == ("A", "B", 100)
    assert (pair.state, pair.epoch) == (state, epoch)
    assert (pair.start, pair.end) == (mixed[0] / 100, mixed[-1] / 100)
    assert pair.most == max(mixed) / 100


def test_both_directions_count_and_third_categories_do_not():
    counts = [[10, 3, 7], [1, 19, 0], [0, 0, 20]]
    first = separations([record(1, counts)], ("A", "B", "C"))[0]
    assert first.end == 4 / 40


def test_pairs_without_names_are_left_out():
    pairs = separations([record(1, [[3, 1, 0], [0, 0, 0], [0, 0, 0]])], ("A", "B", "C"))
    assert [(pair.first, pair.second, pair.names) for pair in pairs] == [
        ("A", "B", 4),
        ("A", "C", 4),
    ]


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(1, 8))
def test_separations_are_those_of_plain_loops(seed, size, epochs):
    generator = np.random.default_rng(seed)
    supports = generator.integers(0, 40, size)
    tables = []
    for _ in range(epochs):
        wrong = generator.dirichlet(np.full(size, 0.3), size) * (generator.random() < 0.7)
        hits = np.eye(size) * (generator.random() * 8)
        shares = (wrong + hits) / np.maximum((wrong + hits).sum(axis=1, keepdims=True), 1e-9)
        tables.append([generator.multinomial(n, p / p.sum() if p.sum() else np.eye(size)[i])
                       for i, (n, p) in enumerate(zip(supports, shares, strict=True))])  # fmt: skip
    records = [record(5 + 2 * number, table) for number, table in enumerate(tables)]
    found = {(p.first, p.second): p for p in separations(records, "ABCDEF"[:size])}
    for i in range(size):
        for j in range(i + 1, size):
            names = int(supports[i] + supports[j])
            if names == 0:
                assert ("ABCDEF"[i], "ABCDEF"[j]) not in found
                continue
            pair = found["ABCDEF"[i], "ABCDEF"[j]]
            mixed = [(int(t[i][j]) + int(t[j][i])) / names for t in tables]
            above = [share > SEPARATED_SHARE for share in mixed]
            assert (pair.start, pair.end, pair.most) == (mixed[0], mixed[-1], max(mixed))
            if not any(above):
                assert (pair.state, pair.epoch) == ("apart", None)
            elif above[-1]:
                assert (pair.state, pair.epoch) == ("mixed", None)
            else:
                first = min(e for e in range(epochs) if not any(above[e:]))
                assert (pair.state, pair.epoch) == ("separated", records[first].epoch)


def three() -> list[EpochRecord]:
    """A and B separate in epoch 3, A and C in epoch 2, B and C never mix."""
    return [
        record(1, [[4, 8, 8], [0, 20, 0], [0, 0, 20]]),
        record(2, [[12, 6, 2], [0, 20, 0], [0, 0, 20]]),
        record(3, [[17, 2, 1], [0, 20, 0], [0, 0, 20]]),
    ]


def test_the_pair_that_separates_last_is_found():
    pairs = separations(three(), ("A", "B", "C"))
    last = last_to_separate(pairs)
    assert last is not None
    assert (last.first, last.second, last.epoch) == ("A", "B", 3)
    assert last_to_separate(separations(pair_of(40, 40), ("A", "B"))) is None
    assert last_to_separate([]) is None


def test_the_most_mixed_pairs_come_first_and_those_never_mixed_not_at_all():
    pairs = separations(three(), ("A", "B", "C"))
    assert [pair.second for pair in most_mixed(pairs, at="end")] == ["B", "C"]
    assert [pair.second for pair in most_mixed(pairs, at="start", most=1)] == ["B"]
    assert [pair.start for pair in most_mixed(pairs, at="start")] == [0.2, 0.2]


def test_no_epochs_give_no_pairs():
    assert separations([], ("A", "B")) == []


def test_a_matrix_of_other_categories_is_refused():
    for epochs in (
        [record(1, [[1]])],
        [record(1, [[1, 0], [0, 1]]), record(2, np.eye(3, dtype=int))],
    ):
        with pytest.raises(NamerecError, match="there are 2 categories"):
            separations(epochs, ("A", "B"))


def test_separations_are_told_in_plain_sentences():
    told = [
        separation_words(separations(pair_of(*mixed), ("A", "B"))[0], "validation names")
        for mixed in ((40, 2), (40, 13), (0, 1))
    ]
    assert told == [
        "A and B separate in epoch 2: from then on at most 5 % of their 100 validation names are "
        "taken for the other.",
        "A and B never separate: after the last epoch 13.0 % of their 100 validation names are "
        "still taken for the other.",
        "A and B were never confused: at most 5 % of their 100 validation names in any epoch.",
    ]
