import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.corpus.splits import make_split
from namerec.core.tasks.memory_curves import CHANCE, DISTANCES, FIRST_LETTERS
from namerec.core.tasks.memory_task import (
    NOISE_BOUNDS,
    NOISE_LETTERS,
    SEQUENCES,
    is_memory_task,
    memory_dataset,
    noise_of,
    reference,
)
from namerec.errors import DataError

few = settings(max_examples=4)


@few
@given(noise=st.integers(NOISE_BOUNDS[0], 40))
def test_a_sequence_is_its_category_and_then_noise_that_never_holds_a_category(noise):
    dataset = memory_dataset(noise)
    assert dataset.categories == tuple(FIRST_LETTERS)
    assert len(set(dataset.names)) == SEQUENCES  # distinct: no leak by repetition
    for name, label in zip(dataset.names, dataset.labels, strict=True):
        assert len(name) == noise + 1
        assert name[0] == dataset.categories[label]
        assert set(name[1:]) <= set(NOISE_LETTERS)


@pytest.mark.parametrize("noise", [NOISE_BOUNDS[0], 30])
def test_the_dataset_is_the_one_that_its_sequences_would_build(noise):
    dataset = memory_dataset(noise)
    built = Dataset.build("same", [LabelledName(name, name[0]) for name in dataset.names])
    np.testing.assert_array_equal(dataset.letters, built.letters)
    np.testing.assert_array_equal(dataset.lengths, built.lengths)
    np.testing.assert_array_equal(dataset.labels, built.labels)
    assert dataset.categories == built.categories


def test_the_longest_sequences_are_whole():
    dataset = memory_dataset(NOISE_BOUNDS[1])
    assert set(dataset.lengths.tolist()) == {NOISE_BOUNDS[1] + 1}
    assert dataset.normalised(7) == dataset.names[7]


def test_every_letter_of_noise_is_about_as_frequent_and_says_nothing_of_the_first():
    dataset = memory_dataset(50)
    noise = dataset.letters[:, 1:]
    shares = np.bincount(noise.ravel(), minlength=26)[8:26] / noise.size
    np.testing.assert_allclose(shares, 1 / 18, atol=0.002)
    for label in range(8):  # within five standard errors of a mean over 25,000 letters
        of_label = noise[dataset.labels == label]
        assert abs(of_label.mean() - noise.mean()) < 5 * noise.std() / np.sqrt(of_label.size)


def test_the_same_distance_gives_the_same_sequences_and_another_gives_others():
    one, again, other = memory_dataset(20), memory_dataset(20), memory_dataset(21)
    assert one.names == again.names
    assert one.fingerprint == again.fingerprint != other.fingerprint
    assert one.names[8][1:10] != other.names[8][1:10]


def test_guessing_is_right_in_an_eighth_and_parts_of_the_split_are_disjoint():
    dataset = memory_dataset(10)
    split = make_split(dataset, "leak-free", 0)
    parts = [split.train, split.validation, split.test]
    assert sum(len(part) for part in parts) == len(set(np.concatenate(parts).tolist())) == SEQUENCES
    for part in parts:
        shares = dataset.support(part) / len(part)
        np.testing.assert_allclose(shares, CHANCE, atol=0.01)


def test_a_reference_says_its_distance():
    for noise in DISTANCES:
        assert is_memory_task(reference(noise))
        assert noise_of(reference(noise)) == noise
    assert not is_memory_task("bundled")


def test_a_reference_of_an_earlier_version_stands_for_the_same_sequences():
    assert is_memory_task("recall:50")
    assert noise_of("recall:50") == 50


@pytest.mark.parametrize(
    "given", ["", "4", "251", "05", "-9", "5.0", "٥٠", "50\n", "9" * 5000, "\x1b[2J"]
)
def test_what_is_no_distance_is_told_with_what_is_allowed(given):
    with pytest.raises(DataError, match="5 to 250") as failure:
        noise_of(f"memory-task:{given}")
    assert str(failure.value).isprintable()
    assert len(str(failure.value)) < 300
