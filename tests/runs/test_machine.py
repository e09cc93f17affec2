import pytest

from namerec.runs.machine import thread_count


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ("1", 1),
        ("3", 3),
        ("64", 64),
        ("65", 64),
        ("0", 1),
        ("", 1),
        ("two", 1),
        ("-1", 1),
        ("²", 1),
        ("1.5", 1),
        ("9" * 5000, 1),
    ],
    ids=lambda value: str(value)[:9],
)
def test_training_takes_one_thread_unless_the_environment_says_otherwise(monkeypatch, given, count):
    monkeypatch.setenv("NAMEREC_THREADS", given)
    assert thread_count() == count
    monkeypatch.delenv("NAMEREC_THREADS")
    assert thread_count() == 1
