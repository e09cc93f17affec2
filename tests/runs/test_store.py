import errno
import json
import os
import secrets
import shutil
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from filelock import FileLock

from namerec.core.corpus.dataset import Dataset
from namerec.errors import RunError
from namerec.runs import store as store_module
from namerec.runs.copying import copy_finished
from namerec.runs.deletion import remove
from namerec.runs.folder import RunFolder
from namerec.runs.records import PartScores, RunStatus
from namerec.runs.store import PRETRAINED, RunStore
from namerec.runs.summary import DamagedRun, RunSummary
from namerec.settings import home
from tests.conftest import ROOT, files_up_to, tiny_config
from tests.runs.references import assert_no_debris, assert_sentence


def _scored(accuracy: float, best_epoch: int = 1, **values: object) -> RunStatus:
    """The status of a finished run with a test accuracy."""
    scores = PartScores(
        part="test",
        protocol="leak-free",
        names=10,
        loss=1.0,
        accuracy=accuracy,
        macro_recall=0.5,
        macro_f1=0.5,
        top3=1.0,
    )
    given = {"state": "finished", "best_epoch": best_epoch, "scores": {"test": scores}, **values}
    return RunStatus(**given)  # type: ignore[arg-type]


@pytest.fixture
def make(store, tiny_dataset):
    """Makes a run with a status, made at a minute of an hour."""

    def make(status: RunStatus | None = None, minute: int = 0, **training: Any) -> RunFolder:
        folder = store.create(tiny_config(**training), tiny_dataset)
        if status is not None:
            folder.write_status(status)
        identity = f"20260101-00{minute:02d}00-custom_lstm-{folder.id[-4:]}"
        created = datetime(2026, 1, 1, 0, minute, tzinfo=UTC)
        folder.write_info(folder.info().model_copy(update={"id": identity, "created": created}))
        folder.path.rename(store.root / identity)
        return RunFolder(store.root / identity)

    return make


# -- where


def test_the_data_folder_is_the_one_the_environment_names(tmp_path, monkeypatch):
    monkeypatch.setenv("NAMEREC_HOME", str(tmp_path / "somewhere"))
    assert home() == tmp_path / "somewhere"
    assert RunStore().root == tmp_path / "somewhere" / "runs"
    assert RunStore().pretrained == PRETRAINED == ROOT / "assets" / "pretrained"


