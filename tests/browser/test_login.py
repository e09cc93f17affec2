"""The login by OpenID Connect: a provider in a process of its own, and the lab behind it."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Watched, stop_button
from tests.faults.servers import START_SECONDS, Server

pytestmark = pytest.mark.browser

Open = Callable[[], Watched]
#: Where the pages of the provider take their looks from.
_STYLES = "https://cdn.jsdelivr.net"
_COOKIE = "_streamlit_user"


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    """The address of a provider that takes anybody at their word."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (tmp_path_factory.mktemp("provider") / "log").open("wb")
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"{url}/.well-known/openid-configuration", timeout=5):
                    break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield url
    finally:
        process.kill()
        process.wait()
        log.close()


@pytest.fixture(scope="module")
def lab(provider, tmp_path_factory):
    """The lab with a login; everybody may have one run in training or waiting."""
    home = tmp_path_factory.mktemp("lab")
    server = Server(home, held_back=True)
    server.let_train(epoch=1)
    (home / "secrets.toml").write_text(f"""[auth]
        cookie_secret = "a secret of the server's that nobody else knows"
        redirect_uri = "{server.url}/oauth2callback"
        client_id = "lab"
        client_secret = "lab's"
        server_metadata_url = "{provider}/.well-known/openid-configuration"
        """)
    server.options = ("--secrets.files", str(home / "secrets.toml"))
    server.settings = {"NAMEREC_MOST_JOBS_PER_USER": "1"}
    with server:
        yield server
    assert "Traceback" not in server.log(), server.log()


def _no_style(route: Route) -> None:
    """The provider's pages ask another address for their looks."""
    route.fulfill(body="", content_type="text/css")


def open_login(watched: Open, lab: Server) -> Watched:
    """A page of a browser that nobody has logged in with: it shows the login and nothing else."""
    seen = watched()
    seen.context.route(f"{_STYLES}/**", _no_style)
    seen.page.goto(lab.url)
    assert_login_alone(seen.page)
    return seen


def assert_login_alone(page: Page) -> None:
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert page.get_by_test_id("stSidebarNav").count() == 0
    assert page.get_by_test_id("stMain").inner_text().split("\n") == [
        "Log in to use the Name Recognition Lab.", "", "Log in",
    ]  # fmt: skip


def log_in(watched: Open, lab: Server, name: str) -> Watched:
    seen = open_login(watched, lab)
    seen.page.get_by_role("button", name="Log in").click()
    seen.page.get_by_placeholder("sub").fill(name)
    seen.page.get_by_role("button", name="Authorize").click()
    expect(seen.page.get_by_role("button", name="Log out")).to_be_visible()
    return seen


def start_training(page: Page, lab: Server) -> None:
    page.goto(f"{lab.url}/train")
    page.get_by_role("button", name="Start training").click()


def test_a_login_lets_in_and_tells_people_apart(lab, provider, watched):
    ada = log_in(watched, lab, "ada")
    expect(ada.page.get_by_test_id("stSidebarNav")).to_be_visible()
    start_training(ada.page, lab)
    expect(stop_button(ada.page)).to_be_visible()
    again = ada.context.new_page()
    start_training(again, lab)
    expect(again.get_by_text("You have 1 run in training or waiting")).to_be_visible()
    bea = log_in(watched, lab, "bea")
    start_training(bea.page, lab)
    expect(bea.page.get_by_text("queued").first).to_be_visible()
    assert bea.page.get_by_text("You have 1 run").count() == 0

    # What a browser has is of no use elsewhere, and a changed cookie to nobody.
    (cookie,) = (one for one in ada.context.cookies() if one["name"] == _COOKIE)
    asked = urllib.request.Request(
        f"{lab.url}/api/predict?name=Ito", headers={"Cookie": f"{_COOKIE}={cookie['value']}"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked)
    assert refused.value.code == 403
    assert "works in a browser only" in json.load(refused.value)["error"]
    forged = watched()
    middle = len(cookie["value"]) // 2  # the last letter's last bits mean nothing in base64
    other = "A" if cookie["value"][middle] != "A" else "B"
    changed = cookie["value"][:middle] + other + cookie["value"][middle + 1 :]
    forged.context.add_cookies([{**cookie, "value": changed}])
    forged.page.goto(lab.url)
    assert_login_alone(forged.page)

    again.get_by_role("button", name="Log out").click()
    again.get_by_role("button", name="End session").click()  # the provider is left as well
    again.wait_for_url(f"{lab.url}/**")
    assert_login_alone(again)
    bea.asked -= {urlsplit(provider).netloc, urlsplit(_STYLES).netloc}
    for seen in (bea, forged):
        seen.assert_calm()
