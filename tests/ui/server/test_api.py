import asyncio
import json
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import streamlit as st
from starlette.applications import Starlette

from namerec.core.corpus.alphabet import MAX_TEXT, normalise
from namerec.core.evaluation.prediction import predict
from namerec.runs.copying import copy_finished
from namerec.runs.networks import load_network
from namerec.runs.store import RunStore
from namerec.settings import settings
from namerec.ui.server import api
from namerec.ui.server.access import NOT_FROM_PROXY, NOT_OPEN
from namerec.ui.server.parts import server_parts
from tests.runs.conftest import solo

__all__ = ["solo"]


@pytest.fixture(autouse=True)
def this_computer_alone(monkeypatch):
    chosen = {"server.address": "127.0.0.1", "server.allowedHosts": ["localhost", "127.0.0.1"]}
    actual = st.config.get_option
    monkeypatch.setattr(
        st.config, "get_option", lambda name: chosen[name] if name in chosen else actual(name)
    )
    return chosen


def _app() -> Starlette:
    parts = server_parts()
    return Starlette(routes=parts["routes"], middleware=parts["middleware"])


def _ask(
    query: str = "",
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    client: tuple[str, int] = ("127.0.0.1", 40000),
) -> tuple[int, Any]:
    """Asks the server without a network: status and JSON."""
    return asyncio.run(_sent(_app(), _scope(query, method, headers, client)))


def _scope(
    query: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    client: tuple[str, int] = ("127.0.0.1", 40000),
) -> dict[str, Any]:
    given = {"host": "localhost:8501"} | (headers or {})
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": "/api/predict", "raw_path": b"/api/predict", "root_path": "",
        "query_string": query.encode(), "client": client, "server": ("127.0.0.1", 8501),
        "headers": [(n.lower().encode(), v.encode("latin-1")) for n, v in given.items()],
    }  # fmt: skip


async def _asked(app: Starlette, query: str) -> tuple[int, Any]:
    return await _sent(app, _scope(query))


async def _sent(app: Starlette, scope: dict[str, Any]) -> tuple[int, Any]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent)
    status = next(message["status"] for message in sent if "status" in message)
    return status, json.loads(body) if body.startswith(b"{") else body


def test_the_answer_is_the_networks_own():
    best = RunStore().trained()[0].id
    names = ["Nakamura", "O’Brien", "Дмитриев", "김"]
    status, answer = _ask(urlencode([("name", name) for name in names] + [("top", "2")]))
    assert status == 200
    assert answer["run"] == best
    network = load_network(RunStore().open(best))
    expected = predict(network.model, network.categories, [normalise(name) for name in names])
    for row, name, ranked in zip(answer["predictions"], names, expected, strict=True):
        assert row["name"] == name
        assert row["normalised"] == normalise(name).letters
        assert row["top"] == [[category, round(p, 6)] for category, p in ranked.top(2)]


def test_another_run_can_be_asked():
    others = RunStore().trained()
    status, answer = _ask(f"name=Nakamura&run={others[-1].id}")
    assert (status, answer["run"]) == (200, others[-1].id)
    assert len(answer["predictions"][0]["top"]) == api.TOP


def test_what_cannot_be_read_gets_no_answer_and_the_others_do():
    status, answer = _ask("name=123&name=Rossi")
    assert status == 200
    assert [len(row["top"]) for row in answer["predictions"]] == [0, api.TOP]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("", 400, "0 names were given; 1 to 100 are allowed"),
        ("&".join(["name=a"] * 101), 400, "101 names were given"),
        (f"name={'a' * (MAX_TEXT + 1)}", 400, f"at most {MAX_TEXT} are read"),
        ("nmae=a", 400, "no parameter “nmae”"),
        ("name=a&top=0", 400, "whole number from 1 to 200"),
        ("name=a&top=201", 400, "whole number from 1 to 200"),
        ("name=a&top=" + "9" * 5000, 400, "whole number from 1 to 200"),
        ("name=a&top=1.5", 400, "top is “1.5”"),
        ("name=a&top=" + quote("²"), 400, "top is “²”"),
        ("name=a&run=nobody", 404, "There is no run “nobody”"),
        ("name=a&run=" + quote("../../etc"), 404, "There is no run"),
    ],
)
def test_what_cannot_be_answered_gets_a_sentence(query, status, said):
    given, answer = _ask(query)
    assert given == status
    assert said in answer["error"]


def test_hostile_names_are_only_text():
    name = "<script>\x00\ud800=cmd|'"
    status, answer = _ask("name=" + quote(name.encode("utf-8", "surrogatepass")))
    assert status == 200
    assert answer["predictions"][0]["name"].startswith("<script>")


