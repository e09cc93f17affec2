"""Real servers, and visitors who lie about where they come from and who they are."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Navigation_pb2 import Navigation
from streamlit.web.server.starlette.starlette_app_utils import (
    create_signed_value,
    generate_xsrf_token_string,
)
from streamlit.web.server.starlette.starlette_server_config import (
    USER_COOKIE_NAME,
    XSRF_COOKIE_NAME,
)

from namerec.ui.server.access import NOT_FROM_PROXY
from tests.conftest import ROOT
from tests.faults.servers import Server
from tests.faults.sessions import Session

#: Says who is asking, and nothing of the lab, which takes seconds to import.
_WHO = """
import streamlit as st
from namerec.ui.server.access import gate, user
gate(hide_menu=lambda: None)
st.text("welcome " + user())
"""
_SECONDS = 30.0
#: Set for a server, besides the project's own variables.
_ENVIRONMENT: dict[str, str] = {}
#: The script is begun again by itself.
_GOES_ON = (ForwardMsg.FINISHED_EARLY_FOR_RERUN,)
Start = Callable[..., int]


@contextmanager
def _server(script: Path, log: Path, address: str, *more: str, **settings: str) -> Iterator[int]:
    """A server with the project's own configuration; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    environment = {name: value for name, value in os.environ.items() if "FORWARDED" not in name}
    environment |= _ENVIRONMENT
    environment |= {f"NAMEREC_{name.upper()}": value for name, value in settings.items()}
    command = (sys.executable, "-m", "streamlit", "run", str(script), *more)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--server.port", str(port), "--server.address", address],
            cwd=ROOT,
            env=environment | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + _SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1):
                    break
            except OSError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(120)


@pytest.fixture(scope="module")
def behind_a_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server on this computer's own address that trusts a proxy on this computer."""
    folder = tmp_path_factory.mktemp("proxied")
    (folder / "who.py").write_text(_WHO)
    given = {"trusted_proxies": "127.0.0.1", "home": str(folder / "data")}
    with _server(folder / "who.py", folder / "server.log", "127.0.0.1", **given) as port:
        yield port


class Visitor:
    """A WebSocket by hand, so that every header of its handshake can be a lie."""

    def __init__(
        self, port: int, *headers: tuple[str, str], host: str = "", token: str = ""
    ) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
        self.own_port = self.socket.getsockname()[1]
        self._port, self._headers, self._host = port, headers, host or f"127.0.0.1:{port}"
        self._protocols = ", ".join(filter(None, ("streamlit", token)))
        self._received = b""
        self.session = ""

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def status(self, *more: tuple[str, str]) -> int:
        """Shakes hands: 101 if the server took it."""
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        fixed = (
            ("Host", self._host),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", key),
            ("Sec-WebSocket-Protocol", self._protocols),
        )
        lines = [f"{name}: {value}\r\n" for name, value in (*fixed, *self._headers, *more)]
        request = f"GET /_stcore/stream HTTP/1.1\r\n{''.join(lines)}\r\n"
        self.socket.sendall(request.encode("latin-1"))
        while b"\r\n\r\n" not in self._received:
            self._receive()
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        return int(head.split()[1])

    def page(self, *more: tuple[str, str], name: str = "") -> str:
        """Has a page drawn; all texts on it, and whether it has a menu."""
        assert self.status(*more) == 101
        asked = BackMsg()
        asked.rerun_script.page_name = name
        self._send(asked.SerializeToString())
        texts: list[str] = []
        menu = True
        while True:
            message = ForwardMsg()
            message.ParseFromString(self._message())
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session = message.new_session.initialize.session_id
            if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                element = message.delta.new_element
                texts.append(str(getattr(element, element.WhichOneof("type") or "")))
            elif kind == "navigation":
                # The last one counts: a server's first drawing begins with Streamlit's own.
                menu = message.navigation.position != Navigation.HIDDEN
            elif kind == "script_finished" and message.script_finished not in _GOES_ON:
                return "\n".join([*texts, "a menu"] if menu else texts)

    def _send(self, content: bytes) -> None:
        assert len(content) < 126
        mask = secrets.token_bytes(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(content))
        self.socket.sendall(bytes((0x82, 0x80 | len(content))) + mask + masked)

    def _message(self) -> bytes:
        whole = b""
        while True:
            first, size = self._take(2)
            if size == 126:
                (size,) = struct.unpack(">H", self._take(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", self._take(8))
            content = self._take(size)
            if first & 0x0F in (0, 2):
                whole += content
                if first & 0x80:
                    return whole

    def _take(self, size: int) -> bytes:
        while len(self._received) < size:
            self._receive()
        taken, self._received = self._received[:size], self._received[size:]
        return taken

    def _receive(self) -> None:
        more = self.socket.recv(65536)
        assert more, "the server closed the connection"
        self._received += more


def _shaken(port: int, *headers: tuple[str, str], host: str = "") -> int:
    with Visitor(port, *headers, host=host) as visitor:
        return visitor.status()


def _shown(port: int, *headers: tuple[str, str]) -> str:
    with Visitor(port, *headers) as visitor:
        return visitor.page()


ADA = ("X-Forwarded-User", "ada")
FROM_OUTSIDE = ("X-Forwarded-For", "203.0.113.9")


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST"])
def test_a_handshake_to_this_computers_own_names_is_accepted(behind_a_proxy, host):
    assert _shaken(behind_a_proxy, host=host.format(port=behind_a_proxy)) == 101


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "evil.example:8501", "127.0.0.1@evil.example"],
)
def test_a_handshake_with_a_forged_host_is_refused(behind_a_proxy, host):
    """DNS rebinding: a foreign name that leads to this computer."""
    assert _shaken(behind_a_proxy, host=host) == 403


