"""Zips made to harm: what is small and unpacks large, what races, what differs once stored."""

import io
import json
import os
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from namerec.data import catalogue
from namerec.data.own import OwnCorpora
from namerec.errors import NamerecError, RunError
from namerec.export.archive import aside
from namerec.export.archive.bounds import MAX_RATIO, implied_bytes
from namerec.export.archive.contents import EARLIER_NAMES, NAMES, most_bytes
from namerec.export.archive.importing import import_run
from namerec.runs.folder import CONFIG, METRICS
from namerec.runs.labels import RunLabel
from namerec.runs.lineage import branch_from
from namerec.runs.store import RunStore
from tests.export.archive.test_zip_file import (
    _on_own,
    assert_nothing_there,
    elsewhere,
    files,
    listed,
    packed,
    refused,
    unzipped,
    zipped,
)

__all__ = ["elsewhere", "files"]

#: Bytes that a refusal may take in memory, besides the zip.
LITTLE = 20 * 2**20


def deflated(files: dict[str, bytes]) -> bytes:
    """The same zip as `zipped` gives, packed as well as can be."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", listed(files), zipfile.ZIP_STORED)
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()


@contextmanager
def cheap() -> Iterator[None]:
    """Whatever happens takes less than a second and little memory."""
    tracemalloc.start()
    begun = time.process_time()
    try:
        yield
        took, peak = time.process_time() - begun, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert took < 1
    assert peak < LITTLE


@pytest.mark.parametrize(
    "name",
    [
        *("metrics.jsonl", "best.safetensors", "last.safetensors", "epoch-0001.safetensors"),
        *("predictions.safetensors", NAMES, EARLIER_NAMES),
    ],
)
def test_what_packs_as_no_run_does_is_refused(files, elsewhere, name):
    bomb = deflated(files | {name: bytes(8 * 2**20)})
    assert len(bomb) < 300_000
    there = elsewhere()
    with cheap():
        message = refused(bomb, there)
    assert f"“{name}” in “run.zip” unpacks to 8,388,608 bytes" in message
    assert f"at most {MAX_RATIO}" in message


@pytest.mark.parametrize("name", ["config.json", "status.json", "label.json"])
def test_small_records_that_pack_as_none_does_are_refused(files, elsewhere, name):
    content = files.get(name, b"{}")
    blank = b" " * ((most_bytes(name) or 0) - len(content))
    there = elsewhere()
    with cheap():
        assert f"“{name}” in “run.zip” unpacks to" in refused(
            deflated(files | {name: content + blank}), there
        )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("best.safetensors", "parameters of its network take at most"),
        ("last.safetensors", "parameters of its network take at most"),
        ("epoch-0002.safetensors", "parameters of its network take at most"),
        ("predictions.safetensors", "answers on 72 of its names take at most"),
        ("metrics.jsonl", "the records of its epochs take at most"),
        ("before.jsonl", "the records of its epochs take at most"),
    ],
)
def test_what_is_larger_than_the_settings_imply_is_refused_still_packed(
    files, elsewhere, name, words
):
    content = zipped(files | {name: bytes(8 * 2**20)})
    there = elsewhere()
    with cheap():
        message = refused(content, there)
    assert f"“{name}” in “run.zip” takes 8,388,608 bytes" in message
    assert words in message


def test_files_that_share_what_is_packed_are_refused(files, elsewhere):
    """Each packs as it may, and all of them are unpacked from the same bytes."""
    written = io.BytesIO(zipped(files))
    with zipfile.ZipFile(written, "a") as archive:
        shared = archive.getinfo("last.safetensors")
        for epoch in (16, 32, 64, 128, 256, 512):
            info = zipfile.ZipInfo(f"epoch-{epoch:04d}.safetensors")
            for field in ("header_offset", "CRC", "compress_size", "file_size"):
                setattr(info, field, getattr(shared, field))
            archive.filelist.append(info)
        archive.writestr("label.json", b"{}")  # so that the directory is written again
    there = elsewhere()
    with cheap():
        assert "its files overlap" in refused(written.getvalue(), there)


def test_an_honest_runs_files_are_well_within_what_its_settings_imply(store, finished, solo):
    begun = branch_from(finished, "last", solo.config, solo.dataset.fingerprint)
    joined = store.create(solo.config, solo.dataset, begun)
    shipped = [run.id for run in RunStore().summaries() if run.pretrained]
    seen = 0
    for run in (finished, joined, *(RunStore().open(identity) for identity in shipped)):
        for path in run.path.iterdir():
            most = implied_bytes(path.name, run.info(), run.status())
            if most is not None:
                seen += 1
                assert 0 < path.stat().st_size < most
    assert seen > 10


def test_what_would_pack_as_a_bomb_does_is_stored_and_comes_back(store, finished, elsewhere):
    """As confusion matrices of many categories do."""
    records = (finished.path / METRICS).read_bytes().splitlines(keepends=True)
    blank = b"".join(line[:-1] + b" " * 7000 + b"\n" for line in records)
    (finished.path / METRICS).write_bytes(blank)
    content = packed(store, finished.id)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.getinfo(METRICS).compress_type == zipfile.ZIP_STORED
        assert archive.getinfo(CONFIG).compress_type == zipfile.ZIP_DEFLATED
    there = elsewhere()
    assert there.open(import_run(content, there).run).metrics() == finished.metrics()


# -- what is stored here


def test_a_run_that_could_not_be_read_once_stored_is_refused(files, elsewhere):
    """Its settings are short enough as they came, and too long with a line for each of them."""
    config = json.loads(files["config.json"])
    config["versions"] = {f"{number:06d}": "" for number in range(36_000)}
    content = json.dumps(config, separators=(",", ":")).encode()
    assert 0.8 < len(content) / (most_bytes("config.json") or 0) < 1
    message = refused(zipped(files | {"config.json": content}), elsewhere())
    assert "does not hold a whole run" in message
    assert "it is too large" in message


def test_what_a_zip_says_of_lists_here_is_forgotten(store, finished, elsewhere):
    store.set_label(finished.id, title="mine", note="a note", pinned=True)
    content = unzipped(packed(store, finished.id))
    del content["manifest.json"]
    content["label.json"] = (
        RunLabel(title="mine", note="a note", pinned=True).model_dump_json().encode()
    )
    config = json.loads(content["config.json"]) | {"race": "theirs"}
    content["config.json"] = json.dumps(config).encode()
    there = elsewhere()
    given = zipped(content)
    done = import_run(given, there)
    (run,) = there.summaries()
    assert run.label == RunLabel(title="mine", note="a note")
    assert run.info.race == ""
    again = import_run(given, there)
    assert (again.run, again.added) == (done.run, False)


# -- names


def test_names_are_read_under_both_names_and_packed_under_one_no_spreadsheet_opens(
    store, stopped, tiny_dataset, elsewhere
):
    reference = _on_own(stopped, tiny_dataset)
    content = unzipped(packed(store, stopped.id))
    assert NAMES == "names.table"
    assert not any(name.endswith(".csv") for name in content)
    del content["manifest.json"]
    earlier = {EARLIER_NAMES if name == NAMES else name: data for name, data in content.items()}
    there = elsewhere()
    assert "names were added" in import_run(zipped(earlier), there).words
    assert catalogue.load(reference).fingerprint == tiny_dataset.fingerprint
    assert not import_run(zipped(content), there).added


# -- at once


def test_three_who_bring_one_run_at_once_leave_it_there_with_its_names(
    store, stopped, tiny_dataset, elsewhere
):
    _on_own(stopped, tiny_dataset)
    content = packed(store, stopped.id)
    there = elsewhere()
    for turn in range(5):
        place = there.root.parent / str(turn)
        own, corpora = RunStore(place / "runs", pretrained=None), OwnCorpora(place / "corpora")
        outcomes = at_once(3, content, own, corpora)
        assert sorted(outcomes) == [False, False, True]
        assert [run.id for run in own.entries()] == [stopped.id]
        assert corpora.find(tiny_dataset.fingerprint) is not None


def at_once(number: int, *given: Any) -> list[bool]:
    """What has become of imports that begin at the same time: whether each was new."""
    gate, outcomes = threading.Barrier(number), []

    def bring() -> None:
        gate.wait()
        try:
            outcomes.append(import_run(*given).added)
        except NamerecError as error:
            outcomes.append(error)  # type: ignore[arg-type]

    threads = [threading.Thread(target=bring) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_who_waits_too_long_is_told(files, elsewhere, monkeypatch):
    there = elsewhere()
    monkeypatch.setattr(aside, "LOCK_SECONDS", 0.05)
    lock = there.root / ".arriving" / "lock"
    lock.parent.mkdir(parents=True)
    with FileLock(lock):
        with pytest.raises(RunError, match="Another import or restore has been running"):
            import_run(zipped(files), there)
        lock.unlink()
    assert_nothing_there(there)


def test_what_killed_imports_left_is_not_looked_for_behind_a_link(files, elsewhere, tmp_path):
    there = elsewhere()
    theirs = tmp_path / "theirs" / ".old.part"
    theirs.mkdir(parents=True)
    os.utime(theirs, (0, 0))
    there.root.mkdir(parents=True)
    (there.root / ".arriving").symlink_to(theirs.parent)
    with pytest.raises(RunError, match="arriving is a link, which must be removed first"):
        import_run(zipped(files), there)
    assert os.listdir(theirs.parent) == [".old.part"]


@pytest.mark.parametrize("device", ["CON", "lpt1"])
def test_a_run_called_as_a_device_of_windows_gets_another_id(files, elsewhere, device):
    there = elsewhere()
    packed = zipped(files, listed(files, run=device))
    done = import_run(packed, there)
    assert done.run.startswith(f"{device}-")
    assert f"Its id was {device}, which Windows keeps for a device." in done.words
    assert not import_run(packed, there).added


def test_names_that_another_run_uses_stay_when_an_import_fails(
    store, stopped, tiny_dataset, elsewhere, monkeypatch
):
    _on_own(stopped, tiny_dataset)
    content = packed(store, stopped.id)
    OwnCorpora().remove(tiny_dataset.fingerprint[:16])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {info.filename: archive.read(info) for info in archive.infolist()}
    del files["manifest.json"]
    other = zipped(files, listed(files, run="another"))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", _refuses)
        with pytest.raises(RunError):
            import_run(other, store)
    assert OwnCorpora().find(tiny_dataset.fingerprint) is not None
    # And where nobody has such a run, they go again.
    there = elsewhere()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", _refuses)
        with pytest.raises(RunError):
            import_run(other, there)
    assert_nothing_there(there)


def _refuses(*given: Any) -> None:
    raise OSError(28, "No space left")
