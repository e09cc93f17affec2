from namerec.bench.large import measure


def test_a_made_up_corpus_is_encoded_split_and_trained_on():
    said: list[str] = []
    measured = measure(3000, said.append)
    assert said == ["3,000 lines are made up", "encoded", "split"]
    assert measured["lines"] == 3000
    assert measured["trained per second"] > 0
    # Two numbers of eight bytes, a length, and a name's text and letters.
    assert 25 < measured["bytes a name on disk"] < 60
