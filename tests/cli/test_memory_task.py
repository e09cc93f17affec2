"""The memory task without a screen."""

import json

import pytest

from namerec.core.tasks import memory_task
from namerec.core.tasks.memory_curves import MEMORY_NETWORKS
from namerec.jobs import memory_task_results
from tests.cli.references import answered, ask, refused


@pytest.fixture(autouse=True)
def _quick_task(monkeypatch):
    monkeypatch.setattr(memory_task, "SEQUENCES", 240)
    monkeypatch.setattr(memory_task_results, "STEPS", 2)


def test_the_experiment_is_measured_written_and_not_measured_twice(tmp_path, store):
    out = tmp_path / "memory_task.json"
    arguments = ("memory-task", "--distance", "5", "--hidden", "4", "--out", str(out))
    first = answered(*arguments)["entries"]
    assert [entry["cell"]["network"] for entry in first] == list(MEMORY_NETWORKS)
    assert json.loads(out.read_text())["entries"] == first
    again = answered(*arguments)["entries"]
    assert again == first  # the seconds too
    assert store.summaries() == []  # its runs are no runs of the user's
    assert (
        "The first letter is remembered" in ask("recall", *arguments[1:]).stdout
    )  # its earlier name


def test_a_failure_is_a_sentence(tmp_path, monkeypatch):
    from namerec.errors import RunError
    from namerec.jobs.manager import JobManager

    def refuse(*given):
        raise RunError("No space is left.")

    monkeypatch.setattr(JobManager, "start", refuse)
    assert refused("recall", "--distance", "5", "--out", str(tmp_path / "x.json")) == (
        "No space is left."
    )
