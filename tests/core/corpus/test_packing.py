import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence

from namerec.core.corpus.packing import NO_LETTER, pack, pack_names
from tests.core.references import random_names

LENGTHS = st.lists(st.integers(1, 12), min_size=1, max_size=30)


@given(LENGTHS)
def test_the_layout_is_that_of_pytorchs_packed_sequence(lengths):
    names = random_names(lengths)
    batch = pack_names(names)
    order = batch.sorted_rows.tolist()
    padded = torch.nn.utils.rnn.pad_sequence([torch.from_numpy(names[row]) for row in order])
    expected = pack_padded_sequence(padded, torch.tensor([lengths[row] for row in order]))
    assert batch.letters.tolist() == expected.data.tolist()
    assert list(batch.batch_sizes) == expected.batch_sizes.tolist()
    assert batch.letters.dtype == torch.int64


@given(LENGTHS)
def test_restoring_undoes_the_sorting(lengths):
    batch = pack_names(random_names(lengths))
    assert len(batch) == len(lengths)
    assert batch.sorted_rows[batch.restore].tolist() == list(range(len(lengths)))
    assert [lengths[row] for row in batch.sorted_rows] == sorted(lengths, reverse=True)


@given(LENGTHS)
def test_the_row_before_each_letter_is_the_same_names_last_letter_or_its_beginning(lengths):
    names = random_names(lengths)
    batch = pack_names(names)
    # Which name and which letter each row holds, in the words of the layout's own definition.
    rows = [
        (name, step)
        for step in range(max(lengths))
        for name in batch.sorted_rows.tolist()
        if lengths[name] > step
    ]
    behind_initial_states = [(name, -1) for name in batch.sorted_rows.tolist()] + rows
    for row, (name, step) in enumerate(rows):
        assert behind_initial_states[batch.previous[row]] == (name, step - 1)
        assert batch.letters[row] == names[name][step]


@given(LENGTHS)
def test_the_last_row_of_each_name_holds_its_last_letter(lengths):
    names = random_names(lengths)
    batch = pack_names(names)
    assert batch.letters[batch.last].tolist() == [int(name[-1]) for name in names]


def test_last_rows_are_told_apart_even_where_letters_are_alike():
    batch = pack_names([np.array([7] * length, dtype=np.uint8) for length in (1, 3, 2)])
    # Sorted: three, two, one letters; rows 0-2 first letters, 3-4 second, 5 third.
    assert batch.last.tolist() == [2, 5, 4]


def test_every_letter_knows_the_row_of_the_state_before_it():
    batch = pack_names(random_names([1, 3, 2]))
    assert batch.batch_sizes == (3, 2, 1)
    # In the buffer behind three initial rows, the first letters begin at 3 and the second at 6.
    assert batch.previous.tolist() == [0, 1, 2, 3, 4, 6]


def test_names_of_one_length_keep_their_order():
    batch = pack_names(random_names([2, 4, 2, 4, 2] * 20))
    fours = [row for row in range(100) if row % 5 in (1, 3)]
    twos = [row for row in range(100) if row % 5 in (0, 2, 4)]
    assert batch.sorted_rows.tolist() == fours + twos


def test_what_stands_beyond_a_names_length_is_ignored():
    lengths = np.array([2, 1], dtype=np.uint8)
    clean = pack(np.array([[1, 2], [3, 0]], dtype=np.uint8), lengths)
    dirty = pack(np.array([[1, 2, 9, 9], [3, 9, 9, 9]], dtype=np.uint8), lengths)
    assert clean.letters.tolist() == dirty.letters.tolist() == [1, 3, 2]
    assert clean.batch_sizes == dirty.batch_sizes == (2, 1)


def test_long_names_in_small_integers_do_not_overflow():
    lengths = np.array([1, 200, 64], dtype=np.uint8)
    batch = pack(np.ones((3, 200), dtype=np.uint8), lengths)
    assert batch.sorted_rows.tolist() == [1, 2, 0]
    assert len(batch.letters) == 265


def test_other_letters_take_the_same_places():
    batch = pack_names(random_names([3, 1]))
    other = batch.with_letters(torch.full((4,), NO_LETTER))
    assert other.letters.tolist() == [57] * 4
    assert other.batch_sizes == batch.batch_sizes
    assert other.previous is batch.previous
    assert other.sorted_rows is batch.sorted_rows
    assert other.restore is batch.restore


def test_a_batch_on_the_cpu_stays_there_and_moves_whole_to_another_device():
    batch = pack_names(random_names([3, 1]))
    assert batch.to(torch.device("cpu")) is batch
    moved = batch.to(torch.device("meta"))
    assert moved.batch_sizes == batch.batch_sizes
    for field in ("letters", "sorted_rows", "restore", "previous"):
        assert getattr(moved, field).device.type == "meta"
        assert getattr(moved, field).shape == getattr(batch, field).shape


@pytest.mark.parametrize("lengths", [[], [0], [3, 0, 2]])
def test_an_empty_batch_and_an_empty_name_are_refused(lengths):
    with pytest.raises(ValueError, match="at least one name, and every name at least one letter"):
        pack_names(random_names(lengths))


@given(LENGTHS)
def test_the_mirror_reads_every_name_from_its_end_and_is_its_own_inverse(lengths):
    names = random_names(lengths)
    batch, backwards = pack_names(names), pack_names([name[::-1] for name in names])
    mirror = batch.mirror()
    assert torch.equal(batch.letters[mirror], backwards.letters)
    assert torch.equal(mirror[mirror], torch.arange(len(mirror)))
