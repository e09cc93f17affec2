import hashlib
import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from namerec.disk import open_regular
from namerec.errors import BackupError
from namerec.export.backup import making
from namerec.export.backup.contents import MANIFEST, can_be_kept
from namerec.export.backup.making import back_up
from namerec.export.backup.restoring import restore
from namerec.runs import deletion
from namerec.runs.store import RunStore
from tests.cli.references import answered, ask, refused
from tests.data.zips import link, many_entries
from tests.export.backup.conftest import kept
from tests.runs.references import (
    assert_holds_all,
    assert_no_debris,
    assert_sentence,
    records_of,
    store_epoch,
)


@pytest.fixture
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a backup goes."""
    return tmp_path_factory.mktemp("disk") / "backup.zip"


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that does not exist yet."""
    return tmp_path_factory.mktemp("elsewhere") / "data"


# -- there and back


def test_all_that_is_kept_comes_back_byte_for_byte(
    data, file, elsewhere, finished, stopped, solo, monkeypatch
):
    monkeypatch.setenv("NAMEREC_HOME", str(data))
    made = answered("backup", str(file))
    runs = sorted([finished.id, stopped.id])
    expected = kept(data)
    assert made == {
        "file": str(file),
        "runs": runs,
        "files": len(expected),
        "bytes": sum(map(len, expected.values())),
        "left_out": [],
    }
    monkeypatch.setenv("NAMEREC_HOME", str(elsewhere))
    back = answered("restore", str(file))
    corpus, *_ = (path.stem for path in (data / "corpora").glob("*.json"))
    others = ["baselines/0123-leak-free-0.json", f"corpora/{corpus}", "memory_task.json"]
    assert back == {"restored": sorted(runs + others), "same": [], "different": []}
    assert kept(elsewhere) == expected
    assert not (elsewhere / "logs").exists()
    assert_holds_all(RunStore(elsewhere / "runs").open(finished.id), solo)
    again = ask("restore", str(file))
    assert again.stdout.splitlines() == [
        f"Restored to {elsewhere}: nothing.",
        "Here already, with the same content: 2 runs and 3 other files.",
    ]


def test_what_is_here_stays_and_only_what_is_missing_comes(
    data, file, finished, stopped, monkeypatch
):
    back_up(data, file)
    before = kept(data)
    shutil.rmtree(finished.path)
    changed = stopped.path / "status.json"
    changed.write_bytes(changed.read_bytes().replace(b"stopped", b"failed"))
    new = data / "runs" / f"{finished.id[:-4]}beef"
    shutil.copytree(stopped.path, new)
    now = kept(data)
    monkeypatch.setenv("NAMEREC_HOME", str(data))
    assert ask("restore", str(file)).stdout.splitlines() == [
        f"Restored to {data}: 1 run.",
        "Here already, with the same content: 3 other files.",
        f"Here already, and left as it is: {stopped.id}.",
    ]
    assert kept(data) == now | {name: before[name] for name in before if finished.id in name}


def test_the_trash_is_left_out_unless_it_is_asked_for(data, file, elsewhere, deleted, stopped):
    assert back_up(data, file).runs == (stopped.id,)
    with_trash = file.with_name("all.zip")
    assert back_up(data, with_trash, trash=True).runs == tuple(sorted([deleted, stopped.id]))
    there = RunStore(elsewhere / "runs")
    restore(with_trash, elsewhere)
    assert [run.id for run in there.entries()] == [stopped.id]
    deletion.restore(there, deleted)
    assert kept(there.root / deleted) == kept(data / "runs" / ".trash" / deleted)
    # A run that lies in the trash here is here.
    file.unlink()
    back_up(elsewhere, file)
    assert restore(file, data).different == (deleted,)
    assert [run.id for run in RunStore(data / "runs").entries()] == [stopped.id]


def test_what_is_no_file_of_ours_is_left_out_and_said(data, file, elsewhere, monkeypatch):
    for path in ("my notes.txt", "runs/list.txt", "corpora/CON.csv", "a/b/c/d/e.json"):
        (data / path).parent.mkdir(parents=True, exist_ok=True)
        (data / path).write_text("mine")
    (data / "nowhere.json").symlink_to(data / "missing")
    left_out = ["a/b/c/d/e.json", "corpora/CON.csv", "my notes.txt", "nowhere.json"]
    left_out.append("runs/list.txt")
    monkeypatch.setenv("NAMEREC_HOME", str(data))
    result = ask("backup", str(file), "--json")
    assert sorted(json.loads(result.stdout.splitlines()[-1])["left_out"]) == left_out
    assert sorted(line.split(" is not in it")[0] for line in result.stderr.splitlines()) == left_out
    restore(file, elsewhere)
    assert kept(elsewhere).keys() == kept(data).keys() - {*left_out}


def test_a_backup_is_refused_where_it_would_replace_or_hold_itself(data, file, monkeypatch):
    monkeypatch.setenv("NAMEREC_HOME", str(data))
    assert "is in the data folder" in refused("backup", str(data / "backup.zip"))
    file.write_text("precious")
    assert "already exists" in refused("backup", str(file))
    assert file.read_text() == "precious"
    monkeypatch.setenv("NAMEREC_HOME", str(data / "nothing"))
    assert "There is nothing to back up" in refused("backup", str(file.with_name("b.zip")))
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_file_that_cannot_be_read_is_named_and_there_is_no_backup(data, file, stopped):
    (stopped.path / "best.safetensors").unlink()
    os.mkfifo(stopped.path / "best.safetensors")
    with pytest.raises(BackupError, match=r"best\.safetensors” cannot be read") as caught:
        back_up(data, file)
    assert_sentence(caught.value)
    assert list(file.parent.iterdir()) == []


