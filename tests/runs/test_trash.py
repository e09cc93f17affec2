import errno
import os
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from namerec.errors import RunError
from namerec.jobs.limits import folder_bytes
from namerec.runs import trash as trash_module
from namerec.runs.deletion import discard, discarded, empty_trash, remove, restore
from namerec.runs.folder import RunFolder
from namerec.runs.records import RunStatus
from namerec.runs.store import RunStore
from tests.runs.references import assert_holds_all, assert_sentence

DAY = 86_400


def _listed(store: RunStore) -> list[str]:
    return [run.id for run in store.entries()]


def _in_trash(store: RunStore) -> list[str]:
    return [run.id for run in discarded(store)]


def _age(store: RunStore, identity: str, days: float) -> None:
    at = time.time() - days * DAY
    os.utime(store.root / ".trash" / identity, (at, at))


@pytest.fixture
def several(store, finished) -> list[str]:
    """Ids of four finished runs."""
    names = [finished.id, *(f"{finished.id[:-1]}{letter}" for letter in "xyz")]
    for name in names[1:]:
        shutil.copytree(finished.path, store.root / name)
    return names


def test_a_trash_that_is_a_link_is_neither_filled_nor_emptied(store, finished, tmp_path):
    theirs = tmp_path / "theirs"
    (theirs / "other-run").mkdir(parents=True)
    (store.root / ".trash").symlink_to(theirs)
    with pytest.raises(RunError, match="trash is a link, which must be removed first"):
        discard(store, finished.id)
    with pytest.raises(RunError, match="trash is a link, which must be removed first"):
        empty_trash(store)
    assert (theirs / "other-run").is_dir()
    assert _listed(store) == [finished.id]


def test_a_deleted_run_is_brought_back_bit_for_bit(store, finished, solo):
    store.set_label(finished.id, title="mine")
    before = _contents(finished.path)
    size = folder_bytes(store.root)
    discard(store, finished.id)
    assert _listed(store) == []
    (deleted,) = discarded(store)
    assert (deleted.id, deleted.label.title) == (finished.id, "mine")
    assert folder_bytes(store.root) == size  # it counts for the disk's limit
    with pytest.raises(RunError, match="There is no run"):
        store.open(finished.id)
    restore(store, finished.id)
    assert _listed(store) == [finished.id]
    assert _in_trash(store) == []
    assert _contents(finished.path) == before
    assert_holds_all(finished, solo)


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "lock"}


def test_deleted_runs_are_listed_the_last_deleted_first(store, several):
    for identity in (several[2], several[0], several[3]):
        discard(store, identity)
    assert _in_trash(store) == [several[3], several[0], several[2]]
    assert _listed(store) == [several[1]]
    restore(store, several[0])
    discard(store, several[0])
    assert _in_trash(store) == [several[0], several[3], several[2]]


def test_what_was_deleted_long_ago_goes_at_the_next_deletion(store, several):
    for identity in several[:3]:
        discard(store, identity)
    _age(store, several[0], 30.01)
    _age(store, several[1], 29.99)
    assert set(_in_trash(store)) == set(several[:3])  # until then it can be brought back
    discard(store, several[3])
    assert _in_trash(store) == [several[3], several[2], several[1]]
    assert sorted(os.listdir(store.root / ".trash")) == sorted(several[1:])


def test_what_was_deleted_in_the_future_has_its_days_from_now_on(store, several):
    """As far as it says: the clock was set back since, here by a year."""
    discard(store, several[0])
    _age(store, several[0], -365)
    discard(store, several[1])  # neither goes at once ...
    assert set(_in_trash(store)) == set(several[:2])
    deleted = (store.root / ".trash" / several[0]).stat().st_mtime
    assert deleted <= time.time()
    _age(store, several[0], 30.01)  # ... nor stays for ever
    discard(store, several[2])
    assert set(_in_trash(store)) == set(several[1:3])
    _age(store, several[1], -365)
    empty_trash(store)
    assert _in_trash(store) == []


def test_an_emptied_trash_leaves_nothing(store, several):
    empty_trash(store)  # there is none yet
    discard(store, several[0])
    discard(store, several[1])
    shutil.rmtree(store.root / ".trash" / several[1] / "config.json", ignore_errors=True)
    (store.root / ".trash" / several[1] / "config.json").write_bytes(b"damaged")
    assert _in_trash(store) == [several[0]]
    empty_trash(store)
    assert os.listdir(store.root / ".trash") == []
    assert sorted(_listed(store)) == sorted(several[2:])
    with pytest.raises(RunError, match="There is no run") as caught:
        restore(store, several[0])
    assert_sentence(caught.value, several[0], "30 days")


@pytest.mark.parametrize("identity", ["", ".", "..", "../runs", "/", ".trash", "20200101-rnn-0000"])
def test_a_path_is_no_run_to_delete_or_to_bring_back(store, finished, identity):
    for order in (discard, restore):
        with pytest.raises(RunError, match="There is no run"):
            order(store, identity)
    assert _listed(store) == [finished.id]


def test_a_run_somebody_works_on_or_that_waits_is_not_deleted(store, finished):
    with finished.lock(), pytest.raises(RunError, match="already being trained"):
        discard(store, finished.id)
    finished.write_status(RunStatus(state="queued"))
    with pytest.raises(RunError, match="is queued; only runs that have ended"):
        discard(store, finished.id)
    assert [run.id for run in store.summaries()] == [finished.id]


