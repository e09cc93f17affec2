import shutil
from dataclasses import replace
from typing import Any

import pytest
import torch

from namerec.core.corpus.dataset import Dataset
from namerec.core.training.config import FREE_IN_BRANCH, RunConfig
from namerec.core.training.presets import preset
from namerec.errors import ConfigError, RunError
from namerec.jobs.executors import LocalExecutor, StreamRecord
from namerec.runs import metrics
from namerec.runs.copying import copy_finished
from namerec.runs.folder import BEST, LAST, RunFolder
from namerec.runs.lineage import (
    BEFORE,
    FIRST,
    Origin,
    Point,
    branch_from,
    branch_settings,
    history,
    initial_weights,
)
from namerec.runs.networks import BEFORE_TRAINING, load_network
from namerec.runs.store import RunStore
from namerec.runs.tensors import read_tensors
from tests.conftest import tiny_config, tiny_lines


def _config(folder: RunFolder, **training: Any) -> RunConfig:
    """The settings of a run that goes on from another: that one's split, whatever its own seed."""
    config = branch_settings(folder.info().config)
    return config.model_copy(update={"training": config.training.model_copy(update=training)})


def _branch(
    store: RunStore, dataset: Dataset, folder: RunFolder, point: Point = "best", **training: Any
) -> RunFolder:
    config = _config(folder, **training)
    return store.create(config, dataset, branch_from(folder, point, config, dataset.fingerprint))


def _trained(folder: RunFolder, dataset: Dataset) -> tuple[RunFolder, list[StreamRecord]]:
    records = list(LocalExecutor(lambda _: dataset).stream(folder))
    return folder, records


@pytest.mark.parametrize("point", ["best", "last"])
def test_it_begins_with_the_other_runs_weights(store, finished, tiny_dataset, point):
    going = _branch(store, tiny_dataset, finished, point)
    initial = initial_weights(going)
    if point == "best":
        expected = read_tensors(finished.path / BEST)[0]
    else:
        stored = read_tensors(finished.path / LAST)[0]
        expected = {n.removeprefix("model."): t for n, t in stored.items() if n[:6] == "model."}
    assert initial is not None
    assert initial.weights.keys() == expected.keys()
    assert all(torch.equal(initial.weights[name], expected[name]) for name in expected)
    model = load_network(going, BEFORE_TRAINING).model.state_dict()
    assert all(torch.equal(model[name], expected[name]) for name in expected)


def test_the_first_step_is_taken_from_there(store, finished, tiny_dataset):
    parameter = "forget_gate.weight"
    # A learning rate of next to nothing leaves the weights where they were put.
    going = _branch(
        store, tiny_dataset, finished, learning_rate=1e-12, epochs=1, schedule="constant",
        weight_decay=0.0,
    )  # fmt: skip
    _trained(going, tiny_dataset)
    name = next(n for n in finished.best_weights() if n.endswith(parameter))
    ours = going.best_weights()[name]
    torch.testing.assert_close(ours, finished.best_weights()[name], atol=1e-9, rtol=0)


def test_the_optimizers_state_is_taken_over_at_the_last_epoch_alone(store, finished, tiny_dataset):
    last = initial_weights(_branch(store, tiny_dataset, finished, "last"))
    best = initial_weights(_branch(store, tiny_dataset, finished, "best"))
    other = initial_weights(_branch(store, tiny_dataset, finished, "last", optimizer="sgd"))
    stored = finished.checkpoint().resume
    assert last is not None
    assert last.moments.keys() == stored.keys() - {"generator"}
    assert all(torch.equal(last.moments[name], stored[name]) for name in last.moments)
    assert best is not None
    assert best.moments == {}
    assert other is not None
    assert other.moments == {}


