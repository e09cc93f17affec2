"""The process that baselines are fitted in, seen from the server: started, asked, held, ended.

Its other side is `namerec.jobs.baseline_fitter`. Between the two are the standard streams of a
program of our own, which nothing is imported into again, as a forked or spawned worker would: the
corpus goes over once as arrays, then a kind a line; back come scores, a line of JSON a kind. The
process ends when its standard input does, so it outlives no server however that one dies.
"""

from __future__ import annotations

import atexit
import io
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

import numpy as np

import namerec
from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.splits import Split
from namerec.core.evaluation.baselines import BaselineKind
from namerec.errors import JobError

_LOG = logging.getLogger(__name__)

#: The lowest priority there is: whatever else wants the processor, gets it.
NICENESS = 19
#: Seconds between two looks whether the process is to be held.
LOOK_SECONDS = 0.2
#: Starts in a row that may be killed, by a system short of memory, say, until it is told.
MOST_STARTS = 3
#: Seconds that a process may take to end once it has closed its answers.
END_SECONDS = 5.0
#: Bytes that say how long the corpus is, before it.
SIZE_BYTES = 8
#: Bytes of its last words that are told when it has failed; a traceback takes half of them.
LAST_WORDS = 4096


class BaselineProcess:
    """Scores the baselines of one split in a process of low priority; to be used in a `with`.

    The process starts at the first question, and anew if it was held or killed.

    Args:
        dataset: The names.
        split: Of these names.
        busy: Whether the processor has better things to do: then the process is ended, and begins
            again when that is over.
        command: What is run; tests give others.
    """

    def __init__(
        self,
        dataset: Dataset,
        split: Split,
        busy: Callable[[], bool],
        command: tuple[str, ...] = (sys.executable, "-m", "namerec.jobs.baseline_fitter"),
    ) -> None:
        self._dataset = dataset
        self._split = split
        self._busy = busy
        self._command = command
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def ask(self, kind: BaselineKind) -> bytes:
        """The scores of a baseline as JSON; waits for them, and as long as it is held.

        Raises:
            JobError: If the process dies by itself, or is killed again and again.
            OSError: If it cannot be started.
        """
        killed = 0
        while True:
            while self._busy():
                time.sleep(LOOK_SECONDS)
            if self._child is None:
                self._child = _Child(self._command, packed(self._dataset, self._split), self._busy)
            try:
                answer = self._child.ask(kind)
                killed = 0  # held by a training: what counts is kills in a row
            except JobError:
                killed += 1
                if killed >= MOST_STARTS or not self._child.was_killed:
                    raise
                _LOG.warning("the baseline process was killed at %s; it is started again", kind)
                answer = None
            if answer is not None:
                return answer
            self._end()

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()


class _Child:
    """One process, from its start to its end."""

    def __init__(self, command: tuple[str, ...], corpus: bytes, busy: Callable[[], bool]) -> None:
        self._unsent = corpus
        self._busy = busy
        self._held, self._server_ends = threading.Event(), threading.Event()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed at its end
        try:
            self._process = _started(command, self._errors)
        except BaseException:
            self._errors.close()
            raise
        # It hears of the server's end when it listens, which it does not while it starts.
        atexit.register(self._end_with_server)
        try:
            threading.Thread(target=self._hold, name="hold baselines", daemon=True).start()
        except BaseException:  # the system gives no more threads
            self.end()
            raise

    def ask(self, kind: BaselineKind) -> bytes | None:
        """Its answer, or None if it was ended because of better things to do.

        Raises:
            JobError: If it has died of something else.
        """
        questions = cast("IO[bytes]", self._process.stdin)
        answers = cast("IO[bytes]", self._process.stdout)
        answer = b""
        with suppress(OSError):  # a broken pipe: it is dead, and there is no answer either
            questions.write(self._unsent + f"{kind}\n".encode())
            questions.flush()
            self._unsent = b""
            answer = answers.readline()
        if answer.endswith(b"\n"):
            return answer
        if self._server_ends.is_set():
            threading.Event().wait()  # this thread ends with the server: nothing is to be told
        if self._held.is_set():
            return None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self._process.kill()
        raise JobError(
            f"The process that fits baselines ended with code {self._process.wait()} at {kind}; "
            f"they are tried again when the server starts. It said: {self._last_words()}"
        )

    @property
    def was_killed(self) -> bool:
        """Whether it has died, and not by itself."""
        return (self._process.poll() or 0) < 0

    def end(self) -> None:
        """Ends the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        atexit.unregister(self._end_with_server)
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was not sent is not wanted any more
                if pipe is not None:
                    pipe.close()
        self._errors.close()

    def _end_with_server(self) -> None:
        self._server_ends.set()
        self._process.kill()

    def _hold(self) -> None:
        while self._process.poll() is None:
            if self._busy():
                self._held.set()
                self._process.kill()
                return
            time.sleep(LOOK_SECONDS)

    def _last_words(self) -> str:
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - LAST_WORDS))
        return self._errors.read().decode(errors="replace").strip() or "nothing."


def _started(command: tuple[str, ...], errors: IO[bytes]) -> subprocess.Popen[bytes]:
    ours = os.name == "posix"
    process = subprocess.Popen(  # noqa: S603 - our own program
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        cwd=Path(namerec.__file__).parents[1],  # where a module is looked for
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        # A Ctrl-C at the terminal is the server's affair. No session of its own: there are systems
        # on which priorities hold within a session only.
        process_group=0 if ours else None,
        creationflags=0
        if ours
        else getattr(subprocess, "IDLE_PRIORITY_CLASS", 0)
        | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        | getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    if hasattr(os, "setpriority"):
        with suppress(OSError):  # then it is as quick as others
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
    return process


def packed(dataset: Dataset, split: Split) -> bytes:
    """A dataset and split as NumPy's archive, its length before it; `unpacked` reads it."""
    archive = io.BytesIO()
    np.savez(
        archive,
        allow_pickle=False,
        categories=np.array(dataset.categories),
        letters=dataset.letters,
        lengths=dataset.lengths,
        labels=dataset.labels,
        protocol=np.array(split.protocol),
        seed=np.array(split.seed),
        train=split.train,
        validation=split.validation,
        test=split.test,
    )
    content = archive.getvalue()
    return len(content).to_bytes(SIZE_BYTES, "big") + content
