"""A data folder with something of everything."""

from pathlib import Path

import pytest

from namerec.data.own import OwnCorpora
from namerec.data.upload import Upload
from namerec.runs.deletion import discard
from namerec.runs.store import RunStore
from tests.runs.conftest import (
    _no_waiting_for_the_disk,
    _templates,
    finished,
    solo,
    stopped,
)
from tests.runs.references import offer_pretrained

__all__ = [
    "_no_waiting_for_the_disk",
    "_templates",
    "finished",
    "solo",
    "stopped",
]


@pytest.fixture
def store(tmp_path) -> RunStore:
    """The runs of a data folder that has a folder of its own."""
    return RunStore(tmp_path / "data" / "runs", pretrained=None)


@pytest.fixture(autouse=True)
def _no_pretrained_runs(monkeypatch):
    offer_pretrained(monkeypatch, None)


@pytest.fixture
def data(store, finished, stopped, tiny_dataset) -> Path:
    """Two runs, one of them named, a kept corpus, a result, and what a backup has not."""
    home: Path = store.root.parent
    store.set_label(finished.id, title="mine", pinned=True)
    OwnCorpora(home / "corpora").keep(Upload(tiny_dataset, ()))
    (home / "memory_task.json").write_text('{"entries": []}\n')
    (home / "baselines").mkdir()
    (home / "baselines" / "0123-leak-free-0.json").write_text("{}")
    (home / "logs").mkdir()
    (home / "logs" / "namerec.log").write_text("{}\n")
    (stopped.path / "lock").touch()
    (stopped.path / "status.json.77-77.part").write_text("half")
    return home


@pytest.fixture
def deleted(data, store, finished) -> str:
    """The id of one of the runs, which has been moved into the trash."""
    discard(store, finished.id)
    identity: str = finished.id
    return identity


def kept(home: Path) -> dict[str, bytes]:
    """All that a data folder keeps, by path."""
    paths = {path.relative_to(home).as_posix(): path for path in home.rglob("*") if path.is_file()}
    return {
        place: path.read_bytes()
        for place, path in paths.items()
        if not place.startswith("logs/") and not path.name.endswith(("lock", ".part"))
    }