def test_a_handshake_from_the_labs_own_page_is_accepted(behind_a_proxy):
    assert _shaken(behind_a_proxy, ("Origin", f"http://127.0.0.1:{behind_a_proxy}")) == 101


@pytest.mark.parametrize("origin", ["http://evil.example", "https://127.0.0.1.evil.example"])
def test_a_handshake_from_another_sites_page_is_refused(behind_a_proxy, origin):
    assert _shaken(behind_a_proxy, ("Origin", origin)) == 403


def test_another_sites_page_may_not_read_an_answer_nor_upload(behind_a_proxy):
    foreign = {"Origin": "http://evil.example"}
    for path in ("/", "/_stcore/health", "/_stcore/host-config"):
        status, allowed = _asked(behind_a_proxy, "GET", path, foreign)
        assert (status, allowed) == (200, None)
    status, allowed = _asked(behind_a_proxy, "PUT", "/_stcore/upload_file/a/b", foreign)
    assert status == 403
    assert allowed is None


def test_the_labs_own_page_may_read(behind_a_proxy):
    own = f"http://localhost:{behind_a_proxy}"
    status, allowed = _asked(behind_a_proxy, "GET", "/_stcore/health", {"Origin": own})
    assert status == 200
    assert allowed in (own, None)  # a page's own origin needs no permission


def _asked(port: int, method: str, path: str, headers: dict[str, str]) -> tuple[int, str | None]:
    connection = HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Access-Control-Allow-Origin")
    finally:
        connection.close()


def test_whom_a_trusted_proxy_names_is_let_in(behind_a_proxy):
    """With and without the header by which the server takes the client for its peer."""
    assert "welcome proxy:ada" in _shown(behind_a_proxy, ADA)
    assert "welcome proxy:ada" in _shown(behind_a_proxy, ADA, FROM_OUTSIDE)


def test_whom_a_trusted_proxy_does_not_name_is_refused(behind_a_proxy):
    for headers in ((), (FROM_OUTSIDE,), (ADA, ("X-Forwarded-User", "eve")), ((ADA[0], " "),)):
        shown = _shown(behind_a_proxy, *headers)
        assert NOT_FROM_PROXY in shown
        assert "welcome" not in shown


def test_only_who_was_let_in_can_have_the_server_hold_files(behind_a_proxy):
    with Visitor(behind_a_proxy) as refused, Visitor(behind_a_proxy, ADA) as welcome:
        assert NOT_FROM_PROXY in refused.page()
        assert "welcome proxy:ada" in welcome.page()
        assert _uploaded(behind_a_proxy, refused.session) == 403
        assert _uploaded(behind_a_proxy, welcome.session) == 204
        assert _uploaded(behind_a_proxy, "nobody") == 400


def test_the_server_holds_so_much_for_a_session_and_no_more(behind_a_proxy):
    with Visitor(behind_a_proxy, ADA) as welcome:
        welcome.page()
        large = bytes(10 * 1024**2 - 100)
        answers = [_uploaded(behind_a_proxy, welcome.session, n, large) for n in range(11)]
    assert answers == [204] * 10 + [413]


def test_files_are_dropped_when_their_page_is_left(tmp_path):
    large = bytes(53 * 10**6)
    with Server(tmp_path) as server, Session(server.url) as session:
        session.open("")
        assert _uploaded(server.port, session.id, 1, large) == 204
        session.rerun()
        assert _uploaded(server.port, session.id, 2, large) == 413
        session.open("guide")
        assert _uploaded(server.port, session.id, 2, large) == 204


