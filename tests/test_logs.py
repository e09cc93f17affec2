import json
import logging
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from namerec import logs

log = logging.getLogger("namerec.somewhere")


@pytest.fixture(autouse=True)
def _as_it_was():
    ours = logging.getLogger("namerec")
    before, level = list(ours.handlers), ours.level
    yield
    for handler in set(ours.handlers) - set(before):
        handler.close()
    ours.handlers[:] = before
    ours.setLevel(level)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    logs.set_up(tmp_path / "logs")
    return tmp_path / "logs"


def records(folder: Path) -> list[dict[str, str]]:
    text = (folder / "namerec.log").read_text("ascii")
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def test_a_record_is_one_json_object_with_all_that_is_known(folder):
    log.info("trained %d epochs", 3)
    (record,) = records(folder)
    age = datetime.now(UTC) - datetime.fromisoformat(record.pop("time"))
    assert timedelta(0) <= age + timedelta(milliseconds=1) < timedelta(minutes=1)
    assert record == {"level": "INFO", "logger": "namerec.somewhere", "message": "trained 3 epochs"}


def test_an_exception_is_in_its_record(folder):
    try:
        raise ValueError("what\nhappened")
    except ValueError:
        log.exception("it failed")
    (record,) = records(folder)
    assert record["level"] == "ERROR"
    assert record["exception"].startswith("Traceback")
    assert record["exception"].endswith("what\nhappened")


@given(text=st.text(max_size=50))
def test_no_name_in_a_message_can_forge_a_line(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("logs")
    logs.set_up(folder)
    forged = f'{text}\r\n\u2028{{"level": "INFO"}}\x1b[2J'
    log.info("a name: %s", forged)
    raw = (folder / "namerec.log").read_bytes()
    assert raw.count(b"\n") == 1
    assert all(32 <= byte < 127 for byte in raw[:-1])
    assert records(folder)[0]["message"] == f"a name: {forged}"


def test_what_a_run_logs_carries_its_id_in_its_own_thread_alone(folder):
    with logs.for_run("20260101-a"):
        log.info("inside")
        other = threading.Thread(target=log.info, args=("another thread",))
        other.start()
        other.join()
    log.info("outside")
    assert [record.get("run") for record in records(folder)] == ["20260101-a", None, None]


def test_a_message_without_end_is_cut_in_its_middle(folder):
    log.info("a" + "x" * 100_000 + "z")
    (record,) = records(folder)
    assert len(record["message"]) == logs.MAX_TEXT + 3
    assert record["message"][0] + record["message"][-1] == "az"


def test_size_and_number_of_files_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "MAX_BYTES", 1000)
    logs.set_up(tmp_path)
    for number in range(100):
        log.info("record %d of a hundred", number)
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["namerec.log", "namerec.log.1", "namerec.log.2", "namerec.log.lock"]
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())
    assert records(tmp_path)[-1]["message"] == "record 99 of a hundred"


def test_a_file_that_was_removed_or_moved_away_meanwhile_is_begun_again(folder):
    log.info("lost")
    (folder / "namerec.log").unlink()
    log.info("first")
    (folder / "namerec.log").rename(folder / "moved")
    log.info("second")
    assert [record["message"] for record in records(folder)] == ["second"]
    assert json.loads((folder / "moved").read_text())["message"] == "first"


def test_processes_on_one_folder_follow_each_other_and_shift_its_files_once(tmp_path, monkeypatch):
    """Two handlers stand for them: a lock on a file is each one's own."""
    monkeypatch.setattr(logs, "MAX_BYTES", 1000)
    ours, others = logs.LogFile(tmp_path), logs.LogFile(tmp_path)

    def written(handler: logs.LogFile, text: str) -> None:
        handler.handle(logging.makeLogRecord({"msg": text, "name": "namerec.x"}))

    for number in range(12):
        written((ours, others)[number % 2], f"{number:02d}" + "x" * 200)
    for handler in (ours, others):
        handler.close()
    kept = [
        json.loads(line)["message"][:2]
        for name in ("namerec.log.2", "namerec.log.1", "namerec.log")
        for line in (tmp_path / name).read_text().splitlines()
    ]
    assert kept == [f"{number:02d}" for number in range(12 - len(kept), 12)]
    assert len(kept) >= 7
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())


def test_while_another_process_shifts_the_files_records_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "MAX_BYTES", 300)
    monkeypatch.setattr(logs, "LOCK_SECONDS", 0.01)
    logs.set_up(tmp_path)
    with FileLock(tmp_path / "namerec.log.lock"):
        for number in range(4):
            log.info("record %d of four", number)
    assert [record["message"][7] for record in records(tmp_path)] == list("0123")


def test_set_up_by_many_threads_at_once_writes_once(tmp_path):
    together = threading.Barrier(8)

    def begin() -> None:
        together.wait()
        logs.set_up(tmp_path)

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.info("once")
    assert len(records(tmp_path)) == 1


def test_setting_up_twice_writes_once_and_another_folder_takes_over(folder, tmp_path):
    logs.set_up(folder)
    log.info("once")
    logs.set_up(tmp_path / "other")
    log.info("there")
    assert [record["message"] for record in records(folder)] == ["once"]
    assert [record["message"] for record in records(tmp_path / "other")] == ["there"]


def test_warnings_still_reach_standard_error_and_records_their_parents(folder, capsys, caplog):
    log.info("quiet")
    log.warning("loud")
    assert capsys.readouterr().err == "loud\n"
    assert [record.message for record in caplog.records] == ["quiet", "loud"]


def test_a_folder_that_cannot_be_made_breaks_nothing(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    logs.set_up(tmp_path / "file" / "logs")
    log.info("lost")
    log.warning("said")
    assert capsys.readouterr().err == "said\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_breaks_nothing_and_another_folder_can_take_over(tmp_path, capsys):
    logs.set_up(tmp_path)
    os.symlink("/dev/full", tmp_path / "namerec.log")
    log.info("lost")
    log.info("lost too")
    logs.set_up(tmp_path / "again")
    log.info("kept")
    assert capsys.readouterr().err == ""
    assert [record["message"] for record in records(tmp_path / "again")] == ["kept"]
