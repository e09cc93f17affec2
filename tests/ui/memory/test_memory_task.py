"""The memory task under AppTest: bundled, underway, stopped, and at settings never measured."""

import pytest
from streamlit.testing.v1 import AppTest

from namerec.core.tasks import memory_task
from namerec.jobs import memory_task_results
from namerec.jobs.memory_task_results import (
    BUNDLED,
    MemoryEntry,
    MemoryFile,
    MemoryPlan,
    MemorySettings,
    read_results,
    write_results,
)
from namerec.settings import home
from namerec.ui.memory.memory_task import gate_words
from namerec.ui.memory.memory_task_results import shown_results
from namerec.ui.server.manager import manager
from namerec.ui.server.memory_task import bundled_results, memory_keeper
from tests.pages.conftest import held_back
from tests.pages.references import button, said

__all__ = ["held_back"]

TINY = MemoryPlan(settings=MemorySettings(hidden_size=16), networks=("rnn",), distances=(5, 7))


@pytest.fixture
def lab(monkeypatch):
    """The section alone, with a manager and results of its own, and a quick task."""
    monkeypatch.setattr(memory_task, "SEQUENCES", 240)
    monkeypatch.setattr(memory_task_results, "STEPS", 2)
    cached = (manager, memory_keeper, bundled_results)
    for resource in cached:
        resource.clear()
    yield AppTest.from_string(
        "from namerec.ui.memory.memory_task import memory_task_panel\nmemory_task_panel()",
        default_timeout=240,
    )
    memory_keeper().cancel()
    assert memory_keeper().wait(120)
    manager().shutdown()
    for resource in cached:
        resource.clear()


def labels(lab: AppTest) -> set[str]:
    return {item.label for item in lab.button}


def test_the_bundled_result_is_there_on_the_first_visit(lab):
    lab.run()
    assert not lab.exception
    assert not lab.error
    assert "The first letter is remembered in at least 90\u202f%" in said(lab)
    assert "The bundled result: means of 3 trainings" in said(lab)
    assert "leak-free split" in said(lab)
    table = lab.dataframe[0].value
    assert len(table) == 30
    assert set(table["seeds"]) == {3}
    assert labels(lab) == {"Measure it here"}
    assert "so a single training can decide" in said(lab)
    assert "two biases a gate where the custom one has one" in said(lab)


def test_how_long_it_takes_is_told_by_what_the_bundled_trainings_took(lab):
    """30 trainings at the default size; forget bias, clipping and seed change no work."""
    times: dict[tuple[str, int], list[float]] = {}
    for entry in read_results(BUNDLED).entries:
        times.setdefault((entry.cell.network, entry.cell.noise), []).append(entry.seconds)
    assert len(times) == 30
    minutes = round(sum(min(found) for found in times.values()) / 60)
    lab.run()
    assert f"30 trainings, one after the other in the background: about {minutes} min" in said(lab)
    lab.segmented_control(key="memory_bias").set_value(1.0).run()
    assert f"about {minutes} minutes on one processor core" in said(lab)
    lab.segmented_control(key="memory_hidden").set_value(64).run()
    assert "a few minutes on one processor core; larger networks take longer" in said(lab)


@pytest.mark.parametrize(
    ("bias", "words"),
    [
        (0.0, "about 50 % of its cell state at each letter, so half of it is gone after about 1 l"),
        (3.0, "about 95 % of its cell state at each letter, so half of it is gone after about 14"),
    ],
)
def test_what_a_forget_gate_bias_means_is_said(bias, words):
    """0.5 of it after one letter; 0.9526 to the power of 14.3 is 0.5."""
    assert words in gate_words(bias)


def test_settings_that_nobody_measured_say_so_and_offer_to(lab):
    lab.run()
    lab.segmented_control(key="memory_hidden").set_value(64).run()
    assert "nothing at these settings: measure it here" in said(lab)
    assert "The first letter is remembered" not in said(lab)
    assert not lab.dataframe
    assert "Measure it here" in labels(lab)


def test_the_button_measures_what_the_controls_say_and_the_page_shows_it(lab, monkeypatch):
    asked = []
    lab.run()
    monkeypatch.setattr(
        type(memory_keeper()), "start", lambda keeper, plan: asked.append(plan.settings)
    )
    lab.segmented_control(key="memory_bias").set_value(1.0).run()
    lab.segmented_control(key="memory_clip").set_value(0.0).run()
    button(lab, "Measure it here").click().run()
    assert asked == [MemorySettings(hidden_size=32, forget_bias=1, clip_norm=0)]


def test_what_was_measured_here_stands_before_the_bundled_result(lab):
    lab.run()
    memory_keeper().start(TINY)
    assert memory_keeper().wait(120)
    lab.segmented_control(key="memory_hidden").set_value(16).run()
    assert "Measured on this computer." in said(lab)
    measured = {row["noise"]: row["mean"] for row in lab.dataframe[0].value.to_dict("records")}
    assert measured == {
        entry.cell.noise: entry.accuracy for entry in memory_keeper().known().entries
    }


def test_a_complete_result_of_ones_own_hides_no_bundled_one(lab):
    entries = (
        MemoryEntry(cell=cell, accuracy=0.25, sequences=34, seconds=1.0)
        for cell in MemoryPlan().cells()
    )
    write_results(home() / "memory_task.json", MemoryFile(entries=tuple(entries)))
    lab.run()
    assert "Measured on this computer. The faint lines are the bundled result." in said(lab)
    assert set(lab.dataframe[0].value["mean"]) == {0.25}
    shown = shown_results(MemorySettings())
    assert len(shown.behind) == 90


def test_while_it_is_measured_anew_the_results_before_are_shown_and_told(lab):
    plan = MemoryPlan(settings=MemorySettings(hidden_size=16), distances=(5,))
    entries = [
        MemoryEntry(cell=cell, accuracy=0.25, sequences=34, seconds=1.0) for cell in plan.cells()
    ]
    begun = (
        MemoryFile(entries=tuple(entries))
        .asked_anew(plan)
        .with_entry(entries[0].model_copy(update={"accuracy": 0.75}))
    )
    write_results(home() / "memory_task.json", begun)
    lab.run()
    lab.segmented_control(key="memory_hidden").set_value(16).run()
    assert "4 of these 5 trainings are from the previous measurement" in said(lab)
    progress = memory_keeper().progress()
    assert progress is not None
    assert (progress.state, progress.done, progress.total) == ("stopped", 1, 5)
    assert sorted(lab.dataframe[0].value["mean"]) == [0.25, 0.25, 0.25, 0.25, 0.75]


def test_a_training_without_a_result_is_listed_with_the_reason(lab):
    cell = MemoryPlan(settings=MemorySettings(hidden_size=16)).cells()[0]
    failed = MemoryEntry(
        cell=cell, accuracy=None, sequences=0, seconds=0.1, message="The loss is nan."
    )
    write_results(home() / "memory_task.json", MemoryFile(entries=(failed,)))
    lab.run()
    lab.segmented_control(key="memory_hidden").set_value(16).run()
    assert "RNN (linear) over 5 letters, seed 0, has no result. The loss is nan." in said(lab)


def test_an_experiment_underway_is_shown_to_every_visitor_and_can_be_stopped(lab, held_back):
    memory_keeper().start(TINY)
    lab.run()
    assert labels(lab) == {"Stop"}
    button(lab, "Stop").click().run()
    assert memory_keeper().wait(120)
    lab.run()
    assert labels(lab) == {"Resume", "Measure it here"}
    progress = memory_keeper().progress()
    assert progress is not None
    assert progress.state == "stopped"
