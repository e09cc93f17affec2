"""What pages of other addresses may not do, and that the lab itself asks nobody outside."""

import os
import socket
import threading
import time
import urllib.error
import urllib.request

import pytest

from tests.faults.servers import Server
from tests.faults.sessions import Session

PAGES = ("", "guide", "train", "evaluate", "runs", "name", "memory", "dataset")
# Writes down where Python connects to, whichever library does it.
_RECORDER = """
import os, sys
def note(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        where = arguments[1][0]
    elif event == "socket.getaddrinfo":
        where = arguments[0]
    else:
        return
    with open(os.environ["ATTEMPTS"], "a") as file:
        file.write(f"{where}\\n")
sys.addaudithook(note)
"""
_HERE = {"127.0.0.1", "::1", "localhost", "None", "0.0.0.0"}


class SilentProxy:
    """Stands for a network that stalls: takes connections, counts them, and never answers."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.taken: list[socket.socket] = []
        self._taking = threading.Thread(target=self._take, daemon=True)
        self._taking.start()

    def _take(self) -> None:
        while True:
            try:
                self.taken.append(self._listening.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)  # which ends its waiting
        self._taking.join()
        self._listening.close()
        for one in self.taken:
            one.close()


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A server whose every connection to the outside is written down and stalls."""
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "sitecustomize.py").write_text(_RECORDER)
    attempts = folder / "attempts"
    attempts.touch()
    proxy = SilentProxy()
    patch = pytest.MonkeyPatch()
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        patch.setenv(name, proxy.url)
        patch.setenv(name.upper(), proxy.url)
    patch.setenv("no_proxy", "")
    patch.setenv("ATTEMPTS", str(attempts))
    patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
    server = Server(folder / "home")
    try:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        patch.setattr(urllib.request, "urlopen", direct.open)
        with server, socket.create_connection(("127.0.0.1", server.port), 60) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: ")
            yield server, proxy, attempts, slow
    finally:
        patch.undo()
        proxy.close()


def _handshake(port: int, origin: str) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as given:
        given.sendall(
            f"GET /_stcore/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: {origin}\r\n\r\n".encode()
        )
        return int(given.recv(4096).split()[1])


def _status(url: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_fifty_foreign_handshakes_are_refused_and_the_server_goes_on_answering(watched):
    server, proxy, *_ = watched
    slowest = 0.0
    for number in range(50):
        assert _handshake(server.port, f"http://evil{number}.example") == 403
        began = time.perf_counter()
        assert _status(f"{server.url}/_stcore/health") == 200
        slowest = max(slowest, time.perf_counter() - began)
    print(f"slowest answer of health among 50 foreign handshakes: {1000 * slowest:.0f} ms")
    assert proxy.taken == []


def test_another_port_of_this_computer_is_foreign_too(watched):
    server, *_ = watched
    assert _handshake(server.port, "http://127.0.0.1:1") == 403
    assert _handshake(server.port, f"http://127.0.0.1:{server.port}") == 101
    assert _status(f"{server.url}/", Origin="http://localhost:3000") == 403


def test_through_all_pages_the_server_connects_to_nobody_outside(watched):
    server, proxy, attempts, _ = watched
    with Session(server.url) as session:
        for page in PAGES:
            session.open(page)
    assert _status(f"{server.url}/api/predict?name=Nakamura") == 200
    where = set(attempts.read_text().split())
    assert where <= _HERE, where
    assert proxy.taken == []


def test_who_never_asks_is_not_held_for_ever(watched):
    *_, slow = watched
    assert slow.recv(1) == b""
