"""Who may see the lab: everybody on this computer, and from elsewhere only who is known.

An address that other computers reach needs one of: a login (Streamlit's own, `[auth]` in its
secrets), a proxy that says who is logged in, or the word of whoever runs the lab that anybody may
come in (`NAMEREC_INSECURE`). Where a login or a proxy is set up it is asked for on every address:
the proxy that makes the lab public usually runs on the same computer.

A script runs only through its WebSocket, so what counts is the handshake of that.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple, NoReturn

import streamlit as st
from starlette.requests import Request
from streamlit.runtime import exists, get_instance
from streamlit.runtime.scriptrunner import StopException, get_script_run_ctx

from namerec.errors import ConfigError
from namerec.jobs.owner import Owner
from namerec.settings import Settings, settings
from namerec.text import plain
from namerec.ui.server import uploads

log = logging.getLogger(__name__)

#: Longest name of a user that a proxy may give, characters: what an e-mail address may have.
LONGEST_USER = 254
#: Whom Streamlit's server believes where a connection comes from, if nothing else is set.
_FORWARDERS = "127.0.0.1,::1"

NOT_OPEN = (
    "Other computers can reach this lab, but it is not set who may use it. The person who runs it "
    "must set up a login or a proxy, or set `NAMEREC_INSECURE=1`; the documentation "
    "(docs/hosting.md) explains how."
)
NOT_FROM_PROXY = (
    "You can use this lab only through its login, and this connection did not come from there. "
    "Open the address that you were given for the lab."
)
ANYBODY = (
    "Anybody who can reach this address can use this lab and see everything in it: names, corpora "
    "and runs. Do not enter anything private."
)


class Peer(NamedTuple):
    """Where a handshake came from, as the server tells it."""

    host: str
    port: int
    forwarded: tuple[str, ...]


def gate(hide_menu: Callable[[], object]) -> None:
    """Goes on for who may use the lab; shows everybody else one sentence and ends the script.

    Args:
        hide_menu: Called before anything is refused, so that no list of pages is shown.
    """
    try:
        _let_in(hide_menu)
    except StopException:
        uploads.refuse_from(_session())
        raise
    uploads.take_from(_session())


def _let_in(hide_menu: Callable[[], object]) -> None:
    """Comes back for who may use the lab."""
    try:
        given = settings()
    except ConfigError as error:
        _refuse(plain(str(error)), hide_menu)
    if proxy_user(given) is not None:
        return
    if _login_is_set_up():
        if not _is_logged_in():
            _ask_to_log_in(hide_menu)
        st.sidebar.button("Log out", icon=":material/logout:", on_click=st.logout)
        return
    if given.proxies:
        _refuse(NOT_FROM_PROXY, hide_menu)
    if is_loopback(listening_address()):
        return
    if not given.insecure:
        _refuse(NOT_OPEN, hide_menu)
    st.warning(ANYBODY, icon=":material/public:")


def refusal(request: Request) -> str:
    """Why a plain request is not answered, in a sentence; empty for one that is.

    The same rules as for pages. A login goes through a browser, so where one is set up plain
    requests are refused.
    """
    try:
        given = settings()
    except ConfigError as error:
        return str(error)
    forwarded = tuple(request.headers.getlist("X-Forwarded-For"))
    end = request.client
    peer = Peer(end.host, end.port, forwarded) if end is not None else None
    if given.proxies and _vouched_for(given, peer, request.headers.getlist(given.user_header)):
        return ""
    if st.secrets.load_if_toml_exists() and "auth" in st.secrets:
        return "This lab has a login, which works in a browser only. Use the pages instead."
    if given.proxies:
        return NOT_FROM_PROXY
    return "" if is_loopback(listening_address()) or given.insecure else NOT_OPEN


def user() -> str:
    """Who is asking: by login, by proxy, or else this browser session; the same while it lasts."""
    name = proxy_user(settings())
    if name is not None:
        return f"proxy:{name}"
    if _login_is_set_up() and _is_logged_in():
        claims = st.user.to_dict()
        # What a provider calls a person is unique only with the provider's own name.
        return f"login:{claims.get('iss', '')}:{claims.get('sub') or claims.get('email') or ''}"
    return f"session:{_session()}"


def owner() -> Owner:
    """Who is asking, as turns and limits count: a browser session with where it comes from.

    Who comes through a proxy that is not trusted is where that proxy is, whatever it says.
    """
    name = user()
    peer = session_peer() if name == f"session:{_session()}" else None
    return Owner(name, _site(min(_possible_hosts(peer))) if peer else "")


def _site(host: str) -> str:
    """A computer's address; of IPv6 the network, in which a computer may choose any."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return host
    return str(address.ipv4_mapped or ip_network((int(address), 64), strict=False))


