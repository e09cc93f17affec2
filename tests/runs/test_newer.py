"""Runs of a newer version are told from damaged ones, listed as far as they are known, and left."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import namerec
from namerec.data.own import OwnCorpora
from namerec.data.upload import Upload
from namerec.errors import DataError, NamerecError
from namerec.export.archive.packing import zip_files
from namerec.export.source import Source
from namerec.formats import FORMAT
from namerec.runs.labels import LABEL, RunLabel, read_label
from namerec.runs.networks import load_network
from namerec.runs.summary import DamagedRun, RunSummary
from tests.runs.references import assert_sentence

Values = dict[str, Any]


def as_newer(path: Path, change: Callable[[Values], object], version: str = "9.8.7") -> bytes:
    """Rewrites a JSON file as another version would have written it."""
    values = json.loads(path.read_text("utf-8")) | {"namerec": version}
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")
    return path.read_bytes()


def in_model(**more: object) -> Callable[[Values], object]:
    return lambda values: values["config"]["model"].update(more)


def at_top(**more: object) -> Callable[[Values], object]:
    return lambda values: values.update(more)


KNOWN_IN_PART = {
    "a setting of the network": ("config.json", in_model(layer_norm=True), "“layer_norm”"),
    "a field of the status": ("status.json", at_top(energy=1.5), "“energy”"),
    "a later format": ("config.json", at_top(format=FORMAT + 1), f"up to {FORMAT}, not"),
}


@pytest.mark.parametrize(("file", "change", "said"), KNOWN_IN_PART.values(), ids=KNOWN_IN_PART)
def test_what_is_known_of_it_is_listed_and_nothing_is_changed(
    store, stopped, finished, file, change, said
):
    scores = finished.status().scores
    for folder in (stopped, finished):
        before = as_newer(folder.path / file, change)
        run = store.readable(folder.id)
        assert_sentence(NamerecError(run.newer), folder.id, "was made by namerec 9.8.7", said)
        assert run.newer.endswith("Use namerec 9.8.7.")
        assert not run.has_network
        for refused in (
            lambda folder=folder: store.resumable(folder.id),
            lambda run=run, folder=folder: zip_files(Source(run, folder)),
        ):
            with pytest.raises(NamerecError) as caught:
                refused()
            assert str(caught.value) == run.newer
        assert (folder.path / file).read_bytes() == before
    assert store.readable(finished.id).status.scores == scores
    assert store.trained() == []
    if file == "config.json":  # it decides what the network computes
        with pytest.raises(NamerecError, match=r"Use namerec 9\.8\.7"):
            load_network(finished)
        with pytest.raises(NamerecError, match=r"Use namerec 9\.8\.7"):
            store.set_label(finished.id, title="mine")


def test_one_of_which_too_little_is_known_is_named_and_not_called_damaged(store, finished):
    as_newer(finished.path / "config.json", in_model(kind="mamba"))
    entry = store.summary(finished)
    assert isinstance(entry, DamagedRun)
    assert entry.newer
    assert "was made by namerec 9.8.7" in entry.reason
    assert "damaged" not in entry.reason
    assert "elete" not in entry.reason


def test_a_field_that_no_version_is_named_for_is_told_all_the_same(store, finished):
    as_newer(finished.path / "status.json", at_top(energy=1), version=namerec.__version__)
    assert "made by another version of namerec" in store.readable(finished.id).newer


def test_a_version_that_cannot_be_is_not_repeated(store, finished):
    as_newer(finished.path / "status.json", at_top(energy=1), version="<b>\u202e")
    assert "made by another version of namerec" in store.readable(finished.id).newer
    as_newer(finished.path / "status.json", at_top(**{"\u202e" + "x" * 9000: 1}))
    assert len(store.readable(finished.id).newer) < 400
    as_newer(finished.path / "status.json", at_top(**{f"k{n}": n for n in range(60)}), "0.0.1")
    assert isinstance(store.summary(finished), DamagedRun)


def test_a_label_of_a_newer_version_is_shown_and_not_replaced(store, finished):
    store.set_label(finished.id, title="theirs")
    before = as_newer(finished.path / LABEL, at_top(colour="red"))
    assert read_label(finished.path) == RunLabel(title="theirs")
    with pytest.raises(NamerecError) as caught:
        store.set_label(finished.id, note="mine")
    assert_sentence(caught.value, "made by namerec 9.8.7", "“colour”")
    assert (finished.path / LABEL).read_bytes() == before


def test_a_corpus_of_a_newer_version_is_told_and_not_replaced(tmp_path, tiny_dataset):
    corpora = OwnCorpora(tmp_path)
    corpus = corpora.keep(Upload(tiny_dataset, ()))
    before = as_newer(tmp_path / f"{corpus.id}.json", at_top(licence="CC0"))
    for refused in (
        lambda: corpora.load(corpus.id),
        lambda: corpora.keep(Upload(tiny_dataset, ())),
    ):
        with pytest.raises(DataError, match=r"made by namerec 9\.8\.7.*“licence”"):
            refused()
    assert (tmp_path / f"{corpus.id}.json").read_bytes() == before


@pytest.mark.parametrize("gone", [(), ("last.safetensors",), ("metrics.jsonl",)])
def test_a_missing_status_is_told_by_the_other_files(store, finished, gone):
    before = finished.status()
    for name in ("status.json", *gone):
        (finished.path / name).unlink()
    run = store.readable(finished.id)
    assert isinstance(run, RunSummary)
    assert run.status.scores.keys() == before.scores.keys()
    for part, scores in before.scores.items():
        assert run.status.scores[part].model_dump() == pytest.approx(scores.model_dump())
    told = run.status.model_copy(update={"scores": before.scores})
    expected = before
    if gone == ("metrics.jsonl",):
        told = told.model_copy(update={"names_per_second": before.names_per_second})
    assert told == expected


def test_an_unfinished_run_without_a_status_is_found_interrupted_and_resumed(store, stopped):
    before = stopped.status()
    (stopped.path / "status.json").unlink()
    run = store.resumable(stopped.id)
    assert run.state == "interrupted"
    assert run.status == before.model_copy(update={"state": "running"})
    (stopped.path / "last.safetensors").write_bytes(b"torn")
    assert store.readable(stopped.id).status.best_epoch == before.best_epoch