@pytest.mark.parametrize("state", ["running", "paused"])
def test_an_interrupted_run_is_deleted_and_comes_back_interrupted(store, finished, state):
    finished.write_status(RunStatus(state=state))
    discard(store, finished.id)
    assert store.summaries() == []
    restore(store, finished.id)
    assert [run.state for run in store.summaries()] == ["interrupted"]
    with pytest.raises(RunError, match=f"is {state}"):
        remove(store, finished.id)


def test_a_damaged_run_is_deleted_too(store, finished):
    (finished.path / "status.json").write_bytes(b"damaged")
    discard(store, finished.id)
    assert store.entries() == []
    restore(store, finished.id)
    assert [entry.id for entry in store.entries()] == [finished.id]


def test_a_pretrained_run_is_not_deleted(store, finished, tmp_path):
    shipped = RunStore(tmp_path / "own", pretrained=store.root)
    with pytest.raises(RunError, match="ships with the project"):
        discard(shipped, finished.id)
    assert finished.info()


def test_ids_that_are_taken_by_now_are_told(store, several):
    kept, twice = several[0], several[1]
    shutil.copytree(store.root / kept, store.root / "copy")
    discard(store, kept)
    (store.root / "copy").rename(store.root / kept)
    with pytest.raises(RunError, match="trash already holds") as caught:
        discard(store, kept)
    assert_sentence(caught.value, kept)
    with pytest.raises(RunError, match="cannot be restored") as caught:
        restore(store, kept)
    assert_sentence(caught.value, kept)
    assert kept in _listed(store)
    assert _in_trash(store) == [kept]
    assert store.taken(kept)
    assert store.taken(twice)
    discard(store, twice)
    assert store.taken(twice)
    assert not store.taken("20200101-rnn-0000")


class KilledError(BaseException):
    """Stands for a process that ends here."""


@pytest.mark.parametrize("order", ["discard", "restore", "empty_trash"])
def test_killed_at_any_moment_a_run_is_listed_or_in_the_trash_and_whole(
    store, several, monkeypatch, order
):
    old, run = several[:2]
    if order == "discard":
        discard(store, old)
        _age(store, old, 31)  # goes in the same deletion
    else:
        discard(store, run)
    steps = 0
    while True:
        with monkeypatch.context() as patched:
            finished = _killed_at(patched, steps, lambda: _order(store, order, run))
        listed, deleted = _listed(store), _in_trash(store)
        if order == "empty_trash":
            assert run not in listed
            whole = run in deleted
            assert whole == (store.root / ".trash" / run).exists()
        else:
            assert (run in listed) + (run in deleted) == 1
        for name in [*listed, *deleted]:
            place = store.root if name in listed else store.root / ".trash"
            assert len(RunFolder(place / name).metrics()[1]) == 3
            assert RunFolder(place / name).predictions()
        if finished:
            break
        steps += 1
        if order == "discard" and run in deleted:
            restore(store, run)
        elif order == "restore" and run in listed:
            discard(store, run)
    assert steps >= (1 if order == "restore" else 3)  # it was really killed, at each place


def _order(store: RunStore, order: str, run: str) -> None:
    if order == "empty_trash":
        empty_trash(store)
    else:
        {"discard": discard, "restore": restore}[order](store, run)


def _killed_at(patched, steps, act) -> bool:
    """Acts, and is killed before the step of that number that changes the disk."""
    done = 0

    def counted(change: Any) -> Any:
        def counting(*given: Any, **more: Any) -> Any:
            nonlocal done
            if done == steps:
                raise KilledError
            done += 1
            return change(*given, **more)

        return counting

    for owner, name in ((Path, "rename"), (Path, "mkdir"), (os, "utime"), (shutil, "rmtree")):
        patched.setattr(owner, name, counted(getattr(owner, name)))
    patched.setattr(os, "unlink", counted(os.unlink))
    try:
        act()
    except KilledError:
        return False
    return True


def test_a_folder_that_cannot_be_changed_is_told(store, several, monkeypatch):
    discard(store, several[0])

    def refuse(*given):
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    for order, words in (
        (partial(discard, store, several[1]), "cannot be removed"),
        (partial(restore, store, several[0]), "cannot be restored"),
        (partial(empty_trash, store), "cannot be removed"),
    ):
        with pytest.raises(RunError, match=words) as caught:
            order()
        assert_sentence(caught.value)
    assert several[1] in _listed(store)
    assert _in_trash(store) == [several[0]]


def test_an_old_run_that_cannot_go_for_good_does_not_hold_up_a_deletion(
    store, several, monkeypatch
):
    discard(store, several[0])
    _age(store, several[0], 31)

    def refuse(*given, **more):
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(trash_module.Trash, "empty", refuse)
    discard(store, several[1])
    assert _in_trash(store) == [several[1], several[0]]


def test_a_run_brought_back_by_somebody_else_meanwhile_is_told(store, finished, monkeypatch):
    discard(store, finished.id)
    rename = Path.rename

    def twice(self, target):
        rename(self, target)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", twice)
    with pytest.raises(RunError, match="no longer in the trash") as caught:
        restore(store, finished.id)
    assert_sentence(caught.value, finished.id)
    assert _listed(store) == [finished.id]
