"""The download against a real server on loopback, whatever that server does."""

import inspect
import os
import re
import socket
import time
from pathlib import Path

import pytest

from namerec.data import tutorial
from namerec.errors import DataError, DownloadError
from tests.data import conftest as servers
from tests.data.conftest import CONTENT, HASHES, Server

#: Longest silence where the server is to be heard, however busy the machine; and where it is
#: silent for as long as it is waited for. Seconds.
PATIENT, SILENCE = 30.0, 0.5


def fetch(server: Server, folder: Path, progress=None, **times: float) -> Path:
    times = {"silence": PATIENT} | times
    return tutorial.fetch(progress, base_url=server.url, folder=folder, hashes=HASHES, **times)


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_every_file_arrives_byte_for_byte(server, tmp_path):
    folder = fetch(server, tmp_path / "corpus")
    assert folder == tmp_path / "corpus"
    assert {path.stem: path.read_bytes() for path in folder.iterdir()} == CONTENT
    assert tutorial.installed(folder, HASHES) == folder


def test_progress_counts_files(server, tmp_path):
    told = []
    fetch(server, tmp_path, progress=lambda done, files: told.append((done, files)))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_second_fetch_asks_for_nothing(server, tmp_path):
    fetch(server, tmp_path)
    server.asked.clear()
    fetch(server, tmp_path)
    assert server.asked == []


def test_a_damaged_file_is_fetched_again_and_only_that(server, tmp_path):
    fetch(server, tmp_path)
    (tmp_path / "Betan.txt").write_bytes(b"half of it")
    assert tutorial.installed(tmp_path, HASHES) is None
    server.asked.clear()
    fetch(server, tmp_path)
    assert server.asked == ["/names/Betan.txt"]
    assert (tmp_path / "Betan.txt").read_bytes() == CONTENT["Betan"]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (servers.not_found, "the server answered 404 Not Found"),
        (servers.truncate, "the transfer broke off"),
        (servers.corrupt, "its SHA-256 differs"),
        (servers.stay_silent, "the server was silent|did not answer in time"),
        (servers.trickle_the_head, "the server was silent"),
        (servers.trickle_the_body, "the server was silent"),
        (servers.flood, "sends more than the file should have"),
    ],
)
def test_whatever_goes_wrong_nothing_is_left_behind_and_a_retry_works(
    server, tmp_path, behaviour, reason
):
    server.behaviours["Alphan"] = behaviour
    began = time.monotonic()
    with pytest.raises(DownloadError, match=reason) as failure:
        fetch(server, tmp_path / "corpus", silence=SILENCE if "silent" in reason else PATIENT)
    assert time.monotonic() - began < PATIENT
    assert files_in(tmp_path) == []
    for part in ("Alphan.txt", server.url, "Try again", "NAMEREC_NAMES_DIR", "--dataset PATH"):
        assert part in str(failure.value)
    server.released.set()
    server.behaviours.clear()
    fetch(server, tmp_path / "corpus")
    assert files_in(tmp_path / "corpus") == ["Alphan.txt", "Betan.txt", "Gamman.txt"]


def test_a_server_that_keeps_sending_meets_the_overall_limit(server, tmp_path):
    server.behaviours["Alphan"] = servers.send_pieces_forever
    with pytest.raises(DownloadError, match="the server is too slow"):
        fetch(server, tmp_path / "corpus", limit=SILENCE)
    assert files_in(tmp_path) == []


