"""What a browser does for a page of another address, and whom it asks while the lab is open."""

import functools
import http.server
import socket
import threading

import pytest
from playwright.sync_api import expect

from tests.faults.test_foreign_pages import PAGES, SilentProxy
from tests.jobs.fakes import wait_until

pytestmark = pytest.mark.browser

#: Whom Chromium asks, on any page with a form, what could be filled in; no page can forbid it.
CHROMIUMS_OWN = {b"content-autofill.googleapis.com:443"}
_PARENT = """<!DOCTYPE html><title>parent</title>
<script>window.heard = []; addEventListener("message", event => heard.push(event.data));</script>
<iframe src="{lab}/name?name=Nakamura" width="800" height="600"></iframe>"""


@pytest.fixture
def foreign_site(tmp_path, server):
    (tmp_path / "index.html").write_text(_PARENT.format(lab=server.url))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{site.server_port}"
    site.shutdown()
    site.server_close()


def test_a_foreign_page_can_neither_frame_the_lab_nor_hear_from_it(foreign_site, watched):
    opened = watched().page
    refused = []
    opened.on("console", lambda message: refused.append(message.text))
    opened.goto(foreign_site, wait_until="load")
    inner = opened.frames[1]
    assert inner.url.startswith("chrome-error:")
    assert inner.locator("[data-testid=stApp]").count() == 0
    assert any("frame-ancestors" in text for text in refused), refused
    assert opened.evaluate("window.heard") == []


@pytest.fixture
def outside():
    """Where everything goes that a browser asks of others than this computer."""
    proxy = SilentProxy()
    yield proxy
    proxy.close()


def test_a_browser_asks_nobody_but_the_lab(server, outside, watched):
    """Not for what a page loads, nor for what the browser itself makes of it: names, icons."""
    seen = watched(proxy=outside.url)
    for page in PAGES:
        seen.page.goto(f"{server.url}/{page}")
        expect(seen.page.get_by_test_id("stAppViewContainer")).to_be_visible()
        expect(
            seen.page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
        ).to_be_visible()
    seen.assert_calm()
    assert _asked(outside) <= CHROMIUMS_OWN
    seen.page.evaluate("location.href = 'http://lab.example/'")
    wait_until(lambda: b"http://lab.example/" in _asked(outside))  # so it would have been seen


def _asked(outside: SilentProxy) -> set[bytes]:
    """What was asked for, of everybody but this computer."""
    return {one.recv(4096, socket.MSG_PEEK).split()[1] for one in tuple(outside.taken)}
