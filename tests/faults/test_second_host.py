"""The lab as another computer sees it: two hosts of our own, each a network namespace."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from typing import Self

import pytest

from tests.faults.servers import Server

LAB, VISITOR = "10.213.7.1", "10.213.7.2"
# Asks from the second host: status and body of every address given, until the first answers.
_ASK = """
import json, sys, time, urllib.error, urllib.request
def ask(url):
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
end = time.monotonic() + 90
while True:
    try:
        answers = [ask(url) for url in sys.argv[1:]]
        break
    except OSError:
        if time.monotonic() > end:
            raise
        time.sleep(0.1)
print(json.dumps(answers))
"""


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def hosts():
    """Two hosts with a cable between them."""
    lab, visitor = (f"namerec-{secrets.token_hex(3)}" for _ in range(2))
    if shutil.which("ip") is None:
        pytest.skip("there is no `ip` (Debian: apt-get install iproute2)")
    try:
        _ip("netns", "add", lab)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"network namespaces are not permitted here: {error.stderr.decode().strip()}")
    try:
        _ip("netns", "add", visitor)
        _ip("link", "add", "lab0", "netns", lab, "type", "veth", "peer", "vis0", "netns", visitor)
        for host, device, address in ((lab, "lab0", LAB), (visitor, "vis0", VISITOR)):
            _ip("-n", host, "address", "add", f"{address}/24", "dev", device)
            for each in ("lo", device):
                _ip("-n", host, "link", "set", each, "up")
        yield lab, visitor
    finally:
        for host in (lab, visitor):
            subprocess.run(["ip", "netns", "delete", host], check=False, capture_output=True)


class Elsewhere(Server):
    """A server on the first host."""

    def __init__(self, home, hosts, *flags, **variables) -> None:
        super().__init__(home)
        self._hosts, self._flags, self._variables = hosts, flags, variables

    def command(self) -> list[str]:
        given = ["env", *(f"{name}={value}" for name, value in self._variables.items())]
        inside = ["ip", "netns", "exec", self._hosts[0]]
        return [*inside, *given, *super().command(), "--server.address", "0.0.0.0", *self._flags]

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.folder, stdout=log, stderr=log, start_new_session=True,
                env=os.environ | {"NAMEREC_HOME": str(self.data)},
            )  # fmt: skip

    def asked_from_the_other_host(self, *paths: str) -> list[tuple[int, str]]:
        urls = [f"http://{LAB}:{self.port}{path}" for path in paths]
        asking = ["ip", "netns", "exec", self._hosts[1], sys.executable, "-c", _ASK, *urls]
        done = subprocess.run(asking, check=True, capture_output=True, text=True)
        return [(status, text) for status, text in json.loads(done.stdout)]


def test_the_documented_command_answers_another_host(tmp_path, hosts):
    allowed = ("--server.allowedHosts", LAB, "--server.allowedHosts", "localhost")
    with Elsewhere(tmp_path, hosts, *allowed, NAMEREC_INSECURE="1") as lab:
        page, answer = lab.asked_from_the_other_host("/", "/api/predict?name=Nakamura")
    assert page[0] == 200
    assert answer[0] == 200
    assert json.loads(answer[1])["predictions"][0]["name"] == "Nakamura"


def test_without_the_allowed_host_the_refusal_says_what_to_set(tmp_path, hosts):
    with Elsewhere(tmp_path, hosts, NAMEREC_INSECURE="1") as lab:
        ((status, text),) = lab.asked_from_the_other_host("/")
    assert status == 403
    assert "--server.allowedHosts" in text


def test_without_a_way_in_nobody_elsewhere_gets_an_answer(tmp_path, hosts):
    with Elsewhere(tmp_path, hosts, "--server.allowedHosts", LAB) as lab:
        answer, metrics = lab.asked_from_the_other_host(
            "/api/predict?name=Nakamura", "/_stcore/metrics"
        )
    assert answer[0] == metrics[0] == 403
    assert "who may use it" in answer[1]
