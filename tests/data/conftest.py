"""A real HTTP server on loopback that can be told to misbehave."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

#: A made-up corpus, as the server has it.
CONTENT = {
    "Alphan": b"Bakaovic\nDoruovic\n",
    "Betan": b"Fenassen\nGilussen\n" * 200,
    "Gamman": "Humäaki\nJasuaki\n".encode(),
}
HASHES = {language: hashlib.sha256(content).hexdigest() for language, content in CONTENT.items()}

Behaviour = Callable[["Handler", bytes], None]


class Handler(BaseHTTPRequestHandler):
    """Answers with a file of the corpus, or misbehaves as its server says for that path."""

    server: "Server"

    def do_GET(self):
        self.server.asked.append(self.path)
        language = self.path.removeprefix("/names/").removesuffix(".txt")
        behaviour = self.server.behaviours.get(language, serve)
        behaviour(self, CONTENT.get(language, b""))

    def log_message(self, format, *args):
        pass


class Server(ThreadingHTTPServer):
    """Remembers what it was asked for; `released` ends whatever it is stalling."""

    daemon_threads = False  # so that closing waits for them

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.behaviours: dict[str, Behaviour] = {}
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/names"

    def handle_error(self, request, client_address):
        """Clients that hang up are what these tests are about."""


def serve(handler: Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def not_found(handler: Handler, content: bytes) -> None:
    handler.send_error(404)


def truncate(handler: Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content) + 100))
    handler.end_headers()
    handler.wfile.write(content)


def corrupt(handler: Handler, content: bytes) -> None:
    serve(handler, content.replace(b"a", b"e"))


def stay_silent(handler: Handler, content: bytes) -> None:
    handler.server.released.wait(120)


def trickle_the_body(handler: Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.server.released.wait(0.01):
        handler.wfile.write(b"a")


def trickle_the_head(handler: Handler, content: bytes) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not handler.server.released.wait(0.01):
        handler.wfile.write(b"a")


def send_pieces_forever(handler: Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000000")
    handler.end_headers()
    while not handler.server.released.wait(0.01):
        handler.wfile.write(b"a" * 2048)


def flood(handler: Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.released.is_set():
        handler.wfile.write(b"a" * 2**18)


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.released.set()
        running.shutdown()
        thread.join()
