"""Bounds what connections can take from the server: the time they take to ask, and their number.

Uvicorn closes a connection that is idle after an answer, but waits for ever for the rest of a
request: some hundred that send a byte now and then take all that a process may hold open, and
nobody else is let in. A middleware sees none of them, as they have not asked yet.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from namerec.errors import ConfigError
from namerec.settings import settings
from namerec.ui.server.access import is_trusted

try:
    import resource

    _OPEN_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
except ImportError:  # Windows
    _OPEN_FILES = 1024

#: Seconds between two looks at a connection; one that still owes the same request's head is closed.
LOOK = 10.0
#: Looks until a request's body, and its answer, are not waited for any more: ten minutes.
MOST_LOOKS = 60
#: Connections of one address, a trusted proxy's apart: of a class behind one router, and never all
#: that the process may hold open.
MOST_PER_ADDRESS = min(500, _OPEN_FILES // 2)


class Bounds:
    """Has a class of connections keep the bounds; made once for a server."""

    def __init__(self, protocol: type[asyncio.Protocol] = AutoHTTPProtocol) -> None:
        self._open: dict[str, set[asyncio.Transport]] = {}
        begin = protocol.connection_made

        def connection_made(connection: asyncio.Protocol, transport: asyncio.Transport) -> None:
            begin(connection, transport)
            self._begun(connection, transport)

        protocol.connection_made = connection_made  # type: ignore[method-assign, assignment]

    def _begun(self, connection: asyncio.Protocol, transport: asyncio.Transport) -> None:
        address = str((transport.get_extra_info("peername") or [""])[0])
        others = self._open.setdefault(address, set())
        others -= {other for other in others if other.is_closing()}
        if len(others) >= MOST_PER_ADDRESS and not _is_proxy(address):
            transport.abort()
            return
        others.add(transport)
        loop = asyncio.get_running_loop()
        loop.call_later(LOOK, self._look, connection, transport, address, None, 1)

    def _look(
        self, connection: Any, transport: asyncio.Transport, address: str, last: object, looks: int
    ) -> None:
        """Closes a connection that has taken too long, or looks again.

        Args:
            connection: Which; its `cycle` is its latest request whose head is whole.
            transport: Its own.
            address: Where it comes from.
            last: That request at the last look.
            looks: How many found it the same.
        """
        request, left = connection.cycle, transport.get_write_buffer_size()
        looks = looks + 1 if request is last else 1
        # A WebSocket has another protocol, which ends it by itself when a ping is not answered.
        if transport.get_protocol() is connection:
            owes_head = request is None or (request.response_complete and not left)
            if looks > MOST_LOOKS or (looks > 1 and owes_head):
                transport.abort()
        if transport.is_closing() and not left:
            others = self._open.get(address, set())
            others.discard(transport)
            if not others:
                self._open.pop(address, None)
            return
        loop = asyncio.get_running_loop()
        loop.call_later(LOOK, self._look, connection, transport, address, request, looks)


def _is_proxy(address: str) -> bool:
    try:
        return is_trusted(address, settings())
    except ConfigError:  # said on the pages
        return False
