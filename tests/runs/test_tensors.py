import pickle
import zipfile

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from namerec.errors import RunError
from namerec.runs.tensors import MAX_BYTES, read_tensors, write_tensors
from tests.runs.references import (
    Trap,
    as_bits,
    assert_no_debris,
    assert_sentence,
    safetensors,
    taken_apart,
    with_header,
)

TENSORS = {
    "weights": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 7,
    "turned": torch.arange(6, dtype=torch.float32).reshape(2, 3).T,
    "step": torch.tensor(17.0),
    "state": torch.arange(5, dtype=torch.uint8),
    "indices": torch.tensor([2**40, -1]),
    "nothing": torch.zeros(0, 3),
    "odd": torch.tensor([float("nan"), float("inf"), -0.0]),
}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "best.safetensors"


def test_tensors_and_texts_come_back_bit_for_bit(file):
    write_tensors(file, TENSORS, {"progress": '{"epoch": 1}', "name": "Žižka"})
    tensors, texts = read_tensors(file)
    assert as_bits(tensors) == as_bits(TENSORS)
    assert texts == {"progress": '{"epoch": 1}', "name": "Žižka"}
    assert_no_debris(file.parent)


def _plain_pickle(path, trap):
    path.write_bytes(pickle.dumps({"weights": trap}))


def _new_checkpoint(path, trap):
    torch.save({"weights": trap}, path)


def _old_checkpoint(path, trap):
    torch.save({"weights": trap}, path, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize("save", [_plain_pickle, _new_checkpoint, _old_checkpoint])
def test_a_renamed_pickle_is_refused_and_never_run(file, tmp_path, save):
    save(file, Trap(tmp_path / "trace"))
    assert (tmp_path / "trace").exists() is False
    with pytest.raises(RunError) as caught:
        read_tensors(file)
    assert_sentence(caught.value, "“best.safetensors”", "is damaged and was not read")
    assert not (tmp_path / "trace").exists()


def test_a_missing_file_is_told_with_what_to_do(file):
    with pytest.raises(RunError) as caught:
        read_tensors(file)
    assert_sentence(caught.value, "“best.safetensors” is missing", str(file.parent), "Train it")


def test_a_folder_in_a_files_place_is_told(file):
    file.mkdir()
    with pytest.raises(RunError) as caught:
        read_tensors(file)
    assert_sentence(caught.value, "“best.safetensors”")


def test_a_file_larger_than_any_network_is_not_read(file):
    with file.open("wb") as large:
        large.truncate(MAX_BYTES + 1)  # takes no room on the disk
    with pytest.raises(RunError) as caught:
        read_tensors(file)
    assert_sentence(caught.value, "1,073,741,825 bytes", "at most 1,073,741,824 are read")


def test_a_header_that_promises_more_than_the_file_has_is_refused(file):
    file.write_bytes(safetensors({"weights": ("F32", [2**20, 2**20], bytes(8))}))
    with pytest.raises(RunError, match="damaged"):
        read_tensors(file)


def test_overlapping_tensors_are_refused(file):
    write_tensors(file, {"a": torch.zeros(4), "b": torch.ones(4)}, {})
    header, content = taken_apart(file.read_bytes())
    header["b"]["data_offsets"] = header["a"]["data_offsets"]
    file.write_bytes(with_header(header, content))
    with pytest.raises(RunError, match="damaged"):
        read_tensors(file)


@pytest.mark.parametrize("length", [0, 7, 8, 20, -1])
def test_a_file_cut_short_is_refused(file, length):
    write_tensors(file, TENSORS, {})
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(RunError, match="damaged"):
        read_tensors(file)


def test_an_archive_is_refused(file):
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data.pkl", pickle.dumps({}))
    with pytest.raises(RunError, match="damaged"):
        read_tensors(file)


@given(content=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_with_a_sentence(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "any.safetensors"
    file.write_bytes(content)
    try:
        read_tensors(file)
    except RunError as error:
        assert_sentence(error, "“any.safetensors”")


DTYPES = [
    "BOOL",
    "U8",
    "I8",
    "I16",
    "U16",
    "I32",
    "U32",
    "I64",
    "U64",
    "F16",
    "BF16",
    "F32",
    "F64",
    "F8_E4M3",
    "F8_E5M2",
    "F8_E8M0",
    "F4",
    "F6_E2M3",
    "F6_E3M2",
    "C64",
    "F8_E4M3FNUZ",
    "F8_E5M2FNUZ",
    "X1",
]


@given(dtype=st.sampled_from(DTYPES), size=st.integers(0, 64), length=st.integers(0, 64))
def test_any_number_format_is_read_or_refused_with_a_sentence(
    tmp_path_factory, dtype, size, length
):
    file = tmp_path_factory.getbasetemp() / "formats.safetensors"
    file.write_bytes(safetensors({"x": (dtype, [length], bytes(size))}))
    try:
        read_tensors(file)
    except RunError as error:
        assert_sentence(error, "“formats.safetensors”")
