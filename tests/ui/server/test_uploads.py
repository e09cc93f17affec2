"""The guard before the server's files; a real server asks it in tests/faults/test_access.py."""

from __future__ import annotations

import pytest
from starlette.exceptions import HTTPException
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from namerec.ui.server import uploads
from namerec.ui.server.uploads import LEAST_BYTES, MOST_BYTES, forget_gone, refuse_from, take_from


class Server:
    """As much of Streamlit's as the guard sees."""

    def __init__(self) -> None:
        self.uploaded_file_mgr = MemoryUploadedFileManager("/upload")
        self.here: set[str] = set()

    def is_active_session(self, session: str) -> bool:
        return session in self.here


@pytest.fixture
def server(monkeypatch):
    server = Server()
    monkeypatch.setattr(uploads, "exists", lambda: True)
    monkeypatch.setattr(uploads, "get_instance", lambda: server)
    return server


@pytest.fixture
def files(server):
    return server.uploaded_file_mgr


def file(identity: str = "1", size: int = 0, name: str = "names.csv") -> UploadedFileRec:
    return UploadedFileRec(identity, name, "text/csv", bytes(size))


def refusal(files: MemoryUploadedFileManager, session: str, upload: UploadedFileRec) -> int:
    with pytest.raises(HTTPException) as caught:
        files.add_file(session, upload)
    return caught.value.status_code


def test_a_session_that_was_let_in_has_its_files_held(files):
    take_from("ada")
    files.add_file(session_id="ada", file=file(size=3))
    assert files.get_files("ada", ["1"]) == [file(size=3)]


def test_nothing_is_held_for_anybody_else(files):
    take_from("ada")
    assert refusal(files, "eve", file()) == 403
    assert list(files.file_storage) == []


def test_what_came_before_the_first_page_was_drawn_is_dropped(files):
    files.add_file("eve", file())
    refuse_from("eve")
    assert list(files.file_storage) == []
    assert refusal(files, "eve", file()) == 403


def test_a_session_that_is_refused_later_keeps_what_it_has_and_gets_no_more(files):
    take_from("ada")
    files.add_file("ada", file())
    refuse_from("ada")
    assert refusal(files, "ada", file("2")) == 403
    assert files.get_files("ada", ["1", "2"]) == [file()]


def test_a_session_that_has_ended_holds_nothing_and_must_be_let_in_again(files):
    take_from("ada")
    files.add_file("ada", file())
    files.remove_session_files("ada")
    assert files.get_files("ada", ["1"]) == []
    assert refusal(files, "ada", file()) == 403


def test_files_are_dropped_once_their_browser_was_gone_twice(server, files):
    for name in ("ada", "bob", "eve"):
        take_from(name)
        files.add_file(name, file())
    server.here = {"ada", "bob"}
    forget_gone()
    server.here = {"ada", "eve"}  # she is back
    forget_gone()
    assert set(files.file_storage) == {"ada", "bob", "eve"}
    forget_gone()
    assert set(files.file_storage) == {"ada", "eve"}


def test_files_of_one_session_are_bounded_together_and_removing_one_makes_room(files):
    take_from("ada")
    take_from("bob")
    half = MOST_BYTES // 2
    files.add_file("ada", file("1", half))
    assert refusal(files, "ada", file("2", half)) == 413
    files.add_file("ada", file("1", half - 100))  # in the place of the first
    files.add_file("bob", file("2", half))
    files.remove_file("ada", "1")
    files.add_file("ada", file("2", half))


def test_empty_files_are_bounded_too(files):
    take_from("ada")
    most = MOST_BYTES // LEAST_BYTES
    for number in range(most):
        files.add_file("ada", file(str(number)))
    assert refusal(files, "ada", file("one more")) == 413


def test_a_long_name_counts(files):
    take_from("ada")
    assert refusal(files, "ada", file(name="x" * MOST_BYTES)) == 413


def test_without_a_server_nothing_happens(monkeypatch):
    monkeypatch.setattr(uploads, "exists", lambda: False)
    take_from("ada")
    refuse_from("ada")


def test_files_of_all_sessions_are_bounded_together_until_one_ends(files, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_BYTES_OF_ALL", 2 * MOST_BYTES)
    for name in ("ada", "bob", "eve"):
        take_from(name)
    large = MOST_BYTES - 1000
    files.add_file("ada", file(size=large))
    files.add_file("bob", file(size=large))
    assert refusal(files, "eve", file(size=large)) == 503
    files.add_file("bob", file(size=large - 1))  # in the place of its own
    files.remove_session_files("ada")
    files.add_file("eve", file(size=large))
    assert files.get_files("eve", ["1"]) == [file(size=large)]