def test_a_refused_connection_is_told_with_its_reason(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as bound:  # bound but not listening: whoever connects is refused
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(DownloadError, match=r"could not be reached \(Connection refused\)"):
            tutorial.fetch(
                base_url=f"http://127.0.0.1:{bound.getsockname()[1]}",
                folder=tmp_path / "corpus",
                hashes=HASHES,
            )
    assert files_in(tmp_path) == []


def test_files_that_arrived_before_a_failure_stay_and_are_not_asked_for_again(server, tmp_path):
    server.behaviours["Gamman"] = servers.truncate
    with pytest.raises(DownloadError, match="the 2 of 3 files before it are whole and stay"):
        fetch(server, tmp_path)
    assert files_in(tmp_path) == ["Alphan.txt", "Betan.txt"]
    assert tutorial.installed(tmp_path, HASHES) is None
    server.behaviours.clear()
    server.asked.clear()
    fetch(server, tmp_path)
    assert server.asked == ["/names/Gamman.txt"]


def test_an_interrupted_download_leaves_no_temporary_file(server, tmp_path):
    def stop_after_one(done: int, files: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(server, tmp_path, progress=stop_after_one)
    assert files_in(tmp_path) == ["Alphan.txt"]


def test_temporary_files_of_a_killed_process_are_removed_and_fresh_ones_are_not(server, tmp_path):
    for name, age in (("tmpdead0001", 2 * 3600), ("tmplive0001", 0)):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    fetch(server, tmp_path)
    assert files_in(tmp_path) == ["Alphan.txt", "Betan.txt", "Gamman.txt", "tmplive0001"]


def test_a_folder_that_cannot_be_written_is_a_download_error(server, tmp_path):
    (tmp_path / "corpus").write_text("a file in the way")
    with pytest.raises(DownloadError, match="the file cannot be stored"):
        fetch(server, tmp_path / "corpus")


def test_an_address_that_is_none_is_a_download_error(tmp_path):
    with pytest.raises(DownloadError, match="the transfer broke off"):
        tutorial.fetch(base_url="gopher://nowhere", folder=tmp_path, hashes=HASHES)
    assert files_in(tmp_path) == []


def test_the_download_goes_to_the_cache_that_the_environment_names(server, monkeypatch, tmp_path):
    monkeypatch.setenv("NAMEREC_CACHE", str(tmp_path / "cache"))
    assert tutorial.installed(hashes=HASHES) is None
    folder = tutorial.fetch(base_url=server.url, hashes=HASHES)
    assert folder == tmp_path / "cache" / "tutorial"
    assert tutorial.installed(hashes=HASHES) == folder


def test_without_that_variable_it_goes_to_the_users_cache(monkeypatch):
    monkeypatch.delenv("NAMEREC_CACHE")
    assert "namerec" in tutorial.download_folder().parts
    assert tutorial.download_folder().is_absolute()


def test_a_folder_of_your_own_replaces_the_download(server, monkeypatch, tiny_folder):
    monkeypatch.setenv("NAMEREC_NAMES_DIR", str(tiny_folder))
    told = []
    folder = tutorial.fetch(
        lambda done, files: told.append((done, files)), base_url=server.url, hashes=HASHES
    )
    assert folder == tiny_folder == tutorial.installed()
    assert told == [(3, 3)]
    assert server.asked == []


def test_a_folder_of_your_own_that_is_not_there_is_named(monkeypatch, tmp_path):
    missing = tmp_path / "nowhere"
    monkeypatch.setenv("NAMEREC_NAMES_DIR", str(missing))
    assert tutorial.installed() is None
    for get in (tutorial.fetch, tutorial.corpus_folder):
        with pytest.raises(DataError, match=re.escape(f"NAMEREC_NAMES_DIR is set to “{missing}”")):
            get()


def test_the_table_names_18_languages_and_one_commit():
    assert len(tutorial.HASHES) == len(set(tutorial.HASHES.values())) == 18
    assert all(re.fullmatch("[0-9a-f]{64}", sha256) for sha256 in tutorial.HASHES.values())
    assert "c520c52e68e945d88fff563dba1c028b6ec0197b" in tutorial.BASE_URL


def test_by_default_a_silent_server_is_given_up_within_ten_seconds():
    assert inspect.signature(tutorial.fetch).parameters["silence"].default < 10
