"""The processes that a server trains in, as it sees them: begun, asked, ended.

Their side is `namerec.jobs.worker`. It is a program of our own, as in `jobs.baseline_process`: the
standard library's fork server would run the page that Streamlit is at again in each process. There
is no port, and no file to connect to: each pipe is made here and handed over.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

import namerec
from namerec.jobs.slices import Slice
from namerec.jobs.wire import Ready, receive, send
from namerec.jobs.worker import NUMBER_BYTES, UNKNOWN

#: Bytes that a process may be ahead of the server: a second's records or so. While a run is paused
#: nobody reads them, and so its process soon waits.
_BUFFER = 16_384


class WorkerLostError(Exception):
    """A process has died; its message says of what."""


class ForkServer:
    """Begins and ends processes."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self) -> None:
        """Starts the program, which takes seconds in which others need not wait."""
        with self._asking:
            self._ensure_started()

    def fork(self) -> Worker:
        """Has a process begun, which says so once it is there.

        Raises:
            OSError: If the system gives no more processes or pipes.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            for end in (ours, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
            with self._asking:
                socket.send_fds(self._ensure_started(), [bytes(NUMBER_BYTES)], [theirs.fileno()])
        return Worker(self, Connection(ours.detach()))

    def end(self, pid: int) -> str:
        """Ends a process if it has not ended, and says how it did."""
        answer = UNKNOWN
        with self._asking, suppress(OSError):  # where that program has died
            if self._control is not None:
                self._control.send(pid.to_bytes(NUMBER_BYTES, "big"))
                answer = self._control.recv(NUMBER_BYTES)
        if len(answer) < NUMBER_BYTES:
            return "for a reason that is not known"
        code = os.waitstatus_to_exitcode(int.from_bytes(answer, "big"))
        return f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"

    def close(self) -> None:
        """Ends the program; processes end with their pipes."""
        with self._asking:
            if self._process is not None and self._control is not None:
                self._control.close()
                self._process.kill()
                self._process.wait()
            self._process = self._control = None

    def _ensure_started(self) -> socket.socket:
        """The socket to a program that is alive; the caller holds the lock."""
        if self._process is None or self._control is None or self._process.poll() is not None:
            if self._control is not None:
                self._control.close()
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "namerec.jobs.worker"],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    cwd=Path(namerec.__file__).parents[1],  # where a module is looked for
                    env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
                    process_group=0,  # a Ctrl-C at the terminal is the server's affair
                )
        return self._control


class Worker:
    """One process that trains.

    Attributes:
        pid: Its number, 0 until it has said that it is there.
        holds: Which names it was given last.
    """

    def __init__(self, server: ForkServer, connection: Connection) -> None:
        self.pid = 0
        self.holds: object = None
        self._server, self._connection = server, connection
        self._at_first = 0
        self._ended = ""

    def ask(self, asked: Slice) -> None:
        """Has a slice trained.

        Raises:
            WorkerLostError: If the process has died.
        """
        try:
            send(self._connection, asked)
        except OSError:
            raise self._lost() from None

    def answer(self, seconds: float) -> Any:
        """What it has said next, or None if that takes longer.

        Raises:
            WorkerLostError: If the process has died.
        """
        try:
            if not self._connection.poll(seconds):
                return None
            said = receive(self._connection)
        except (EOFError, OSError):
            raise self._lost() from None
        if isinstance(said, Ready):
            self.pid, self._at_first = said.pid, _memory(said.pid)
        return said

    def taken(self) -> int:
        """Bytes of memory that it has taken since it was there."""
        return max(0, _memory(self.pid) - self._at_first) if self.pid else 0

    def end(self) -> str:
        """Ends it, whatever it does, and says how it ended."""
        if not self._ended:
            self._connection.close()
            self._ended = self._server.end(self.pid) if self.pid else "before it began"
        return self._ended

    def _lost(self) -> WorkerLostError:
        return WorkerLostError(self.end())


def _memory(pid: int) -> int:
    """Bytes of a process that are not a file's: what it was forked with, and what it has taken."""
    with suppress(psutil.Error):
        info = psutil.Process(pid).memory_info()
        return int(info.rss - info.shared)
    return 0
