"""The forest of prefixes, held to its definition: a row for every distinct prefix."""

from itertools import accumulate

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.packing import NO_LETTER, PackedNames, pack_names
from namerec.core.networks import prefixes
from namerec.core.networks.prefixes import Prefixes, each_name_alone, share_prefixes
from tests.core.references import random_names

# Of few letters, so that many names begin alike.
ALIKE = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=7), min_size=1, max_size=25)


@pytest.fixture(autouse=True, scope="module")
def _few_values_are_worth_sharing():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefixes, "LEAST_VALUES", 0)
        yield


def _packed(names: list[list[int]]) -> PackedNames:
    return pack_names([np.array(name, dtype=np.uint8) for name in names])


def _row(batch: PackedNames, rows: Prefixes, name: int, step: int) -> int:
    """The row of states behind one letter of a name; of the state before it for step -1."""
    place = int(batch.restore[name])
    own = place if step < 0 else len(batch) + sum(batch.batch_sizes[:step]) + place
    return int(rows.of_own(torch.tensor([own])))


def _spelled(rows: Prefixes, row: int) -> list[int]:
    """The letters on the way to a row of states."""
    first = rows.sizes[0]
    letters: list[int] = []
    while row >= first:
        letters.append(int(rows.letters[row - first]))
        row = int(rows.previous[row - first])
    return letters[::-1]


@given(ALIKE)
def test_the_way_to_a_letters_row_spells_the_name_up_to_there(names):
    batch = _packed(names)
    rows = share_prefixes(batch, 1)
    for number, name in enumerate(names):
        assert _row(batch, rows, number, -1) < rows.sizes[0]
        for step in range(len(name)):
            assert _spelled(rows, _row(batch, rows, number, step)) == name[: step + 1]


@given(ALIKE)
def test_in_shared_time_steps_every_prefix_has_one_row_and_from_then_on_every_name(names):
    batch = _packed(names)
    rows = share_prefixes(batch, 1)
    assert len(rows.sizes) == len(batch.batch_sizes)
    for step, size in enumerate(rows.sizes):
        running = [tuple(name[: step + 1]) for name in names if len(name) > step]
        distinct = set(running)
        assert size == (len(distinct) if step < rows.shared_steps else len(running))
        if step < rows.shared_steps:
            assert len(distinct) <= prefixes.WORTH_SHARING * len(running)
    if rows.shared_steps < len(rows.sizes):
        running = [
            tuple(name[: rows.shared_steps + 1]) for name in names if len(name) > rows.shared_steps
        ]
        assert len(set(running)) > prefixes.WORTH_SHARING * len(running)


@given(ALIKE)
def test_parents_and_previous_rows_say_the_same_and_those_gone_on_from_come_first(names):
    rows = share_prefixes(_packed(names), 1)
    first = rows.sizes[0]
    begins = [first + begin for begin in accumulate(rows.sizes, initial=0)]
    assert rows.parents[0] is None
    assert rows.previous[:first].tolist() == list(range(first))
    assert rows.continued[-1] == 0
    for step in range(1, len(rows.sizes)):
        own = rows.previous[begins[step] - first : begins[step + 1] - first] - begins[step - 1]
        parents = rows.parents[step]
        expected = torch.arange(rows.sizes[step]) if parents is None else parents
        assert own.tolist() == expected.tolist()
        assert sorted(set(own.tolist())) == list(range(rows.continued[step - 1]))
        if step > rows.shared_steps:
            assert parents is None


def test_a_dropped_letter_ends_what_two_names_have_in_common():
    batch = _packed([[1, 2, 3], [1, 2, 3], [1, 2, 4]])
    assert share_prefixes(batch, 1).sizes == (1, 1, 2)
    dropped = batch.letters.clone()
    dropped[3] = NO_LETTER  # the second letter of the first name
    assert share_prefixes(batch.with_letters(dropped), 1).sizes == (1, 2, 3)


def test_names_that_have_nothing_in_common_keep_their_own_layout():
    batch = _packed([[1, 2], [2], [3, 4, 5]])
    rows = share_prefixes(batch, 1)
    assert rows == each_name_alone(batch)
    assert rows.letters is batch.letters
    assert rows.previous is batch.previous
    assert rows.places is None


def test_equal_names_are_one():
    rows = share_prefixes(_packed([[5, 6, 7]] * 9), 1)
    assert rows.sizes == (1, 1, 1)
    assert rows.continued == (1, 1, 0)
    assert rows.places is not None
    assert rows.places.tolist() == [0] * 9 + [1] * 9 + [2] * 9 + [3] * 9


def test_where_few_values_are_computed_nothing_is_looked_for(monkeypatch):
    batch = _packed([[1, 1, 1]] * 10)
    monkeypatch.setattr(prefixes, "LEAST_VALUES", 30 * 8)
    assert share_prefixes(batch, 7).shared_steps == 0
    assert share_prefixes(batch, 8).shared_steps == 3


def test_on_another_device_every_name_is_computed_alone():
    batch = _packed([[1, 1, 1]] * 10)
    assert share_prefixes(batch, 8).shared_steps == 3
    assert share_prefixes(batch.to(torch.device("meta")), 8).shared_steps == 0


def test_long_sequences_that_begin_alike_do_not_overflow():
    names = [np.concatenate([np.zeros(200, dtype=np.uint8), name]) for name in random_names([3, 2])]
    rows = share_prefixes(pack_names(names), 1)
    assert rows.sizes == (1,) * 200 + (2, 2, 1)
