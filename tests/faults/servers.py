"""The app as a person starts it, in a process of its own that can be measured and killed."""

from __future__ import annotations

import math
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tests.conftest import ROOT

#: Seconds a server may take to answer, or to end; generous, it is one of several on the machine.
START_SECONDS = 90.0
END_SECONDS = 20.0
#: Seconds between two looks at a server that is starting.
_LOOK = 0.05


class Server:
    """A server with a data folder and a port of its own; as a context it starts and ends."""

    #: Where it is started.
    folder = ROOT
    #: Options of Streamlit's, and settings of ours by variable, besides those that it always has.
    options: tuple[str, ...] = ()
    settings: Mapping[str, str] = {}

    def __init__(self, home: Path, corpus: Path | None = None, held_back: bool = False) -> None:
        """Starts nothing yet.

        Args:
            home: Folder for the data, the cache and the log; made if it is missing.
            corpus: Folder of text files that the lab offers and trains on, None for the bundled.
            held_back: Whether its trainings wait for `let_train`, as those of all such servers on
                this folder do.
        """
        home.mkdir(parents=True, exist_ok=True)
        self._held_back = home / "held_back" if held_back else None
        self.data = home / "data"
        self._cache = home / "cache"
        self._log = home / "server.log"
        self._corpus = corpus
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def let_train(self, epoch: float = math.inf) -> None:
        """Lets trainings go on up to an epoch, or to their ends, where they wait for it."""
        assert self._held_back is not None
        new = self._held_back.with_suffix(".new")
        new.write_text(str(epoch))
        new.replace(self._held_back)

    def command(self) -> list[str]:
        command = [sys.executable, "-m", "streamlit"]
        if self._held_back is not None:
            command[2:] = ["tests.faults.held_back", str(self._held_back)]
        command += ["run", "dashboard.py", "--server.port", str(self.port), *self.options]
        if self._corpus is not None:
            command += ["--", "--dataset", str(self._corpus)]
        return command

    def start(self) -> None:
        """Starts the process and returns once it answers."""
        others = {
            name: value for name, value in os.environ.items() if not name.startswith("NAMEREC_")
        }
        ours = {
            "NAMEREC_HOME": str(self.data),
            "NAMEREC_CACHE": str(self._cache),
            "NAMEREC_WORKERS": "1",  # however many cores there are
        }
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                env=others | ours | dict(self.settings),
                stdout=log,
                stderr=log,
                start_new_session=True,  # so that its children can be ended with it
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log()
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                    return
            except OSError:
                time.sleep(_LOOK)
        raise AssertionError(f"The server did not answer in {START_SECONDS:.0f} s.\n{self.log()}")

    def terminate(self) -> int:
        """Asks the process to end, as Ctrl-C does.

        Returns:
            Its exit status.

        Raises:
            subprocess.TimeoutExpired: If it does not end in time.
        """
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(END_SECONDS)

    def kill(self) -> None:
        """Ends the process, and all it started, at once and without a word (`kill -9`)."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):  # it has ended
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(END_SECONDS)

    def stop(self) -> None:
        """Ends the process politely, else by force; nothing is left of it in either case."""
        try:
            if self.process is not None and self.process.poll() is None:
                with suppress(subprocess.TimeoutExpired):  # who cares how it ends calls terminate
                    self.terminate()
        finally:
            self.kill()

    def log(self) -> str:
        """All that the server printed, over all its starts."""
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    def memory(self) -> float:
        """Main memory the process holds now, MB (10⁶ bytes)."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        held = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        assert held is not None, status
        return int(held.group(1)) * 1024 / 1e6


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
