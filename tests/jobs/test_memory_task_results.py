"""The memory task's settings and its file; the bundled result is what it says it is."""

import logging

import pytest

from namerec.core.corpus.splits import make_split
from namerec.core.tasks.memory_curves import DISTANCES, MEMORY_NETWORKS, memory_curves
from namerec.core.tasks.memory_task import memory_dataset
from namerec.core.training.loop import train
from namerec.core.training.records import FinalRecord
from namerec.jobs.memory_task_results import (
    BUNDLED,
    RECIPE,
    MemoryCell,
    MemoryEntry,
    MemoryFile,
    MemoryPlan,
    MemorySettings,
    keep_results,
    points,
    read_results,
    write_results,
)

SETTINGS = MemorySettings()


def cell(network="lstm", noise=5, seed=0, **settings) -> MemoryCell:
    return MemoryCell(network=network, noise=noise, seed=seed, settings=MemorySettings(**settings))


def entry(of: MemoryCell, accuracy: float | None = 0.5, **more) -> MemoryEntry:
    return MemoryEntry(cell=of, accuracy=accuracy, sequences=571, seconds=1.5, **more)


def test_all_networks_are_trained_alike_but_for_what_they_are():
    configs = {network: cell(network, 50, forget_bias=2).config for network in MEMORY_NETWORKS}
    assert len({config.training for config in configs.values()}) == 1
    assert {config.model.hidden_size for config in configs.values()} == {SETTINGS.hidden_size}
    assert configs["rnn"].model.nonlinearity == "none"
    assert configs["rnn_tanh"].model.nonlinearity == "tanh"
    assert [configs[network].model.forget_bias for network in MEMORY_NETWORKS] == [0, 0, 2, 2, 2]
    assert configs["lstm"].training.dataset == "memory-task:50"


def test_seeds_differ_in_weights_and_not_in_what_they_are_tested_on():
    one, other = cell(seed=0).config.training, cell(seed=1).config.training
    assert one.seed != other.seed
    assert one.split_draw == other.split_draw
    assert one.protocol == "leak-free"


def test_a_plan_is_every_network_at_every_distance_short_ones_first():
    cells = MemoryPlan(seeds=(4, 7)).cells()
    assert len({cell.config.model_dump_json() for cell in cells}) == 2 * len(DISTANCES) * len(
        MEMORY_NETWORKS
    )
    first = [(cell.seed, cell.noise) for cell in cells]
    assert first == sorted(first)


def test_an_rnn_has_one_result_for_all_forget_biases_and_an_lstm_has_not():
    known = MemoryFile(entries=(entry(cell("rnn", forget_bias=0)), entry(cell(forget_bias=0))))
    at = [
        [found.cell.network for found in known.matching(MemorySettings(forget_bias=bias))]
        for bias in (0, 1)
    ]
    assert at == [["rnn", "lstm"], ["rnn"]]
    assert known.matching(MemorySettings(clip_norm=0, forget_bias=0)) == []
    assert known.matching(MemorySettings(hidden_size=64, forget_bias=0)) == []


def test_a_newer_result_takes_the_place_of_the_older():
    known = MemoryFile().with_entry(entry(cell(), 0.1)).with_entry(entry(cell(noise=10), 0.2))
    again = known.with_entry(entry(cell(), 0.3))
    assert [found.accuracy for found in again.entries] == [0.2, 0.3]
    assert [found.accuracy for found in again.without([cell(noise=10)]).entries] == [0.3]


def test_what_is_asked_anew_is_missing_until_its_successor_is_there():
    plan = MemoryPlan(networks=("rnn", "lstm"), distances=(5,))
    first, second = plan.cells()
    known = MemoryFile(entries=(entry(first, 0.1), entry(cell(noise=50), 0.2)))
    asked = known.asked_anew(plan)
    assert asked.entries == known.entries
    assert (asked.outdated, asked.missing(plan)) == ((first,), [first, second])
    # An RNN has no forget gate: at another forget bias it is the same training.
    other_bias = plan.model_copy(update={"settings": MemorySettings(forget_bias=0)})
    assert asked.missing(other_bias) == other_bias.cells()
    again = asked.with_entry(entry(first, 0.3))
    assert (again.outdated, again.missing(plan)) == ((), [second])
    assert [found.accuracy for found in again.entries] == [0.2, 0.3]


