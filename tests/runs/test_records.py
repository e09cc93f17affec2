import json
from pathlib import Path

import pytest

from namerec.errors import RunError
from tests.runs.references import assert_sentence

HUGE = 10**400


def _rewrite(path: Path, keys: list[str], value: object) -> None:
    """Puts a value at a place in a JSON file."""
    values = json.loads(path.read_text(encoding="utf-8"))
    inner = values
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    path.write_text(json.dumps(values), encoding="utf-8")


WRONG_STATUS: list[tuple[list[str], object]] = [
    (["state"], "interrupted"),
    (["state"], "conquered"),
    (["state"], None),
    (["epoch"], -1),
    (["epoch"], 1.5),
    (["epoch"], float("inf")),
    (["step"], HUGE),
    (["steps"], -1),
    (["epochs"], "three"),
    (["best_epoch"], -1),
    (["validation_accuracy"], 1.5),
    (["validation_accuracy"], float("nan")),
    (["seconds"], float("nan")),
    (["seconds"], float("inf")),
    (["seconds"], -1.0),
    (["names_per_second"], float("-inf")),
    (["message"], {"html": "<script>"}),
    (["scores"], []),
    (["scores", "test"], None),
    (["scores", "test", "part"], "all"),
    (["scores", "test", "accuracy"], 1.01),
    (["scores", "test", "macro_recall"], float("nan")),
    (["scores", "test", "names"], -1),
    (["scores", "trap"], {}),
    (["format"], 0),
    (["format"], "one"),
]


@pytest.mark.parametrize(("keys", "value"), WRONG_STATUS)
def test_a_status_with_a_value_that_cannot_be_is_refused(finished, store, keys, value):
    _rewrite(finished.path / "status.json", keys, value)
    with pytest.raises(RunError) as caught:
        finished.status()
    assert_sentence(caught.value, "“status.json”", finished.id, "its content is damaged")
    assert [run.id for run in store.entries()] == [finished.id]
    assert store.summaries() == []


WRONG_INFO: list[tuple[list[str], object]] = [
    (["id"], "../escape"),
    (["id"], "a/b"),
    (["id"], "-rf"),
    (["id"], ""),
    (["id"], "x" * 101),
    (["id"], "newline\n"),
    (["created"], "yesterday"),
    (["created"], "2026-11-23T10:00:00"),
    (["created"], HUGE),
    (["config"], {}),
    (["config", "model", "hidden_size"], 10**6),
    (["config", "model", "hidden_size"], 0),
    (["config", "model", "kind"], "pickle"),
    (["config", "training", "learning_rate"], float("nan")),
    (["config", "training", "dataset"], "x" * 5000),
    (["config", "training", "epochs"], HUGE),
    (["dataset", "categories"], ["one"]),
    (["dataset", "categories"], ["x"] * 201),
    (["dataset", "categories"], "Alphan"),
    (["dataset", "fingerprint"], "none"),
    (["dataset", "names"], -1),
    (["dataset", "title"], "x" * 5000),
    (["parameters"], HUGE),
    (["parameters"], -1),
    (["threads"], "two"),
    (["threads"], 0),
    (["threads"], 10**6),
    (["versions"], {"torch": {}}),
]


@pytest.mark.parametrize(("keys", "value"), WRONG_INFO)
def test_settings_that_cannot_be_are_refused(finished, store, keys, value):
    if keys == ["config"]:
        value = "none"
    _rewrite(finished.path / "config.json", keys, value)
    with pytest.raises(RunError) as caught:
        finished.info()
    assert_sentence(caught.value, "“config.json”", finished.id, "its content is damaged")
    assert [run.id for run in store.entries()] == [finished.id]
    assert store.summaries() == []


@pytest.mark.parametrize("name", ["config.json", "status.json"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"id":' * 80_000,
        b'"\\ud800"',
        b"1e999",
        b"-" + b"9" * 100_000,
    ],
    ids=repr,
)
def test_a_file_of_anything_else_is_refused(finished, name, content):
    (finished.path / name).write_bytes(content)
    read = finished.info if name == "config.json" else finished.status
    with pytest.raises(RunError) as caught:
        read()
    assert_sentence(caught.value, f"“{name}”", finished.id, "its content is damaged")


def test_settings_that_are_missing_are_told(finished):
    (finished.path / "config.json").unlink()
    with pytest.raises(RunError, match=r"“config.json” .*No such file"):
        finished.info()


@pytest.mark.parametrize("name", ["config.json", "status.json"])
def test_a_file_that_is_a_folder_or_too_large_is_told(finished, name):
    read = finished.info if name == "config.json" else finished.status
    file = finished.path / name
    file.unlink()
    file.mkdir()
    with pytest.raises(RunError, match="Is a directory"):
        read()
    file.rmdir()
    with file.open("wb") as large:
        large.truncate(2**30)  # takes no room on the disk
    with pytest.raises(RunError, match="too large, at most 524,288 bytes are read"):
        read()
