"""Every way in and every refusal; the handshakes themselves are in tests/faults/test_access.py."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
import streamlit as st
from hypothesis import given, strategies
from starlette.requests import Request
from streamlit.testing.v1 import AppTest
from uvicorn import Config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from namerec.jobs.owner import Owner
from namerec.settings import settings
from namerec.ui.server import access
from namerec.ui.server.access import ANYBODY, NOT_FROM_PROXY, NOT_OPEN


def _script() -> None:
    import streamlit as st

    from namerec.ui.server.access import gate, user

    gate(hide_menu=lambda: st.caption("no menu"))
    st.text("welcome " + user())


class World:
    """What the server would know of one visitor."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self.listen("127.0.0.1")
        self.come_from("127.0.0.1")
        self.send()
        access.log_refusal.cache_clear()
        settings.cache_clear()

    def listen(self, address: str | None) -> None:
        self._patch.setattr(access, "listening_address", lambda: address)

    def come_from(self, host: str | None, port: int = 50_000) -> None:
        def peer() -> access.Peer | None:
            forwarded = tuple(access.session_headers("X-Forwarded-For"))
            return None if host is None else access.Peer(host, port, forwarded)

        self._patch.setattr(access, "session_peer", peer)

    def send(self, *headers: tuple[str, str]) -> None:
        def sent(asked: str) -> list[str]:
            return [value for name, value in headers if name == asked]

        self._patch.setattr(access, "session_headers", sent)

    def set(self, **variables: str) -> None:
        for name, value in variables.items():
            self._patch.setenv(f"NAMEREC_{name.upper()}", value)
        settings.cache_clear()

    def login(self, **claims: Any) -> None:
        class User(dict[str, Any]):
            is_logged_in = claims["is_logged_in"]
            to_dict = dict.copy

        self._patch.setattr(st, "user", User(claims))

    def opened(self, **auth: Any) -> AppTest:
        lab = AppTest.from_function(_script, default_timeout=240)
        if auth:
            lab.secrets["auth"] = auth
        return lab.run()


@pytest.fixture
def world(monkeypatch):
    yield World(monkeypatch)
    settings.cache_clear()


def welcomed(lab: AppTest) -> str:
    assert not lab.exception
    assert not lab.error
    assert [text.value[:8] for text in lab.text] == ["welcome "]
    return lab.text[0].value.removeprefix("welcome ")


def refused(lab: AppTest) -> str:
    """The one sentence of a page with nothing else on it."""
    assert not lab.exception
    assert [caption.value for caption in lab.caption] == ["no menu"]
    assert len(lab.main) == 2
    return str(lab.error[0].value)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "localhost", "::1"])
def test_on_its_own_computer_the_lab_is_open_without_a_notice(world, address):
    world.listen(address)
    lab = world.opened()
    assert welcomed(lab).startswith("session:")
    assert len(lab.main) == 1


OTHERS = [None, "", "0.0.0.0", "::", "192.168.1.7", "lab.example.org", "127.0.0.1.example.org"]


@pytest.mark.parametrize("address", OTHERS)
def test_an_address_that_others_reach_is_closed_until_it_is_said_who_may(world, address):
    world.listen(address)
    world.send(("X-Forwarded-User", "eve"))
    assert refused(world.opened()) == NOT_OPEN


def test_a_refusal_is_logged_once(world, caplog):
    world.listen("0.0.0.0")
    with caplog.at_level(logging.WARNING):
        refused(world.opened())
        refused(world.opened())
    said = [
        record.message for record in caplog.records if record.name == "namerec.ui.server.access"
    ]
    assert said == [f"access refused: {NOT_OPEN}"]


def test_an_insecure_lab_is_open_and_says_so(world):
    world.listen("0.0.0.0")
    world.set(insecure="1")
    lab = world.opened()
    assert welcomed(lab).startswith("session:")
    assert [warning.value for warning in lab.warning] == [ANYBODY]


def test_a_setting_that_cannot_be_read_closes_the_lab_with_its_sentence(world):
    world.set(most_queued="many")
    assert "NAMEREC" in refused(world.opened()).replace("\\", "")


