"""Uploads that are no corpus, of every kind there is: answered at once, and nothing is left."""

import tempfile
import time
import zipfile
from collections.abc import Callable

import pytest

from namerec.data.upload import encodings_to_choose, read_upload
from namerec.errors import DataError
from tests.data.zips import FLAGS, NAMES, UNPACKED, claiming, link, many_entries, zipped
from tests.runs.references import assert_sentence

#: Seconds in which an upload is answered.
MOST_SECONDS = 1.0


def _rows(*rows: str) -> bytes:
    return "\n".join(("name,label", *rows)).encode()


def _nested(depth: int) -> bytes:
    archive = zipped(NAMES)
    for _ in range(depth):
        archive = zipped({"inner.zip": archive}, zipfile.ZIP_STORED)
    return archive


#: What makes the upload, its name, and what is said of it.
REFUSED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "bomb": (lambda: zipped({"A.txt": b"a" * 2 * 10**7, **NAMES}), "n.zip", "unpacks to"),
    "bomb of many": (
        lambda: zipped({f"{n}.txt": (b"%07d\n" % n) * 10**5 for n in range(30)}),
        "n.zip",
        "at most",
    ),
    "bomb that lies": (
        lambda: claiming(zipped({"A.txt": b"ab\n" * 10**6, "B.txt": b"b"}), 0, UNPACKED, 9),
        "n.zip",
        "damaged",
    ),
    "encrypted": (lambda: claiming(zipped(NAMES), 0, FLAGS, 1, "H"), "n.zip", "without a password"),
    "nested": (lambda: _nested(1), "n.zip", "has no text files of names"),
    "nested deep": (lambda: _nested(50), "n.zip", "has no text files of names"),
    "100,000 entries": (lambda: many_entries(100_000), "n.zip", "has 100,000 entries"),
    "only links": (
        lambda: zipped([(link("A.txt"), b"/etc/passwd"), (link("B.txt"), b"/etc/shadow")]),
        "n.zip",
        "has no text files of names",
    ),
    "wrong encoding": (lambda: _rows("Müller,a").decode().encode("latin-1"), "n.csv", "not UTF-8"),
    "wrong encoding, packed": (
        lambda: zipped({**NAMES, "X.txt": "Петров\n".encode("cp1251")}),
        "n.zip",
        "not UTF-8",
    ),
    "no text": (lambda: bytes(range(256)) * 4000, "n.csv", ""),
    "one category": (lambda: _rows("Pappas,a", "Ritsos,a"), "n.csv", "1 category; 2 to 200"),
    "500 categories": (
        lambda: _rows(*(f"{name},C{n}" for n in range(500) for name in ("Pappas", "Ritsos"))),
        "n.csv",
        "500 categories; 2 to 200",
    ),
    "500 categories, packed": (
        lambda: zipped({f"C{n}.txt": b"Pappas\nRitsos\n" for n in range(500)}),
        "n.zip",
        "500 categories; 2 to 200",
    ),
    "header only": (lambda: b"name,label\n", "n.csv", "contains no names"),
    "one endless line": (lambda: b"name,label\n" + b"a" * 10**7, "n.csv", ""),
    "one endless cell": (lambda: b'name,label\n"' + b"a\n" * 5 * 10**6, "n.csv", ""),
    "a million columns": (lambda: b"," * 10**6 + b"\n" + b"," * 10**6, "n.csv", ""),
    "nothing": (lambda: b"", "n.zip", "is empty"),
}


@pytest.fixture
def untouched(tmp_path, monkeypatch):
    """Every folder that could be written to; at the end nothing lies there."""
    for folder in ("here", "home", "cache", "temporary"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("NAMEREC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NAMEREC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    yield
    left = [path for path in tmp_path.rglob("*") if path.parent != tmp_path]
    assert left == []


@pytest.mark.parametrize("kind", REFUSED)
def test_an_upload_that_is_no_corpus_is_refused_at_once_and_leaves_nothing(untouched, kind):
    make, file_name, said = REFUSED[kind]
    raw = make()
    _ask_for_encodings(raw, file_name)
    began = time.process_time()
    with pytest.raises(DataError) as caught:
        read_upload(raw, file_name)
    assert time.process_time() - began < MOST_SECONDS
    assert_sentence(caught.value, said)


@pytest.mark.parametrize(
    ("path", "category"),
    [
        ("../../../../tmp/Outside.txt", "Outside"),
        ("/etc/Outside.txt", "Outside"),
        ("..\\..\\Outside.txt", "Outside"),
        ("C:\\Windows\\Outside.txt", "Outside"),
    ],
)
def test_a_path_in_an_archive_leads_nowhere(untouched, path, category):
    raw = zipped({path: b"Pappas\nRitsos\n", **NAMES})
    began = time.process_time()
    upload = read_upload(raw, "n.zip")
    assert time.process_time() - began < MOST_SECONDS
    assert upload.dataset.categories == ("Czech", "Greek", category)


def test_a_link_in_an_archive_is_not_followed(untouched):
    raw = zipped([(link("Passwords.txt"), b"/etc/passwd"), *NAMES.items()])
    began = time.process_time()
    upload = read_upload(raw, "n.zip")
    assert time.process_time() - began < MOST_SECONDS
    assert upload.dataset.categories == ("Czech", "Greek")
    assert upload.notices == ("Left out: “Passwords.txt”. Links and devices are not followed.",)


def _ask_for_encodings(raw: bytes, file_name: str) -> None:
    """What the page asks first, in as little time."""
    began = time.process_time()
    try:
        encodings_to_choose(raw, file_name)
    except DataError as error:
        assert_sentence(error)
    assert time.process_time() - began < MOST_SECONDS
