from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.texts import Texts

_texts = st.lists(st.text(max_size=6), max_size=30)


@given(_texts, _texts)
def test_texts_are_the_sequence_that_they_were_made_of(some, more):
    texts = Texts.joined([Texts.of(some), Texts.of(more)])
    expected = tuple(some + more)
    assert tuple(texts) == expected
    assert tuple(texts[place] for place in range(len(texts))) == expected
    assert (texts[1:-1], texts[::-2]) == (expected[1:-1], expected[::-2])
    assert texts == expected
    assert texts == Texts.of(expected)
    assert hash(texts) == hash(Texts.of(expected))
    assert (texts == (*expected, "x"), texts == Texts.of([*expected, "x"])) == (False, False)
    assert [text in texts for text in expected] == [True] * len(expected)


@given(st.lists(st.text(max_size=3), min_size=1, max_size=5))
def test_a_text_is_counted_from_the_end_too_and_is_not_there_beyond(some):
    texts = Texts.of(some)
    assert texts[-1] == some[-1]
    assert texts[-len(some)] == some[0]
    for beyond in (len(some), -len(some) - 1):
        try:
            texts[beyond]
        except IndexError:
            continue
        raise AssertionError(beyond)
