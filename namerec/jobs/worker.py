"""The program that trains for a server: `python -m namerec.jobs.worker`.

It imports PyTorch once and then forks a process whenever it is asked to, which shares what was
imported; `namerec.jobs.processes` asks. It computes nothing itself: a fork would lack the threads
that PyTorch starts for that. All of them end when the server does, however that dies: then nobody
is at the other end of their pipes.
"""

from __future__ import annotations

import gc
import os
import pickle
import queue
import signal
import socket
import threading
import traceback
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.splits import Split
from namerec.core.training.records import FinalRecord
from namerec.jobs.slices import Slice, records_of, rehearsal
from namerec.jobs.wire import Failure, Ready, SliceEnd, receive, send

#: Bytes of a request: 0 and a pipe for another process, or the number of one that is to end; the
#: answer to that is how it ended, in as many, or `UNKNOWN`.
NUMBER_BYTES = 4
UNKNOWN = b"?"
#: The kernel's own largest: where memory runs out it ends these processes, and not the server.
_FIRST_TO_GO = b"1000"


def main() -> None:
    """Forks and ends processes as it is told on its standard input, a socket."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the server's affair, whose end is heard of
        signal.signal(number, signal.SIG_IGN)
    rehearsal()
    gc.collect()
    gc.freeze()  # what is shared stays so: collections would write to it
    control = socket.socket(fileno=0)
    ended: dict[int, int] = {}
    while True:
        request, pipes, _, _ = socket.recv_fds(control, NUMBER_BYTES, 1)
        if not request:
            return
        _sweep(ended)
        if pipes:
            if os.fork() == 0:
                control.detach()
                _begin(pipes[0])
            os.close(pipes[0])
        else:
            control.send(_end(int.from_bytes(request, "big"), ended))


def _sweep(ended: dict[int, int]) -> None:
    """Notes how those ended that ended by themselves."""
    with suppress(ChildProcessError):
        while (child := os.waitpid(-1, os.WNOHANG))[0]:
            ended[child[0]] = child[1]


def _end(pid: int, ended: dict[int, int]) -> bytes:
    status = ended.pop(pid, None)
    if status is None:
        try:
            done, status = os.waitpid(pid, os.WNOHANG)  # only what is its own has that number
            if not done:
                os.kill(pid, signal.SIGKILL)
                status = os.waitpid(pid, 0)[1]
        except ChildProcessError:  # forked by another such program, which has died
            return UNKNOWN
    return status.to_bytes(NUMBER_BYTES, "big")


def _begin(pipe: int) -> None:
    """The forked process's whole life."""
    with suppress(OSError):
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        with open("/proc/self/oom_score_adj", "wb") as score:
            score.write(_FIRST_TO_GO)
    try:
        serve(Connection(pipe))
    except OSError:  # nobody is there any more
        pass
    except BaseException:  # noqa: BLE001 - no fork may go on as its parent
        traceback.print_exc()
    os._exit(1)


def serve(connection: Connection) -> None:
    """Trains the slices that are asked for, one after the other."""
    inbox: queue.SimpleQueue[Slice] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, inbox), daemon=True).start()
    send(connection, Ready(os.getpid()))
    names: tuple[Dataset, Split] | None = None
    while True:
        asked = inbox.get()
        names = asked.names or names
        try:
            for record in records_of(replace(asked, names=names)):
                send(connection, record)
            if not isinstance(record, FinalRecord):
                send(connection, SliceEnd())
        except Exception as error:  # noqa: BLE001 - the server tells what became of the run
            _tell(connection, error)


def _tell(connection: Connection, error: Exception) -> None:
    """Tells what has failed; in other words if it cannot be sent as it is."""
    trace = traceback.format_exc()
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - whatever its class does
        error = RuntimeError(f"{type(error).__name__}: {error}")
    send(connection, Failure(error, trace))


def _listen(connection: Connection, inbox: queue.SimpleQueue[Slice]) -> None:
    """Passes on what is asked; the end of whoever asks is the end of this."""
    try:
        while True:
            inbox.put(receive(connection))
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
