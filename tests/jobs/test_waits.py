from pathlib import Path
from typing import Any

import pytest

from namerec.jobs.group import Group
from namerec.jobs.job import Job
from namerec.jobs.owner import LAB
from namerec.jobs.waits import waits
from namerec.runs.folder import RunFolder
from tests.conftest import tiny_config
from tests.jobs.fakes import step_record


def job(name: str, kind: str = "rnn", done: int = 0, epochs: int = 2, **seen: Any) -> Job:
    """A job on 100 names that has done so many of ten steps."""
    made = Job(RunFolder(Path(name)), tiny_config(kind, epochs=epochs), LAB, 0, names=100)
    if done:
        made.series.add(step_record(done))
    made.publish(steps=10, series=made.series.view(), **seen)
    return made


def waits_of(running: list[list[Job]], waiting: list[list[Job]], places: int) -> dict[str, float]:
    jobs = [job for jobs in [*running, *waiting] for job in jobs]
    return waits(list(map(Group, running)), list(map(Group, waiting)), jobs, places)


def test_who_waits_is_told_when_those_before_it_will_have_ended():
    """Half of 200 names took 5 s: a run of 200 names takes 10."""
    running = job("a", done=5, state="running", seconds=5.0, remaining=5.0)
    waiting = [[job("b")], [job("c", epochs=4)], [job("d")]]
    assert waits_of([[running]], waiting, 1) == pytest.approx({"b": 5, "c": 15, "d": 35})
    assert waits_of([[running]], waiting, 2) == pytest.approx({"b": 0, "c": 5, "d": 10})


def test_a_race_takes_as_many_places_as_it_has_networks():
    running = job("a", done=5, state="running", seconds=5.0, remaining=5.0)
    race = [job("b"), job("c"), job("d")]
    assert waits_of([[running]], [race, [job("e")]], 2) == pytest.approx(
        {"b": 5, "c": 5, "d": 5, "e": 5 + 30 / 2}
    )


def test_of_a_kind_that_was_not_seen_the_slowest_is_told():
    slow = job("a", "lstm", done=5, state="running", seconds=20.0, remaining=20.0)
    quick = job("b", done=5, state="running", seconds=5.0, remaining=5.0)
    waiting = [[job("c", "gru")], [job("d")], [job("e")]]
    assert waits_of([[slow], [quick]], waiting, 2) == pytest.approx({"c": 5, "d": 20, "e": 30})


def test_where_nobody_knows_nothing_is_told():
    unknown = job("a", state="running")
    assert waits_of([[unknown]], [[job("b")]], 1) == {}
    paused = job("a", done=5, state="paused", seconds=5.0, remaining=5.0)
    assert waits_of([[paused]], [[job("b")]], 1) == {}