def test_results_of_another_recipe_are_of_another_experiment():
    known = MemoryFile(entries=(entry(cell(), recipe=RECIPE + 1),))
    assert known.matching(SETTINGS) == []
    assert known.entry(cell()) is None
    assert known.with_entry(entry(cell(noise=10))).matching(SETTINGS) == [entry(cell(noise=10))]


def test_what_is_written_is_read_again(tmp_path):
    known = MemoryFile(entries=(entry(cell()), entry(cell("rnn"), None)), asked=MemoryPlan())
    write_results(tmp_path / "deep" / "memory_task.json", known)
    assert read_results(tmp_path / "deep" / "memory_task.json") == known
    assert [point.accuracy for point in points(known.entries)] == [0.5]


@pytest.mark.parametrize(
    "damage",
    [b"", b"[", b"\xff", b"[]", b'{"entries": 3}', b'{"entries": [{"accuracy": 2}]}',
     b'{"entries": [], "more": 1}', b'{"asked": {"seeds": []}}', b'{"asked": {"distances": [0]}}'],
)  # fmt: skip
def test_a_damaged_file_is_left_out_and_logged(tmp_path, caplog, damage):
    path = tmp_path / "memory_task.json"
    path.write_bytes(damage)
    with caplog.at_level(logging.ERROR):
        assert read_results(path) == MemoryFile()
    assert "cannot be read; they are left out" in caplog.text
    assert path.read_bytes() == damage  # it may still be mended by hand


def test_results_that_another_namerec_has_stored_meanwhile_stay(tmp_path):
    path = tmp_path / "memory_task.json"
    ours = MemoryFile(entries=(entry(cell()),), asked=MemoryPlan())
    theirs = MemoryFile(entries=(entry(cell(), 0.9), entry(cell(noise=10))))
    keep_results(path, theirs)
    joined = keep_results(path, ours)
    assert joined == MemoryFile(entries=(entry(cell()), entry(cell(noise=10))), asked=MemoryPlan())
    assert read_results(path) == joined


def test_a_file_that_cannot_be_read_is_put_aside_and_not_replaced(tmp_path):
    path = tmp_path / "memory_task.json"
    path.write_bytes(b'{"entries": [], "more": 1}')
    keep_results(path, MemoryFile(entries=(entry(cell()),)))
    assert len(read_results(path).entries) == 1
    (aside,) = tmp_path.glob("*.unread")
    assert aside.read_bytes() == b'{"entries": [], "more": 1}'


def test_no_file_is_no_damage(tmp_path, caplog):
    assert read_results(tmp_path / "memory_task.json") == MemoryFile()
    assert caplog.text == ""


# -- the bundled result


@pytest.fixture(scope="module")
def bundled() -> MemoryFile:
    return MemoryFile.model_validate_json(BUNDLED.read_bytes())


def test_the_bundled_result_has_every_point_of_the_default_settings_with_three_seeds(bundled):
    assert bundled.asked is None
    assert {entry.recipe for entry in bundled.entries} == {RECIPE}
    assert bundled.missing(MemoryPlan(seeds=(0, 1, 2))) == []
    sizes = {len(make_split(memory_dataset(5), "leak-free", 0).test)}
    assert {entry.sequences for entry in bundled.entries} == sizes


def test_in_the_bundled_result_gates_remember_longer(bundled):
    reached = {c.network: c.remembers() for c in memory_curves(points(bundled.matching(SETTINGS)))}
    assert min(reached.values()) >= 10  # short distances are no problem for anybody
    assert max(reached["rnn"], reached["rnn_tanh"]) < min(reached["lstm"], reached["custom_lstm"])


def test_a_point_of_the_bundled_result_comes_out_again(bundled):
    known = bundled.entry(cell("rnn", 10, 1))
    dataset = memory_dataset(10)
    *_, final = train(known.cell.config, dataset, make_split(dataset, "leak-free", 0))
    assert isinstance(final, FinalRecord)
    [curve] = memory_curves(
        point for point in points(bundled.entries) if (point.network, point.noise) == ("rnn", 10)
    )
    assert curve.low[0] - 0.01 <= final.scores["test"].accuracy <= curve.high[0] + 0.01
    assert final.scores["test"].names == known.sequences
