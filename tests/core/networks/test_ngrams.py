from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.alphabet import ALPHABET_SIZE, LETTERS, encode
from namerec.core.corpus.packing import NO_LETTER, pack_names
from namerec.core.inside.traces import trace
from namerec.core.networks.config import LONGEST_NGRAM, NGRAM_BUCKETS, ModelConfig
from namerec.core.networks.models import build
from namerec.core.networks.ngrams import CharNgrams, ngrams_of

NAMES = st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=1, max_size=6)
LONGEST = st.integers(2, LONGEST_NGRAM)


def written_out(name: str, longest: int) -> Counter[int]:
    """Rows of the n-grams of one name, by cutting a string into pieces."""
    symbols = [ALPHABET_SIZE, *(LETTERS.index(letter) for letter in name), ALPHABET_SIZE + 1]
    rows = Counter[int]()
    for length in range(2, longest + 1):
        for begin in range(len(symbols) - length + 1):
            number = 0
            for symbol in symbols[begin : begin + length]:
                number = number * (ALPHABET_SIZE + 2) + symbol
            bucket = number * 2_654_435_761 % (2**31 - 1) % NGRAM_BUCKETS
            rows[bucket + (length - 2) * NGRAM_BUCKETS] += 1
    return rows


@given(NAMES, LONGEST)
def test_a_name_has_the_ngrams_of_its_letters_between_its_two_ends(names, longest):
    packed = pack_names([encode(name) for name in names])
    rows, owners = ngrams_of(packed, longest)
    for owner, name in enumerate(names):
        assert Counter(rows[owners == owner].tolist()) == written_out(name, longest)


def test_ngrams_are_those_of_the_whole_spelling_whatever_letters_are_dropped():
    packed = pack_names([encode("abc")])
    dropped = packed.with_letters(torch.full_like(packed.letters, NO_LETTER))
    assert torch.equal(ngrams_of(dropped, 3)[0], ngrams_of(packed, 3)[0])


def test_logits_are_summed_name_by_name_in_the_batchs_own_order():
    names = ["ab", "abcabc", "b"]
    layer = CharNgrams(4, 3)
    with torch.no_grad():
        layer.logits.normal_(generator=torch.Generator().manual_seed(1))
    logits = layer(pack_names([encode(name) for name in names]), 0.0, None)
    for name, total in zip(names, logits, strict=True):
        expected = sum(layer.logits[row] * count for row, count in written_out(name, 4).items())
        assert torch.allclose(total, torch.as_tensor(expected), atol=1e-5)


def test_dropout_leaves_the_expected_logits_as_they_are():
    layer = CharNgrams(2, 2)
    with torch.no_grad():
        layer.logits.fill_(1.0)
    packed = pack_names([encode("abcdefg")] * 400)
    logits = layer(packed, 0.5, torch.Generator().manual_seed(0))
    assert logits.mean().item() == pytest.approx(8, abs=0.3)
    assert logits.std() > 1


@pytest.mark.parametrize("kind", ["rnn", "lstm", "custom_lstm"])
def test_a_new_network_answers_as_if_it_had_no_ngrams(kind):
    """Before an n-gram was met it says nothing, and the other weights are drawn alike."""
    names = pack_names([encode(name) for name in ("Ivanov", "Li")])
    plain, with_ngrams = (
        build(ModelConfig(kind=kind, hidden_size=4, char_ngrams=longest), 3, seed=5).eval()
        for longest in (0, 3)
    )
    assert torch.equal(plain(names), with_ngrams(names))


@pytest.mark.parametrize("kind", ["rnn", "lstm", "custom_lstm"])
def test_a_trace_of_a_network_with_ngrams_ends_with_its_own_answer(kind):
    model = build(ModelConfig(kind=kind, hidden_size=4, char_ngrams=4), 3, seed=5).eval()
    assert model.ngrams is not None
    with torch.no_grad():
        model.ngrams.logits.normal_(generator=torch.Generator().manual_seed(2))
        for end in (1, 4, 6):
            answer = model(pack_names([encode("Ivanov"[:end])]))[0].exp().numpy()
            shown = trace(model, ("A", "B", "C"), "Ivanov").probabilities[end - 1]
            assert np.allclose(shown, answer, atol=1e-6)
