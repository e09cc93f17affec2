"""What earlier versions have stored is read by this one, and by every later one."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from namerec import formats
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.data import catalogue
from namerec.data.kept import OwnCorpus
from namerec.data.own import OwnCorpora
from namerec.export.archive.arrival import check_run
from namerec.export.archive.arrival_scores import check_answers
from namerec.export.archive.importing import import_run
from namerec.export.archive.packing import zip_files
from namerec.export.source import Source
from namerec.jobs.executors import LocalExecutor
from namerec.jobs.memory_task_results import read_results, write_results
from namerec.runs.gaps import Gap
from namerec.runs.labels import RunLabel
from namerec.runs.lineage import gap
from namerec.runs.store import RunStore
from namerec.settings import home
from tests.runs.stored_formats import OF_EPOCHS, STOPPED_AFTER, STORED

FORMATS = sorted(int(folder.name) for folder in STORED.iterdir())
UNFINISHED = {"interrupted": Gap(), "torn": Gap(((1, 1),), 1)}


@pytest.fixture(params=FORMATS)
def stored(request, tmp_path, monkeypatch) -> RunStore:
    """The runs of one format, in a data folder of their own."""
    monkeypatch.setenv("NAMEREC_HOME", str(tmp_path / "home"))
    shutil.copytree(STORED / str(request.param), home())
    return RunStore(pretrained=None)


def test_all_runs_are_listed_with_their_labels_and_corpus(stored):
    runs = {run.id: run for run in stored.summaries()}
    assert {run.id: run.state for run in runs.values()} == {
        **{f"finished-{kind}": "finished" for kind in MODEL_KINDS},
        **dict.fromkeys(UNFINISHED, "interrupted"),
    }
    assert not any(run.newer for run in runs.values())
    assert runs["torn"].label == RunLabel(title="Interrupted", note="Killed.", pinned=True)
    (corpus,) = OwnCorpora().entries()
    assert isinstance(corpus, OwnCorpus)
    assert corpus.title == "stored"
    assert [entry.accuracy for entry in read_results(home() / "memory_task.json").entries] == [0.5]


def test_every_network_answers_as_it_did(stored):
    for kind in MODEL_KINDS:
        folder = stored.open(f"finished-{kind}")
        check_run(folder)
        check_answers(folder, catalogue.load(folder.info().config.training.dataset))


def test_every_run_is_exported_and_imported_and_so_is_a_zip_of_that_time(stored, tmp_path):
    there = RunStore(tmp_path / "there" / "runs", None)
    corpora = OwnCorpora(tmp_path / "there" / "corpora")
    for run in stored.summaries():
        (made,) = zip_files(Source.of(stored, run.id))
        imported = import_run(made.content, there, corpora)
        missing = UNFINISHED.get(run.id, Gap())
        assert (missing.words in made.words, missing.words in imported.words) == (True, True)
        assert there.readable(run.id).status.scores == run.status.scores
        assert gap(there.open(run.id), there.readable(run.id).status) == missing
    zip_of_that_time = next(home().glob("*.zip"))
    assert not import_run(zip_of_that_time, there, corpora).added
    anew = RunStore(tmp_path / "anew", None)
    assert import_run(zip_of_that_time, anew, corpora).added


def test_runs_that_were_not_finished_are_resumed_to_their_end(stored):
    for name, missing in UNFINISHED.items():
        folder = stored.open(name)
        assert folder.status().epoch == STOPPED_AFTER
        assert gap(folder, folder.status()) == missing
        list(LocalExecutor(catalogue.load).stream(folder))
        status = folder.status()
        assert (status.state, status.epoch) == ("finished", OF_EPOCHS)
        assert gap(folder, status) == missing
        assert len(list(folder.path.glob("metrics.torn-*"))) == bool(missing)


def fields(value: Any) -> Any:
    """The names in JSON, without what stands under them."""
    if isinstance(value, list):
        return [fields(inner) for inner in value[:1]]
    return {name: fields(value[name]) for name in value} if isinstance(value, dict) else None


def all_fields() -> dict[Path, Any]:
    return {path: fields(json.loads(path.read_text("utf-8"))) for path in home().rglob("*.json")}


@pytest.mark.parametrize("stored", FORMATS[-1:], indirect=True)
def test_what_is_stored_otherwise_than_before_has_a_new_format(stored):
    """Where it fails: raise `formats.FORMAT`, then run `python -m tests.runs.stored_formats`."""
    assert FORMATS[-1] == formats.FORMAT
    before = all_fields()
    for run in stored.summaries():
        folder = stored.open(run.id)
        folder.write_info(folder.info())
        folder.write_status(folder.status())
    stored.set_label("torn", title="another")
    (corpus,) = OwnCorpora().entries()
    assert isinstance(corpus, OwnCorpus)
    (home() / "corpora" / f"{corpus.id}.json").write_bytes(formats.content(corpus))
    write_results(home() / "memory_task.json", read_results(home() / "memory_task.json"))
    assert all_fields() == before