def test_the_optimizers_state_decides_the_first_step(store, finished, tiny_dataset):
    kept = _branch(store, tiny_dataset, finished, "last", epochs=1)
    fresh_config = _config(finished, epochs=1)
    origin = branch_from(finished, "last", fresh_config, tiny_dataset.fingerprint)
    branch_point = origin.branch_points[0].model_copy(update={"state_kept": False})
    fresh = store.create(
        fresh_config, tiny_dataset, replace(origin, branch_points=(branch_point,), moments={})
    )
    for folder in (kept, fresh):
        _trained(folder, tiny_dataset)
    weights = [folder.best_weights() for folder in (kept, fresh)]
    assert any(not torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_the_history_goes_on_in_one_count(store, finished, tiny_dataset):
    before = finished.metrics()
    going, _ = _trained(_branch(store, tiny_dataset, finished, "last", epochs=2), tiny_dataset)
    own_steps, own_epochs = going.metrics()
    whole = history(going)
    assert [record.epoch for record in whole.epochs] == [1, 2, 3, 4, 5]
    assert [branch_point.run for branch_point in whole.branch_points] == [finished.id]
    assert whole.branch_points[0].epoch == 3
    assert whole.epochs[:3] == before[1]
    branch_point = whole.branch_points[0]
    assert branch_point.step == before[1][-1].step
    assert [record.step - branch_point.step for record in whole.epochs[3:]] == [
        record.step for record in own_epochs
    ]
    assert [r.loss for r in whole.steps] == [r.loss for r in (*before[0], *own_steps)]
    assert [r.step for r in whole.steps] == sorted(r.step for r in whole.steps)
    assert [r.epoch for r in whole.steps] == sorted(r.epoch for r in whole.steps)
    assert whole.epochs[3].seconds == pytest.approx(branch_point.seconds + own_epochs[0].seconds)
    assert own_epochs[0].epoch == 1


def test_from_the_best_epoch_only_what_led_there_is_remembered(store, finished, tiny_dataset):
    best = finished.status().best_epoch
    worse = finished.status().model_copy(update={"best_epoch": best - 1})
    finished.write_status(worse)
    going = _branch(store, tiny_dataset, finished)
    assert [record.epoch for record in history(going).epochs] == list(range(1, best))
    assert going.info().branch_points[0].epoch == best - 1


def test_a_line_of_three_runs_is_counted_through(store, finished, tiny_dataset):
    second, _ = _trained(_branch(store, tiny_dataset, finished, "last", epochs=2), tiny_dataset)
    third, _ = _trained(_branch(store, tiny_dataset, second, "last", epochs=1), tiny_dataset)
    whole = history(third)
    assert [record.epoch for record in whole.epochs] == [1, 2, 3, 4, 5, 6]
    assert [(branch_point.run, branch_point.epoch) for branch_point in whole.branch_points] == [
        (finished.id, 3),
        (second.id, 5),
    ]
    assert whole.epochs[:5] == history(second).epochs
    steps = [record.step for record in whole.steps]
    assert steps == sorted(steps)


def test_it_needs_the_other_run_no_more(store, finished, tiny_dataset):
    going = _branch(store, tiny_dataset, finished)
    shutil.rmtree(finished.path)
    _, records = _trained(going, tiny_dataset)
    assert going.status().state == "finished"
    assert history(going).epochs[0].epoch == 1
    assert records


def test_interrupted_before_its_first_epoch_it_begins_there_again(store, finished, tiny_dataset):
    unbroken, _ = _trained(_branch(store, tiny_dataset, finished, epochs=2), tiny_dataset)
    broken = _branch(store, tiny_dataset, finished, epochs=2)
    stream = LocalExecutor(lambda _: tiny_dataset).stream(broken)
    next(stream)  # the plan
    next(stream)  # the first step
    stream.close()
    assert not (broken.path / LAST).exists()
    _trained(broken, tiny_dataset)
    assert (broken.path / BEST).read_bytes() == (unbroken.path / BEST).read_bytes()


def test_stopped_later_it_resumes_bit_for_bit(store, finished, tiny_dataset):
    unbroken, _ = _trained(_branch(store, tiny_dataset, finished, epochs=3), tiny_dataset)
    broken = _branch(store, tiny_dataset, finished, epochs=3)
    stream = LocalExecutor(lambda _: tiny_dataset).stream(broken)
    for _ in stream:
        if broken.status().epoch == 2:
            break
    stream.close()
    _trained(broken, tiny_dataset)
    assert (broken.path / BEST).read_bytes() == (unbroken.path / BEST).read_bytes()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hidden_size": 9}, "hidden_size is 8"),
        ({"num_layers": 2}, "num_layers is 1"),
        ({"forget_bias": 1.0}, "forget_bias is 0.0"),
    ],
)
def test_another_network_is_refused(finished, tiny_dataset, changes, said):
    config = finished.info().config
    other = config.model_copy(update={"model": config.model.model_copy(update=changes)})
    with pytest.raises(ConfigError, match=said):
        branch_from(finished, "best", other, tiny_dataset.fingerprint)