def is_loopback(address: object) -> bool:
    """Whether a server that listens on this address is reached from its own computer alone."""
    if address == "localhost":
        return True
    try:
        return ip_address(str(address)).is_loopback
    except ValueError:  # unset, which is every address; or a name, which can be any
        return False


def proxy_user(given: Settings) -> str | None:
    """Whom a trusted proxy says is asking; None if no such proxy does."""
    if not given.proxies:
        return None
    return _vouched_for(given, session_peer(), session_headers(given.user_header))


def _vouched_for(given: Settings, peer: Peer | None, names: list[str]) -> str | None:
    """Whom a trusted proxy says is asking, in the values of its header; None if it does not."""
    if peer is None or not all(is_trusted(host, given) for host in _possible_hosts(peer)):
        return None
    # Two headers: the proxy has let through the one that the client sent.
    if len(names) != 1 or not 0 < len(names[0].strip()) <= LONGEST_USER:
        return None
    return names[0].strip() if names[0].isprintable() else None


def _session() -> str:
    """This browser session's id; empty if there is none."""
    context = get_script_run_ctx()
    return context.session_id if context else ""


def listening_address() -> object:
    """What the server listens on; None for every address of this computer."""
    return st.config.get_option("server.address")


def session_headers(header: str) -> list[str]:
    """All values of a header of this session's handshake."""
    return st.context.headers.get_all(header)


def session_peer() -> Peer | None:
    """The other end of this session's connection; None if there is none to ask."""
    context = get_script_run_ctx()
    client = get_instance().get_client(context.session_id) if context and exists() else None
    # `st.context.ip_address` is None for loopback and has no port. The agent API has no peer.
    end = getattr(getattr(client, "_websocket", None), "client", None)
    if end is None:
        return None
    return Peer(end.host, end.port, tuple(session_headers("X-Forwarded-For")))


def _possible_hosts(peer: Peer) -> set[str]:
    """All computers that a connection may in truth come from.

    Streamlit's server puts the client that `X-Forwarded-For` names in the place of the real peer,
    if that is one of `FORWARDED_ALLOW_IPS`. The port is then the one that the header names, or 0,
    which no real connection has.
    """
    if not peer.forwarded:
        return {peer.host}
    believed = os.environ.get("FORWARDED_ALLOW_IPS", _FORWARDERS)
    forwarders = {host.strip() for host in believed.split(",")}
    if peer.port == 0:
        return forwarders
    if peer.port in _ports(peer.forwarded):
        return {peer.host} | forwarders
    return {peer.host}


def _ports(forwarded: tuple[str, ...]) -> set[int]:
    """All ports that the server can take from the header: no fewer, however they are spelt.

    It reads them with `int`, to which `4711`, `+4711`, `04711` and `4_711` are one number.
    """
    ports = set()
    for client in ",".join(forwarded).split(","):
        with suppress(ValueError):
            ports.add(int(client.rpartition(":")[2]))
    return ports


def is_trusted(host: str, given: Settings) -> bool:
    """Whether a computer is one of the trusted proxies."""
    try:
        address: IPv4Address | IPv6Address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_loopback:  # all loopback addresses are this one computer
        return any(network.network_address.is_loopback for network in given.proxies)
    return any(address in network for network in given.proxies)


def _login_is_set_up() -> bool:
    return "is_logged_in" in st.user


def _is_logged_in() -> bool:
    return st.user.is_logged_in is True  # a header that Streamlit takes it from would be a text


def _ask_to_log_in(hide_menu: Callable[[], object]) -> NoReturn:
    hide_menu()
    st.markdown("Log in to use the Name Recognition Lab.")
    providers = [name for name, value in st.secrets["auth"].items() if isinstance(value, Mapping)]
    for name in providers:
        st.button(
            f"Log in with {plain(name)}", on_click=st.login, args=(name,), key=f"login_{name}"
        )
    if not providers:
        st.button("Log in", type="primary", on_click=st.login)
    st.stop()


def _refuse(sentence: str, hide_menu: Callable[[], object]) -> NoReturn:
    log_refusal(sentence)
    hide_menu()
    st.error(sentence, icon=":material/lock:")
    st.stop()


@functools.lru_cache(maxsize=32)
def log_refusal(sentence: str) -> None:
    """Logs why somebody was refused, each reason once."""
    log.warning("access refused: %s", sentence)
