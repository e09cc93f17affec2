"""Checkpoints that a run goes on from, and those that do not fit."""

import json
from dataclasses import asdict, replace

import pytest
import torch

from namerec.core.corpus.dataset import Dataset
from namerec.core.training.loop import Checkpoint
from namerec.errors import RunError
from namerec.runs.folder import RunFolder
from namerec.runs.store import RunStore
from namerec.runs.tensors import read_tensors, write_tensors
from tests.conftest import tiny_config
from tests.runs.references import (
    Solo,
    alter,
    as_bits,
    assert_holds_epochs,
    assert_no_debris,
    assert_sentence,
    drop,
    not_a_number,
    put,
    records_of,
    rewritten,
    store_epoch,
    twice,
)


def test_a_stopped_run_goes_on_from_its_last_epoch(stopped, solo):
    assert_holds_epochs(stopped, solo, 2)


def test_going_on_clears_away_what_was_half_written(stopped, solo):
    for name in ("status.json.17.part", "last.safetensors.4711.part", "config.json.1.part"):
        (stopped.path / name).write_bytes(b"half")
    stopped.resumed()
    assert_no_debris(stopped.path)
    assert_holds_epochs(stopped, solo, 2)


def test_going_on_takes_back_the_metrics_beyond_the_checkpoint(stopped, solo):
    """Killed between the metrics and the checkpoint, an epoch is trained again: no line twice."""
    before = (stopped.path / "metrics.jsonl").read_bytes()
    lines = [json.dumps({"kind": "step", **asdict(step)}) for step in solo.steps]
    with (stopped.path / "metrics.jsonl").open("a") as file:
        file.write("\n".join(line for line in lines[-4:]) + "\n")
        file.write(json.dumps({"kind": "epoch", **asdict(solo.epochs[2])}) + "\n")
        file.write(lines[0][:20])
    assert len(stopped.metrics()[1]) == 3
    stopped.resumed()
    assert (stopped.path / "metrics.jsonl").read_bytes() == before


def test_metrics_without_a_checkpoint_are_taken_back_whole(store, solo, tiny_dataset):
    folder = store.create(tiny_config(), tiny_dataset)
    store_epoch(folder, records_of(solo, 1), solo.checkpoints[0])
    for name in ("last.safetensors", "best.safetensors"):
        (folder.path / name).unlink()
    assert folder.resumed() is None
    assert folder.metrics() == ([], [])


def test_a_best_epoch_whose_weights_were_not_stored_yet_is_made_from_the_checkpoint(
    store, solo, tiny_dataset
):
    """Killed between last and best."""
    folder = store.create(tiny_config(), tiny_dataset)
    points = [_as_best(point, best=True) for point in solo.checkpoints]
    store_epoch(folder, records_of(solo, 1), points[0])
    before = (folder.path / "best.safetensors").read_bytes()
    store_epoch(folder, records_of(solo, 2), points[1])
    after = (folder.path / "best.safetensors").read_bytes()
    assert after != before
    (folder.path / "best.safetensors").write_bytes(before)
    for _ in ("an older one", "none"):
        resumed = folder.resumed()
        assert resumed is not None
        assert as_bits(resumed.best_weights) == as_bits(points[1].weights)
        assert (folder.path / "best.safetensors").read_bytes() == after
        (folder.path / "best.safetensors").unlink()


def test_a_best_epoch_before_the_checkpoint_is_read_from_its_own_file(behind, solo):
    resumed = behind.resumed()
    assert resumed is not None
    assert as_bits(resumed.checkpoint.weights) == as_bits(solo.checkpoints[1].weights)
    assert as_bits(resumed.best_weights) == as_bits(solo.checkpoints[0].weights)
    assert as_bits(behind.best_weights()) == as_bits(solo.checkpoints[0].weights)


def _as_best(point: Checkpoint, *, best: bool, best_epoch: int = 0) -> Checkpoint:
    """A checkpoint that is the best so far, or that an earlier one was better than."""
    epoch = best_epoch or point.progress.epoch
    return replace(point, best=best, progress=replace(point.progress, best_epoch=epoch))


@pytest.fixture
def behind(store: RunStore, solo: Solo, tiny_dataset: Dataset) -> RunFolder:
    """Two epochs of a run, the first the better one."""
    folder = store.create(tiny_config(), tiny_dataset)
    store_epoch(folder, records_of(solo, 1), _as_best(solo.checkpoints[0], best=True))
    second = _as_best(solo.checkpoints[1], best=False, best_epoch=1)
    store_epoch(folder, records_of(solo, 2), second)
    return folder