def test_the_data_folder_may_be_given_with_a_tilde(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NAMEREC_HOME", "~/lab")
    assert home() == tmp_path / "lab"


def test_the_data_folder_is_the_users_own_if_none_is_named(monkeypatch):
    for value in ("", None):
        if value is None:
            monkeypatch.delenv("NAMEREC_HOME")
        else:
            monkeypatch.setenv("NAMEREC_HOME", value)
        assert home().is_absolute()
        assert home().name == "namerec"


# -- making


def test_a_new_run_is_made_queued_under_a_name_of_time_kind_and_chance(store, tiny_dataset):
    folder = store.create(tiny_config("rnn"), tiny_dataset)
    date, clock, kind, chance = folder.id.split("-")
    assert kind == "rnn"
    assert len(chance) == 4
    assert datetime.strptime(date + clock, "%Y%m%d%H%M%S").year >= 2024
    assert sorted(os.listdir(folder.path)) == ["config.json", "status.json"]
    assert folder.path == store.root / folder.id
    (summary,) = store.summaries()
    assert summary.id == folder.id
    assert summary.info == folder.info()
    assert summary.status == RunStatus(state="queued")
    assert not summary.has_network
    assert not summary.pretrained


def test_runs_made_at_once_have_names_of_their_own(store, tiny_dataset, monkeypatch):
    drawn = iter(["0000", "0000", "0000", "1111"])
    monkeypatch.setattr(secrets, "token_hex", lambda count: next(drawn))
    monkeypatch.setattr(store_module, "datetime", StandingStill)
    first = store.create(tiny_config(), tiny_dataset)
    second = store.create(tiny_config("rnn"), tiny_dataset)
    third = store.create(tiny_config("rnn"), tiny_dataset)
    assert [folder.id for folder in (first, second, third)] == [
        "20260101-000000-custom_lstm-0000",
        "20260101-000000-rnn-0000",
        "20260101-000000-rnn-1111",
    ]


class StandingStill(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime(2026, 1, 1).astimezone()


def test_a_run_that_cannot_be_stored_is_told_with_what_to_do(tmp_path, tiny_dataset):
    (tmp_path / "runs").write_text("a file in the folder's place")
    with pytest.raises(RunError) as caught:
        RunStore(tmp_path / "runs", None).create(tiny_config(), tiny_dataset)
    assert_sentence(caught.value, str(tmp_path / "runs"), "NAMEREC_HOME", "Not a directory")


def test_a_run_that_does_not_fit_on_the_disk_leaves_nothing_behind(tmp_path, tiny_dataset):
    with files_up_to(100), pytest.raises(RunError, match=r"cannot be stored in .*: File too large"):
        RunStore(tmp_path, None).create(tiny_config(), tiny_dataset)
    assert os.listdir(tmp_path) == []


def test_a_run_whose_status_cannot_be_stored_leaves_nothing_behind(
    store, tiny_dataset, monkeypatch
):
    def fail(self, status):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RunFolder, "write_status", fail)
    with pytest.raises(RunError, match=r"No space left on device\. Free some space"):
        store.create(tiny_config(), tiny_dataset)
    assert os.listdir(store.root) == []


# -- finding


def test_a_run_is_found_by_its_id(store, finished):
    assert store.open(finished.id).path == finished.path


NO_IDS = [
    "",
    ".",
    "..",
    "../escape",
    "..\\escape",
    "a/b",
    "/etc",
    "/",
    "a\0b",
    "\0",
    "\ud800",
    "a\udcffb",
    "a\nb",
    "a ",
    "-rf",
    "_a",
    "é",
    "٣",
    "x" * 101,
    "x" * 100_000,
    "run.part",
    "~",
    "$HOME",
    "%2e%2e",
]


@pytest.mark.parametrize("identity", NO_IDS, ids=ascii)
def test_a_path_or_anything_else_that_is_no_id_is_refused(store, finished, identity):
    escape = store.root.parent / "escape"
    shutil.copytree(finished.path, escape)
    with pytest.raises(RunError) as caught:
        store.open(identity)
    assert_sentence(caught.value, "There is no run", "runs list")
    assert len(str(caught.value)) < 300
    str(caught.value).encode("utf-8")  # it can be shown


def test_an_id_that_nobody_has_is_told(store, finished):
    with pytest.raises(RunError) as caught:
        store.open("20260101-000000-rnn-0000")
    assert_sentence(caught.value, "There is no run “20260101-000000-rnn-0000”")


def test_folders_that_cannot_be_runs_are_not_listed(store, finished):
    for name in (".hidden", "with space", "_trash", "é"):
        (store.root / name).mkdir()
    (store.root / "notes.txt").write_text("not a run")
    (store.root / "file").write_text("not a run")
    assert [run.id for run in store.entries()] == [finished.id]


def test_an_empty_data_folder_lists_nothing_and_is_not_made(tmp_path):
    store = RunStore(tmp_path / "none" / "runs", pretrained=tmp_path / "none" / "pretrained")
    assert store.entries() == []
    assert store.summaries() == []
    assert store.trained() == []
    assert not (tmp_path / "none").exists()


# -- copying


def test_a_copy_holds_what_looking_into_a_run_needs_and_nothing_else(store, finished, tmp_path):
    (finished.path / "trap.pt").write_bytes(b"no")
    copy = copy_finished(store, finished.id, tmp_path / "copies")
    assert copy == tmp_path / "copies" / finished.id
    assert {file.name for file in copy.iterdir()} == {
        "config.json",
        "status.json",
        "metrics.jsonl",
        "best.safetensors",
        "predictions.safetensors",
        "epoch-0001.safetensors",
        "epoch-0002.safetensors",
    }
    for file in copy.iterdir():
        assert file.read_bytes() == (finished.path / file.name).read_bytes()
    copied = RunStore(tmp_path / "copies", None)
    assert [run.state for run in copied.summaries()] == ["finished"]
    assert copied.open(finished.id).milestones() == [1, 2]


def test_a_copy_that_is_there_already_stays_and_is_told(store, finished, tmp_path):
    copy = copy_finished(store, finished.id, tmp_path / "copies")
    (copy / "config.json").write_text("{}")
    with pytest.raises(RunError) as refusal:
        copy_finished(store, finished.id, tmp_path / "copies")
    assert str(refusal.value) == (
        f"Run {finished.id} was not copied: {copy} already exists. Move it away, or give another "
        "folder to copy to."
    )
    assert (copy / "config.json").read_text() == "{}"


# -- listing


def test_runs_are_listed_newest_first(store, make):
    made = [make(minute=minute).id for minute in (5, 1, 9, 3)]
    assert [run.id for run in store.entries()] == [made[2], made[0], made[3], made[1]]
    assert [run.id for run in store.summaries()] == [made[2], made[0], made[3], made[1]]


def test_runs_of_one_second_are_listed_newest_first_too(store, tiny_dataset, monkeypatch):
    now = datetime(2026, 1, 1, tzinfo=UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return now

    monkeypatch.setattr(store_module, "datetime", Clock)
    made = []
    for kind in ("lstm", "rnn", "custom_lstm", "lstm", "rnn"):
        now += timedelta(milliseconds=1)
        made.append(store.create(tiny_config(kind), tiny_dataset).id)
    assert [run.id for run in store.summaries()] == made[::-1]


def test_a_damaged_run_is_listed_as_such_and_hides_nobody(store, make):
    whole = [make(minute=1), make(minute=5)]
    broken = [make(minute=minute) for minute in (0, 3, 7)]
    (broken[0].path / "config.json").write_bytes(b"{")
    (broken[1].path / "status.json").write_bytes(b"[")
    shutil.rmtree(broken[2].path)
    broken[2].path.mkdir()
    entries = store.entries()
    assert {entry.id for entry in entries} == {run.id for run in whole + broken}
    damaged = {entry.id: entry.reason for entry in entries if isinstance(entry, DamagedRun)}
    assert damaged.keys() == {run.id for run in broken}
    assert "“config.json”" in damaged[broken[0].id]
    assert "damaged" in damaged[broken[0].id]
    assert "“status.json”" in damaged[broken[1].id]
    assert "Or move it away" in damaged[broken[1].id]
    assert all(reason.endswith(".") for reason in damaged.values())
    assert [run.id for run in store.summaries()] == [whole[1].id, whole[0].id]


def test_a_run_copied_to_another_name_is_listed_and_opened_under_that_name(store, finished):
    shutil.copytree(finished.path, store.root / "copy")
    ids = {run.id for run in store.summaries()}
    assert ids == {"copy", finished.id}
    assert store.open("copy").info().id == "copy"


def test_pretrained_runs_are_listed_last_and_never_interrupted(store, make, tiny_dataset):
    shipped = RunStore(store.root.parent / "pretrained", None)
    ids = []
    for state in ("finished", "running", "queued"):
        folder = shipped.create(tiny_config(), tiny_dataset)
        folder.write_status(RunStatus(state=state))
        renamed = shipped.root / f"9{folder.id}"  # newer by its name than any run
        folder.write_info(folder.info().model_copy(update={"id": renamed.name}))
        folder.path.rename(renamed)
        ids.append(renamed.name)
    own = make(RunStatus(state="running"), minute=3)
    both = RunStore(store.root, shipped.root)
    entries = both.summaries()
    assert entries[0].id == own.id
    assert (entries[0].state, entries[0].pretrained) == ("interrupted", False)
    assert {run.id for run in entries[1:]} == set(ids)
    assert {run.state for run in entries[1:]} == {"finished", "running", "queued"}
    assert all(run.pretrained for run in entries[1:])
    for identity in ids:
        assert both.open(identity).path == shipped.root / identity
        assert not (shipped.root / identity / "lock").exists()


def test_an_own_run_comes_before_a_pretrained_one_of_the_same_name(store, finished):
    shipped = store.root.parent / "pretrained"
    shutil.copytree(finished.path, shipped / finished.id)
    both = RunStore(store.root, shipped)
    assert both.open(finished.id).path == finished.path


def test_a_runs_state_is_found_out_anew_at_every_look(store, stopped):
    stopped.write_status(stopped.status().model_copy(update={"state": "running"}))
    assert [run.state for run in store.summaries()] == ["interrupted"]
    with stopped.lock():
        assert [run.state for run in store.summaries()] == ["running"]
    assert [run.state for run in store.summaries()] == ["interrupted"]


def test_trained_runs_are_ranked_by_what_was_measured_on_held_out_names(store, make):
    middle = make(_scored(0.7), minute=1)
    best = make(_scored(0.9), minute=2)
    validated = make(RunStatus(state="stopped", best_epoch=2, validation_accuracy=0.8), minute=3)
    flattered = make(_scored(1.0), minute=4, protocol="course")
    newer = make(_scored(0.7), minute=5)
    make(RunStatus(state="queued"), minute=6)
    make(_scored(1.0, best_epoch=0), minute=7)
    broken = make(_scored(1.0), minute=8)
    (broken.path / "status.json").write_bytes(b"")
    nothing = make(RunStatus(state="failed", best_epoch=1), minute=9)
    ranked = [run.id for run in store.trained()]
    assert ranked == [folder.id for folder in (best, validated, newer, middle, nothing, flattered)]


def test_a_thousand_runs_are_listed_at_once(store, make, capsys):
    template = make(_scored(0.5))
    info = json.loads((template.path / "config.json").read_text())
    for number in range(1_000):
        identity = f"20260102-{number:06d}-rnn-0000"
        path = store.root / identity
        path.mkdir()
        (path / "config.json").write_text(json.dumps(info | {"id": identity}))
        shutil.copyfile(template.path / "status.json", path / "status.json")
        store.set_label(identity, title=f"Run {number}", note="a note " * 20, pinned=True)
    begun = time.process_time()
    entries = store.entries()
    seconds = time.process_time() - begun
    with capsys.disabled():
        print(f"\n{len(entries):,} runs listed in {seconds:.2f} s")
    assert len(entries) == 1_001
    assert all(isinstance(entry, RunSummary) for entry in entries)
    assert seconds < 5


# -- removing


def test_a_run_that_has_ended_is_removed_whole_and_no_other(store, finished, make):
    other = make(_scored(0.5))
    remove(store, finished.id)
    assert [run.id for run in store.entries()] == [other.id]
    assert os.listdir(store.root) == [other.id]
    with pytest.raises(RunError, match="There is no run"):
        remove(store, finished.id)


def test_a_run_somebody_works_on_is_not_removed(store, finished):
    with finished.lock(), pytest.raises(RunError, match="already being trained"):
        remove(store, finished.id)
    assert [run.id for run in store.summaries()] == [finished.id]


@pytest.mark.parametrize("state", ["queued", "running", "paused"])
def test_a_run_that_waits_or_was_interrupted_is_not_removed(store, make, state):
    folder = make(RunStatus(state=state))
    with pytest.raises(RunError, match=f"is {state}; only runs that have ended"):
        remove(store, folder.id)
    assert folder.info()


def test_a_pretrained_run_is_not_removed(store, finished, tmp_path):
    shipped = RunStore(tmp_path / "own", pretrained=store.root)
    with pytest.raises(RunError, match="ships with the project"):
        remove(shipped, finished.id)
    assert finished.info()


def test_a_lock_does_not_bring_a_removed_run_back(store, finished):
    remove(store, finished.id)
    with pytest.raises(RunError, match="has been removed") as caught:
        finished.lock()
    assert_sentence(caught.value, finished.id)
    assert os.listdir(store.root) == []


def test_a_run_removed_while_its_lock_is_waited_for_does_not_come_back(
    store, finished, monkeypatch
):
    acquire = FileLock.acquire

    def late(self, *given, **more):
        shutil.rmtree(finished.path)
        return acquire(self, *given, **more)

    monkeypatch.setattr(FileLock, "acquire", late)
    with pytest.raises(RunError, match="has been removed"):
        finished.lock()
    assert os.listdir(store.root) == []


@pytest.mark.parametrize("identity", ["", ".", "..", "../runs", "/"])
def test_a_path_is_no_run_to_remove(store, finished, identity):
    with pytest.raises(RunError, match="There is no run"):
        remove(store, identity)
    assert finished.info()


def test_a_removal_killed_in_the_middle_leaves_no_half_of_a_run(store, finished, make, monkeypatch):
    other = make(_scored(0.5))
    with monkeypatch.context() as killed:
        killed.setattr(shutil, "rmtree", lambda *given, **more: None)
        remove(store, finished.id)
    assert [run.id for run in store.entries()] == [other.id]
    assert len(os.listdir(store.root)) == 2  # set aside, and swept up by the next removal
    remove(store, other.id)
    assert os.listdir(store.root) == []


def test_a_folder_that_cannot_be_changed_is_told(store, finished, monkeypatch):
    def refuse(*given):
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(type(finished.path), "rename", refuse)
    with pytest.raises(RunError, match="cannot be removed") as caught:
        remove(store, finished.id)
    assert_sentence(caught.value)
    assert finished.info()


def test_listing_leaves_every_file_as_it_is(store, finished, stopped):
    before = _contents(store)
    store.entries()
    store.trained()
    assert _contents(store) == before
    assert_no_debris(store.root)


def _contents(store: RunStore) -> dict[str, bytes]:
    return {
        str(file): file.read_bytes()
        for file in store.root.rglob("*")
        if file.is_file() and file.name != "lock"
    }


def test_a_dataset_of_the_most_categories_and_longest_title_is_stored_and_read(store):
    from namerec.core.corpus.dataset import LabelledName

    lines = [LabelledName(f"Ba{'ab'[n % 2]}", f"Категорія {n}" * 10) for n in range(200)]
    folder = store.create(tiny_config(), Dataset.build("x" * 4096, lines))
    assert len(folder.info().dataset.categories) == 200


def test_two_that_are_made_in_the_same_second_with_the_same_digits_are_two(
    store, tiny_dataset, monkeypatch
):
    """Another process makes one between the look whether an id is free and the folder's making.

    The clock is at the same second for both, as after it was set back.
    """

    class Still(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 1, 1, tzinfo=UTC)

    drawn = iter(["beef", "beef", "cafe"])
    asked: list[str] = []
    others: list[RunFolder] = []
    taken = RunStore.taken

    def taken_at_once(self, identity):
        answer = taken(self, identity)
        asked.append(identity)
        if len(asked) == 1:
            others.append(store.create(tiny_config(), tiny_dataset))
        return answer

    monkeypatch.setattr(store_module, "datetime", Still)
    monkeypatch.setattr(secrets, "token_hex", lambda _: next(drawn))
    monkeypatch.setattr(RunStore, "taken", taken_at_once)
    made = store.create(tiny_config(), tiny_dataset)
    assert (others[0].id[-4:], made.id[-4:]) == ("beef", "cafe")
    assert sorted(run.id for run in store.summaries()) == sorted([others[0].id, made.id])
