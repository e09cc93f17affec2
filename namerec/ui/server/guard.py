"""Stands before everything that the server answers: pages, files, WebSocket and API.

- **Own addresses alone.** A request is answered under `server.allowedHosts`, and to pages of the
  same address: an `Origin` must be the `Host`, port and all. Streamlit asks so too, but of its
  WebSocket alone; it lets every port of this computer in, and before it refuses it asks a service
  on the internet for the machine's own address, inside the event loop.
- **No foreign frame.** A page that shows the lab in a frame can take a person's clicks for its own,
  and reads what the lab tells its parent: typed names, ids of runs.
- **Headers** that let a browser load what the lab itself brings, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from namerec.errors import ConfigError
from namerec.settings import Settings, settings
from namerec.ui.server.access import refusal

#: What answers that tell of the server itself are at: for whoever may see the pages.
_INNER = ("/_stcore/metrics", "/_stcore/agent")


def _inline_scripts() -> str:
    """The hashes of the scripts that stand in Streamlit's own page."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


# What Streamlit's pages and Plotly load. Its client is one page with a script in it and styles made
# at run time; components of ours come as modules under `blob:`; Plotly draws images as `data:`.
_POLICY = {
    "default-src": "'self'",
    "script-src": f"'self' blob: {_inline_scripts()}",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self' blob:",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "frame-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}


_WRONG_HOST = (
    "This lab does not answer under this address. Whoever runs it can allow it: start it with "
    "--server.allowedHosts and the name or address that stands in the browser."
)


class Guard:
    """The middleware; see the module's text."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Goes on with a request, or refuses it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = security_headers()

        async def with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                given = MutableHeaders(scope=message)
                for name, value in headers.items():
                    given[name] = value
            await send(message)

        sentence = _refusal(scope)
        if not sentence:
            await self._app(scope, receive, with_headers)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            refused = JSONResponse({"error": sentence}, 403)
            await refused(scope, receive, with_headers)


def _refusal(scope: Scope) -> str:
    """Why a request is not answered, in a sentence; empty for one that is."""
    headers = Headers(scope=scope)
    host = headers.get("host")
    if not is_host_allowed(host):
        return _WRONG_HOST
    if not all(is_own_origin(origin, host) for origin in headers.getlist("origin")):
        return "This request was made by a page of another address. Open the lab's own."
    if scope["type"] == "http" and scope["path"].startswith(_INNER):
        return refusal(Request(scope))
    return ""


def is_own_origin(origin: str, host: str | None) -> bool:
    """Whether an `Origin` header names the address in the `Host` header, port and all."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    usual = {"http": ":80", "https": ":443"}.get(parts.scheme)
    if host is None or usual is None:
        return False
    asked = host.lower()
    return parts.netloc.lower().removesuffix(usual) == asked.removesuffix(usual)


def security_headers() -> dict[str, str]:
    """What every answer says to the browser, by header."""
    try:
        ancestors = settings().frame_ancestors
    except ConfigError:  # said on the pages; nobody may frame them meanwhile
        ancestors = Settings.model_fields["frame_ancestors"].default
    policy = _POLICY | {"frame-ancestors": ancestors}
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
    if ancestors == "'self'":
        headers["X-Frame-Options"] = "SAMEORIGIN"
    return headers
