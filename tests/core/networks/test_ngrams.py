from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.alphabet import ALPHABET_SIZE, LETTERS, encode
from namerec.core.corpus.packing import NO_LETTER, pack_names
from namerec.core.inside.traces import trace
from namerec.core.networks.config import GROUP_BUCKETS, MOST_GROUPED, ModelConfig
from namerec.core.networks.models import build
from namerec.core.networks.ngrams import LetterGroups, groups_of

NAMES = st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=1, max_size=6)
LONGEST = st.integers(2, MOST_GROUPED)


def written_out(name: str, longest: int) -> Counter[int]:
    """Rows of the groups of one name, by cutting a string into pieces."""
    symbols = [ALPHABET_SIZE, *(LETTERS.index(letter) for letter in name), ALPHABET_SIZE + 1]
    rows = Counter[int]()
    for length in range(2, longest + 1):
        for begin in range(len(symbols) - length + 1):
            number = 0
            for symbol in symbols[begin : begin + length]:
                number = number * (ALPHABET_SIZE + 2) + symbol
            bucket = number * 2_654_435_761 % (2**31 - 1) % GROUP_BUCKETS
            rows[bucket + (length - 2) * GROUP_BUCKETS] += 1
    return rows


@given(NAMES, LONGEST)
def test_a_name_has_the_groups_of_its_letters_between_its_two_ends(names, longest):
    packed = pack_names([encode(name) for name in names])
    rows, owners = groups_of(packed, longest)
    for owner, name in enumerate(names):
        assert Counter(rows[owners == owner].tolist()) == written_out(name, longest)


def test_groups_are_those_of_the_whole_spelling_whatever_letters_are_dropped():
    packed = pack_names([encode("abc")])
    dropped = packed.with_letters(torch.full_like(packed.letters, NO_LETTER))
    assert torch.equal(groups_of(dropped, 3)[0], groups_of(packed, 3)[0])


def test_votes_are_summed_name_by_name_in_the_batchs_own_order():
    names = ["ab", "abcabc", "b"]
    layer = LetterGroups(4, 3)
    with torch.no_grad():
        layer.votes.normal_(generator=torch.Generator().manual_seed(1))
    votes = layer(pack_names([encode(name) for name in names]), 0.0, None)
    for name, total in zip(names, votes, strict=True):
        expected = sum(layer.votes[row] * count for row, count in written_out(name, 4).items())
        assert torch.allclose(total, torch.as_tensor(expected), atol=1e-5)


def test_dropout_leaves_the_expected_votes_as_they_are():
    layer = LetterGroups(2, 2)
    with torch.no_grad():
        layer.votes.fill_(1.0)
    packed = pack_names([encode("abcdefg")] * 400)
    votes = layer(packed, 0.5, torch.Generator().manual_seed(0))
    assert votes.mean().item() == pytest.approx(8, abs=0.3)
    assert votes.std() > 1


@pytest.mark.parametrize("kind", ["rnn", "lstm", "custom_lstm"])
def test_a_new_network_answers_as_if_it_had_no_groups(kind):
    """Before a group was met it says nothing, and the other weights are drawn alike."""
    names = pack_names([encode(name) for name in ("Ivanov", "Li")])
    plain, grouped = (
        build(ModelConfig(kind=kind, hidden_size=4, letter_groups=longest), 3, seed=5).eval()
        for longest in (0, 3)
    )
    assert torch.equal(plain(names), grouped(names))


@pytest.mark.parametrize("kind", ["rnn", "lstm", "custom_lstm"])
def test_a_trace_of_a_network_with_groups_ends_with_its_own_answer(kind):
    model = build(ModelConfig(kind=kind, hidden_size=4, letter_groups=4), 3, seed=5).eval()
    assert model.groups is not None
    with torch.no_grad():
        model.groups.votes.normal_(generator=torch.Generator().manual_seed(2))
        for end in (1, 4, 6):
            answer = model(pack_names([encode("Ivanov"[:end])]))[0].exp().numpy()
            shown = trace(model, ("A", "B", "C"), "Ivanov").probabilities[end - 1]
            assert np.allclose(shown, answer, atol=1e-6)
