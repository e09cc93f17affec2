"""Files of a run that somebody has damaged or made on purpose: refused at once, and cheaply."""

import json
import os
import pickle
import re
import shutil
import signal
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
import torch

from namerec.errors import NamerecError
from namerec.runs.folder import RunFolder
from namerec.runs.networks import load_network
from namerec.runs.store import RunStore
from namerec.runs.summary import DamagedRun
from tests.faults.mutations import read_everything, sweep
from tests.runs.conftest import (
    _no_waiting_for_the_disk,
    _templates,
    finished,
    solo,
    store,
)
from tests.runs.references import (
    Trap,
    assert_sentence,
    not_a_number,
    rewritten,
    with_header,
)

__all__ = [
    "_no_waiting_for_the_disk",
    "_templates",
    "finished",
    "solo",
    "store",
]

#: What refusing a run may take, seconds and MB.
MOST_SECONDS = 1.0
MOST_MEMORY = 50.0
#: Changes to the files of a run, each at random, that CI reads; `python -m tests.faults mutations`
#: reads more.
MUTATIONS = 500

TENSOR_FILES = ("best.safetensors", "last.safetensors", "predictions.safetensors")
TEXT_FILES = ("config.json", "status.json")
Change = Callable[[bytes], bytes]


def _measured(read: Callable[[], object]) -> tuple[object, float, float]:
    """What reading gives or raises, the seconds it took, and the memory at its peak, MB."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak is the present again
    before, began = _memory("VmRSS"), time.process_time()
    try:
        result = read()
    except NamerecError as error:
        result = error
    return result, time.process_time() - began, _memory("VmHWM") - before


def _memory(which: str) -> float:
    found = re.search(rf"^{which}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.M)
    assert found is not None
    return int(found[1]) * 1024 / 1e6


def _asked(store: RunStore, run: RunFolder, file: str) -> object:
    """What reads a file: for settings and state the list of runs, for tensors who needs them."""
    if file in TEXT_FILES:
        return next(entry for entry in store.entries() if entry.id == run.id)
    return {
        "best.safetensors": lambda: load_network(run),
        "last.safetensors": run.resumed,
        "predictions.safetensors": run.predictions,
    }[file]()


@pytest.fixture
def other(store, finished) -> str:
    """Another run in the store."""
    return Path(shutil.copytree(finished.path, store.root / "other")).name


def _assert_refused(store: RunStore, run: RunFolder, other: str, file: str, said: str) -> None:
    load_network(RunFolder(store.root / other))  # what is imported late is no cost of refusing
    result, seconds, memory = _measured(lambda: _asked(store, run, file))
    if file in TEXT_FILES:
        assert isinstance(result, DamagedRun), result
        result = NamerecError(result.reason)
    assert isinstance(result, NamerecError), f"{file} was read: {result!r:.200}"
    assert_sentence(result, f"“{file}”", said)
    assert seconds < MOST_SECONDS, f"refused after {seconds:.2f} s"
    assert memory < MOST_MEMORY, f"refused with {memory:.0f} MB"
    assert other in [entry.id for entry in store.summaries()]
    load_network(RunFolder(store.root / other))


# -- tensors


@cache
def _header_of_300_000_tensors() -> bytes:
    nothing = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    return with_header({f"k{n}": nothing for n in range(300_000)}, b"")


@cache
def _texts_of_300_000_keys() -> bytes:
    return with_header({"__metadata__": {f"k{n}": "" for n in range(300_000)}}, b"")


def _length(length: int, behind: bytes = b"{}") -> Change:
    return lambda file: struct.pack("<Q", length) + behind


def _flipped(share: float) -> Change:
    """One bit of the file is another, so far into it."""

    def change(file: bytes) -> bytes:
        at = int(share * (len(file) - 1))
        return file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :]

    return change


HOSTILE_TENSORS: dict[str, Change] = {
    "torn": lambda file: file[: len(file) // 2],
    "its last byte gone": lambda file: file[:-1],
    "bytes behind its end": lambda file: file + b"\0" * 8,
    "nothing": lambda file: b"",
    "a bit of the header flipped": _flipped(0.001),
    "a bit of the values flipped": _flipped(0.7),
    "the last bit flipped": _flipped(1),
    "300,000 tensors": lambda file: _header_of_300_000_tensors(),
    "300,000 texts": lambda file: _texts_of_300_000_keys(),
    "a header of 2^63 bytes": _length(2**63),
    "a header of 2^64 − 1 bytes": _length(2**64 - 1),
    "a header of 90 MB that is not there": _length(90 * 10**6),
    "a header of one long text": _length(50 * 10**6, b'{"a":"' + b"x" * (50 * 10**6 - 8) + b'"}'),
    "a deep header": _length(10**6, b"[" * 10**6),
    "a deep header of objects": _length(5 * 10**6, b'{"a":' * 10**6),
    "JSON": lambda file: b'{"weights": [1, 2, 3]}',
}


@pytest.mark.parametrize("file", TENSOR_FILES)
@pytest.mark.parametrize("kind", HOSTILE_TENSORS)
def test_a_hostile_tensor_file_is_refused_at_once(store, finished, other, file, kind):
    path = finished.path / file
    path.write_bytes(HOSTILE_TENSORS[kind](path.read_bytes()))
    _assert_refused(store, finished, other, file, "")


@pytest.mark.parametrize("file", TENSOR_FILES)
def test_a_pickle_under_the_name_of_a_tensor_file_is_refused_and_never_run(
    store, finished, other, file, tmp_path
):
    trace = tmp_path / "trace"
    for save in (_pickled, torch.save):
        save({"weights": Trap(trace)}, finished.path / file)
        _assert_refused(store, finished, other, file, "is damaged and was not read")
        assert not trace.exists()


def _pickled(values: object, path: Path) -> None:
    path.write_bytes(pickle.dumps(values))


@pytest.mark.parametrize("file", TENSOR_FILES[:2])
def test_weights_that_are_no_numbers_are_refused(store, finished, other, file):
    def spoil(tensors: dict[str, torch.Tensor]) -> None:
        name = next(name for name in tensors if name.endswith(".weight"))
        tensors[name] = not_a_number(tensors[name])

    rewritten(finished.path / file, spoil)
    _assert_refused(store, finished, other, file, "not finite 32-bit numbers")


# -- settings and state


def _with(**values: object) -> Change:
    return lambda file: json.dumps(json.loads(file) | values).encode()


HOSTILE_TEXTS: dict[str, Change] = {
    "torn": lambda file: file[: len(file) // 2],
    "nothing": lambda file: b"",
    "deep lists": lambda file: b"[" * 10**6,
    "deep objects": lambda file: b'{"a":' * 10**6,
    "5,000,000 lists": lambda file: b"[" + b"[]," * 5 * 10**6 + b"1]",
    "1,000,000 keys": lambda file: b"{" + b",".join(b'"k%d":1' % n for n in range(10**6)) + b"}",
    "one long text": lambda file: b'{"id":"' + b"x" * 15 * 10**6 + b'"}',
    "blanks": lambda file: file + b" " * 17 * 2**20,
    "a number of a million digits": lambda file: b'{"epoch":' + b"9" * 10**6 + b"}",
    "no JSON": lambda file: b"\x80\x04\x95",
    "a pickle": lambda file: pickle.dumps({"state": "finished"}),
}


@pytest.mark.parametrize("file", TEXT_FILES)
@pytest.mark.parametrize("kind", HOSTILE_TEXTS)
def test_a_hostile_text_file_is_refused_at_once(store, finished, other, file, kind):
    path = finished.path / file
    path.write_bytes(HOSTILE_TEXTS[kind](path.read_bytes()))
    _assert_refused(store, finished, other, file, "")


def test_a_status_with_a_message_as_long_as_a_book_is_refused(store, finished, other):
    path = finished.path / "status.json"
    path.write_bytes(_with(message="x" * 15 * 10**6)(path.read_bytes()))
    _assert_refused(store, finished, other, "status.json", "")


HOSTILE_METRICS: dict[str, Change] = {
    "200 MB of one line": lambda file: file + b"x" * 200 * 10**6,
    "200 MB of line ends": lambda file: file + b"\n" * 200 * 10**6,
    "2,000,000 damaged lines": lambda file: file + (b"x" * 99 + b"\n") * 2 * 10**6,
    "a deep line": lambda file: file + b"[" * 10**7 + b"\n",
    "a line of many lists": lambda file: file + b"[" + b"[]," * 10**7 + b"1]\n",
}


@pytest.mark.parametrize("kind", HOSTILE_METRICS)
def test_what_is_hostile_behind_the_metrics_is_left_out_at_once(store, finished, other, kind):
    path = finished.path / "metrics.jsonl"
    before = finished.metrics()
    path.write_bytes(HOSTILE_METRICS[kind](path.read_bytes()))
    result, seconds, memory = _measured(finished.metrics)
    assert result == before
    assert seconds < MOST_SECONDS, f"read after {seconds:.2f} s"
    assert memory < MOST_MEMORY, f"read with {memory:.0f} MB"
    assert {finished.id, other} == {entry.id for entry in store.summaries()}


# -- what is no file


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _pipe_behind_a_link(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


NO_FILES = (_pipe, _endless, _pipe_behind_a_link, Path.mkdir)


@pytest.mark.parametrize("file", TEXT_FILES + TENSOR_FILES)
@pytest.mark.parametrize("put", NO_FILES)
def test_what_is_no_file_is_refused_at_once(store, finished, other, file, put):
    (finished.path / file).unlink()
    put(finished.path / file)
    with _no_waiting_for_a_pipe():
        said = "cannot be read" if file in TEXT_FILES else "was not read"
        _assert_refused(store, finished, other, file, said)


@pytest.mark.parametrize("put", NO_FILES)
def test_metrics_that_are_no_file_are_refused_at_once(finished, put):
    (finished.path / "metrics.jsonl").unlink()
    put(finished.path / "metrics.jsonl")
    with _no_waiting_for_a_pipe(), pytest.raises(NamerecError, match="cannot be read"):
        finished.metrics()


def _link_to_a_file(path: Path) -> None:
    path.with_name("precious").write_text("precious")
    path.symlink_to("precious")


@pytest.mark.parametrize("put", [*NO_FILES, _link_to_a_file])
def test_a_lock_that_is_no_file_holds_nothing_and_all_runs_are_listed(store, finished, other, put):
    finished.write_status(finished.status().model_copy(update={"state": "running"}))
    put(finished.path / "lock")
    with _no_waiting_for_a_pipe():
        states = {entry.id: entry.state for entry in store.summaries()}
    assert states == {finished.id: "interrupted", other: "finished"}
    if put is _link_to_a_file:
        assert (finished.path / "precious").read_text() == "precious"


@contextmanager
def _no_waiting_for_a_pipe() -> Iterator[None]:
    """Fails after some seconds where a test would wait for ever."""

    def fail(*_: object) -> None:
        raise AssertionError("waited for somebody to write to a pipe")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(10)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# -- whatever else


def test_any_change_to_any_file_of_a_run_is_read_or_refused_with_a_sentence(store, finished):
    read_everything(store, finished)
    assert sweep(store, finished, MUTATIONS, seed=0) == MUTATIONS
