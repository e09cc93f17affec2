"""Any byte of any file of a run changed: the run is read, or refused with a sentence."""

import shutil
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namerec.core.corpus.alphabet import normalise
from namerec.core.evaluation.prediction import predict
from namerec.core.training.loop import train
from namerec.core.training.records import EpochRecord, StepRecord
from namerec.errors import RunError
from namerec.runs.folder import RunFolder
from namerec.runs.networks import load_network
from namerec.runs.store import RunStore
from namerec.runs.summary import DamagedRun, RunSummary
from tests.runs.references import (
    Solo,
    assert_sentence,
    taken_apart,
    with_header,
)

FILES = (
    "config.json",
    "status.json",
    "metrics.jsonl",
    "best.safetensors",
    "epoch-0001.safetensors",
    "last.safetensors",
    "predictions.safetensors",
)
Change = Callable[[bytes], bytes]

# What stands in JSON where something else is expected.
_HOSTILE_VALUES = (
    b"null true -1 0 1.5 1e999 NaN -Infinity 99999999999999999999999999 [] {} [[]] "
    b'"" "../../etc/passwd" "\\u0000" "\\ud800" "<script>" [[[[[[[[]]]]]]]] {"a":{"a":{}}}'
).split()


def _place(content: bytes, share: float) -> int:
    return min(int(share * len(content)), max(len(content) - 1, 0))


def _flip(share: float, bit: int) -> Change:
    def change(content: bytes) -> bytes:
        place = _place(content, share)
        flipped = content[place] ^ (1 << bit)
        return content[:place] + bytes([flipped]) + content[place + 1 :]

    return change


def _cut(share: float) -> Change:
    return lambda content: content[: _place(content, share)]


def _replace(share: float, length: int, new: bytes) -> Change:
    def change(content: bytes) -> bytes:
        place = _place(content, share)
        return content[:place] + new + content[place + length :]

    return change


def _hostile_value(share: float, new: bytes) -> Change:
    """Puts a value in the place of the nearest value behind a colon."""

    def change(content: bytes) -> bytes:
        colon = content.find(b":", _place(content, share))
        if colon < 0:
            return content
        end = min(end for mark in b",}\n" if (end := content.find(mark, colon)) > 0)
        return content[: colon + 1] + new + content[end:]

    return change


def _header_value(share: float, new: bytes) -> Change:
    """The same in the header of a safetensors file, its length put right."""

    def change(file: bytes) -> bytes:
        size = int.from_bytes(file[:8], "little")
        header = _hostile_value(share, new)(file[8 : 8 + size])
        header += b" " * (-len(header) % 8)
        return len(header).to_bytes(8, "little") + header + file[8 + size :]

    return change


def _other_format(tensor: int, dtype: str) -> Change:
    def change(file: bytes) -> bytes:
        header, content = taken_apart(file)
        names = [name for name in header if name != "__metadata__"]
        header[names[tensor % len(names)]]["dtype"] = dtype
        return with_header(header, content)

    return change


_shares = st.floats(0, 1)
_bytes_changes = st.one_of(
    st.builds(_flip, _shares, st.integers(0, 7)),
    st.builds(_cut, _shares),
    st.builds(_replace, _shares, st.integers(0, 40), st.binary(max_size=40)),
)
json_changes = st.one_of(
    _bytes_changes, st.builds(_hostile_value, _shares, st.sampled_from(_HOSTILE_VALUES))
)
tensor_changes = st.one_of(
    _bytes_changes,
    st.builds(_flip, st.floats(0, 0.3), st.integers(0, 7)),  # the header
    st.builds(_header_value, _shares, st.sampled_from(_HOSTILE_VALUES)),
    st.builds(
        _other_format,
        st.integers(0, 30),
        st.sampled_from(["F16", "BF16", "I32", "I64", "F64", "F8_E4M3", "BOOL", "C64"]),
    ),
)


@pytest.fixture(scope="module")
def template(solo: Solo, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    root = tmp_path_factory.mktemp("template")
    return solo.store(RunStore(root, pretrained=None))


def _read_everything(store: RunStore, identity: str, solo: Solo) -> None:
    """Whatever a page or command would ask of a run; only sentences may come back as errors."""

    def sentences(read: Callable[[], object]) -> object:
        try:
            return read()
        except RunError as error:
            assert_sentence(error, identity)
            return None

    (entry,) = store.entries()
    assert entry.id == identity
    assert isinstance(entry, RunSummary) or "“" in entry.reason
    store.trained()
    folder = store.open(identity)
    metrics = sentences(folder.metrics)
    if isinstance(metrics, tuple):
        assert all(type(record) is StepRecord for record in metrics[0])
        assert all(type(record.step) is int for record in metrics[0])
        assert all(type(record) is EpochRecord for record in metrics[1])
    predictions = sentences(folder.predictions)
    for answers in predictions.values() if isinstance(predictions, dict) else ():
        assert answers.indices.max(initial=0) < len(solo.dataset)
        assert answers.log_probabilities.shape == (len(answers.labels), 3)
    with suppress(RunError):
        network = load_network(folder)
        (answer,) = predict(network.model, network.categories, [normalise("Bakaovic")])
        assert len(answer.ranked) == len(network.categories)
    resumed = sentences(folder.resumed)
    if resumed is not None and not isinstance(entry, DamagedRun):
        # As far as the checkpoint is accepted, training can go on from it.
        assert resumed.checkpoint.progress.epoch >= 1  # type: ignore[attr-defined]
        for _ in train(solo.config, solo.dataset, solo.split, resumed):  # type: ignore[arg-type]
            break


def _damage_and_read(template, solo, tmp_path_factory, name, change) -> None:
    root = tmp_path_factory.mktemp("damaged")
    try:
        folder = RunFolder(shutil.copytree(template.path, root / template.id))
        file = folder.path / name
        file.write_bytes(change(file.read_bytes()))
        _read_everything(RunStore(root, pretrained=None), folder.id, solo)
    finally:
        shutil.rmtree(root)


@pytest.mark.parametrize("name", FILES[:3])
@given(change=json_changes)
def test_a_damaged_text_file_is_read_or_refused_with_a_sentence(
    template, solo, tmp_path_factory, name, change
):
    _damage_and_read(template, solo, tmp_path_factory, name, change)


@pytest.mark.parametrize("name", FILES[3:])
@given(change=tensor_changes)
def test_a_damaged_tensor_file_is_read_or_refused_with_a_sentence(
    template, solo, tmp_path_factory, name, change
):
    _damage_and_read(template, solo, tmp_path_factory, name, change)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [b"", b"\n", b"\x00" * 1000, b"{}", b"PK\x03\x04"])
def test_a_file_of_something_else_is_read_or_refused_with_a_sentence(
    template, solo, tmp_path_factory, name, content
):
    _damage_and_read(template, solo, tmp_path_factory, name, lambda old: content)


@pytest.mark.parametrize("name", FILES[3:])
def test_files_of_a_run_put_in_each_others_place_are_refused_with_a_sentence(
    template, solo, tmp_path_factory, name
):
    for other in FILES:
        content = (template.path / other).read_bytes()
        _damage_and_read(template, solo, tmp_path_factory, name, lambda old, new=content: new)
