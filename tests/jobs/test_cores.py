import os
import sys

import pytest

from namerec.jobs import cores as module
from namerec.jobs.cores import most_trainings
from namerec.settings import Settings

#: As it is before a test of anything else says how many there are.
cores = module.cores


@pytest.mark.parametrize(
    ("there", "settings", "most"),
    [
        (1, {}, 1),
        (2, {}, 1),
        (4, {}, 3),
        (12, {"threads": 4}, 2),
        (2, {"workers": 5}, 5),
        (12, {"workers": 1}, 1),
    ],
)
def test_a_core_is_left_to_the_pages(there, settings, most, monkeypatch):
    monkeypatch.setattr(module, "cores", lambda: there)
    monkeypatch.setattr(module, "HAS_POOL", True)
    assert most_trainings(Settings(**settings)) == most


def test_where_processes_share_nothing_trainings_take_turns(monkeypatch):
    monkeypatch.setattr(module, "HAS_POOL", False)
    assert most_trainings(Settings(workers=5)) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such limit")
def test_a_containers_limit_counts(tmp_path):
    there = len(os.sched_getaffinity(0))
    limit = tmp_path / "cpu.max"
    assert cores(limit) == there
    for text, expected in (("max 100000\n", there), ("50000 100000\n", 1), ("1 x", there)):
        limit.write_text(text)
        assert cores(limit) == expected