def test_without_any_run_it_says_so(monkeypatch):
    monkeypatch.setattr("namerec.runs.store.RunStore.trained", lambda self: [])
    status, answer = _ask("name=a")
    assert status == 404
    assert "no trained run yet" in answer["error"]


def test_a_damaged_network_is_told(tmp_path, monkeypatch):
    store = RunStore()
    copied = copy_finished(store, store.trained()[-1].id, store.root)
    weights = Path(copied) / "best.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    status, answer = _ask(f"name=a&run={copied.name}")
    assert status == 404
    assert "best.safetensors" in answer["error"]


def test_what_nobody_foresaw_is_logged_and_told_without_its_inside(monkeypatch, caplog):
    def broken(asked):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(api, "answer", broken)
    status, answer = _ask("name=a")
    assert status == 500
    assert "secret" not in answer["error"]
    assert "secret" in caplog.text


def test_too_many_at_a_time_wait_and_are_told(monkeypatch):
    monkeypatch.setattr(api, "PATIENCE", 0.05)
    monkeypatch.setattr(api, "MOST_WAITING", 3)
    begun, done = threading.Event(), threading.Event()

    def slow(asked):
        begun.set()
        assert done.wait(120)
        return {"asked": asked["name"]}

    monkeypatch.setattr(api, "answer", slow)
    app = _app()

    async def crowd() -> Any:
        first = asyncio.ensure_future(_asked(app, "name=first"))
        while not begun.is_set():
            await asyncio.sleep(0)
        others = await asyncio.gather(*(_asked(app, "name=other") for _ in range(5)))
        done.set()
        return await first, others, await _asked(app, "name=last")

    first, others, last = asyncio.run(crowd())
    assert first == (200, {"asked": "first"})
    assert others == [(503, {"error": api.TOO_MANY})] * 5
    assert last == (200, {"asked": "last"})


def test_large_networks_are_asked_for_few_names(solo, monkeypatch):
    run = solo.store(RunStore()).info()
    monkeypatch.setattr(api, "MOST_WORK", 2 * run.parameters)
    assert _ask(f"name=a&name=b&run={run.id}")[0] == 200
    status, answer = _ask(f"name=a&name=b&name=c&run={run.id}")
    assert status == 400
    assert "at most 2 at a time" in answer["error"]


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1@evil", ""])
def test_a_page_of_somebody_else_gets_nothing(host):
    status, answer = _ask("name=a", headers={"host": host})
    assert status == 403
    assert "does not answer under this address" in answer["error"]


def test_only_reading_is_possible():
    assert _ask("name=a", method="POST")[0] == 405


def test_an_address_that_others_reach_needs_the_word_of_who_runs_it(
    this_computer_alone, monkeypatch
):
    this_computer_alone["server.address"] = "0.0.0.0"
    assert _ask("name=a") == (403, {"error": NOT_OPEN})
    monkeypatch.setenv("NAMEREC_INSECURE", "1")
    settings.cache_clear()
    assert _ask("name=a")[0] == 200


def test_where_a_proxy_is_set_up_only_it_is_answered(monkeypatch):
    monkeypatch.setenv("NAMEREC_TRUSTED_PROXIES", "10.0.0.5")
    settings.cache_clear()
    vouched = {"X-Forwarded-User": "ada"}
    assert _ask("name=a") == (403, {"error": NOT_FROM_PROXY})
    assert _ask("name=a", headers=vouched)[0] == 403
    assert _ask("name=a", headers=vouched, client=("10.0.0.5", 4711))[0] == 200
    # The server itself believes the header about where a request is from; see ui.access.
    forged = vouched | {"X-Forwarded-For": "10.0.0.5"}
    assert _ask("name=a", headers=forged, client=("10.0.0.5", 0))[0] == 403


def test_where_there_is_a_login_plain_requests_are_refused(monkeypatch):
    secrets = {"auth": {"client_id": "x"}}
    monkeypatch.setattr(st.secrets, "load_if_toml_exists", lambda: True)
    monkeypatch.setattr(type(st.secrets), "__contains__", lambda self, key: key in secrets)
    status, answer = _ask("name=a")
    assert status == 403
    assert "login" in answer["error"]


def test_wrong_settings_close_it(monkeypatch):
    monkeypatch.setenv("NAMEREC_INSECURE", "perhaps")
    settings.cache_clear()
    status, answer = _ask("name=a")
    assert status == 403
    assert "NAMEREC_INSECURE" in answer["error"]
