"""Runs whose files have the names of earlier versions are read as if they had today's."""

import json
from pathlib import Path

import pytest

from namerec.core.networks import config
from namerec.export.archive.importing import import_run
from namerec.runs import tensors
from namerec.runs.folder import RunFolder
from namerec.runs.lineage import branch_from, initial_weights
from namerec.runs.networks import load_network
from tests.conftest import tiny_config
from tests.export.archive.test_zip_file import elsewhere, packed
from tests.runs.references import Solo, as_bits

__all__ = ["elsewhere"]


def with_earlier_names(folder: RunFolder) -> None:
    """Rewrites a run's files as earlier versions wrote them."""
    path = folder.path / "config.json"
    content = json.loads(path.read_text())
    for earlier, now in config.RENAMED.items():
        content["config"]["model"][earlier] = content["config"]["model"].pop(now)
    content["joints"] = content.pop("branch_points")
    path.write_text(json.dumps(content))
    for path in folder.path.glob("*.json"):
        path.write_text(path.read_text().replace('"course"', '"report"'))
    for path in folder.path.glob("*.safetensors"):
        _rename_tensors(path)


def _rename_tensors(path: Path) -> None:
    stored, metadata = tensors.read_tensors(path)
    renamed = {}
    for name, tensor in stored.items():
        for earlier, now in tensors.RENAMED.items():
            name = name.replace(now, earlier)
        renamed[name] = tensor
    tensors.write_tensors(path, renamed, metadata)


@pytest.fixture(scope="module")
def with_ngrams(tiny_dataset):
    own = tiny_config()
    model = own.model.model_copy(update={"char_ngrams": 3, "ngram_dropout": 0.5})
    return Solo(own.model_copy(update={"model": model}), tiny_dataset)


def test_a_network_with_ngrams_and_the_state_to_go_on_from(store, with_ngrams):
    folder = with_ngrams.store(store, epochs=2)
    with_earlier_names(folder)
    assert b'"letter_groups": 3' in (folder.path / "config.json").read_bytes()
    assert b"groups.votes" in (folder.path / "last.safetensors").read_bytes()
    again = store.open(folder.id)
    assert again.info().config == with_ngrams.config
    resumed = again.resumed()
    assert resumed is not None
    before = with_ngrams.checkpoints[1]
    assert as_bits(resumed.checkpoint.weights) == as_bits(before.weights)
    assert as_bits(resumed.checkpoint.resume) == as_bits(before.resume)
    milestone = load_network(again, 1).model.state_dict()
    assert as_bits(milestone) == as_bits(with_ngrams.checkpoints[0].weights)


def test_the_first_weights_of_a_branch_and_its_zip(store, with_ngrams, tiny_dataset, elsewhere):
    source = with_ngrams.store(store)
    origin = branch_from(source, "last", with_ngrams.config, tiny_dataset.fingerprint)
    folder = with_ngrams.store(store)
    branch = store.create(with_ngrams.config, tiny_dataset, origin)
    for run in (folder, branch):
        with_earlier_names(run)
    first = initial_weights(branch)
    assert first is not None
    assert as_bits(first.weights) == as_bits(origin.weights)
    assert b'"joints"' in (branch.path / "config.json").read_bytes()
    assert branch.info().branch_points == origin.branch_points
    there = elsewhere()
    arrived = there.open(import_run(packed(store, folder.id), there).run)
    network = load_network(arrived).model.state_dict()
    assert as_bits(network) == as_bits(load_network(source).model.state_dict())


def test_a_run_of_the_course_protocol_and_its_scores(store, tiny_dataset, elsewhere):
    folder = Solo(tiny_config(protocol="course"), tiny_dataset).store(store)
    with_earlier_names(folder)
    for name in ("config.json", "status.json"):
        assert b'"report"' in (folder.path / name).read_bytes()
    again = store.open(folder.id)
    assert again.info().config.training.protocol == "course"
    assert again.status().scores["test"].protocol == "course"
    there = elsewhere()
    arrived = there.open(import_run(packed(store, folder.id), there).run)
    assert arrived.status().scores == again.status().scores
