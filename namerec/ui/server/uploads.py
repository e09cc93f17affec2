"""Uploads: files that the server holds in memory, from sessions that were let in, within bounds.

Streamlit's server takes a file from every session that has a connection, at any time, and holds it
until the session ends: from those that were shown nothing but a refusal too, and any number. Here
a file is dropped once it is used, when its page is left, and when its browser is gone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import streamlit as st
from starlette.exceptions import HTTPException
from streamlit.runtime import exists, get_instance
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import (
    DeletedFile,
    UploadedFile,
    UploadedFileRec,
)

#: Bytes that the files of one session may take together: ten of the largest that is read.
MOST_BYTES = 100 * 1024**2
#: Bytes that the files of all sessions may take together.
MOST_BYTES_OF_ALL = 400 * 1024**2
#: Bytes that a file counts as at least, for what is held about an empty one.
LEAST_BYTES = 64 * 1024


class Guard:
    """Stands before one server's files."""

    def __init__(self, files: MemoryUploadedFileManager) -> None:
        self._files = files
        self._add, self._forget = files.add_file, files.remove_session_files
        self._welcome: set[str] = set()
        self._gone: set[str] = set()
        self._turn = threading.Lock()

    def install(self) -> None:
        """Puts itself in the place of the server's own methods; drops what came before it."""
        with self._turn:
            self._files.add_file = self.add_file  # type: ignore[method-assign]
            self._files.remove_session_files = self.forget  # type: ignore[method-assign]
            for session in tuple(self._files.file_storage):
                self._forget(session)

    def welcome(self, session: str) -> None:
        """Takes files from a session from now on."""
        with self._turn:
            self._welcome.add(session)

    def turn_away(self, session: str) -> None:
        """Takes no more files from a session."""
        with self._turn:
            self._welcome.discard(session)

    def forget(self, session_id: str) -> None:
        """Drops all files of a session that has ended."""
        with self._turn:
            self._welcome.discard(session_id)
            self._forget(session_id)

    def forget_gone(self, is_here: Callable[[str], bool]) -> None:
        """Drops the files of sessions that had no browser the last time either."""
        with self._turn:
            gone = {session for session in self._files.file_storage if not is_here(session)}
            for session in gone & self._gone:
                self._forget(session)
            self._gone = gone - self._gone

    def add_file(self, session_id: str, file: UploadedFileRec) -> None:
        """Holds a file.

        Raises:
            HTTPException: 403 if the session was not let in, 413 if its files would take too much,
                503 if those of all sessions would.
        """
        with self._turn:
            if session_id not in self._welcome:
                raise HTTPException(403, "This session may not upload files")
            held = self._files.file_storage.get(session_id, {})
            replaced = _size(held[file.file_id]) if file.file_id in held else 0
            if _held(held) - replaced + _size(file) > MOST_BYTES:
                raise HTTPException(413, "This session holds too many files; reload the page")
            of_all = sum(map(_held, self._files.file_storage.values()))
            if of_all - replaced + _size(file) > MOST_BYTES_OF_ALL:
                raise HTTPException(503, "The server holds too many files; try again later")
            self._add(session_id, file)


def take_from(session: str) -> None:
    """Lets a session upload files from now on."""
    if (guard := _guard()) is not None:
        guard.welcome(session)


def refuse_from(session: str) -> None:
    """Lets a session upload no more files; what it has uploaded stays until it ends."""
    if (guard := _guard()) is not None:
        guard.turn_away(session)


def forget_gone() -> None:
    """Drops the files of sessions whose browser is gone, asked a second time.

    Streamlit gives a session two minutes to come back, and drops it when the next one comes or
    goes.
    """
    if (guard := _guard()) is not None:
        guard.forget_gone(get_instance().is_active_session)


def forget_all() -> None:
    """Drops this session's files: they are used, or it has left the page that asked for them."""
    files, context = _files(), get_script_run_ctx()
    if files is not None and context is not None:
        for identity in list(files.file_storage.get(context.session_id, {})):
            files.remove_file(context.session_id, identity)


def given(file: UploadedFile | DeletedFile | None) -> UploadedFile | None:
    """The file of an upload widget; None without one, or if the server has dropped it meanwhile."""
    if isinstance(file, DeletedFile):
        st.info("The server no longer holds this file. Choose it again.", icon=":material/info:")
        return None
    return file


def _held(files: Mapping[str, UploadedFileRec]) -> int:
    return sum(map(_size, files.values()))


def _size(file: UploadedFileRec) -> int:
    return max(LEAST_BYTES, sum(map(len, file)))


_installing = threading.Lock()


def _files() -> MemoryUploadedFileManager | None:
    """What holds this process's files; None without a server, as in tests of a page alone."""
    files = get_instance().uploaded_file_mgr if exists() else None
    return files if isinstance(files, MemoryUploadedFileManager) else None


def _guard() -> Guard | None:
    if (files := _files()) is None:
        return None
    with _installing:
        guard = getattr(files.add_file, "__self__", None)
        if not isinstance(guard, Guard):
            guard = Guard(files)
            guard.install()
        return guard
