import errno
import os
import stat
import threading
import time
from pathlib import Path

import pytest

from namerec.disk import append_flushed, is_debris, open_regular, read_at_most, write_whole
from tests.conftest import files_up_to
from tests.runs.references import assert_no_debris

OLD = b'{"state": "running"}\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "status.json"
    path.write_bytes(OLD)
    return path


def _alone(path: Path) -> bool:
    """Whether a file is all there is in its folder."""
    return os.listdir(path.parent) == [path.name]


def _fail(error: BaseException):
    def failing(*args):
        raise error

    return failing


# -- files replaced whole


def test_a_file_is_replaced_by_its_new_content_and_nothing_is_left_beside_it(file):
    write_whole(file, b"new")
    assert file.read_bytes() == b"new"
    write_whole(file, b"")
    assert file.read_bytes() == b""
    assert _alone(file)


def test_a_file_that_was_not_there_is_written(tmp_path):
    write_whole(tmp_path / "new.json", OLD)
    assert (tmp_path / "new.json").read_bytes() == OLD
    assert _alone(tmp_path / "new.json")


@pytest.mark.parametrize("error", [OSError(errno.EIO, "no disk"), KeyboardInterrupt()])
def test_a_failing_flush_leaves_the_old_file_and_no_debris(file, monkeypatch, error):
    monkeypatch.setattr(os, "fsync", _fail(error))
    with pytest.raises(type(error)):
        write_whole(file, b"new")
    assert file.read_bytes() == OLD
    assert _alone(file)


def test_a_failing_rename_leaves_no_debris(tmp_path):
    (tmp_path / "status.json").mkdir()  # no file can be renamed onto a folder
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "status.json", b"new")
    assert (tmp_path / "status.json").is_dir()
    assert _alone(tmp_path / "status.json")


def test_the_content_is_on_the_disk_before_the_rename_and_the_rename_before_the_return(
    file, monkeypatch
):
    flushed = []

    def fsync(descriptor):
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        size = None if kind == "folder" else os.fstat(descriptor).st_size
        flushed.append((kind, size, file.read_bytes()))

    monkeypatch.setattr(os, "fsync", fsync)
    write_whole(file, b"new!")
    assert flushed == [("file", 4, OLD), ("folder", None, b"new!")]


def test_who_reads_while_a_file_is_replaced_sees_all_of_the_old_or_all_of_the_new(file):
    contents = [bytes([letter]) * 50_000 for letter in b"ab"]
    write_whole(file, contents[0])
    seen: set[bytes] = set()
    over = threading.Event()

    def read():
        while not over.is_set():
            seen.add(file.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(60):
        write_whole(file, contents[turn % 2])
    over.set()
    reader.join(10)
    assert seen <= set(contents)
    assert seen


@pytest.mark.parametrize("size", [5_000, 1_000_000])
def test_a_full_disk_leaves_the_old_file_byte_for_byte(file, size):
    with files_up_to(4_000), pytest.raises(OSError, match="File too large"):
        write_whole(file, b"new!" * (size // 4))
    assert file.read_bytes() == OLD
    assert _alone(file)


# -- files of others


def test_a_file_is_read_up_to_a_size_and_no_further(file):
    assert read_at_most(file, len(OLD)) == OLD
    assert read_at_most(file, len(OLD) - 1) is None
    with open_regular(file) as opened:
        assert opened.read() == OLD


def test_what_is_no_file_is_not_opened_nor_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "endless").symlink_to("/dev/zero")
    before = len(os.listdir("/proc/self/fd"))
    for path in (tmp_path / "pipe", tmp_path / "endless"):
        with pytest.raises(OSError, match="not a regular file"):
            read_at_most(path, 10)
    with pytest.raises(IsADirectoryError):
        read_at_most(tmp_path, 10)
    with pytest.raises(FileNotFoundError):
        read_at_most(tmp_path / "missing", 10)
    assert len(os.listdir("/proc/self/fd")) == before


# -- files that only grow


def test_what_is_appended_stands_at_the_end(tmp_path):
    path = tmp_path / "metrics.jsonl"
    append_flushed(path, b"one\n")
    append_flushed(path, b"two\n")
    append_flushed(path, b"")
    large = b"three\n" * 50_000
    append_flushed(path, large)
    assert path.read_bytes() == b"one\ntwo\n" + large
    assert_no_debris(tmp_path)


def test_what_is_appended_is_on_the_disk_before_the_return(tmp_path, monkeypatch):
    path = tmp_path / "metrics.jsonl"
    flushed = []

    def fsync(descriptor):
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        flushed.append((kind, path.read_bytes()))

    monkeypatch.setattr(os, "fsync", fsync)
    append_flushed(path, b"one\n")
    append_flushed(path, b"two\n")
    assert flushed == [("file", b"one\n"), ("folder", b"one\n"), ("file", b"one\ntwo\n")]


@pytest.mark.parametrize("error", [OSError(errno.EIO, "no disk"), KeyboardInterrupt()])
def test_a_failing_flush_takes_back_what_was_appended(file, monkeypatch, error):
    monkeypatch.setattr(os, "fsync", _fail(error))
    with pytest.raises(type(error)):
        append_flushed(file, b"more\n")
    assert file.read_bytes() == OLD


@pytest.mark.parametrize("lines", [1_000, 2_000, 100_000])
def test_a_full_disk_takes_back_every_byte_of_what_was_appended(file, lines):
    """Some of it fits, so that a careless writer would leave that part or, worse, the rest."""
    with files_up_to(5_000), pytest.raises(OSError, match="File too large"):
        append_flushed(file, b"a line\n" * lines)
    assert file.read_bytes() == OLD


def test_debris_is_what_is_older_than_an_hour_or_of_a_future_that_was_taken_back(tmp_path):
    path = tmp_path / "status.json.1-1.part"
    assert not is_debris(path)
    path.touch()
    for seconds, left in ((0, False), (-3500, False), (-3700, True), (3500, False), (3700, True)):
        at = time.time() + seconds
        os.utime(path, (at, at))
        assert is_debris(path) == left, seconds
