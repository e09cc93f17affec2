"""A real server and a real Chromium for the browser tests.

They skip, saying why, where there is no Chromium; on CI (`NAMEREC_BROWSER_TESTS=obligatory`) they
fail instead.
"""

from __future__ import annotations

import os
import re
import shutil
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect, sync_playwright

from tests.faults.servers import Server

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Milliseconds to wait for anything before a test fails: a bound against hangs, where other work
#: shares the machine, and no claim about speed.
PATIENCE = 30_000
#: Pixels by which a page is wider than its window.
OVERFLOW = """() => {
    const main = document.querySelector('[data-testid=stMain]');
    return main.scrollWidth - main.clientWidth;
}"""
SETTLED = """() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState
    === 'notRunning'"""
IN_ADDRESS = "([key, value]) => new URLSearchParams(location.search).get(key) === value"


def settle(page: Page) -> None:
    """Waits until a page is drawn."""
    page.locator("[data-testid=stMain] h1").first.wait_for()
    page.wait_for_function(SETTLED)


def stop_button(page: Page) -> Locator:
    """The page's own: Streamlit's header has another one while it draws."""
    return page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop")


def choose(page: Page, key: str, value: str, title: str) -> None:
    """Takes a section of the page, by its title; it is in the address then."""
    page.get_by_role("radio", name=re.compile(f"{re.escape(title)}$")).click()
    page.wait_for_function(IN_ADDRESS, arg=[key, value])
    settle(page)


@pytest.fixture(scope="package")
def browser():
    expect.set_options(timeout=PATIENCE)
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        if os.environ.get("NAMEREC_BROWSER_TESTS") == "obligatory":
            pytest.fail("Chromium is not installed, and the browser tests are obligatory here")
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="package")
def _server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("server"), held_back=True) as started:
        yield started
    log = started.log()
    assert "Traceback" not in log, log
    assert "deprecat" not in log.lower(), log


@pytest.fixture(scope="package")
def first_visit(_server, browser):
    """The page of whoever comes first, by a deep link."""
    visit = Watched(browser)
    visit.page.goto(f"{_server.url}/name?name=Dvořák")
    yield visit
    visit.close()


@pytest.fixture
def server(_server, first_visit):
    """The lab, whose trainings end unless a test holds them back."""
    _server.let_train()
    return _server


class Watched:
    """A page, whom it asked, and everything its console said."""

    def __init__(
        self, browser: Browser, width: int = 1440, theme: str = "light", proxy: str = ""
    ) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 1000},
            color_scheme=theme,  # type: ignore[arg-type]
            proxy={"server": proxy, "bypass": "127.0.0.1"} if proxy else None,
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        self.asked: set[str] = set()
        self.page.on("request", lambda request: self._note(request.url.removeprefix("blob:")))
        self.page.on("websocket", lambda socket: self._note(socket.url))
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", self._note_failure)

    def _note(self, url: str) -> None:
        self.asked.add(urlsplit(url).netloc)

    def _note_failure(self, request: Request) -> None:
        # A reload breaks off what the page was still fetching.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.failure}: {request.url}")

    def _listen(self, message) -> None:
        # On a deep link Streamlit's own client asks for its host configuration below the page's
        # path first, gets a 404, and asks again at the root.
        probing = "/_stcore/" in message.location.get("url", "")
        if message.type in ("error", "warning") and not probing:
            self.complaints.append(f"{message.type}: {message.text} {message.location}")

    def assert_calm(self) -> None:
        """No console error, no failed request, no exception box; nobody but the lab was asked."""
        assert self.complaints == []
        assert self.page.locator("[data-testid=stException]").count() == 0
        assert self.asked <= {urlsplit(self.page.url).netloc, ""}

    def close(self) -> None:
        self.context.close()


@pytest.fixture
def watched(browser):
    opened: list[Watched] = []

    def open_page(width: int = 1440, theme: str = "light", proxy: str = "") -> Watched:
        opened.append(Watched(browser, width, theme, proxy))
        return opened[-1]

    yield open_page
    for page in opened:
        page.close()