def _uploaded(port: int, session: str, number: int = 0, content: bytes = b"Ada,English") -> int:
    """What the server answers to a file."""
    token = generate_xsrf_token_string()
    connection = HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="names.csv"\r\n\r\n'
    headers = {
        "Content-Type": "multipart/form-data; boundary=x",
        "X-Xsrftoken": token,
        "Cookie": f"{XSRF_COOKIE_NAME}={token}",
    }
    path = f"/_stcore/upload_file/{session}/{number}"
    try:
        connection.request("PUT", path, head + content + b"\r\n--x--\r\n", headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_where_a_login_is_set_up_a_visitor_sees_nothing_but_its_button(tmp_path):
    """A cookie counts if it was signed with the server's own secret, and no header does."""
    (tmp_path / "who.py").write_text(_WHO)
    secret = "a secret of the server's that nobody else knows"
    (tmp_path / "secrets.toml").write_text(
        f"""[auth]
        cookie_secret = "{secret}"
        redirect_uri = "http://127.0.0.1:8501/oauth2callback"
        client_id = "x"
        client_secret = "x"
        server_metadata_url = "https://id.example/"
        """
    )
    script, log, given = tmp_path / "who.py", tmp_path / "log", {"home": str(tmp_path / "data")}
    secret_file = ("--secrets.files", str(tmp_path / "secrets.toml"))
    with _server(script, log, "127.0.0.1", *secret_file, **given) as port:
        origin = "http://127.0.0.1:8501"
        for signed_with in (secret, "a guess"):
            token = generate_xsrf_token_string()
            cookie = _login_cookie(signed_with, origin, token)
            with Visitor(port, ("Origin", origin), cookie, token=token) as visitor:
                shown = visitor.page()
            assert ("welcome login::ada" in shown) == (signed_with == secret)
            assert ('label: "Log in"' in shown) == (signed_with != secret)
        assert "welcome" not in _shown(port, ADA)


def _login_cookie(secret: str, origin: str, token: str) -> tuple[str, str]:
    claims = {"origin": origin, "is_logged_in": True, "sub": "ada"}
    signed = create_signed_value(secret, USER_COOKIE_NAME, json.dumps(claims))
    return "Cookie", f"{XSRF_COOKIE_NAME}={token}; {USER_COOKIE_NAME}={signed.decode()}"


#: Ports that the server reads from `X-Forwarded-For`, as it does and as a person does.
FORGED = ("", ":4711", ":+4711", ":04711", ":4_711", ": 4711", ":4711 , 203.0.113.9:4711")


def test_nobody_becomes_a_trusted_proxy_though_the_server_believes_everybody(tmp_path, monkeypatch):
    (tmp_path / "who.py").write_text(_WHO)
    given = {"trusted_proxies": "10.255.0.1", "home": str(tmp_path / "data")}
    monkeypatch.setitem(_ENVIRONMENT, "FORWARDED_ALLOW_IPS", "*")
    with _server(tmp_path / "who.py", tmp_path / "log", "127.0.0.1", **given) as port:
        for lie in FORGED:
            shown = _shown(port, ADA, ("X-Forwarded-For", f"10.255.0.1{lie}"))
            assert NOT_FROM_PROXY in shown
            assert "welcome" not in shown


def test_nobody_becomes_a_trusted_proxy_by_saying_so(tmp_path):
    """The server believes `X-Forwarded-For` from its own computer; the lab must not.

    Before the first page was drawn, and on an address that other computers reach.
    """
    home, trusted = tmp_path / "data", "10.255.0.1"
    given = {"trusted_proxies": trusted, "home": str(home)}
    with _server(ROOT / "dashboard.py", tmp_path / "log", "0.0.0.0", **given) as port:
        with Visitor(port, ADA) as visitor:  # a deep link, which a cold server runs by itself
            _assert_nothing_but_the_refusal(visitor.page(name="evaluate"))
        _assert_nothing_but_the_refusal(_shown(port, ADA))
        for lie in FORGED:
            header = ("X-Forwarded-For", trusted + lie)
            _assert_nothing_but_the_refusal(_shown(port, ADA, header))
        with Visitor(port, ADA) as visitor:
            true_port = ("X-Forwarded-For", f"{trusted}:{visitor.own_port}")
            _assert_nothing_but_the_refusal(visitor.page(true_port))
    logged = (home / "logs" / "namerec.log").read_text()
    assert logged.count("\n") == logged.count(NOT_FROM_PROXY) == 1
    assert "Traceback" not in (tmp_path / "log").read_text()


def _assert_nothing_but_the_refusal(shown: str) -> None:
    assert NOT_FROM_PROXY in shown
    assert "a menu" not in shown
    assert shown.count("body:") == 1
