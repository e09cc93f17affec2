"""Named tensors on disk, as safetensors: data only, nothing in the file is ever run."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from namerec.disk import open_regular, write_whole
from namerec.errors import RunError

#: Largest tensor file read, bytes: the largest network that can be set, with optimizer state,
#: takes 0.4 GB.
MAX_BYTES = 1024**3
#: Largest header read, bytes: that of the largest network, with optimizer state, takes 20 kB. What
#: it says becomes an object a tensor and a text, at twenty times its size.
MAX_HEADER_BYTES = 512 * 1024
#: The tensor that holds the SHA-256 of the others; no text, since more than one of those come in
#: any order, and equal runs have equal files. Older files have none and are taken as they are.
CHECKSUM = "sha256"
#: Ends of tensors' names that earlier versions wrote, and what they are called now.
RENAMED = {"groups.votes": "ngrams.logits"}


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Writes tensors and short texts to one file, whole or not at all."""
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    checked = contiguous | {CHECKSUM: _checksum(contiguous)}
    write_whole(path, save(checked, metadata))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Reads what `write_tensors` wrote.

    Raises:
        RunError: If the file is missing, too large or not a whole safetensors file, or a value in
            it is not the one that was written.
    """
    with _opened(path) as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        written = tensors.pop(CHECKSUM, None)
        if written is not None and not torch.equal(written, _checksum(tensors)):
            raise ValueError("its values have changed since they were written")
        return {_name_now(name): tensor for name, tensor in tensors.items()}, file.metadata() or {}


def with_prefix(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin so, called by the rest of their names."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def read_metadata(path: Path) -> dict[str, str]:
    """Reads the short texts alone.

    Raises:
        RunError: As `read_tensors`.
    """
    with _opened(path) as file:
        return file.metadata() or {}


def _name_now(name: str) -> str:
    for earlier, now in RENAMED.items():
        if name.endswith(earlier):
            return name.removesuffix(earlier) + now
    return name


def _checksum(tensors: Mapping[str, Tensor]) -> Tensor:
    """SHA-256 of all values, in the order of the names: 32 bytes, uint8."""
    digest = hashlib.sha256()
    for _, tensor in sorted(tensors.items()):
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return torch.tensor(list(digest.digest()), dtype=torch.uint8)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):  # opening a pipe would wait for who writes to it
            raise OSError("it is not a regular file")
        size = about.st_size
        if size > MAX_BYTES:
            raise RunError(
                f"“{path.name}” has {size:,} bytes; at most {MAX_BYTES:,} are read. "
                "Put the file back from a copy."
            )
        with open_regular(path) as file:
            header = int.from_bytes(file.read(8), "little")
        if header > MAX_HEADER_BYTES:
            raise ValueError(f"its header is too large: {header:,} bytes")
        with safe_open(path, framework="pt") as file:
            yield file
    except FileNotFoundError:
        raise RunError(
            f"“{path.name}” is missing from the run in {path.parent}. Train it again, or put the "
            "file back from a copy."
        ) from None
    except (SafetensorError, OSError, ValueError) as error:
        raise RunError(
            f"“{path.name}” in {path.parent} is damaged and was not read ({error}). "
            "Train the run again, or put the file back from a copy."
        ) from None
