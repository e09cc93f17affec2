import os
from collections.abc import Sequence

import pytest
import torch

from namerec.core.evaluation.scores import predict_names
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.errors import RunError
from namerec.runs import networks
from namerec.runs.networks import BEFORE_TRAINING, kept_network, load_network
from namerec.runs.tensors import read_tensors
from tests.conftest import tiny_config
from tests.runs.references import (
    Solo,
    Trap,
    as_bits,
    assert_sentence,
    drop,
    put,
    rewritten,
    safetensors,
)


@pytest.mark.parametrize("kind", MODEL_KINDS)
def test_a_stored_network_answers_as_the_trained_one_did(store, tiny_dataset, kind):
    solo = Solo(tiny_config(kind), tiny_dataset)
    network = load_network(solo.store(store))
    answers = predict_names(network.model, tiny_dataset, solo.split.test)
    assert answers.log_probabilities.tobytes() == (
        solo.final.predictions["test"].log_probabilities.tobytes()
    )
    assert network.categories == ("Alphan", "Betan", "Gamman")
    assert network.info.config == solo.config


def test_a_network_is_that_of_the_best_epoch(stopped, solo):
    network = load_network(stopped)
    assert as_bits(network.model.state_dict()) == as_bits(solo.best_until(2).weights)


def test_a_network_can_be_looked_back_on_at_its_milestones(finished, solo):
    for epoch in (1, 2):
        network = load_network(finished, epoch)
        assert as_bits(network.model.state_dict()) == as_bits(solo.checkpoints[epoch - 1].weights)
    with pytest.raises(RunError, match="no stored weights of epoch 3"):
        load_network(finished, 3)


@pytest.mark.parametrize("kind", MODEL_KINDS)
def test_a_network_before_training_is_the_one_that_training_began_with(store, tiny_dataset, kind):
    """Of a training that never moved a weight, last and first are the same."""
    still = Solo(tiny_config(kind, epochs=1, seed=9, learning_rate=1e-30), tiny_dataset)
    network = load_network(still.store(store), BEFORE_TRAINING)
    before = as_bits(network.model.state_dict())
    assert before == as_bits(still.checkpoints[0].weights)
    other = store.create(tiny_config(kind, seed=8), tiny_dataset)
    assert before != as_bits(load_network(other, BEFORE_TRAINING).model.state_dict())


@pytest.mark.parametrize("epoch", [None, BEFORE_TRAINING, 1])
def test_a_network_is_in_evaluation_mode(finished, epoch):
    assert not load_network(finished, epoch).model.training


def test_a_run_without_an_epoch_has_no_network(store, tiny_dataset):
    folder = store.create(tiny_config(), tiny_dataset)
    with pytest.raises(RunError) as caught:
        load_network(folder)
    assert_sentence(caught.value, folder.id, "Wait for its first epoch")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_not_finite_are_refused(finished, value):
    def ruin(tensors):
        tensors["out.bias"][1] = value

    rewritten(finished.path / "best.safetensors", ruin)
    with pytest.raises(RunError) as caught:
        load_network(finished)
    assert_sentence(caught.value, "“best.safetensors”", finished.id, "not finite")


def _renamed(tensors):
    tensors["out.weights"] = tensors.pop("out.weight")


MISFITS = {
    "a row too many": put("out.weight", torch.zeros(4, 8)),
    "turned": put("out.weight", torch.zeros(8, 3)),
    "flat": put("out.weight", torch.zeros(24)),
    "a number": put("out.weight", torch.tensor(0.0)),
    "missing": drop("out.weight"),
    "one too many": put("trap", torch.zeros(1)),
    "renamed": _renamed,
    "double": put("out.weight", torch.zeros(3, 8).double()),
    "half": put("out.weight", torch.zeros(3, 8).half()),
    "whole": put("out.weight", torch.zeros(3, 8).long()),
    "complex": put("out.weight", torch.zeros(3, 8, dtype=torch.complex64)),
}


@pytest.mark.parametrize("change", MISFITS.values(), ids=MISFITS.keys())
def test_weights_that_do_not_fit_the_settings_are_refused(finished, change):
    rewritten(finished.path / "best.safetensors", change)
    with pytest.raises(RunError) as caught:
        load_network(finished)
    assert_sentence(caught.value, "“best.safetensors”", finished.id, "Train the run again")


@pytest.mark.parametrize(("dtype", "size"), [("F8_E4M3", 24), ("F8_E8M0", 24), ("F4", 12)])
def test_weights_in_formats_torch_cannot_compute_with_are_refused(finished, dtype, size):
    stored, _ = read_tensors(finished.path / "best.safetensors")
    tensors: dict[str, tuple[str, Sequence[int], bytes]] = {
        name: ("F32", tensor.shape, tensor.numpy().tobytes()) for name, tensor in stored.items()
    }
    tensors["out.weight"] = (dtype, [3, 8], bytes(size))
    (finished.path / "best.safetensors").write_bytes(safetensors(tensors))
    with pytest.raises(RunError) as caught:
        load_network(finished)
    assert_sentence(caught.value, finished.id)


def test_weights_of_another_kind_of_network_are_refused(finished, store, tiny_dataset):
    other = Solo(tiny_config("rnn", epochs=1), tiny_dataset).store(store)
    (finished.path / "best.safetensors").write_bytes((other.path / "best.safetensors").read_bytes())
    with pytest.raises(RunError, match="do not fit"):
        load_network(finished)


def test_a_renamed_pickle_is_refused(finished, tmp_path):
    torch.save({"out.weight": Trap(tmp_path / "trace")}, finished.path / "best.safetensors")
    with pytest.raises(RunError, match="damaged and was not read"):
        load_network(finished)
    assert not (tmp_path / "trace").exists()


def test_a_pt_file_beside_the_weights_is_never_read(finished, tmp_path):
    for name in ("best.pt", "last.pt", "model.pth", "predictions.pkl"):
        torch.save(Trap(tmp_path / "trace"), finished.path / name)
    load_network(finished)
    finished.resumed()
    finished.predictions()
    assert not (tmp_path / "trace").exists()


def test_a_network_is_read_again_when_its_file_has_changed(finished):
    first = kept_network(finished)
    assert kept_network(finished) is first
    weights = finished.path / "best.safetensors"
    os.utime(weights, ns=(0, weights.stat().st_mtime_ns + 1))
    assert kept_network(finished) is not first


def test_networks_are_kept_up_to_a_size_those_read_last(store, tiny_dataset, monkeypatch):
    small = [Solo(tiny_config("rnn", seed=seed), tiny_dataset).store(store) for seed in range(3)]
    large = Solo(tiny_config("custom_lstm"), tiny_dataset).store(store)
    monkeypatch.setattr(networks, "MOST_KEPT_BYTES", 2 * kept_network(small[0]).size)
    first, second = (kept_network(run) for run in small[:2])
    assert kept_network(large) is not kept_network(large)
    assert kept_network(small[0]) is first
    kept_network(small[2])
    assert kept_network(small[0]) is first
    assert kept_network(small[1]) is not second