@pytest.mark.parametrize(
    "progress",
    [
        None,
        "",
        "17",
        "[]",
        "{}",
        "[" * 100_000,
        '{"epoch": 1}',
        '{"epoch": "1", "step": 4, "best_epoch": 1, "best_score": [0.5, -1.0]}',
        '{"epoch": 1, "step": [4], "best_epoch": 1, "best_score": [0.5, -1.0]}',
        '{"epoch": 1, "step": 4, "best_epoch": 1, "best_score": 0.5}',
        '{"epoch": 1, "step": 4, "best_epoch": 1, "best_score": ["a", "b"]}',
        '{"epoch": 1, "step": 4, "best_epoch": 1, "best_score": [0.5]}',
        '{"epoch": -1, "step": 4, "best_epoch": 1, "best_score": [0.5, -1.0]}',
        '{"epoch": 1e999, "step": 4, "best_epoch": 1, "best_score": [0.5, -1.0]}',
        '{"epoch": 1, "step": 4, "best_epoch": 1, "best_score": [0.5, -1.0], "trap": 1}',
    ],
)
def test_a_checkpoint_that_does_not_say_where_training_stands_is_refused(stopped, progress):
    tensors, _ = read_tensors(stopped.path / "last.safetensors")
    metadata = {} if progress is None else {"progress": progress}
    write_tensors(stopped.path / "last.safetensors", tensors, metadata)
    metrics = (stopped.path / "metrics.jsonl").read_bytes()
    with pytest.raises(RunError) as caught:
        stopped.resumed()
    assert_sentence(caught.value, "“last.safetensors”", stopped.id, "Train the run again")
    assert (stopped.path / "metrics.jsonl").read_bytes() == metrics


MISFITS = {
    "no weights": drop("model.out.weight"),
    "too many weights": put("model.trap", torch.zeros(2)),
    "weights of another shape": alter("model.out.weight", twice),
    "weights that are not numbers": alter("model.out.weight", not_a_number),
    "weights of another type": alter("model.out.weight", torch.Tensor.double),
    "no random state": drop("resume.generator"),
    "a random state too short": alter("resume.generator", lambda state: state[:-1]),
    "a random state of zeros": alter("resume.generator", torch.zeros_like),
    "a random state of another type": alter("resume.generator", torch.Tensor.float),
    "optimizer state of another shape": alter("resume.0.exp_avg", twice),
    "optimizer state of another type": alter("resume.0.exp_avg_sq", torch.Tensor.half),
    "optimizer state of a weight there is not": put("resume.99.exp_avg", torch.zeros(2)),
    "optimizer state of a name": put("resume.trap.exp_avg", torch.zeros(2)),
    "optimizer state without a number": put("resume.trap", torch.zeros(2)),
    "optimizer state there is not": put("resume.0.trap", torch.zeros(2)),
    "optimizer state with a hole": drop("resume.1.exp_avg"),
    "optimizer state that is not numbers": alter("resume.0.exp_avg", not_a_number),
}


@pytest.mark.parametrize("change", MISFITS.values(), ids=MISFITS.keys())
def test_a_checkpoint_that_does_not_fit_the_run_is_refused(stopped, change):
    rewritten(stopped.path / "last.safetensors", change)
    with pytest.raises(RunError) as caught:
        stopped.resumed()
    assert_sentence(caught.value, "“last.safetensors”", stopped.id, "Train the run again")


def test_a_plain_optimizers_checkpoint_holds_no_moments(store, tiny_dataset):
    solo = Solo(tiny_config(optimizer="sgd"), tiny_dataset)
    folder = solo.store(store, epochs=1)
    shape = tuple(next(iter(solo.checkpoints[0].weights.values())).shape)

    def change(tensors):
        tensors |= {"resume.0.step": torch.tensor(1.0)}
        tensors |= {f"resume.0.{name}": torch.zeros(shape) for name in ("exp_avg", "exp_avg_sq")}

    rewritten(folder.path / "last.safetensors", change)
    with pytest.raises(RunError, match="its optimizer state does not fit"):
        folder.resumed()


@pytest.mark.parametrize(
    "change",
    [
        drop("out.weight"),
        alter("out.weight", twice),
        alter("out.weight", not_a_number),
    ],
)
def test_best_weights_that_do_not_fit_the_run_are_not_gone_on_with(behind, change):
    rewritten(behind.path / "best.safetensors", change)
    with pytest.raises(RunError) as caught:
        behind.resumed()
    assert_sentence(caught.value, "“best.safetensors”", behind.id)


def test_best_weights_that_are_gone_are_told(behind):
    (behind.path / "best.safetensors").unlink()
    with pytest.raises(RunError) as caught:
        behind.resumed()
    assert_sentence(caught.value, "“best.safetensors” is missing", str(behind.path))
