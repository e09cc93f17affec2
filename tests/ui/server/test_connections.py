"""Connections that take their time, against a real server of the kind that Streamlit starts."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from namerec.settings import settings
from namerec.ui.server import connections
from tests.jobs.fakes import wait_until

#: Seconds that a test waits for what should happen at once: a bound against hangs.
LIMIT = 60.0
HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
WHOLE = HEAD + b"\r\n"
BODY = HEAD + b"Content-Length: 10\r\n\r\n12345"


async def _app(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


Connect = Callable[..., socket.socket]


@pytest.fixture
def server(monkeypatch) -> Iterator[Callable[..., Connect]]:
    """Starts a server of such bounds, and gives what connects to it."""
    opened: list[socket.socket] = []
    stops: list[Callable[[], None]] = []

    def start(**bounds: float) -> Connect:
        for name, value in bounds.items():
            monkeypatch.setattr(connections, name.upper(), value)
        kind = type("Own", (AutoHTTPProtocol,), {})
        connections.Bounds(kind)
        config = uvicorn.Config(_app, port=0, http=kind, ws="none", lifespan="off", log_config=None)
        one = uvicorn.Server(config)
        thread = threading.Thread(target=one.run)
        thread.start()

        def stop() -> None:
            one.should_exit = True
            thread.join(LIMIT)

        stops.append(stop)
        wait_until(lambda: one.started)
        port = one.servers[0].sockets[0].getsockname()[1]

        def connect(sent: bytes, address: str = "127.0.0.1") -> socket.socket:
            opened.append(
                socket.create_connection(("127.0.0.1", port), LIMIT, source_address=(address, 0))
            )
            opened[-1].sendall(sent)
            return opened[-1]

        return connect

    yield start
    for connection in opened:
        connection.close()
    for stop in stops:
        stop()
    settings.cache_clear()


def _answer(connection: socket.socket) -> bytes:
    """The answer's first line; nothing if the server has closed the connection instead."""
    try:
        return connection.recv(1000).partition(b"\r\n")[0]
    except ConnectionResetError:
        return b""


def test_who_does_not_send_a_whole_head_is_not_waited_for(server):
    connect = server(look=0.05)
    assert _answer(connect(b"")) == b""
    assert _answer(connect(HEAD)) == b""
    again = connect(WHOLE)
    assert _answer(again) == b"HTTP/1.1 204 No Content"
    again.sendall(HEAD)
    assert _answer(again) == b""


def test_a_body_is_waited_for_longer_but_not_for_ever(server):
    connect = server(look=0.05, most_looks=100)
    slow = connect(BODY)
    for _ in range(3):
        assert _answer(connect(HEAD)) == b""  # a look and more have passed
    slow.sendall(b"67890")
    assert _answer(slow) == b"HTTP/1.1 204 No Content"
    assert _answer(server(look=0.05, most_looks=2)(BODY)) == b""


def test_an_address_has_so_many_connections_and_others_are_let_in(server, monkeypatch):
    connect = server(look=LIMIT, most_per_address=2)
    first, _ = connect(HEAD), connect(HEAD)
    assert _answer(connect(WHOLE)) == b""
    assert _answer(connect(WHOLE, "127.0.0.2")) == b"HTTP/1.1 204 No Content"
    first.sendall(b"\r\n")
    assert _answer(first) == b"HTTP/1.1 204 No Content"
    monkeypatch.setenv("NAMEREC_TRUSTED_PROXIES", "127.0.0.1")
    settings.cache_clear()
    assert _answer(connect(WHOLE)) == b"HTTP/1.1 204 No Content"
