"""Uploads: files that the server holds in memory, from sessions that were let in, within bounds.

Streamlit's server takes a file from every session that has a connection, at any time, and holds it
until the session ends: from those that were shown nothing but a refusal too, and any number.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from streamlit.runtime import exists, get_instance
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

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


def _held(files: Mapping[str, UploadedFileRec]) -> int:
    return sum(map(_size, files.values()))


def _size(file: UploadedFileRec) -> int:
    return max(LEAST_BYTES, sum(map(len, file)))


_installing = threading.Lock()


def _guard() -> Guard | None:
    """The guard of this process's server; None without one, as in tests of a page alone."""
    files = get_instance().uploaded_file_mgr if exists() else None
    if not isinstance(files, MemoryUploadedFileManager):
        return None
    with _installing:
        guard = getattr(files.add_file, "__self__", None)
        if not isinstance(guard, Guard):
            guard = Guard(files)
            guard.install()
        return guard
