import json

import pytest

from namerec.cluster.folder import SweepFolder, all_sweeps, create_sweep, open_sweep
from namerec.cluster.study import results, study_of
from namerec.errors import RunError
from tests.cluster.conftest import tiny_plan


def test_a_sweep_is_found_by_its_name_and_listed():
    plan = tiny_plan(trials=7)
    made = create_sweep(plan, "mine")
    other = create_sweep(tiny_plan())
    assert open_sweep("mine").plan() == plan
    assert {folder.name for folder in all_sweeps()} == {"mine", other.name}
    assert results(made) == ([], 0.0)


@pytest.mark.parametrize("name", ["../up", "", "a" * 61, "two words"])
def test_no_name_is_a_path(name):
    with pytest.raises(RunError):
        open_sweep(name)
    if name:
        with pytest.raises(RunError, match="cannot be called"):
            create_sweep(tiny_plan(), name)


def test_two_sweeps_have_not_one_name():
    create_sweep(tiny_plan(), "mine")
    with pytest.raises(RunError, match="There is a sweep “mine” already"):
        create_sweep(tiny_plan(), "mine")


@pytest.mark.parametrize("content", [b"", b"{}", b"\x80\x04K\x01.", b"x" * 600_000])
def test_a_damaged_plan_is_a_sentence(content):
    folder = create_sweep(tiny_plan())
    (folder.path / "plan.json").write_bytes(content)
    with pytest.raises(RunError, match="cannot be read"):
        folder.plan()


def test_a_line_torn_by_a_kill_is_taken_back_and_a_lock_left_by_one_removed():
    folder = create_sweep(tiny_plan())
    study_of(folder, folder.plan())
    whole = folder.journal.read_bytes()
    folder.journal.write_bytes(whole + b'{"op_code":5,"worker')
    lock = folder.path / "journal.jsonl.lock"
    lock.symlink_to(folder.journal)
    with folder.hold():
        assert folder.is_running()
        assert folder.journal.read_bytes() == whole
        assert not lock.is_symlink()
    assert not folder.is_running()


def test_the_journal_is_lines_of_json_and_nothing_pickled_lies_beside_it():
    folder = create_sweep(tiny_plan())
    study = study_of(folder, folder.plan())
    for _ in range(120):  # a storage that keeps snapshots makes one every hundred trials
        study.ask()
    assert all(json.loads(line) for line in folder.journal.read_text("utf-8").splitlines())
    assert {path.name for path in folder.path.iterdir()} == {"plan.json", "journal.jsonl"}


@pytest.mark.parametrize(
    "damage", [b"no json\n", b'{"op_code":99}\n', b"\x80\x04K\x01.\n", b'{"op_code":4}\n']
)
def test_a_damaged_journal_is_a_sentence(damage):
    folder = create_sweep(tiny_plan())
    study_of(folder, folder.plan())
    whole = folder.journal.read_bytes()
    folder.journal.write_bytes(damage + whole)
    with pytest.raises(RunError, match="is damaged"):
        results(SweepFolder(folder.path))
