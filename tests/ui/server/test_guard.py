import asyncio
import re
from typing import Any

import pytest
import streamlit as st
from starlette.responses import PlainTextResponse

from namerec.errors import ConfigError
from namerec.settings import settings
from namerec.ui.server.guard import Guard, is_own_origin, security_headers


@pytest.fixture(autouse=True)
def fresh_settings():
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def options(monkeypatch):
    chosen = {"server.address": "127.0.0.1", "server.allowedHosts": ["localhost", "127.0.0.1"]}
    actual = st.config.get_option
    monkeypatch.setattr(
        st.config, "get_option", lambda name: chosen[name] if name in chosen else actual(name)
    )
    return chosen


def _answered(path: str = "/", kind: str = "http", **headers: str) -> list[Any]:
    """The first message that the server sends back."""
    scope = {
        "type": kind, "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": b"", "client": ("127.0.0.1", 40000), "server": ("127.0.0.1", 8501),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    sent: list[Any] = []

    async def inner(scope, receive, send):
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        else:
            await PlainTextResponse("inside")(scope, receive, send)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(Guard(inner)(scope, receive, send))
    return sent


@pytest.mark.parametrize(
    ("origin", "host", "own"),
    [
        ("http://localhost:8501", "localhost:8501", True),
        ("https://lab.example.org", "lab.example.org", True),
        ("https://lab.example.org", "lab.example.org:443", True),
        ("http://LAB.example.org:80", "lab.example.org", True),
        ("http://localhost:3000", "localhost:8501", False),  # another program of this computer
        ("http://127.0.0.1:8501", "localhost:8501", False),
        ("http://evil.example", "localhost:8501", False),
        ("https://localhost:8501.evil.example", "localhost:8501", False),
        ("http://localhost:8501@evil.example", "localhost:8501", False),
        ("null", "localhost:8501", False),
        ("file://localhost:8501", "localhost:8501", False),
        ("http://[", "localhost:8501", False),
        ("http://localhost:8501", None, False),
    ],
)
def test_an_origin_is_ours_with_host_and_port_alone(origin, host, own):
    assert is_own_origin(origin, host) is own


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_foreign_origin_never_reaches_what_lies_behind(options, kind):
    first = _answered(kind=kind, host="localhost:8501", origin="http://localhost:3000")[0]
    if kind == "websocket":
        assert first["type"] == "websocket.close"
    else:
        assert first["status"] == 403


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_labs_own_page_and_programs_without_an_origin_are_answered(options, kind):
    for origin in ({"origin": "http://localhost:8501"}, {}):
        first = _answered(kind=kind, host="localhost:8501", **origin)[0]
        assert first.get("status", 200) == 200
        assert first["type"] in ("http.response.start", "websocket.accept")


def test_a_foreign_host_is_told_what_to_set(options):
    start, body = _answered(host="lab.example.org:8501")
    assert start["status"] == 403
    said = body["body"].decode()
    assert "--server.allowedHosts" in said
    assert "example" not in said  # nothing that was sent comes back


@pytest.mark.parametrize("path", ["/", "/static/x.js", "/_stcore/health", "/api/predict"])
def test_every_answer_carries_the_headers(options, path):
    for more in ({}, {"origin": "http://evil.example"}):
        start = _answered(path, host="localhost", **more)[0]
        sent = {name.decode(): value.decode() for name, value in start["headers"]}
        for name, value in security_headers().items():
            assert sent[name.lower()] == value


def test_scripts_come_from_the_lab_alone_and_none_is_made_of_text():
    policy = dict(
        part.split(" ", 1) for part in security_headers()["Content-Security-Policy"].split("; ")
    )
    assert re.fullmatch(r"'self' blob: ('sha256-[A-Za-z0-9+/=]+' ?)+", policy["script-src"])
    assert policy["object-src"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert "*" not in " ".join(policy.values())


def test_a_course_site_may_be_allowed_to_frame_the_lab(monkeypatch):
    assert security_headers()["X-Frame-Options"] == "SAMEORIGIN"
    monkeypatch.setenv("NAMEREC_FRAME_ANCESTORS", "'self' https://course.example.org")
    settings.cache_clear()
    sent = security_headers()
    assert sent["Content-Security-Policy"].endswith(
        "frame-ancestors 'self' https://course.example.org"
    )
    assert "X-Frame-Options" not in sent


@pytest.mark.parametrize("given", ["*", "course.example.org; script-src *", "javascript:x", " "])
def test_what_is_no_address_of_a_page_is_refused_with_a_sentence(monkeypatch, given):
    monkeypatch.setenv("NAMEREC_FRAME_ANCESTORS", given)
    with pytest.raises(ConfigError, match=r"https://course\.example\.org"):
        settings()
    assert "frame-ancestors 'self'" in security_headers()["Content-Security-Policy"]


def test_what_tells_of_the_server_is_for_those_who_may_see_the_pages(options):
    assert _answered("/_stcore/metrics", host="localhost")[0]["status"] == 200
    options["server.address"] = "0.0.0.0"
    assert _answered("/_stcore/metrics", host="localhost")[0]["status"] == 403
    assert _answered("/_stcore/health", host="localhost")[0]["status"] == 200