@pytest.mark.parametrize("name", sorted(FREE_IN_BRANCH))
def test_dropout_may_be_another(finished, tiny_dataset, name):
    config = finished.info().config
    other = config.model_copy(update={"model": config.model.model_copy(update={name: 0.4})})
    assert branch_from(finished, "best", other, tiny_dataset.fingerprint).weights


@pytest.mark.parametrize("split_seed", [None, 7])
def test_its_settings_are_those_of_the_other_run_with_the_split_held_fast(split_seed):
    config = preset("best", "lstm", seed=4, split_seed=split_seed)
    settings = branch_settings(config)
    assert settings.model == config.model
    assert settings.preset == "own"
    held = 4 if split_seed is None else 7
    assert settings.training == config.training.model_copy(update={"split_seed": held})
    assert branch_settings(settings) == settings


def test_names_and_splits_that_would_leak_are_refused(finished, tiny_dataset):
    others = Dataset.build("others", tiny_lines()[1:])
    with pytest.raises(ConfigError, match="same names"):
        branch_from(finished, "best", _config(finished), others.fingerprint)
    with pytest.raises(ConfigError, match="split_seed=0"):
        branch_from(finished, "best", _config(finished, split_seed=1), tiny_dataset.fingerprint)
    with pytest.raises(ConfigError, match="leak-free split"):
        branch_from(finished, "best", _config(finished, protocol="raw"), tiny_dataset.fingerprint)


def test_a_run_without_a_last_epoch_is_gone_on_from_at_its_best(store, finished, tiny_dataset):
    (finished.path / LAST).unlink()
    with pytest.raises(RunError, match="Continue from its best epoch"):
        branch_from(finished, "last", _config(finished), tiny_dataset.fingerprint)
    assert _branch(store, tiny_dataset, finished, "best").info().branch_points


def test_a_run_without_a_finished_epoch_begins_nothing(store, tiny_dataset):
    queued = store.create(tiny_config(), tiny_dataset)
    for point in ("best", "last"):
        with pytest.raises(RunError):
            branch_from(queued, point, tiny_config(), tiny_dataset.fingerprint)


def test_an_epoch_without_a_record_is_told_or_known_from_the_checkpoint(finished, tiny_dataset):
    config, names = _config(finished), tiny_dataset.fingerprint
    whole = branch_from(finished, "last", config, names).branch_points
    (finished.path / "metrics.jsonl").write_bytes(b"")
    assert branch_from(finished, "last", config, names).branch_points == whole
    with pytest.raises(RunError, match="has no record of epoch"):
        branch_from(finished, "best", config, names)


def test_damaged_weights_to_begin_with_are_told(store, finished, tiny_dataset):
    going = _branch(store, tiny_dataset, finished)
    content = (going.path / FIRST).read_bytes()
    (going.path / FIRST).write_bytes(content[:-4] + b"\0\0\0\0")
    with pytest.raises(RunError, match=FIRST):
        initial_weights(going)
    (going.path / FIRST).unlink()
    with pytest.raises(RunError, match=FIRST):
        list(LocalExecutor(lambda _: tiny_dataset).stream(going))
    assert going.status().state == "failed"


def test_a_torn_history_is_shown_as_far_as_it_goes(store, finished, tiny_dataset):
    going = _branch(store, tiny_dataset, finished, "last")
    content = (going.path / BEFORE).read_bytes()
    (going.path / BEFORE).write_bytes(content[:-20])
    assert [record.epoch for record in history(going).epochs] == [1, 2]


def test_nothing_is_left_of_a_run_whose_beginning_cannot_be_stored(
    store, finished, tiny_dataset, monkeypatch
):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    config = _config(finished)
    origin = branch_from(finished, "best", config, tiny_dataset.fingerprint)
    monkeypatch.setattr("namerec.runs.store.write_origin", full)
    with pytest.raises(RunError, match="No space left"):
        store.create(config, tiny_dataset, origin)
    assert [run.id for run in store.summaries()] == [finished.id]


def test_a_copy_takes_its_beginning_along(store, finished, tiny_dataset, tmp_path):
    going, _ = _trained(_branch(store, tiny_dataset, finished, epochs=1), tiny_dataset)
    copied = copy_finished(store, going.id, tmp_path / "copies")
    assert history(type(going)(copied)).epochs == history(going).epochs


def test_what_is_taken_over_is_a_record(finished, tiny_dataset):
    origin = branch_from(finished, "last", _config(finished), tiny_dataset.fingerprint)
    assert isinstance(origin, Origin)
    assert metrics.lines([*origin.steps, *origin.epochs]).count(b"\n") == len(origin.steps) + 3