# -- while a run is trained


@pytest.mark.parametrize("opened", [1, 4, 7])
def test_a_run_that_is_stored_while_it_is_read_is_of_one_moment(
    data, file, stopped, solo, monkeypatch, opened
):
    """The third epoch is stored between the opening of two of the run's files."""
    count = 0

    def storing(path):
        nonlocal count
        found = open_regular(path)
        if path.parent == stopped.path:
            count += 1
            if count == opened:
                store_epoch(stopped, records_of(solo, 3), solo.checkpoints[2])
        return found

    monkeypatch.setattr(making, "open_regular", storing)
    before = kept(stopped.path)
    back_up(data, file)
    after = kept(stopped.path)
    with zipfile.ZipFile(file) as archive:
        found = {
            name.rpartition("/")[2]: archive.read(name)
            for name in archive.namelist()
            if stopped.id in name
        }
    assert before != after
    assert count > len(before)  # it has looked again
    assert found == after


def test_a_run_that_is_deleted_while_it_is_read_is_left_out_whole(
    data, file, stopped, finished, store, monkeypatch
):

    def deleting(path):
        if path.name == "config.json" and path.parent == stopped.path:
            deletion.discard(store, stopped.id)
        return open_regular(path)

    monkeypatch.setattr(making, "open_regular", deleting)
    assert back_up(data, file).runs == (finished.id,)


# -- what nobody made with `backup`


def rewritten(file: Path, name: str, content: bytes) -> None:
    """Exchanges one entry; the list of files stays."""
    with zipfile.ZipFile(file) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    write(file, files | {name: content})


def write(file: Path, files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def hostile(file: Path, entry: str | zipfile.ZipInfo, method: int = zipfile.ZIP_STORED) -> None:
    """A backup whose list has one file, with the right hash, of any path and kind."""
    content = bytes(2**20)
    path = entry if isinstance(entry, str) else entry.filename
    described = {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(entry, content, method)
        archive.writestr(MANIFEST, json.dumps({"format": 1, "namerec": "0", "files": [described]}))


def assert_refused(file: Path, home: Path, said: str) -> None:
    with pytest.raises(BackupError, match=said) as caught:
        restore(file, home)
    assert_sentence(caught.value, f"“{file.name}” cannot be restored, and nothing was written.")
    assert not home.exists()


PATHS = [
    *("../evil.json", "/etc/evil.json", "runs/../../evil.json", "C:/evil.json", "a\\..\\b.json"),
    *("runs/x.json", "runs/a/b/c.json", "runs/.trash/x.json", "runs/.arriving/x/config.json"),
    *("logs/namerec.log", "LOGS/x.log", "Runs/a/config.json", "runs/CON/config.json", ".x.json"),
    *("runs/a/lock", "runs/a/x.part", "a//b.json", "a/./b.json", "a/b.json/", "x.json.", "a\x00b"),
    "x" * 200 + ".json",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_no_backup_has_is_refused(file, elsewhere, path):
    assert not can_be_kept(path)
    hostile(file, path)
    assert_refused(file, elsewhere, "paths that no backup has|holds other files than it lists")
    assert list(file.parent.iterdir()) == [file]


def test_links_packed_files_doubles_and_crowds_are_refused(file, elsewhere):
    hostile(file, link("memory_task.json"))
    assert_refused(file, elsewhere, "It holds links: “memory_task.json”")
    hostile(file, "memory_task.json", zipfile.ZIP_DEFLATED)
    assert_refused(file, elsewhere, "It holds packed files, which no backup has")
    write(file, {"a.json": b"", "A.json": b"", MANIFEST: b""})
    assert_refused(file, elsewhere, "It holds files twice")
    file.write_bytes(many_entries(400_001))
    assert_refused(file, elsewhere, "more than 200,000 entries")
    write(file, {"config.json": b"{}", "manifest.json": b"{}"})
    assert_refused(file, elsewhere, "It is no backup: it lacks backup.json")
    write(file, {MANIFEST: b'{"format": 2, "namerec": "9.9", "files": []}'})
    assert_refused(
        file, elsewhere, r"written\. It was made by namerec 9\.9\. .* Use namerec 9\.9\.$"
    )


def test_a_changed_a_missing_and_an_added_file_are_refused(data, file, elsewhere):
    back_up(data, file)
    whole = file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
        offset = archive.getinfo("memory_task.json").header_offset + 60
    rewritten(file, "memory_task.json", b'{"entries": {}}\n')
    assert_refused(file, elsewhere, "“memory_task.json” in it was changed after")
    write(file, {name: content for name, content in files.items() if name != "memory_task.json"})
    assert_refused(file, elsewhere, "it holds other files than it lists")
    rewritten(file, "another.json", b"{}")
    assert_refused(file, elsewhere, "it holds other files than it lists")
    for at in (offset, len(whole) // 2, len(whole) - 30):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert_refused(file, elsewhere, "is no backup|changed")
    file.write_bytes(whole[:-1000])
    assert_refused(file, elsewhere, "It is no backup, or it is damaged")
    file.write_bytes(whole)
    restore(file, elsewhere)
    assert_no_debris(elsewhere)
