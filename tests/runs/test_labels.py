import contextlib
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import namerec
from namerec.errors import RunError
from namerec.formats import FORMAT
from namerec.runs.labels import (
    LABEL,
    MAX_BYTES,
    MAX_NOTE,
    MAX_TITLE,
    LabelChangedError,
    RunLabel,
    read_label,
)
from namerec.runs.store import RunStore
from tests.runs.references import assert_no_debris, assert_sentence


def test_a_run_has_an_empty_label_until_somebody_gives_it_one(store, finished):
    (before,) = store.summaries()
    assert before.label == RunLabel(title="", note="", pinned=False)
    label = RunLabel(title="With the tanh", note="Better than\nwithout it.", pinned=True)
    store.set_label(finished.id, **label.model_dump())
    (after,) = store.summaries()
    assert after.label == label
    assert json.loads((finished.path / "label.json").read_text("utf-8")) == {
        "format": FORMAT,
        "namerec": namerec.__version__,
        "title": "With the tanh",
        "note": "Better than\nwithout it.",
        "pinned": True,
    }
    assert (after.info, after.status) == (before.info, before.status)
    assert_no_debris(store.root)


def test_what_several_change_at_once_is_all_kept(store, finished):
    gate = threading.Barrier(3)

    def change(**changes: Any) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            gate.wait(60)
        store.set_label(finished.id, **changes)

    for number in range(40):
        wanted = {"title": f"no. {number}", "note": f"note {number}", "pinned": number % 2 == 0}
        with ThreadPoolExecutor(3) as people:
            list(people.map(lambda item: change(**dict([item])), wanted.items()))
        assert read_label(finished.path).model_dump() == wanted


def test_a_field_that_somebody_else_has_changed_is_not_replaced_unseen(store, finished):
    seen = store.set_label(finished.id, title="first", note="a note")
    theirs = store.set_label(finished.id, title="theirs")
    with pytest.raises(LabelChangedError) as caught:
        store.set_label(finished.id, seen=seen, title="mine", pinned=True)
    assert_sentence(caught.value, "The title of run", finished.id)
    assert read_label(finished.path) == theirs
    pinned = store.set_label(finished.id, seen=seen, note="mine", pinned=True)
    assert pinned == RunLabel(title="theirs", note="mine", pinned=True)
    assert store.set_label(finished.id, seen=pinned, title="mine").title == "mine"


def test_a_run_that_is_trained_can_be_named(store, stopped):
    with stopped.lock():
        store.set_label(stopped.id, title="this one")
    assert store.summaries()[0].label.title == "this one"


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\xff", b"[]", b"null", b'{"title": 7}', b'{"title": "a\\nb"}'),
        b'{"title": "' + b"x" * (MAX_TITLE + 1) + b'"}',
        b" " * MAX_BYTES + b'{"title": "x"}',
    ],
)
def test_a_damaged_label_is_an_empty_one_and_the_run_stays_listed(store, finished, content):
    (finished.path / LABEL).write_bytes(content)
    assert [run.label for run in store.summaries()] == [RunLabel()]
    store.set_label(finished.id, title="mended")
    store.set_label(finished.id, title="mended again")
    assert store.summaries()[0].label.title == "mended again"
    assert [kept.read_bytes() for kept in finished.path.glob("label.torn-*")] == [content]


def test_a_label_that_is_no_file_is_an_empty_one(store, finished):
    os.mkfifo(finished.path / LABEL)  # reading it would wait for a writer
    assert store.summaries()[0].label == RunLabel()
    (finished.path / LABEL).unlink()
    (finished.path / LABEL).mkdir()
    assert store.summaries()[0].label == RunLabel()
    with pytest.raises(RunError, match="cannot be stored") as caught:
        store.set_label(finished.id, title="x")
    assert_sentence(caught.value, finished.id)


def test_pretrained_runs_keep_their_labels(store, finished, tmp_path):
    shipped = RunStore(tmp_path / "own", pretrained=store.root)
    with pytest.raises(RunError, match="ships with the project") as caught:
        shipped.set_label(finished.id, title="mine")
    assert_sentence(caught.value, finished.id)
    assert not (finished.path / LABEL).exists()
    with pytest.raises(RunError, match="There is no run"):
        store.set_label("../" + finished.id, title="mine")


def test_the_longest_label_is_read_again(store, finished):
    label = RunLabel(title="𝔸" * MAX_TITLE, note="𝔸\n" * (MAX_NOTE // 2), pinned=True)
    store.set_label(finished.id, title=label.title, note=label.note.strip(), pinned=True)
    assert store.summaries()[0].label == label.model_copy(update={"note": label.note.strip()})


@pytest.mark.parametrize(
    "texts",
    [
        {"title": "x" * (MAX_TITLE + 1)},
        {"note": "x" * (MAX_NOTE + 1)},
        *({"title": "a\nb"}, {"title": "\u202eevil"}, {"note": "a\0"}, {"title": "\ud800"}),
    ],
)
def test_what_is_too_long_or_cannot_be_shown_is_no_label(texts):
    with pytest.raises(ValidationError):
        RunLabel(**texts)


def test_what_is_typed_is_tidied():
    typed = RunLabel.of(
        "  My\trun \0\u202e no.\u00a01 ", "\r\nfirst  line\r\n\n second\x07\n ", True
    )
    assert typed == RunLabel(title="My run no. 1", note="first line\n\nsecond", pinned=True)
    family = "👩\u200d👩\u200d👧 می\u200cخواهم"
    assert RunLabel.of(family).title == family


@pytest.mark.parametrize(("name", "most"), [("title", MAX_TITLE), ("note", MAX_NOTE)])
def test_what_is_typed_too_long_is_refused_with_a_sentence(name, most):
    assert getattr(RunLabel.of(**{name: "x" * most}), name) == "x" * most
    with pytest.raises(RunError) as caught:
        RunLabel.of(**{name: "x" * (most + 1)})
    assert_sentence(caught.value, name, f"{most:,}", f"{most + 1:,}")


@given(st.text(max_size=MAX_TITLE), st.text(max_size=MAX_NOTE))
def test_any_typed_text_becomes_a_label_that_is_stored_as_it_is(title, note):
    label = RunLabel.of(title, note)
    assert RunLabel.model_validate_json(label.model_dump_json()) == label
    assert RunLabel.of(label.title, label.note) == label
    assert len(label.model_dump_json(indent=2).encode()) < MAX_BYTES


def test_a_folder_without_a_label_has_an_empty_one(tmp_path):
    assert read_label(tmp_path) == read_label(tmp_path / "nowhere") == RunLabel()
