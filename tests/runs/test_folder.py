"""A run on the disk: what is stored comes back, and who works on it."""

import itertools
import shutil
import string
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from namerec.core.corpus.dataset import Dataset, LabelledName
from namerec.core.evaluation.results import PredictedNames
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.disk import append_flushed
from namerec.errors import RunError
from namerec.runs import folder as folder_module
from namerec.runs.folder import RunFolder
from namerec.runs.records import RunStatus
from namerec.runs.tensors import write_tensors
from tests.conftest import ROOT, tiny_config
from tests.runs.references import (
    Solo,
    alter,
    as_bits,
    assert_holds_all,
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

# -- what is stored comes back


@pytest.mark.parametrize("kind", MODEL_KINDS)
def test_a_run_comes_back_from_the_disk_bit_for_bit(store, tiny_dataset, kind):
    solo = Solo(tiny_config(kind), tiny_dataset)
    assert_holds_all(solo.store(store), solo)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_every_optimizers_checkpoint_comes_back_bit_for_bit(store, tiny_dataset, optimizer):
    solo = Solo(tiny_config(optimizer=optimizer, epochs=2), tiny_dataset)
    assert_holds_epochs(solo.store(store, epochs=1), solo, 1)


@pytest.mark.parametrize("kind", MODEL_KINDS)
def test_a_checkpoint_is_whole_even_if_no_name_has_a_second_letter(store, kind):
    """No gradient flows through the recurrence then, and optimizers keep state of gradients."""
    lines = [LabelledName(letter, "AB"[letter.isupper()]) for letter in string.ascii_letters]
    solo = Solo(tiny_config(kind, epochs=2), Dataset.build("letters", lines))
    assert_holds_epochs(solo.store(store, epochs=1), solo, 1)


def test_what_a_run_is_comes_back(store, tiny_dataset):
    config = tiny_config("rnn", dataset="Žluťoučký kůň/\udcff".encode("utf-8", "replace").decode())
    folder = store.create(config, tiny_dataset)
    info = folder.info()
    assert info.id == folder.id == folder.path.name
    assert info.config == config
    assert info.dataset.title == "tiny"
    assert info.dataset.fingerprint == tiny_dataset.fingerprint
    assert info.dataset.names == 72
    assert info.dataset.categories == ("Alphan", "Betan", "Gamman")
    assert info.parameters == config.model.parameter_count(3)
    assert info.versions["torch"] == torch.__version__
    assert info.threads == 1
    assert info.created.tzinfo is not None
    assert folder.status() == RunStatus(state="queued")


def test_a_status_is_replaced_whole(finished):
    long = RunStatus(state="failed", message="x" * 10_000, seconds=1.25)
    finished.write_status(long)
    assert finished.status() == long
    finished.write_status(RunStatus(state="queued"))
    assert finished.status() == RunStatus(state="queued")
    assert_no_debris(finished.path)


def test_a_run_without_an_epoch_has_no_metrics_predictions_or_checkpoint(store, tiny_dataset):
    folder = store.create(tiny_config(), tiny_dataset)
    assert folder.metrics() == ([], [])
    assert folder.predictions() == {}
    assert folder.resumed() is None
    with pytest.raises(RunError) as caught:
        folder.best_weights()
    assert_sentence(caught.value, folder.id, "has not finished an epoch yet")


def test_metrics_only_grow(store, solo, tiny_dataset, monkeypatch):
    """Nobody who reads along ever sees a line change."""
    seen = [b""]
    folder = store.create(tiny_config(), tiny_dataset)
    append = append_flushed

    def watched(path, content):
        append(path, content)
        seen.append(path.read_bytes())

    monkeypatch.setattr(folder_module, "append_flushed", watched)
    for number, point in enumerate(solo.checkpoints, 1):
        store_epoch(folder, records_of(solo, number), point)
    assert len(seen) == 4
    assert all(
        after.startswith(before) and len(after) > len(before)
        for before, after in itertools.pairwise(seen)
    )
    assert (folder.path / "metrics.jsonl").read_bytes() == seen[-1]
    assert seen[-1].count(b"\n") == len(solo.steps) + len(solo.epochs)


def test_an_epoch_is_stored_in_the_order_metrics_milestone_last_best(
    store, solo, tiny_dataset, monkeypatch
):
    folder = store.create(tiny_config(), tiny_dataset)
    written = []
    append, write = append_flushed, write_tensors

    def watched_append(path, content):
        append(path, content)
        written.append(path.name)

    def watched_write(path, tensors, metadata):
        write(path, tensors, metadata)
        written.append(path.name)

    monkeypatch.setattr(folder_module, "append_flushed", watched_append)
    monkeypatch.setattr(folder_module, "write_tensors", watched_write)
    point = solo.checkpoints[0]
    store_epoch(folder, records_of(solo, 1), replace(point, best=True))
    store_epoch(folder, records_of(solo, 2), replace(solo.checkpoints[1], best=False))
    store_epoch(folder, records_of(solo, 3), replace(solo.checkpoints[2], best=False))
    assert written == [
        "metrics.jsonl",
        "epoch-0001.safetensors",
        "last.safetensors",
        "best.safetensors",
        "metrics.jsonl",
        "epoch-0002.safetensors",
        "last.safetensors",
        "metrics.jsonl",
        "last.safetensors",
    ]
    assert as_bits(folder.best_weights()) == as_bits(point.weights)


def test_numbers_that_are_not_finite_come_back(store, solo, tiny_dataset):
    """A gradient may overflow, and a network be ruined by its epoch's last step."""
    folder = store.create(tiny_config(), tiny_dataset)
    steps = [replace(solo.steps[0], gradient_norm=float("inf"))]
    epoch = replace(solo.epochs[0], validation_loss=float("inf"))
    store_epoch(folder, [*steps, epoch], solo.checkpoints[0])
    assert folder.metrics() == (steps, [epoch])


# -- looking back


def test_epochs_that_are_powers_of_two_can_be_looked_back_on_bit_for_bit(finished, solo):
    assert finished.milestones() == [1, 2]  # of three epochs
    for epoch in (1, 2):
        kept = finished.milestone_weights(epoch)
        assert as_bits(kept) == as_bits(solo.checkpoints[epoch - 1].weights)


def test_the_weights_of_all_powers_of_two_are_kept_and_of_no_other_epoch(store, solo, tiny_dataset):
    folder = store.create(tiny_config(), tiny_dataset)
    point = solo.checkpoints[0]
    for epoch in range(1, 20):
        store_epoch(folder, [], replace(point, progress=replace(point.progress, epoch=epoch)))
    assert folder.milestones() == [1, 2, 4, 8, 16]


def test_of_a_network_that_is_too_large_nothing_is_kept_to_look_back_on(
    store, solo, tiny_dataset, monkeypatch
):
    point = solo.checkpoints[0]
    size = sum(tensor.nbytes for tensor in point.weights.values())
    for limit, kept in ((size, [1]), (size - 1, [])):
        monkeypatch.setattr(folder_module, "MAX_MILESTONE_BYTES", limit)
        folder = store.create(tiny_config(), tiny_dataset)
        store_epoch(folder, records_of(solo, 1), point)
        assert folder.milestones() == kept
        assert folder.resumed() is not None


def test_going_on_takes_back_the_milestones_beyond_the_checkpoint(stopped, solo):
    """Killed between milestone and checkpoint, an epoch is trained again."""
    shutil.copyfile(
        stopped.path / "epoch-0002.safetensors", stopped.path / "epoch-0004.safetensors"
    )
    assert stopped.milestones() == [1, 2, 4]
    stopped.resumed()
    assert stopped.milestones() == [1, 2]


def test_a_run_without_milestones_is_gone_on_with_and_says_so(stopped, solo):
    for epoch in stopped.milestones():
        (stopped.path / f"epoch-{epoch:04d}.safetensors").unlink()
    assert_holds_epochs(stopped, solo, 2)
    with pytest.raises(RunError) as caught:
        stopped.milestone_weights(2)
    assert_sentence(caught.value, stopped.id, "no stored weights of epoch 2", "Stored epochs: none")


def test_files_that_are_no_milestones_are_not_taken_for_some(finished):
    for name in ("epoch-0000", "epoch-1", "epoch-0008.part", "epoch-00004", "epoch--001"):
        (finished.path / f"{name}.safetensors").write_bytes(b"PK")
    (finished.path / "epoch-0016.safetensors").mkdir()
    assert finished.milestones() == [1, 2]


@pytest.mark.parametrize(
    "change", [drop("out.weight"), alter("out.weight", twice), alter("out.weight", not_a_number)]
)
def test_a_milestone_that_does_not_fit_the_run_is_refused(finished, change):
    rewritten(finished.path / "epoch-0002.safetensors", change)
    with pytest.raises(RunError) as caught:
        finished.milestone_weights(2)
    assert_sentence(caught.value, "“epoch-0002.safetensors”", finished.id, "Train the run again")


# -- predictions


def test_predictions_come_back_by_part(finished, solo):
    stored = finished.predictions()
    assert list(stored) == ["validation", "test"]
    assert np.array_equal(stored["test"].indices, solo.split.test)
    assert np.array_equal(stored["test"].labels, solo.dataset.labels[solo.split.test])


WRONG_PREDICTIONS = {
    "no labels": drop("test.labels"),
    "no answers": drop("test.log_probabilities"),
    "no indices": drop("test.indices"),
    "fewer labels": alter("test.labels", lambda tensor: tensor[:-1]),
    "fewer answers": alter("test.log_probabilities", lambda tensor: tensor[:-1]),
    "too few categories": alter("test.log_probabilities", lambda tensor: tensor[:, :-1]),
    "a label too large": alter("test.labels", lambda tensor: tensor * 0 + 3),
    "a label too small": alter("test.labels", lambda tensor: tensor * 0 - 1),
    "an index too large": alter("test.indices", lambda tensor: tensor * 0 + 72),
    "an index too small": alter("test.indices", lambda tensor: tensor * 0 - 1),
    "indices that are not whole": alter("test.indices", torch.Tensor.double),
    "answers of another type": alter("test.log_probabilities", torch.Tensor.bfloat16),
    "answers that are not numbers": alter("test.log_probabilities", not_a_number),
    "indices in rows": alter("test.indices", lambda tensor: tensor[:, None]),
    "an unknown part": put("trap.indices", torch.zeros(2)),
}


@pytest.mark.parametrize("change", WRONG_PREDICTIONS.values(), ids=WRONG_PREDICTIONS.keys())
def test_predictions_that_do_not_fit_the_run_are_refused(finished, change):
    rewritten(finished.path / "predictions.safetensors", change)
    with pytest.raises(RunError) as caught:
        finished.predictions()
    assert_sentence(caught.value, "“predictions.safetensors”", finished.id)


def test_predictions_of_one_part_alone_are_enough(finished):
    one = PredictedNames(np.array([3, 3]), np.array([0, 0]), np.zeros((2, 3), dtype=np.float32))
    finished.write_predictions({"train": one})
    assert list(finished.predictions()) == ["train"]
    assert np.array_equal(finished.predictions()["train"].indices, [3, 3])


# -- who works on it


def test_only_one_can_hold_a_run(finished):
    again = RunFolder(finished.path)
    assert not finished.is_locked()
    with finished.lock():
        assert finished.is_locked()
        assert again.is_locked()
        with pytest.raises(RunError) as caught:
            again.lock()
        assert_sentence(caught.value, finished.id, "is already being trained")
        with pytest.raises(RunError):
            finished.lock()
        assert again.is_locked()
    assert not finished.is_locked()
    with again.lock():
        assert finished.is_locked()


def test_a_look_whether_a_run_is_held_never_keeps_anybody_from_holding_it(finished):
    """The lists of the pages look all the time."""
    over = threading.Event()

    def look():
        while not over.is_set():
            finished.is_locked()

    looking = [threading.Thread(target=look) for _ in range(2)]
    for thread in looking:
        thread.start()
    try:
        for _ in range(300):
            with RunFolder(finished.path).lock():
                pass
    finally:
        over.set()
        for thread in looking:
            thread.join(10)


@pytest.mark.parametrize("state", ["queued", "running", "paused"])
def test_a_run_that_nobody_holds_though_it_is_to_be_worked_on_is_interrupted(stopped, state):
    status = stopped.status().model_copy(update={"state": state})
    stopped.write_status(status)
    assert stopped.state(status) == "interrupted"
    with RunFolder(stopped.path).lock():
        assert stopped.state(status) == state
    assert stopped.state(status) == "interrupted"


@pytest.mark.parametrize("state", ["finished", "stopped", "failed"])
def test_a_run_that_has_ended_is_never_interrupted(stopped, state):
    status = stopped.status().model_copy(update={"state": state})
    assert stopped.state(status) == state


def test_a_process_that_is_killed_frees_the_run_it_held(stopped):
    status = stopped.status().model_copy(update={"state": "running"})
    code = f"""
import sys
from pathlib import Path
from namerec.disk import append_flushed
from namerec.runs.folder import RunFolder
with RunFolder(Path({str(stopped.path)!r})).lock():
    print("held", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == b"held\n"
            assert stopped.is_locked()
            assert stopped.state(status) == "running"
            with pytest.raises(RunError, match="is already being trained"):
                stopped.lock()
        finally:
            child.kill()
        child.wait(120)
    assert (stopped.path / "lock").exists()
    assert not stopped.is_locked()
    assert stopped.state(status) == "interrupted"
    with stopped.lock():
        assert stopped.state(status) == "running"
