"""Named tensors on disk, as safetensors: data only, nothing in the file is ever run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from namerec.disk import write_whole
from namerec.errors import RunError

#: Largest tensor file read, bytes: the largest network that can be set, with optimizer state,
#: takes 0.4 GB.
MAX_BYTES = 1024**3


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Writes tensors and short texts to one file, whole or not at all."""
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    write_whole(path, save(contiguous, metadata))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Reads what `write_tensors` wrote.

    Raises:
        RunError: If the file is missing, too large or not a whole safetensors file.
    """
    with _opened(path) as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return tensors, file.metadata() or {}


def read_metadata(path: Path) -> dict[str, str]:
    """Reads the short texts alone.

    Raises:
        RunError: As `read_tensors`.
    """
    with _opened(path) as file:
        return file.metadata() or {}


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise RunError(
                f"“{path.name}” has {size:,} bytes; at most {MAX_BYTES:,} are read. "
                "Delete the run, or put the file back from a copy."
            )
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
