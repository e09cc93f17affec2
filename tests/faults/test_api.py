"""The JSON endpoint of a real server, beside its pages."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.faults.servers import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running
    assert "Traceback" not in running.log(), running.log()
    assert "ScriptRunContext" not in running.log(), running.log()


def _get(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_it_answers_what_the_command_line_answers(server):
    status, body = _get(f"{server.url}/api/predict?name=Nakamura&name=Rossi")
    told: dict[str, Any] = json.loads(
        subprocess.run(
            [sys.executable, "-m", "namerec", "predict", "Nakamura", "Rossi", "--json"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()[-1]
    )
    assert status == 200
    assert json.loads(body) == told


def test_under_a_foreign_address_there_is_nothing_at_all(server):
    for path in ("/", "/api/predict?name=a", "/train", "/_stcore/host-config"):
        status, body = _get(server.url + path, Host="evil.example")
        assert status == 403
        assert "evil" not in body
    assert _get(f"{server.url}/")[0] == 200


def test_many_at_a_time_are_answered_or_told_to_wait(server):
    with ThreadPoolExecutor(24) as pool:
        urls = [f"{server.url}/api/predict?name=Rossi{'i' * number}" for number in range(48)]
        answers = list(pool.map(_get, urls))
    assert {status for status, _ in answers} <= {200, 503}
    right = [json.loads(body) for status, body in answers if status == 200]
    assert right
    assert all(len(answer["predictions"][0]["top"]) == 3 for answer in right)