def _asker() -> None:
    import streamlit as st

    from namerec.ui.server.access import owner

    st.json(owner()._asdict())


def asker() -> Owner:
    (shown,) = AppTest.from_function(_asker, default_timeout=240).run().json
    return Owner(**json.loads(shown.value))


@pytest.mark.parametrize(
    ("host", "port", "forwarded", "address"),
    [
        ("192.0.2.1", 50_000, [], "192.0.2.1"),
        ("::ffff:192.0.2.1", 50_000, [], "192.0.2.1"),
        ("2001:db8::1:2", 50_000, [], "2001:db8::/64"),
        ("203.0.113.9", 0, ["203.0.113.9"], "127.0.0.1"),  # as a proxy says that is not trusted
        ("testclient", 50_000, [], "testclient"),
    ],
)
def test_a_session_is_where_its_connection_comes_from(world, host, port, forwarded, address):
    world.come_from(host, port)
    world.send(*(("X-Forwarded-For", client) for client in forwarded))
    name, seen = asker()
    assert name.startswith("session:")
    assert seen == address


def test_who_is_known_by_name_is_nowhere(world):
    """A school of people may share an address."""
    world.set(trusted_proxies="127.0.0.1")
    world.send(("X-Forwarded-User", "ada"))
    assert asker() == Owner("proxy:ada")


# -- a login


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_where_there_is_a_login_everybody_is_asked_for_it(world, address):
    """On a loopback address too: what makes the lab public usually runs on the same computer."""
    world.listen(address)
    world.login(is_logged_in=False)
    lab = world.opened(client_id="x")
    assert [button.label for button in lab.button] == ["Log in"]
    assert not lab.text


def test_every_provider_of_a_login_has_a_button(world):
    world.login(is_logged_in=False)
    lab = world.opened(cookie_secret="x", google={"client_id": "a"}, okta={"client_id": "b"})
    assert [button.label for button in lab.button] == ["Log in with google", "Log in with okta"]


def test_who_is_logged_in_is_let_in_by_a_lasting_name_and_can_log_out(world):
    world.listen("0.0.0.0")
    world.login(is_logged_in=True, iss="https://id.example", sub="42", email="ada@example.org")
    lab = world.opened(client_id="x")
    assert welcomed(lab) == "login:https://id.example:42"
    assert [button.label for button in lab.sidebar.button] == ["Log out"]


def test_a_login_that_a_header_claims_is_none(world):
    world.login(is_logged_in="true", email="eve@example.org")
    assert not world.opened(client_id="x").text


def test_a_login_is_asked_for_though_the_lab_is_said_to_be_insecure(world):
    world.listen("0.0.0.0")
    world.set(insecure="1")
    world.login(is_logged_in=False)
    assert not world.opened(client_id="x").text


# -- a proxy


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_whom_a_trusted_proxy_names_is_let_in(world, address):
    world.listen(address)
    world.set(trusted_proxies="10.0.0.0/8", user_header="Remote-User")
    world.come_from("10.1.2.3")
    world.send(("Remote-User", "ada@example.org"))
    assert welcomed(world.opened()) == "proxy:ada@example.org"


@pytest.mark.parametrize(
    "host", ["192.168.0.1", "127.0.0.1", "::1", "11.0.0.1", "testclient", None]
)
def test_a_header_from_anybody_else_is_refused(world, host):
    world.set(trusted_proxies="10.0.0.0/8")
    world.come_from(host)
    world.send(("X-Forwarded-User", "eve"))
    assert refused(world.opened()) == NOT_FROM_PROXY


@pytest.mark.parametrize(
    "headers",
    [(), ("",), ("  ",), ("ada", "eve"), ("x" * 255,), ("a\x1bda",)],
)
def test_a_proxy_names_one_user_or_nobody(world, headers):
    """Of two names one is the client's own."""
    world.set(trusted_proxies="127.0.0.1")
    world.send(*(("X-Forwarded-User", name) for name in headers))
    assert refused(world.opened()) == NOT_FROM_PROXY


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.0.0.2"])
def test_all_addresses_of_this_computer_are_one_proxy(world, address):
    world.set(trusted_proxies="127.0.0.1")
    world.come_from(address)
    world.send(("X-Forwarded-User", "ada"))
    assert welcomed(world.opened()) == "proxy:ada"


