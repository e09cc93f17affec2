"""What a browser does for a page of another address, and whom it asks while the lab is open."""

import functools
import http.server
import threading
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PAGES = ("", "guide", "train", "evaluate", "runs", "name", "memory", "dataset")
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


def test_a_browser_asks_nobody_but_the_lab(server, watched):
    seen = watched()
    hosts = set()
    seen.page.on(
        "request", lambda request: hosts.add(urlsplit(request.url.removeprefix("blob:")).netloc)
    )
    seen.page.on("websocket", lambda socket: hosts.add(urlsplit(socket.url).netloc))
    for page in PAGES:
        seen.page.goto(f"{server.url}/{page}")
        expect(seen.page.get_by_test_id("stAppViewContainer")).to_be_visible()
        expect(
            seen.page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
        ).to_be_visible()
    assert hosts <= {urlsplit(server.url).netloc, ""}, hosts
    seen.assert_calm()