def test_a_proxy_on_this_computer_may_name_its_client(world):
    """The server then has the client in the place of its peer, with port 0 or the port named."""
    world.set(trusted_proxies="127.0.0.1")
    world.send(("X-Forwarded-User", "ada"), ("X-Forwarded-For", "203.0.113.9"))
    world.come_from("203.0.113.9", 0)
    assert welcomed(world.opened()) == "proxy:ada"
    world.come_from("203.0.113.9", 4711)  # no port was named: this is who connects
    assert refused(world.opened()) == NOT_FROM_PROXY


@pytest.mark.parametrize("forwarded", ["203.0.113.9", "203.0.113.9:4711", "[2001:db8::1]:80"])
def test_a_proxy_that_the_server_does_not_believe_may_name_its_client_too(world, forwarded):
    world.set(trusted_proxies="10.0.0.5")
    world.send(("X-Forwarded-User", "ada"), ("X-Forwarded-For", forwarded))
    world.come_from("10.0.0.5", 50_000)
    assert welcomed(world.opened()) == "proxy:ada"


#: All spellings of a port that `int` reads, and some that it does not.
PORTS = ["77", "+77", "077", "7_7", " 77", "77 ", "\xa077", "-77", "0", "٧٧", "7 7", "77:", "x", ""]
HOSTS = ["10.0.0.5", "1.2.3.4", "[10.0.0.5]", "[::1]", "::1", "127.0.0.1", "", "[10.0.0.5", "x]"]
spelt = strategies.one_of(
    strategies.sampled_from(HOSTS),
    strategies.builds(
        "{}:{}".format, strategies.sampled_from(HOSTS), strategies.sampled_from(PORTS)
    ),
)


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("allowed", [None, "*"])
def test_no_spelling_of_a_port_makes_anybody_a_proxy(port, allowed):
    for host in ("10.0.0.5", "[10.0.0.5]"):
        assert not believed("127.0.0.1", [f"{host}:{port}"], allowed)
        assert not believed("127.0.0.1", ["203.0.113.9, ", f" {host}:{port} "], allowed)


@given(
    truly=strategies.sampled_from(["1.2.3.4", "127.0.0.1", "192.168.0.1"]),
    lines=strategies.lists(strategies.lists(spelt, max_size=3).map(",".join), max_size=3),
    allowed=strategies.sampled_from([None, "", "*", "127.0.0.1", "10.0.0.5,1.2.3.4"]),
)
def test_nobody_is_believed_to_be_the_proxy_who_is_not(truly, lines, allowed):
    assert not believed(truly, lines, allowed)


def believed(truly: str, lines: list[str], allowed: str | None) -> bool:
    """Whether a connection is taken for one of 10.0.0.5's, after what the server makes of it."""
    sent = [(b"x-forwarded-for", line.encode("latin-1", "replace")) for line in lines]
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("FORWARDED_ALLOW_IPS", raising=False)
        if allowed is not None:
            environment.setenv("FORWARDED_ALLOW_IPS", allowed)
        environment.setenv("NAMEREC_TRUSTED_PROXIES", "10.0.0.5")
        settings.cache_clear()
        peer = seen_by_the_server(truly, sent)
        headers = [*sent, (b"x-forwarded-user", b"ada")]
        return not access.refusal(Request({"type": "http", "client": peer, "headers": headers}))


def seen_by_the_server(truly: str, headers: list[tuple[bytes, bytes]]) -> tuple[str, int]:
    """Whom Streamlit's server takes for the peer of a connection that comes from port 50,000."""
    seen: list[tuple[str, int]] = []

    async def look(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["client"])

    trusted = Config(look).forwarded_allow_ips
    scope: Any = {"type": "websocket", "client": (truly, 50_000), "headers": headers}
    asyncio.run(ProxyHeadersMiddleware(look, trusted)(scope, None, None))  # type: ignore[arg-type]
    return seen[0]
